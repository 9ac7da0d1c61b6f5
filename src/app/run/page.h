/*
 * What the processes count, in memory the parent can look into: nobody is ever asked for a number.
 *
 * One writer a page, any readers.  A number read while it is written may be a moment old; it is
 * never half of two.
 */
#pragma once

#include "app/run/crew.h"
#include "io/tcp.h"
#include "io/tls.h"
#include "io/udp.h"
#include "policy/policy.h"
#include "relay/relay.h"

enum { PAGE_PEERS_MAX = POLICY_PEERS_MAX };

struct worker_counts {
#define COUNT(name, written, what) uint64_t name;
#include "app/run/worker_counts.def"
#undef COUNT
};

struct worker_gauges {
#define GAUGE(name, written, what) uint64_t name;
#include "app/run/worker_gauges.def"
#undef GAUGE
};

/* Of all connections over TLS. */
struct tls_counts {
    uint64_t made, resumed, version_12;
    uint64_t strangers; /* not even begun: the source is no peer of the zone */
    uint64_t downgrades;
    uint64_t refused[TLS_REASON_COUNT];
};

/* What is known of a peer's connections: the ledger. */
struct tls_ledger {
    uint32_t version_13, version_12, resumed, refused, downgrades;
    uint32_t clear; /* messages in clear from its addresses, where it is to use TLS */
    uint16_t version, best_version; /* of the last connection; of all, as on the wire */
    char suite[TLS_SUITE_MAX];      /* of the last one */
    int64_t until_s;                /* when its certificate ends, since 1970 */
    uint8_t expiry_told;            /* thresholds */
};

enum { PAGE_LIMITS_MAX = 64 };

struct worker_limits {
    uint64_t refused[PAGE_LIMITS_MAX]; /* by tallies_limit */
    uint64_t nearly[PAGE_LIMITS_MAX];
};

struct worker_page {
    uint64_t beat_ms; /* when the worker last looked at the clock, monotonic */
    uint64_t policy_version;
    struct relay_counters relay;
    struct udp_counts udp;
    struct tcp_counts tcp;
    struct worker_counts worker;
    struct worker_gauges gauges;
    struct worker_limits limits;
    uint8_t peer_is_down[PAGE_PEERS_MAX];
    uint32_t peer_calls[PAGE_PEERS_MAX];
    struct tls_counts tls;
    struct tls_ledger peer_tls[PAGE_PEERS_MAX];
};

/* What the recorder committed and lost of one worker's life; a later recorder goes on from it. */
struct recorded {
    uint64_t epoch;
    uint64_t events, notes, events_lost, notes_lost;
};

enum { PAGE_RECORDED_MAX = CREW_MAX };

struct recorder_page {
#define COUNT(name, written, what) uint64_t name;
#include "app/run/recorder_counts.def"
#undef COUNT
    struct recorded recorded[PAGE_RECORDED_MAX];
};

struct resolver_page {
#define COUNT(name, written, what) uint64_t name;
#include "app/run/resolver_counts.def"
#undef COUNT
};

struct keeper_page {
    uint64_t keys;    /* held now */
    uint64_t made;    /* in all */
    uint64_t made_ms; /* the newest, wall clock */
    uint64_t secrets, signatures, refused;
};
