/*
 * `sipwarden flood`: good calls through a store while it is attacked, and what became of them.
 *
 * For this machine only: loopback, or links of a network namespace that is named for it
 * (scope.c).  Bounded in rate, time and memory; the same seed sends the same.
 */
#pragma once

#include "base/address.h"
#include "base/fault.h"

#include <stdatomic.h>

enum flood_attack {
#define ATTACK(kind, written, what) ATTACK_##kind,
#include "app/flood/attacks.def"
#undef ATTACK
    ATTACK_COUNT,
};

enum {
    FLOOD_RATE_MAX = 1000000, /* messages a second of one kind: more than loopback carries */
    FLOOD_CALLS_MAX = 20000,  /* calls a second */
    FLOOD_SECONDS_MAX = 600,
    FLOOD_SOURCES_MAX = 100000,
    FLOOD_CALL_SLOTS = 1 << 17, /* calls under way: six seconds of the most */
    FLOOD_MESSAGE = 2048,       /* octets of anything we send */
    FLOOD_URI = 128,
};

struct flood_wish {
    struct address to;     /* the store's socket that callers and attackers send to */
    struct address at;     /* what is attacked, when that is another socket of the store */
    struct address from;   /* the caller's */
    struct address answer; /* where the store sends the calls; family NONE: no calls */
    char uri[FLOOD_URI];   /* that is called; each # becomes a digit */
    uint32_t calls;        /* a second */
    uint32_t seconds;
    uint32_t rates[ATTACK_COUNT]; /* a second */
    uint32_t sources;
    struct address first_source; /* the others follow it */
    uint64_t seed;
    bool is_json;
};

/* What became of the calls; written by one thread, read by it alone. */
struct flood_calls {
    uint64_t offered, answered, completed;
    uint64_t refused, silent; /* a final answer that is no yes; none at all */
    uint64_t slots_missing;   /* calls not begun because too many were under way */
    uint64_t again_asked;     /* requests of the caller sent again */
    uint64_t again_answered;  /* answers of the called party sent again */
    uint32_t *setup_us;       /* of each that was answered */
    uint32_t setup_count, setup_max;
};

/* Of the attacking thread, read by the other one. */
struct flood_sent {
    _Atomic uint64_t sent[ATTACK_COUNT];
    _Atomic uint64_t unsent; /* the kernel took no more */
    _Atomic bool is_over;
};

/* A number from a seed, the same on every machine (splitmix64). */
static inline uint64_t flood_number(uint64_t *seed)
{
    uint64_t mixed = (*seed += 0x9E3779B97F4A7C15U);

    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBU;
    return mixed ^ mixed >> 31;
}

uint64_t flood_now_us(void);

/* scope.c: false, with the reason, unless nobody but this machine's own tests can be reached. */
bool flood_may_send_to(const struct address *to, struct fault *fault);

/* attack.c: until sent->is_over is set by the other thread. */
struct flood_attacker {
    const struct flood_wish *wish;
    struct flood_sent *sent;
};
void *flood_attack(void *argument);
const char *flood_attack_name(enum flood_attack attack);
const char *flood_attack_what(enum flood_attack attack);

/* calls.c: false when a socket could not be had. */
bool flood_call(const struct flood_wish *wish, struct flood_calls *calls, struct flood_sent *sent,
                struct fault *fault);

/* report.c */
void flood_told(const struct flood_wish *wish, struct flood_calls *calls,
                const struct flood_sent *sent, uint32_t second);
void flood_summed(const struct flood_wish *wish, struct flood_calls *calls,
                  const struct flood_sent *sent, double seconds);
