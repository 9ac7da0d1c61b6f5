/*
 * What is wrong with a policy file, each at its line and column.
 *
 * Every complaint has three parts: the problem; what was expected; the remedy.
 */
#pragma once

#include "policy/policy.h"

enum {
    COMPLAINTS_MAX = 50,       /* nobody mends more in one go */
    COMPLAINT_TEXT_MAX = 600,  /* file name, place, and a sentence or two */
    COMPLAINT_SHOWN_MAX = 160, /* 40 octets quoted from the file, all escaped */
};

struct place {
    uint32_t line, column; /* from 1 */
};

struct complaint {
    struct place place;
    uint16_t len;
    char text[COMPLAINT_TEXT_MAX];
};

struct policy_complaints {
    uint32_t count;
    uint32_t unkept; /* further ones */
    struct complaint list[COMPLAINTS_MAX];
};

/* format: "problem; expected ...; remedy". */
void complain(struct policy_complaints *complaints, struct slice file, struct place place,
              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* In the order of the file; tells how many were left out. */
void complaints_sort(struct policy_complaints *complaints, struct slice file);

/* Something from the file, fit for a message: printable, at most 40 octets. */
struct shown {
    char text[COMPLAINT_SHOWN_MAX + 1];
};
struct shown show(struct slice slice);
