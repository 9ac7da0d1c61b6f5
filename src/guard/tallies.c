#include "guard/admission.h"
#include "guard/recent.h"
#include "guard/steps.h"

#include <stdlib.h>

struct tallies *tallies_new(uint32_t peers)
{
    struct tallies *tallies = calloc(1, sizeof(*tallies));

    if (tallies == NULL) {
        return NULL;
    }
    tallies->peers = peers;
    tallies->failed = calloc((size_t)(peers + 1) * CONTROL_INDEX_COUNT, sizeof(uint64_t));
    tallies->emergency_due_ms = calloc((size_t)peers + 1, sizeof(uint64_t));
    tallies->recent = calloc(1, sizeof(struct recent));
    tallies->admission = admission_new(peers);
    if (tallies->failed == NULL || tallies->admission == NULL || tallies->recent == NULL ||
        tallies->emergency_due_ms == NULL) {
        tallies_free(tallies);
        return NULL;
    }
    return tallies;
}

void tallies_free(struct tallies *tallies)
{
    if (tallies != NULL) {
        free(tallies->failed);
        admission_free(tallies->admission);
        free(tallies->emergency_due_ms);
        free(tallies->recent);
        pattern_scratch_free(tallies->scratch);
        free(tallies);
    }
}

void tallies_count(struct tallies *tallies, uint32_t control, uint16_t peer, enum outcome outcome)
{
    tallies->outcomes[control][outcome]++;
    if (outcome == OUTCOME_FAILED) {
        tallies->failed[(size_t)tallies_row(tallies, peer) * CONTROL_INDEX_COUNT + control]++;
    }
}

uint64_t tallies_of(const struct tallies *tallies, uint32_t control, enum outcome outcome)
{
    return tallies->outcomes[control][outcome];
}

uint64_t tallies_failed_by(const struct tallies *tallies, uint32_t control, uint16_t peer)
{
    return tallies->failed[(size_t)tallies_row(tallies, peer) * CONTROL_INDEX_COUNT + control];
}

void tallies_share(struct tallies *tallies, uint32_t workers)
{
    tallies->admission->shares = workers == 0 ? 1 : workers;
}

void tallies_load(struct tallies *tallies, const struct load_sample *sample)
{
    load_tell(&tallies->admission->load, sample);
}

uint32_t tallies_loss(const struct tallies *tallies)
{
    return tallies->admission->load.loss;
}

uint32_t tallies_limits(void)
{
    return LIMIT_COUNT;
}

struct tallied_limit tallies_limit(const struct tallies *tallies, uint32_t limit)
{
    const struct limit_count *count = &tallies->admission->counts[limit];

    return (struct tallied_limit){.refused = count->refused, .nearly = count->nearly};
}

const char *tallies_limit_name(uint32_t limit)
{
    return limit_row((enum limit)limit)->written;
}
