/*
 * Datagrams out of their fragments, within HYG-F19.
 *
 * An overlap damns the datagram: nobody who means well sends one.  What is dropped stays known
 * until its time is over, so that its remaining fragments do not start it anew.
 */
#pragma once

#include "base/hash.h"
#include "base/table.h"
#include "io/capture/chunks.h"
#include "io/capture/counts.h"
#include "io/capture/ip.h"
#include "io/capture/recent.h"

enum {
    FRAGMENTS_MAX = 16,                  /* of one datagram, HYG-F19 */
    FRAGMENTS_WAIT_US = 2000000,         /* HYG-F19 */
    FRAGMENTS_MEMORY = 32 * 1024 * 1024, /* HYG-F19 */
    FRAGMENTS_DATAGRAMS = 8192,          /* at once: two chunks each, when memory is full */
    FRAGMENTS_DATAGRAM_MAX = 65535,      /* what IP can number */
};

struct fragments {
    struct pool chunks;
    struct pool datagrams;
    struct table table;
    struct recent arrivals;
    struct hash_key key;
    struct capture_counts *counts;
    char whole[FRAGMENTS_DATAGRAM_MAX];
};

struct fragments *fragments_new(const struct hash_key *key, struct capture_counts *counts);
void fragments_free(struct fragments *fragments);

/* True when packet, a fragment, was the last to come: packet is now the whole datagram, its payload
 * valid until the next call. */
bool fragments_put(struct fragments *fragments, struct ip_packet *packet, uint64_t when_us,
                   uint32_t number);
