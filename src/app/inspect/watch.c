#include "app/inspect/watch.h"

#include "app/inspect/observer.h"
#include "io/capture/pages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { POLICY_OCTETS_MAX = 16 << 20 };

static char *file_read(const char *path, size_t *len, struct fault *fault)
{
    FILE *file = fopen(path, "rb");
    char *octets = file == NULL ? NULL : malloc(POLICY_OCTETS_MAX);

    if (octets == NULL) {
        fault_set(fault, "%s: %s", path, strerror(errno));
        if (file != NULL) {
            fclose(file);
        }
        return NULL;
    }
    *len = fread(octets, 1, POLICY_OCTETS_MAX, file);
    bool is_whole = *len < POLICY_OCTETS_MAX && ferror(file) == 0;
    fclose(file);
    if (!is_whole) {
        fault_set(fault, "%s: cannot be read, or is too long for a policy", path);
        free(octets);
        return NULL;
    }
    return octets;
}

static bool policy_compile(struct watch *watch, struct slice text, const char *name,
                           struct fault *fault)
{
    struct policy_complaints *complaints = policy_complaints_new();

    if (complaints == NULL) {
        return fault_set(fault, "no memory for a policy");
    }
    watch->policy = policy_read(text, slice_string(name), control_names(), complaints);
    for (uint32_t i = 0; i < policy_complaint_count(complaints); i++) {
        struct slice complaint = policy_complaint(complaints, i);

        fprintf(stderr, "%.*s\n", (int)complaint.len, complaint.at);
    }
    policy_complaints_free(complaints);
    return watch->policy != NULL || fault_set(fault, "%s: not a policy", name);
}

static bool policy_load(struct watch *watch, const char *path, struct fault *fault)
{
    size_t len = 0;

    if (path == NULL) {
        return policy_compile(watch, slice_string(observer_policy), "observer", fault);
    }
    char *text = file_read(path, &len, fault);
    bool is_loaded = text != NULL && policy_compile(watch, slice_of(text, len), path, fault);
    free(text);
    return is_loaded;
}

/* The mark of a former story stands in the memory, so it is given back and taken anew. */
static bool state_begin(struct watch *watch)
{
    struct hash_key key;
    size_t size = state_size(&watch->capacity);
    void *memory = pages_new(size);

    if (memory == NULL || getrandom(&key, sizeof(key), 0) != sizeof(key)) {
        pages_free(memory, size);
        return false;
    }
    pages_free(watch->memory, size);
    watch->memory = memory;
    watch->state = state_init(memory, size, &watch->capacity, &key, watch->clock_us / 1000);
    return true;
}

bool watch_open(struct watch *watch, const char *path, struct fault *fault)
{
    *watch = (struct watch){.has_policy = path != NULL};
    if (!policy_load(watch, path, fault)) {
        return false;
    }
    const struct policy_capacity *capacity = &watch->policy->capacity;
    watch->capacity = (struct state_capacity){
        .exchanges = capacity->exchanges,
        .dialogs = capacity->dialogs,
        .registrations = capacity->registrations,
        .media_streams = capacity->media_sessions,
        .text_octets = (size_t)capacity->text_blocks * 1024,
    };
    watch->plan = plan_new(watch->policy);
    watch->tallies = tallies_new(watch->policy->peer_count);
    watch->inspection = calloc(1, sizeof(*watch->inspection));
    return (watch->plan != NULL && watch->tallies != NULL && watch->inspection != NULL &&
            state_begin(watch)) ||
           fault_set(fault, "no memory for what the policy asks for");
}

void watch_close(struct watch *watch)
{
    pages_free(watch->memory, state_size(&watch->capacity));
    free(watch->inspection);
    tallies_free(watch->tallies);
    plan_free(watch->plan);
    policy_free(watch->policy);
}

/* Frames that other interfaces saw later may stand before: the clock waits for them. */
static void clock_set(struct watch *watch, uint64_t when_us)
{
    if (when_us >= watch->clock_us) {
        watch->clock_us = when_us;
        return;
    }
    if (watch->clock_us - when_us > WATCH_STEP_BACK_US && watch->restarts < WATCH_RESTARTS_MAX) {
        watch->clock_us = when_us;
        watch->restarts += state_begin(watch);
    }
}

void watch_judge(struct watch *watch, const struct packet *packet)
{
    struct inspection *inspection = watch->inspection;
    struct packet now = *packet;

    clock_set(watch, packet->when_us);
    now.when_us = watch->clock_us;
    state_follow_clock(watch->state, watch->clock_us / 1000);
    inspect(inspection, watch->plan, watch->state, &now, watch->tallies);
    if (inspection->verdict.action == ACTION_PASS && inspection->reading == SIP_READ) {
        state_follow(watch->state, &inspection->message, &now, inspection_match(inspection),
                     inspection->now_ms);
    }
    inspection->packet = packet;
}
