/*
 * What is compiled from a policy at load, so that a packet's trip looks nothing up by name.
 */
#pragma once

#include "base/hash.h"
#include "base/table.h"
#include "policy/memory.h"
#include "policy/policy.h"

enum {
    ROUTE_ENTRIES_MAX = 1 << 18, /* numbers times domains times senders, over all routes */
    DOMAIN_LABELS_MAX = 16,      /* of a Request-URI's host that are tried against "*.domain" */
    DOMAIN_LEN_MAX = 253,        /* RFC 1035 */
    NUMBER_LEN_MAX = 32,         /* digits of a prefix or called number that are compared */
};

/* What a route entry wants of the domain. */
enum reach {
    REACH_NAMED, /* this domain */
    REACH_BELOW, /* all below this domain */
    REACH_OWN,   /* ours, or none at all (tel) */
    REACH_ALL,
};

/* One way a route can be found.  scope: 0 anybody, else a zone or a peer, see scope_of. */
struct route_entry {
    uint32_t scope;
    enum reach reach;
    struct slice number; /* "" when the route has none */
    struct slice domain; /* lower case; "" but for NAMED and BELOW */
    uint16_t route;
    uint32_t next; /* the next entry of the same key, in order of the file; 0: none */
};

struct route_table {
    struct table table;          /* from the hash of a key to its first entry */
    struct route_entry *entries; /* from 1 */
    uint32_t count;
    uint64_t number_lens; /* bit n: some number has n digits */
    uint8_t reaches;      /* bit per enum reach that some entry has */
    uint8_t scopes;       /* bit 0: of anybody, bit 1: of zones, bit 2: of peers */
    uint16_t *emergency;  /* routes of emergency calls */
    uint32_t emergency_count;
};

struct name_table {
    struct table table;
    const struct slice *names; /* lower case, from 1 */
    uint32_t count;
};

struct policy_tables {
    struct memory memory;
    struct slice file; /* name of the policy file */
    uint32_t *zone_lines, *peer_lines;
    struct prefixes *peers[POLICY_ZONES_MAX];
    struct name_table own; /* names and domains that are ours */
    struct route_table routes;
    uint8_t profiles[POLICY_ZONES_MAX]; /* zones of one class and one set of options share */
    uint32_t profile_count;
    struct policy_header_set *header_sets; /* [in][out][response][method] of profiles */
};

enum { SCOPE_ANYBODY, SCOPE_ZONE, SCOPE_PEER, SCOPES }; /* what kind of sender, see route_entry */

static inline uint32_t scope_of(uint16_t zone, uint16_t peer)
{
    if (peer != POLICY_NONE) {
        return (uint32_t)SCOPE_PEER << 16 | peer;
    }
    return zone == POLICY_NONE ? SCOPE_ANYBODY : (uint32_t)SCOPE_ZONE << 16 | zone;
}

/* The same for ever: entries come from the operator, so nobody can aim at a place in a table. */
extern const struct hash_key policy_hash_key;

/* The first entry with the scope, reach, number and domain of key; 0 when there is none. */
uint32_t route_entry_find(const struct route_table *routes, const struct route_entry *key);

/* How many entries a route makes. */
uint64_t route_entries(const struct policy *policy, const struct policy_route *route);

/* False when memory was refused (prefixes: also when a prefix has two peers, which the check
 * before has complained about). */
bool tables_compile_headers(struct policy *policy);
bool tables_compile_peers(struct policy *policy);
bool tables_compile_names(struct policy *policy);
bool tables_compile_routes(struct policy *policy);

/* In lower case into room of DOMAIN_LEN_MAX octets; empty when it is longer. */
struct slice domain_lower(struct slice domain, char *room);
