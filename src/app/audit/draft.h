/*
 * A message being made up: valid to begin with, then spoiled line by line.
 *
 * Unlike the writer of the border this one writes anything.  Octets that differ from run to run
 * come from the seed, so a run can be repeated exactly.
 */
#pragma once

#include "app/audit/scope.h"
#include "base/text.h"

enum {
    DRAFT_LINES_MAX = 6000, /* 5,000 Contacts are one of the tests */
    DRAFT_ROOM = 1 << 20,
};

struct draft {
    char *room; /* DRAFT_ROOM */
    size_t room_len;
    struct slice start;
    struct slice lines[DRAFT_LINES_MAX]; /* without their ends */
    uint32_t count;
    struct slice body;
    struct slice line_end; /* CRLF, unless spoiled */
    struct slice raw;      /* a whole message instead of all this */
    bool has_no_length;    /* the Content-Length line is the test's own, or missing */
    bool is_full;          /* of lines or octets */
    const struct scope *scope;
    enum vantage_id from;
    enum transport transport;
    struct address here; /* Via and Contact */
    char method[32], branch[40], tag[24], call_id[48];
};

/* The seed of everything below; the same seed gives the same octets. */
struct chance {
    uint64_t state;
};
uint64_t chance_next(struct chance *chance);

bool draft_open(struct draft *draft);
void draft_close(struct draft *draft);

/* A good request from a vantage to the user everybody may call. */
void draft_begin(struct draft *draft, const struct scope *scope, enum vantage_id from,
                 enum transport transport, const char *method, struct chance *chance);

/* Words in braces and escapes are replaced: {domain}, {callee}, {A*900}, \r \n \t \0 \xHH \\. */
struct slice draft_expand(struct draft *draft, struct slice from);

/* One line of a probe: "set NAME: value", "add LINE", "drop NAME", "uri URI", "start LINE",
 * "ends TEXT", "body TYPE", "| body line", "raw TEXT", "repeat N LINE".  False when it is none. */
bool draft_edit(struct draft *draft, struct slice line);

void draft_write(struct draft *draft, struct text *text);
