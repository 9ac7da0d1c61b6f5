/*
 * Admission: who is served how much (rules 6.1, 6.2), before anything dear is done for him.
 *
 * One per worker, beside the tallies.  Sources have a standing (state/standing.h), and every limit
 * is a token bucket (state/rates.h) under a keyed hash of who or what it limits.  What several
 * limits hold takes of all or of none.  Emergencies take of their own alone.
 */
#pragma once

#include "guard/inspect.h"
#include "state/load.h"
#include "state/rates.h"
#include "state/standing.h"

enum {
    ADMISSION_BUCKETS = 65536, /* in use at the same moment: a bucket is full again in minutes */
    ADMISSION_SOURCES = 65536, /* hosts and flows remembered */
    LIMIT_CHECKS_MAX = 8,      /* that hold one request */
    LIMIT_TOLD_MS = 60000,     /* that one is nearly used up: not more often than that */
};

enum limit {
#define RATE(name, setting, access, network, burst, rule, what) LIMIT_##name,
#include "policy/rates.def"
#undef RATE
    LIMIT_OF_COUNT,                    /* of calls, not of rates, from here on */
    LIMIT_calls_user = LIMIT_OF_COUNT, /* at the same time */
    LIMIT_calls_peer,
    LIMIT_peer, /* the rate of a peer's contract */
    LIMIT_COUNT,
};

struct limit_row {
    const char *written, *rule, *what;
    size_t at; /* in struct policy_rates */
    uint32_t access, network, burst;
};

struct limit_count {
    uint64_t refused;
    uint64_t nearly; /* times 80 % were used up, counted once a minute */
    uint64_t told_ms;
};

struct admission {
    struct rates rates;
    struct standings standings;
    struct standing *peers;         /* by index; what is thought of neighbours */
    uint32_t *peer_ids;             /* whose that is: indexes change with the policy */
    struct bucket (*peer_rates)[2]; /* by peer: its contract, and INVITEs to one prefix */
    uint32_t peer_count;
    uint32_t shares; /* workers that divide what is a peer's or a zone's */
    struct limit_count counts[LIMIT_COUNT];
    struct load load;
    struct tide *tide; /* what the detectors have seen */
};

struct admission *admission_new(uint32_t peers);
void admission_free(struct admission *admission);

/* NULL when nothing is counted, or the sender is not held to limits: our core, and the emergency
 * services. */
struct admission *admission_of(const struct inspection *inspection);

const struct limit_row *limit_row(enum limit limit);

/*
 * A source: keys and standing, looked up once.
 */
void admission_place(struct inspection *inspection);
uint64_t admission_host_key(const struct state *state, uint16_t zone,
                            const struct address *address);
uint64_t admission_flow_key(const struct state *state, uint16_t zone,
                            const struct address *address);

/* What calls of a neighbour, and of a user of a zone, count under (state->calls). */
uint64_t admission_peer_key(const struct state *state, uint32_t peer_id);
uint64_t admission_user_key(const struct state *state, uint16_t zone, struct slice user);

/* After the verdict: what it says of the source.  May add findings that are told. */
void admission_note(struct inspection *inspection);

/* The registrar said yes to who is there, or somebody who was registered already is taken over. */
void admission_know(struct admission *admission, const struct state *state, uint16_t zone,
                    const struct address *address, uint64_t user, uint64_t now_ms);

/* "INVITE urn:service:sos", or to an emergency number (EMG-06): before anything is read. */
bool admission_is_emergency(const struct policy *policy, struct slice bytes);

/*
 * Limits that hold one request.
 */
struct limit_check {
    struct admission *admission;
    uint64_t now_us;
    uint32_t quarters; /* what it costs of each */
    uint32_t count;
    struct {
        struct bucket *bucket;
        struct rate rate;
        uint8_t limit;
        bool is_shared; /* of a peer or zone: an operator wants to know when it is nearly used */
    } held[LIMIT_CHECKS_MAX];
};

void limit_begin(struct limit_check *check, struct inspection *inspection, uint32_t quarters);
/* Of the sender's zone; subject is a keyed hash of who or what is limited. */
void limit_hold(struct limit_check *check, const struct inspection *inspection, enum limit limit,
                uint64_t subject);
/* The whole zone together. */
void limit_hold_zone(struct limit_check *check, const struct inspection *inspection,
                     enum limit limit);
void limit_hold_peer(struct limit_check *check, const struct inspection *inspection);
/* Takes of all; or of none, and says which was used up.  LIMIT_COUNT: none was. */
enum limit limit_take(struct limit_check *check);
/* PASSED, or a finding that one of them is used up to 80 %, once a minute. */
enum outcome limit_tell(struct inspection *inspection, struct limit_check *check);
/* Both, and the finding of the control that runs.  action, status: of the refusal. */
enum outcome limit_found(struct inspection *inspection, struct limit_check *check,
                         struct slice evidence, enum policy_action action, uint16_t status);

/* A request that asks for something new, of somebody who is held to limits. */
bool limit_applies(const struct inspection *inspection);
uint32_t limit_cost(enum sip_method method); /* rules 6.2, in quarters */

static inline uint64_t limit_subject(const struct inspection *inspection, struct slice subject)
{
    return hash_bytes(&inspection->state->key, subject);
}

/* Two hashes as one. */
static inline uint64_t limit_join(uint64_t one, uint64_t other)
{
    uint64_t mixed = (one ^ (other << 17 | other >> 47)) * 0x9E3779B97F4A7C15U;

    return mixed ^ mixed >> 32; /* what differs above differs below too */
}
