/*
 * A policy being read.
 */
#pragma once

#include "policy/document.h"
#include "policy/tables.h"

struct draft {
    struct policy *policy;
    struct memory *kept;   /* the policy's own: what stays */
    struct memory scratch; /* ends with the reading */
    struct slice file;
    const struct policy_control_names *controls; /* NULL: any id will do */
    struct policy_complaints *complaints;
    const struct item *root;
    const struct item **zones;     /* where each zone is written, by index */
    const struct item **listeners; /* where each listener is written */
    const struct item **peers;
    struct table peer_names; /* from the hash of a name to the index + 1; not yet without peers */
    const struct item **routes;
    struct policy_hop **hops; /* of each peer, still to be finished */
};

/* Whose requests a route carries, and where it leads, as written. */
struct route_draft {
    uint16_t *from_zones, *from_peers; /* one of each pair is POLICY_NONE; both: any */
    uint32_t from;                     /* count */
    uint16_t to_peers[POLICY_HOPS_MAX];
    uint32_t to;      /* count */
    uint16_t to_zone; /* an access zone, or POLICY_NONE */
    struct policy_slices numbers, domains;
    uint32_t methods;
    bool is_emergency;
};

/* complain() with the file filled in. */
void draft_complain(struct draft *draft, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Copies that stay. */
struct slice draft_keep(struct draft *draft, struct slice slice);
struct slice draft_keep_lower(struct draft *draft, struct slice slice);

/* A name in lower case, or an address as the host of a URI. */
struct host;
struct slice draft_keep_host(struct draft *draft, const struct host *host);

/* Index by name, or POLICY_NONE. */
uint16_t draft_zone(const struct draft *draft, struct slice name);
uint16_t draft_peer(const struct draft *draft, struct slice name);

/* The index of a host name among policy.names, where it is put when it is new. */
uint16_t draft_name(struct draft *draft, struct table *table, struct slice *names,
                    struct slice name);

/* What only the whole can tell; complains with a remedy. */
void draft_check(struct draft *draft);
