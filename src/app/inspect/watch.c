#include "app/inspect/watch.h"

#include "app/inspect/observer.h"
#include "base/must.h"
#include "io/capture/pages.h"

#include <stdlib.h>
#include <sys/random.h>

/* Our own: a mistake in it is ours. */
static struct policy *observer_read(void)
{
    struct policy_complaints *complaints = policy_complaints_new();

    must(complaints != NULL);
    struct policy *policy =
        policy_read(slice_string(observer_policy), SLICE("observer"), control_names(), complaints);
    must(policy != NULL);
    policy_complaints_free(complaints);
    policy->judges_anybody = true;
    return policy;
}

static bool policy_load(struct watch *watch, const char *path, struct fault *fault)
{
    if (path == NULL) {
        watch->file.policy = observer_read();
    } else if (!policy_file_read(&watch->file, path)) {
        return fault_set(fault, "%s: not a policy to judge by", path);
    }
    watch->policy = watch->file.policy;
    return true;
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
    watch->lists = lists_of_policy(watch->policy);
    if (watch->lists == NULL) {
        return fault_set(fault, "what lies beside the policy cannot be read");
    }
    return (watch->plan != NULL && plan_use(watch->plan, watch->lists) && watch->tallies != NULL &&
            watch->inspection != NULL && state_begin(watch)) ||
           fault_set(fault, "no memory for what the policy asks for");
}

void watch_close(struct watch *watch)
{
    pages_free(watch->memory, state_size(&watch->capacity));
    free(watch->inspection);
    tallies_free(watch->tallies);
    plan_free(watch->plan);
    lists_free(watch->lists);
    policy_file_free(&watch->file);
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

/* A refused message did not go on.  Without a policy nobody refused it: of who looks around, what
 * he was answered is of interest. */
static bool happened(const struct watch *watch)
{
    const struct inspection *inspection = watch->inspection;

    return inspection->verdict.action == ACTION_PASS ||
           (!watch->has_policy && (inspection->verdict.control == CONTROL_INDEX_scanner ||
                                   inspection->verdict.control == CONTROL_INDEX_brute_force));
}

void watch_judge(struct watch *watch, const struct packet *packet)
{
    struct inspection *inspection = watch->inspection;
    struct packet now = *packet;

    clock_set(watch, packet->when_us);
    now.when_us = watch->clock_us;
    state_follow_clock(watch->state, watch->clock_us / 1000);
    inspect(inspection, watch->plan, watch->state, &now, watch->tallies);
    if (happened(watch) && inspection->reading == SIP_READ) {
        state_follow(watch->state, &inspection->message, &now, inspection_match(inspection),
                     inspection->now_ms);
    }
    inspection->packet = packet;
}
