/*
 * Strangers: they have seen a message, and send it again from where they are, whole or mutilated.
 *
 * One is on the Internet, one is another host of the carrier, one is nobody the carrier zone knows.
 */
#include "sim.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

enum stranger { STRANGER_MALLORY, STRANGER_INSIDER, STRANGER_OUTSIDER };

static const struct {
    const char *name, *zone, *address;
} nobodies[] = {
    [STRANGER_MALLORY] = {"mallory", "access", "203.0.113.250:5060"},
    [STRANGER_INSIDER] = {"insider", "carrier", "192.0.2.9:5060"},
    [STRANGER_OUTSIDER] = {"outsider", "carrier", "192.0.2.200:5060"},
};

static void asked(struct agent *agent, struct agent_server *server,
                  const struct sip_message *request)
{
    (void)server;
    sim_fail(agent->owner, NULL, "%s was sent a request of method %u", agent->party.name,
             request->method);
}

static void receive(struct net_host *host, struct slice bytes)
{
    (void)host;
    (void)bytes; /* looked at while it was put under way */
}

/* Octets changed, left out, doubled; a word of another kind of message. */
static size_t mutilate(struct net *net, char *at, size_t len)
{
    static const char *const words[] = {"BYE",    "CANCEL", "INVITE", "ACK",
                                        "UPDATE", "tag=",   "\r\n",   "branch=",
                                        "200",    "0",      ";",      "Content-Length: 9"};
    unsigned wounds = net_below(net, 4);

    for (; wounds > 0 && len > 40; wounds--) {
        size_t where = net_below(net, (uint32_t)len - 20);
        const char *word = words[net_below(net, ARRAY_COUNT(words))];

        switch (net_below(net, 5)) {
        case 0:
            at[where] = (char)net_below(net, 256);
            break;
        case 1:
            memmove(at + where, at + where + 1, len - where - 1);
            len--;
            break;
        case 2:
            memcpy(at + where, word, strlen(word) < 20 ? strlen(word) : 20);
            break;
        case 3:
            len = where + 20;
            break;
        default:
            memmove(at + where + 10, at + where, len - where);
            len += 10;
            break;
        }
    }
    return len;
}

/* Looked for by eye: what they send need not be a message. */
static struct slice call_id_of(struct slice bytes)
{
    static const char word[] = "\nCall-ID: ";
    const char *at = memmem(bytes.at, bytes.len, word, sizeof(word) - 1);
    struct slice rest = SLICE_NONE;

    if (at == NULL) {
        return rest;
    }
    rest = slice_skip(bytes, (size_t)(at - bytes.at) + sizeof(word) - 1);
    return slice_head(rest, slice_find(rest, '\r'));
}

bool strangers_subscribed(const struct sim *sim, struct slice bytes)
{
    struct slice call_id = call_id_of(bytes);

    for (unsigned i = 0; i < SIM_SUBSCRIBED; i++) {
        if (call_id.len > 0 && slice_equal(slice_string(sim->subscribed[i]), call_id)) {
            return true;
        }
    }
    return false;
}

static void note_subscription(struct sim *sim, struct slice bytes)
{
    struct slice call_id = call_id_of(bytes);

    if (slice_starts(bytes, SLICE("SUBSCRIBE "))) {
        snprintf(sim->subscribed[sim->subscribed_count++ % SIM_SUBSCRIBED],
                 sizeof(sim->subscribed[0]), "%.*s", (int)call_id.len, call_id.at);
    }
}

static void mischief(struct net *net, struct net_event *event)
{
    struct sim *sim = (struct sim *)(void *)((char *)event - offsetof(struct sim, mischief));
    struct agent *stranger = &sim->strangers[net_below(net, ARRAY_COUNT(nobodies))];
    char *bytes = NULL;
    size_t len = 0;

    if (sim->heard == NULL) {
        return;
    }
    bytes = malloc(sim->heard_len + 64);
    must(bytes != NULL);
    memcpy(bytes, sim->heard, sim->heard_len);
    len = net_below(net, 4) == 0 ? sim->heard_len : mutilate(net, bytes, sim->heard_len);
    note_subscription(sim, slice_of(bytes, len));
    if (stranger == &sim->strangers[STRANGER_INSIDER]) {
        calls_touched(sim, slice_of(sim->heard, sim->heard_len));
    }
    net_send(net, &stranger->party.host, slice_of(bytes, len));
    sim->attacks++;
    free(bytes);
    free(sim->heard);
    sim->heard = NULL;
}

void strangers_hear(struct sim *sim, const struct net_packet *packet)
{
    /* What an attacker learns is what outside parties see. */
    if (sim->attack_permille == 0 || sim->heard != NULL || packet->host == NULL ||
        attacks_are_of(sim, packet->host) || packet->host->zone == sim->agents[0].party.host.zone ||
        !net_happens(&sim->net, sim->attack_permille)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_COUNT(nobodies); i++) {
        if (packet->host == &sim->strangers[i].party.host) {
            return;
        }
    }
    sim->heard = malloc(packet->len + 1);
    must(sim->heard != NULL);
    memcpy(sim->heard, packet->bytes, packet->len);
    sim->heard_len = packet->len;
    net_set(&sim->net, &sim->mischief, 1 + net_below(&sim->net, 3000));
}

void strangers_open(struct sim *sim)
{
    static const struct agent_events events = {.asked = asked};

    for (size_t i = 0; i < ARRAY_COUNT(nobodies); i++) {
        struct agent *agent = &sim->strangers[i];

        must(address_read_port(&agent->party.host.address, slice_string(nobodies[i].address)));
        agent->party.host.zone = world_zone(&sim->net.world, slice_string(nobodies[i].zone));
        agent->owner = sim;
        agent_open(agent, &sim->net, nobodies[i].name, "sip:nobody@nowhere.example", &events);
        agent->party.host.receive = receive;
    }
    sim->mischief.happen = mischief;
}

void strangers_close(struct sim *sim)
{
    net_stop(&sim->net, &sim->mischief);
    free(sim->heard);
    for (size_t i = 0; i < ARRAY_COUNT(nobodies); i++) {
        agent_close(&sim->strangers[i]);
    }
}
