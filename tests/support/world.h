/*
 * A store without sockets: policy, state, guard and relay as a worker has them, the clock invented.
 *
 * Packets go in by world_deliver, time by world_advance; whatever the store sends comes out at the
 * owner's call-back, after it was read back and found clean (GEN-01).
 */
#pragma once

#include "gate.h"
#include "guard/inspect.h"
#include "relay/relay.h"

enum { WORLD_COMPLAINTS_MAX = 16 };

struct world_owner {
    /* bytes live until the call returns; local is our address, remote the destination's. */
    void (*sent)(void *owner, const struct outgoing *outgoing, const struct address *local);
    void (*asked)(void *owner, struct slice name);
    /* Something that must never be. */
    void (*broken)(void *owner, const char *what, struct slice evidence);
    void *owner;
};

struct world_setup {
    struct slice policy;
    struct slice policy_name; /* for complaints */
    uint64_t seed;
    uint64_t now_ms;
    struct world_owner owner;
};

struct world {
    struct world_owner owner;
    struct policy *policy;
    struct plan *plan;
    struct tallies *tallies;
    void *memory;
    size_t size;
    struct state_capacity capacity;
    struct state *state;
    struct random *random;
    struct siv *keys[STATE_KEYS_MAX];
    struct relay *relay;
    struct inspection *inspection; /* of the last packet */
    char *packet;                  /* the last one; its slices are looked at afterwards */
    struct outbox *outbox;
    char *room;
    size_t room_len; /* lowered by tests of a full outbox */
    struct gate *gate;
    struct sip_message *checked;
    struct relay_counters before; /* of workers that are no more */
    uint64_t now_ms, seed;
    uint64_t packets, sends, restarts;
};

/* False when the policy cannot be read: the complaints were printed. */
bool world_open(struct world *world, const struct world_setup *setup);
void world_close(struct world *world);

/* One message (or stream piece) from flow->remote to the listener. */
void world_deliver(struct world *world, struct slice bytes, const struct flow *flow);
void world_advance(struct world *world, uint64_t now_ms);
uint64_t world_next_ms(const struct world *world); /* when world_advance is due */

/* As after kill -9: another worker over the same memory. */
void world_restart(struct world *world);
bool world_reload(struct world *world, struct slice policy, struct slice name);
void world_answer_name(struct world *world, struct slice name, const struct name_target *targets,
                       unsigned count);
void world_send_failed(struct world *world, uint32_t reference);
void world_connection_closed(struct world *world, uint32_t connection);
void world_report(struct world *world, const struct media_report *report);

uint16_t world_zone(const struct world *world, struct slice name); /* or POLICY_NONE */
uint16_t world_listener(const struct world *world, uint16_t zone, enum transport transport,
                        enum address_family family);

/* Everything given back: no exchange, dialog, stream, text, port is in use but those of
 * registrations. */
bool world_is_empty(const struct world *world, struct text *why);
/* Of this worker and those before it. */
struct relay_counters world_counters(const struct world *world);
