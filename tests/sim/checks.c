/* What must always hold. */
#include "sim.h"

#include <stdio.h>

struct secret {
    const char *word;
    unsigned zones_but; /* bit per place that may see it */
};

static bool shows(struct slice bytes, const char *word)
{
    return memmem(bytes.at, bytes.len, word, strlen(word)) != NULL;
}

/* Addresses and names of each side; nobody else may see them. */
static const char *leak_of(const struct sim *sim, uint16_t zone, struct slice bytes)
{
    static const struct {
        const char *zone, *word;
    } secrets[] = {
        {"core", "10.0.0."},     {"core", "core.internal"}, {"access", "203.0.113."},
        {"carrier", "192.0.2."}, {"transit", "192.0.2."},   {"company", "198.18.0."},
    };
    const struct policy *policy = sim->net.world.policy;

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        struct slice own = policy->zones[zone].name;
        bool is_own = slice_equal(own, slice_string(secrets[i].zone)) ||
                      (strcmp(secrets[i].word, "192.0.2.") == 0 &&
                       (slice_equal(own, SLICE("carrier")) || slice_equal(own, SLICE("transit"))));

        if (!is_own && shows(bytes, secrets[i].word)) {
            return secrets[i].word;
        }
    }
    return NULL;
}

/* Whoever is not a party hears answers to what he asked himself, news of what he subscribed to
 * himself, the end of it, and nothing else. */
static bool may_be_heard(const struct sim *sim, struct slice bytes)
{
    return slice_starts(bytes, SLICE("SIP/2.0 ")) || slice_starts(bytes, SLICE("BYE ")) ||
           (slice_starts(bytes, SLICE("NOTIFY ")) && strangers_subscribed(sim, bytes));
}

static bool is_stranger(const struct sim *sim, const struct net_host *host)
{
    for (size_t i = 0; i < sizeof(sim->strangers) / sizeof(sim->strangers[0]); i++) {
        if (&sim->strangers[i].party.host == host) {
            return true;
        }
    }
    return false;
}

static void tell(const struct sim *sim, const struct net_packet *packet)
{
    struct slice bytes = slice_of(packet->bytes, packet->len);

    if (!shows(bytes, sim->told)) {
        return;
    }
    printf("---- %.3f %s %s store\n%.*s\n", (double)(sim->net.now_ms - 5000000) / 1000,
           packet->host == NULL ? "nobody" : packet->host->name, packet->is_to_store ? "->" : "<-",
           (int)bytes.len, bytes.at);
}

bool check_put(struct sim *sim, const struct net_packet *packet)
{
    struct slice bytes = slice_of(packet->bytes, packet->len);
    const char *leak = NULL;

    if (sim->told[0] != '\0') {
        tell(sim, packet);
    }
    if (packet->is_to_store || packet->host == NULL) {
        return true;
    }
    /* What a stranger said himself is given back to him. */
    leak = is_stranger(sim, packet->host) ? NULL : leak_of(sim, packet->host->zone, bytes);
    if (leak != NULL) {
        sim_fail(sim, NULL, "%s sees %s:\n%.*s", packet->host->name, leak, (int)bytes.len,
                 bytes.at);
    }
    if (!attacks_may_be_sent(sim, packet)) {
        sim_fail(sim, NULL, "something evil reaches %s:\n%.*s", packet->host->name, (int)bytes.len,
                 bytes.at);
    }
    if (is_stranger(sim, packet->host) && !may_be_heard(sim, bytes)) {
        sim_fail(sim, NULL, "a stranger is sent\n%.*s", (int)bytes.len, bytes.at);
    }
    return true;
}

void check_judged(struct sim *sim, const struct net_packet *packet)
{
    const struct inspection *inspection = sim->net.world.inspection;

    (void)packet;
    if (action_refuses(inspection->verdict.action) ||
        inspection->verdict.action == ACTION_THROTTLE || inspection->reading != SIP_READ) {
        sim->refused_packets++;
    }
}

static bool add_up(struct sim *sim, const char *what, uint64_t is, uint64_t wanted)
{
    return is == wanted || sim_fail(sim, NULL, "%s do not add up: %llu, not %llu", what,
                                    (unsigned long long)is, (unsigned long long)wanted);
}

static void tell_left(struct sim *sim)
{
    const struct state *state = sim->net.world.state;
    const struct dialog *dialog = NULL;
    uint32_t index = 0;

    while ((dialog = pool_next(&state->dialogs, &index)) != NULL) {
        struct slice from = dialog_text(state, dialog, 0, DIALOG_REMOTE_URI);

        sim_fail(sim, NULL, "left: dialog %u kind %u state %u of %.*s, begun at %.3f s", index,
                 dialog->kind, dialog->state, (int)from.len, from.at,
                 (double)(dialog->created_ms - 5000000) / 1000);
    }
}

bool check_end(struct sim *sim)
{
    const struct world *world = &sim->net.world;
    struct relay_counters counters = world_counters(world);
    char room[512];
    struct text why;

    text_init(&why, room, sizeof(room));
    attacks_check(sim);
    if (!world_is_empty(world, &why)) {
        sim_fail(sim, NULL, "in the end the state is not empty: %.*s", (int)why.len, why.at);
        tell_left(sim);
    }
    if (world->state->registrations.used != 0) {
        sim_fail(sim, NULL, "%u registrations are left", world->state->registrations.used);
    }
    add_up(sim, "packets that came", world->packets,
           counters.requests + counters.responses + sim->refused_packets);
    add_up(sim, "messages that were sent", world->sends,
           counters.forwarded_requests + counters.forwarded_responses + counters.own_requests +
               counters.answered + counters.trying + counters.rejected +
               counters.retransmissions_out + counters.repeated);
    add_up(sim, "requests", counters.requests,
           counters.transactions + counters.retransmissions_in + counters.cancels + counters.acks +
               counters.stray_acks + counters.answered_alone);
    if (sim->kills == 0) {
        add_up(sim, "streams opened", world->gate->opened, world->gate->closed);
        add_up(sim, "calls", counters.calls, counters.calls_ended);
    }
    return !sim->has_failed;
}
