/*
 * The scope of an audit: what may be touched, from where, how hard, and when.
 *
 * Nothing is sent that the scope does not allow, and some things are never sent: an emergency
 * number cannot be reached from here (scope_allows).  Without more said, everything stays on
 * loopback.
 */
#pragma once

#include "base/fault.h"
#include "policy/document.h"
#include "wire/packet.h"

/* Who plays, and where around the box. */
enum vantage_id {
    VANTAGE_ATTACKER, /* A: on the access side */
    VANTAGE_PEER,     /* P: the carrier it is connected to */
    VANTAGE_CORE,     /* S: behind the box */
    VANTAGE_OBSERVER, /* O: somebody who has no part in it */
    VANTAGE_CALLER,   /* L: the legitimate caller */
    VANTAGE_COUNT,
    VANTAGE_NONE = VANTAGE_COUNT,
};

char vantage_letter(enum vantage_id id);
enum vantage_id vantage_of_letter(char letter);
const char *vantage_name(enum vantage_id id);

enum {
    SCOPE_SOCKETS_MAX = 8,
    SCOPE_WORDS_MAX = 32,
    SCOPE_FILE_MAX = 65536,
    SCOPE_RATE = 200, /* messages in a second, when nothing is said */
    SCOPE_RATE_MAX = 5000,
    SCOPE_CALLS = 2,
};

enum { CLASS_STANDARD = 1, CLASS_FLOOD = 2, CLASS_KILL = 4 };

struct scope_socket {
    struct address address;
    enum transport transport;
};

struct scope_sockets {
    struct scope_socket list[SCOPE_SOCKETS_MAX];
    uint32_t count;
};

struct scope_words {
    struct slice list[SCOPE_WORDS_MAX];
    uint32_t count;
};

struct scope {
    struct memory memory; /* of everything below */
    struct slice name, product, window;
    struct slice domain, callee, caller, attacker, peer_domain, peer_caller, peer_callee;
    struct scope_words internal;
    struct scope_sockets access, peering, inside;
    struct address places[VANTAGE_COUNT]; /* family ADDRESS_NONE: nobody is there */
    bool registers;
    uint64_t rate, calls, attackers, window_begin_s, window_end_s;
    unsigned classes;
    struct slice text; /* the file, for the record */
};

/* False with at least one complaint.  text outlives the scope. */
bool scope_read(struct scope *scope, struct slice text, struct slice file,
                struct policy_complaints *complaints);
void scope_free(struct scope *scope);

/* Whether a run may begin: loopback, or confirmed by name inside its window. */
bool scope_permits(const struct scope *scope, const char *confirmed, uint64_t now_s,
                   struct fault *fault);

/* The sockets of the box on the side where a vantage stands. */
const struct scope_sockets *scope_side(const struct scope *scope, enum vantage_id id);

/* Whether octets may leave: false for anything addressed to an emergency service. */
bool scope_allows(struct slice bytes);

/* An example with every setting and what it says. */
void scope_write_example(struct text *text);
