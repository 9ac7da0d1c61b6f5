/*
 * What an operator keeps beside the policy, in files that change more often: the plan of numbers,
 * feeds of bad numbers, addresses and agents, and the patterns of the policy as compiled.
 *
 * All of it is one block of octets in which nothing is named by address: built once by who reads
 * files, sealed, mapped by every worker, looked into without a copy.
 */
#pragma once

#include "policy/policy.h"

enum {
    LISTS_FILE_MAX = 32 << 20,    /* octets of one file: a million numbers */
    LISTS_LINES_MAX = 2000000,    /* of all files together */
    LISTS_OCTETS_MAX = 512 << 20, /* of the whole */
    LISTS_KINDS_MAX = 4096,       /* different classes and countries */
    AGENT_MAX = 256,              /* octets of a name of a program */
};

enum number_class {
    NUMBER_UNKNOWN, /* no file says */
#define NUMBER_CLASS(name, written, what) NUMBER_##name,
#include "policy/number_classes.def"
#undef NUMBER_CLASS
    NUMBER_CLASS_COUNT,
};

struct number_kind {
    uint8_t class;   /* enum number_class */
    char country[2]; /* ISO 3166; 0: not said */
};

/* Where an entry was found. */
enum { LISTS_NOT = -1 };

struct lists;

/* One file that was read. */
struct lists_file {
    struct slice name, text;
};

struct lists_sources {
    const struct lists_file *numbers;
    uint32_t number_count;
    const struct lists_file *feeds; /* in the order of policy->feeds */
    uint32_t feed_count;
    const struct slice *databases; /* of patterns, in the order of pattern_fields() */
    uint32_t database_count;
    const struct slice
        *notes; /* why a feed is not as it should be, or empty; by feed; may be NULL */
};

/* NULL: not as the files should be (complaints, each with file and line), or memory. */
struct lists *lists_build(const struct policy *policy, const struct lists_sources *sources,
                          struct policy_complaints *complaints);
void lists_free(struct lists *lists);
struct slice lists_octets(const struct lists *lists);

/* What somebody mapped; NULL when it is none of ours, or not whole.  Empty octets: no lists. */
const struct lists *lists_open(struct slice octets);

/*
 * Look-ups.  lists may be NULL: nothing is known.
 */

/* Of "+" and digits, or local digits. */
struct number_kind lists_number(const struct lists *lists, struct slice number);
const char *number_class_written(enum number_class class);
bool number_class_read(struct slice word, enum number_class *class);
/* What a call to it costs the caller more than others. */
bool number_class_is_dear(enum number_class class);
/* Who never calls. */
bool number_class_is_silent(enum number_class class);

/* The index of the feed that has it, or LISTS_NOT.  A feed of numbers has prefixes. */
int lists_feed_number(const struct lists *lists, struct slice number);
int lists_feed_address(const struct lists *lists, const struct address *address);
/* The whole text, or the program in front of '/' or a blank; letters in any case. */
int lists_feed_agent(const struct lists *lists, struct slice agent);
bool lists_have_feeds(const struct lists *lists, enum feed_kind kind);

/* Why a feed was not taken when the lists were built; empty when it was. */
struct slice lists_feed_note(const struct lists *lists, uint32_t feed);

/* The compiled patterns of a field; empty when there are none. */
struct slice lists_database(const struct lists *lists, uint32_t field);
uint32_t lists_database_count(const struct lists *lists);
