/*
 * A policy file as a tree of items, each with its place; what the text says, not what it means.
 *
 * Plain YAML 1.1 as libyaml reads it, less what makes a security file treacherous: no anchors, no
 * aliases, no tags, one document, no key twice.
 */
#pragma once

#include "policy/complaints.h"
#include "policy/memory.h"

enum {
    DOCUMENT_TEXT_MAX = 8 << 20,  /* POLICY_PEERS_MAX peers with two kilobytes each */
    DOCUMENT_ITEMS_MAX = 1 << 18, /* POLICY_PEERS_MAX peers with sixty items each */
    DOCUMENT_CHILDREN_MAX = POLICY_PEERS_MAX,
    DOCUMENT_DEPTH_MAX = 8,     /* the schema needs five */
    DOCUMENT_SCALAR_MAX = 4096, /* no setting comes near */
};

enum item_kind { ITEM_SCALAR, ITEM_LIST, ITEM_MAP };

struct item {
    enum item_kind kind;
    bool is_plain; /* a scalar without quotes */
    struct place place;
    struct slice text; /* of a scalar */
    uint32_t count;    /* of what is inside */
    struct item *first, *last;
    struct item *next;      /* beside this one */
    const struct item *key; /* of a value in a map */
};

/* NULL with at least one complaint when the text is no document, or memory was refused. */
const struct item *document_read(struct memory *memory, struct slice text, struct slice file,
                                 struct policy_complaints *complaints);

/* The value under a key of a map, or NULL. */
const struct item *item_find(const struct item *map, struct slice key);

/* Where to point at when a setting of a map is wrong: its value, else the map. */
struct place item_place(const struct item *map, const char *key);

/* "a list", "a map", "a value" */
const char *item_kind_name(enum item_kind kind);
