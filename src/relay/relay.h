/*
 * The border's machines: what is sent because of a judged packet, a timer, or news.
 *
 * One relay per worker, over the worker's own state.  Pure: time comes with the packet or the tick,
 * chance and keys are handed in, everything to be sent goes into the outbox.
 */
#pragma once

#include "base/crypto/random.h"
#include "base/crypto/siv.h"
#include "guard/inspect.h"
#include "wire/name_answer.h"
#include "wire/outbox.h"

/* Of a Call-ID of ours: two that name the worker, then above 128 random bits (STA-18).  Branches
 * name it too, behind the magic cookie. */
enum { RELAY_CALL_ID_LETTERS = 28 };

struct relay;

struct relay_setup {
    const struct plan *plan;
    struct state *state;
    struct random *random;
    struct tallies *tallies;
    const struct siv *keys[STATE_KEYS_MAX]; /* newest first, NULL behind the last */
    uint16_t node, worker;
    uint64_t now_ms;
    uint32_t media_port_shares;           /* workers that divide the port pools */
    struct media_fingerprint fingerprint; /* of the gate's certificate; hash NONE: it has none */
};

/* NULL when memory ends.  Dialogs and registrations found in state get their timers again. */
struct relay *relay_new(const struct relay_setup *setup);
void relay_free(struct relay *relay);

void relay_act(struct relay *relay, struct inspection *inspection, struct outbox *outbox);

uint64_t relay_next_ms(const struct relay *relay); /* when relay_tick is due; UINT64_MAX: never */
void relay_tick(struct relay *relay, uint64_t now_ms, struct outbox *outbox);

/* News. */
void relay_name(struct relay *relay, const struct name_answer *answer, uint64_t now_ms,
                struct outbox *outbox);
void relay_send_failed(struct relay *relay, uint32_t reference, uint64_t now_ms,
                       struct outbox *outbox);
void relay_connection_closed(struct relay *relay, uint32_t connection, uint64_t now_ms,
                             struct outbox *outbox);
void relay_media_report(struct relay *relay, const struct media_report *report, uint64_t now_ms,
                        struct outbox *outbox);

/* A new policy: indexes in records are found again by name; removed peers drain.  The old one may
 * be freed afterwards.  False when memory ends: the old one stays. */
bool relay_policy(struct relay *relay, const struct plan *plan, uint64_t now_ms,
                  struct outbox *outbox);
void relay_keys(struct relay *relay, const struct siv *const keys[STATE_KEYS_MAX]);

/* Draining: new calls are answered 503 with Retry-After, what is up goes on. */
void relay_drain(struct relay *relay);
bool relay_is_idle(const struct relay *relay);

/* What is known of a peer now. */
struct relay_peer_standing {
    bool is_down; /* by liveness */
    uint32_t calls;
};
struct relay_peer_standing relay_peer_standing(const struct relay *relay, uint16_t peer);

/* Everything counted, by name: relay/counters.def. */
struct relay_counters {
#define COUNTER(name, written, what) uint64_t name;
#include "relay/counters.def"
#undef COUNTER
};
const struct relay_counters *relay_counters(const struct relay *relay);
