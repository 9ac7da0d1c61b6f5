/*
 * What a worker takes from a policy: limits of its listeners, times of its streams; and a new one.
 */
#include "app/run/worker.h"

#include "app/say.h"

#include <unistd.h>

enum {
    /* DOS-34: connections of one source. */
    SOURCE_INTERNET = 10,
    SOURCE_SIM = 6,
    SOURCE_IOT = 2,
    SOURCE_ENTERPRISE = 20,
    SOURCE_PEER = 200,
};

/* How many connections one source may have in a zone of this class. */
static uint32_t source_max(enum zone_class class)
{
    switch (class) {
    case ZONE_ACCESS_INTERNET:
        return SOURCE_INTERNET;
    case ZONE_ACCESS_SIM:
        return SOURCE_SIM;
    case ZONE_IOT:
        return SOURCE_IOT;
    case ZONE_ENTERPRISE:
        return SOURCE_ENTERPRISE;
    case ZONE_CORE:
    case ZONE_INTERCONNECT:
    case ZONE_INTERCONNECT_OPEN:
    case ZONE_ROAMING_VISITED:
    case ZONE_ROAMING_HOME:
    case ZONE_LOOPBACK_TRAVERSAL:
    case ZONE_EMERGENCY_SERVICES:
    case ZONE_CLASS_COUNT:
        return SOURCE_PEER;
    }
    return SOURCE_PEER;
}

struct tcp_listener_settings worker_listener_settings(const struct policy *policy,
                                                      uint16_t listener)
{
    const struct policy_listener *own = &policy->listeners[listener];
    const struct policy_zone *zone = &policy->zones[own->zone];

    return (struct tcp_listener_settings){
        .local = own->address,
        .transport = own->transport,
        .limits = {.head_max = zone->limits.head, .message_max = zone->limits.stream_message},
        .source_max = source_max(zone->class),
        .origins = zone->origins.at,
        .origin_count = zone->origins.count,
    };
}

static void worker_set_limits(struct worker *worker)
{
    const struct policy *policy = worker->policy;
    const struct tcp_settings times = {
        .idle_ms = policy->timers.connection_idle,
        .whole_ms = policy->timers.message_whole,
        .connect_ms = WORKER_CONNECT_MS,
    };

    tcp_set_times(worker->tcp, &times);
    udp_set_mark(worker->udp, policy->ipsec_mark);
    tcp_set_mark(worker->tcp, policy->ipsec_mark);
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        struct tcp_listener_settings settings = worker_listener_settings(policy, (uint16_t)i);

        tcp_set_listener(worker->tcp, (uint16_t)i, &settings);
    }
}

static void early_renumber(int early[POLICY_LISTENERS_MAX],
                           const uint16_t renumbered[POLICY_LISTENERS_MAX])
{
    int moved[POLICY_LISTENERS_MAX];

    for (unsigned i = 0; i < POLICY_LISTENERS_MAX; i++) {
        moved[i] = -1;
    }
    for (unsigned i = 0; i < POLICY_LISTENERS_MAX; i++) {
        if (early[i] >= 0 && renumbered[i] < POLICY_LISTENERS_MAX) {
            moved[renumbered[i]] = early[i];
        } else if (early[i] >= 0) {
            (void)close(early[i]);
        }
    }
    memcpy(early, moved, sizeof(moved));
}

void worker_take_policy(struct worker *worker, const struct plan *plan,
                        const uint16_t renumbered[POLICY_LISTENERS_MAX])
{
    const struct policy *old = worker->policy;

    worker->plan = plan;
    worker->policy = plan_policy(plan);
    notes_follow_policy(&worker->notes, worker->policy);
    worker_move_ledger(worker, old);
    early_renumber(worker->early[UDP_NEIGHBOURS], renumbered);
    early_renumber(worker->early[UDP_STRANGERS], renumbered);
    udp_renumber(worker->udp, renumbered);
    tcp_renumber(worker->tcp, renumbered);
    worker_set_limits(worker);
    if (worker->relay != NULL) {
        if (!relay_policy(worker->relay, plan, loop_now_ms(&worker->loop), &worker->outbox)) {
            say("border: no memory for the new policy; starting again with it");
            _exit(3);
        }
        worker_send(worker);
    }
    crew_note_policy(worker->crew);
}
