/*
 * Where a configured name leads: RFC 3263 over c-ares, in a process that may wait.
 *
 * A look-up asks NAPTR, then SRV, then addresses, as far as the question leaves them open, and ends
 * with one answer: targets in the order they are to be tried (RFC 2782), and how long they may be
 * believed.  A server that does not answer costs its own look-ups time, nobody else's.
 */
#pragma once

#include "io/loop.h"
#include "wire/name_answer.h"

enum {
    DNS_TRY_MS = 500,       /* one server, one try; STI-34 */
    DNS_TRIES = 2,          /* of every server */
    DNS_TTL_MIN_S = 10,     /* an answer of no time would have us ask without end */
    DNS_TTL_MAX_S = 3600,   /* whatever an answer says, a move is noticed within an hour */
    DNS_TTL_FAILED_S = 5,   /* what failed is tried again after this */
    DNS_LOOKUPS_MAX = 4096, /* names of a policy */
};

struct dns_question {
    struct slice host;
    uint16_t port;     /* 0: by SRV */
    uint8_t transport; /* enum transport; TRANSPORT_COUNT: by NAPTR */
};

struct dns;
typedef void dns_answered(void *owner, uint32_t tag, const struct name_answer *answer);

/* servers: "address[:port],..." instead of the system's; NULL: those of the system, which are read
 * now.  NULL and a fault when the library refuses. */
struct dns *dns_new(struct loop *loop, const char *servers, dns_answered *answered, void *owner,
                    struct fault *fault);
/* Nothing is answered any more; the loop must turn until it is idle before dns_free. */
void dns_close(struct dns *dns);
void dns_free(struct dns *dns);

/* Answers exactly once, later; name of the answer is not set.  False when too many are under way.
 */
bool dns_ask(struct dns *dns, const struct dns_question *question, uint32_t tag);

uint64_t dns_questions(const struct dns *dns); /* put to servers so far */
