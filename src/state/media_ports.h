/*
 * Which media ports are free.
 *
 * The border decides, so the gate is never asked.  Of each pool a worker owns every n-th pair and
 * gives them out in an order nobody can foresee (chance is handed in); a pair that comes back rests
 * before it is given again, so that what is still under way to it finds no stream (MED-05).
 */
#pragma once

#include "wire/media_order.h"

enum {
    MEDIA_PORTS_REST_MS = 30000,   /* MED-05; what is said otherwise by media_ports_set_rest */
    MEDIA_PORTS_RESERVE_PART = 10, /* EMG-07: one in ten is for emergency calls only */
};

/* A worker's part of every pool. */
struct media_ports_share {
    uint32_t worker, workers;
};

struct media_ports_counts {
    uint32_t pairs, used, most_used, resting, barred;
    uint64_t refused; /* takes refused because none was free, or only the reserve */
};

struct media_ports;

/* Octets of memory for the tables of these pools; they are copied. */
size_t media_ports_size(const struct media_pool *pools, uint32_t pool_count);

/* At most MEDIA_POOLS_MAX pools; all pairs are free.  memory is aligned as malloc does. */
struct media_ports *media_ports_init(void *memory, const struct media_pool *pools,
                                     uint32_t pool_count, struct media_ports_share share);

/* How long a pair rests before it is given again. */
void media_ports_set_rest(struct media_ports *ports, uint64_t rest_ms);

/* The zones have other numbers now: zones[old] is the new one, or none. */
void media_ports_rezone(struct media_ports *ports, const uint16_t *zones, uint32_t count);

/* A pair in a zone: local becomes our address with the RTP port.  False when the zone has no pool
 * of this family or none is free: counted. */
bool media_ports_take(struct media_ports *ports, uint16_t zone, enum address_family family,
                      bool is_emergency, uint64_t random, uint64_t now_ms, struct address *local);

/* False when the pair is not ours or was not taken. */
bool media_ports_give(struct media_ports *ports, const struct address *local, uint64_t now_ms);

/* After a restart: this pair is in use, says a record.  False when it is not ours or taken already:
 * then the record is a bad one. */
bool media_ports_hold(struct media_ports *ports, const struct address *local);

/* The pair could not be opened; it is never given. */
bool media_ports_bar(struct media_ports *ports, const struct address *local);

/* Of a zone and family; zeroed when there is no such pool. */
struct media_ports_counts media_ports_counts(const struct media_ports *ports, uint16_t zone,
                                             enum address_family family);
