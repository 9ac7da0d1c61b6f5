/*
 * A border to judge by: the committed policy, a state of its own, and packets from anywhere.
 */
#pragma once

#include "expect.h"
#include "guard/event.h"

enum { LAB_NOW_MS = 1000000 }; /* when the lab starts */

struct lab {
    struct policy *policy;
    struct plan *plan;
    struct lists *lists;
    struct tallies *tallies;
    struct state *state;
    void *memory;
    struct inspection *inspection;
};

/* Where a packet comes from, and what for. */
struct lab_source {
    uint16_t zone;
    enum transport transport;
    struct address address;
    struct slice certified;
    bool is_watched;   /* in a capture */
    struct address to; /* there, or where no zone is */
};

void lab_open(struct lab *lab, const char *policy_path);
void lab_open_text(struct lab *lab, struct slice policy_text, const char *name);
void lab_close(struct lab *lab);
void lab_reset(struct lab *lab); /* state and tallies as after a start */

uint16_t lab_zone(const struct lab *lab, struct slice name);
/* The usual sender of a zone: its peer's hop, or a device on the Internet.  "nowhere" is a socket
 * of no zone, "capture" a packet somebody recorded. */
void lab_source(const struct lab *lab, struct slice zone, enum transport transport,
                struct lab_source *source);
void lab_judge(struct lab *lab, const struct lab_source *source, struct slice bytes,
               uint64_t now_ms);

struct flow lab_flow(const struct lab *lab, const struct lab_source *source);

/* One line of words and key=value: "dialog ...", "sent ...", "received ...", "registration ...",
 * "recent ...", see lab_seed.c. */
bool lab_seed(struct lab *lab, struct slice line);
/* A transaction of ours that this response answers. */
void lab_seed_response(struct lab *lab, const struct lab_source *source, struct slice response);
/* The INVITE this CANCEL is of. */
void lab_seed_invite(struct lab *lab, const struct lab_source *source, struct slice cancel);
/* A dialog in which this request stands. */
void lab_seed_dialog(struct lab *lab, const struct lab_source *source, struct slice request);

/* A whole file; the caller frees .at.  Fails the test when it cannot be read. */
struct slice lab_file(const char *path);
