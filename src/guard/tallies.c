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
    if (tallies->failed == NULL || tallies->emergency_due_ms == NULL || tallies->recent == NULL) {
        tallies_free(tallies);
        return NULL;
    }
    return tallies;
}

void tallies_free(struct tallies *tallies)
{
    if (tallies != NULL) {
        free(tallies->failed);
        free(tallies->emergency_due_ms);
        free(tallies->recent);
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
