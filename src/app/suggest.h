/*
 * What the verb suggest gathers of each neighbour, and what writes it.
 */
#pragma once

#include "app/inspect/watch.h"

enum {
    NEIGHBOURS_MAX = POLICY_PEERS_MAX + 1024, /* peers, and strangers where peers are expected */
    NAMES_MAX = 64,                           /* private headers, kinds of bodies of one */
    NAME_ROOM = 80,
    PREFIXES_MAX = 512,  /* beginnings of numbers that are gathered ... */
    PREFIX_DIGITS = 7,   /* ... so long ... */
    PREFIXES_SHOWN = 16, /* ... and made shorter until so few are left */
    CALLS_BITS = 16,     /* calls known at one time: their Call-IDs hashed */
    SPARE_PERCENT = 150, /* rates are so much of what was seen */
    RATE_LEAST = 5,      /* a second: less is nobody's contract */
    CALLS_LEAST = 10,
    OBSERVED_DAYS = 14, /* rules 0.3 */
    OUTPUT_MAX = 8 << 20,
};

struct names {
    char at[NAMES_MAX][NAME_ROOM];
    uint32_t count, unkept;
};

struct neighbour {
    uint16_t zone, peer;    /* peer POLICY_NONE: a stranger at ... */
    struct address address; /* ... this host */
    uint64_t requests, responses;
    uint8_t transports;  /* bit per enum transport */
    uint32_t methods;    /* optional ones that were used */
    uint64_t headers[4]; /* optional ones that were there */
    struct names private_headers, bodies;
    char prefixes[PREFIXES_MAX][PREFIX_DIGITS + 2]; /* "+4312345" */
    uint32_t prefix_count;
    bool has_many_prefixes;
    uint64_t second;
    uint32_t in_second, most_in_second;
    uint32_t calls, most_calls;
};

struct suggesting {
    struct watch watch;
    struct neighbour *neighbours;
    uint32_t neighbour_count, unkept;
    uint32_t calls[1 << CALLS_BITS]; /* neighbour + 1 by hash of a Call-ID; 0: none */
    uint64_t messages, first_us, last_us;
    bool is_unreadable;
};

/* A name that was seen; twice it is kept once. */
void suggest_name(struct names *names, struct slice name);
/* Who is known by that peer of the policy, or by that address; NULL when there is no room. */
struct neighbour *suggest_neighbour(struct suggesting *all, uint16_t zone, uint16_t peer,
                                    const struct address *address);

/* Events as `sipwarden events --json` prints them, a line each; "-" is standard input. */
bool suggest_events(struct suggesting *all, const char *path, struct fault *fault);

/* The text on standard output; the exit status. */
int suggest_print(struct suggesting *all);
