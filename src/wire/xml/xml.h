/*
 * The structure of an XML body, looked through (rules HYG-B10, HYG-L35).
 *
 * No document is built and nothing is resolved: one pass says whether this is well formed XML of
 * the plain kind that signalling needs, how deep and wide it is, and which namespaces it names. The
 * reader is a witness; the controls judge.
 */
#pragma once

#include "base/slice.h"

/* HYG-L35, column "Hard". */
enum {
    XML_MAX = 131072,
    XML_DEPTH_MAX = 32,
    XML_ELEMENTS_MAX = 8000,
    XML_ATTRIBUTES_MAX = 64,
    XML_NAMESPACES_MAX = 32, /* declarations; what a presence document needs is about ten */
};

enum xml_oddity {
#define ODDITY(name, seen) XML_ODD_##name,
#include "wire/xml/oddities.def"
#undef ODDITY
    XML_ODDITY_COUNT,
};

struct xml_namespace {
    struct slice prefix; /* empty: of names without one */
    struct slice name;
};

struct xml {
    uint64_t oddities;                     /* bit per enum xml_oddity */
    struct slice odd_at[XML_ODDITY_COUNT]; /* the first of each, valid where the bit is set */
    struct slice root;                     /* name of the root element as spelled */
    struct slice root_namespace;           /* empty when it has none */
    uint32_t element_count;
    uint16_t depth, attributes; /* the deepest element, the most on one element */
    uint16_t namespace_count;
    struct xml_namespace namespaces[XML_NAMESPACES_MAX]; /* as declared, wherever it stood */
};

void xml_read(struct xml *xml, struct slice text);

static inline bool xml_is_odd(const struct xml *xml, enum xml_oddity oddity)
{
    return (xml->oddities >> oddity) & 1;
}

const char *xml_oddity_name(enum xml_oddity oddity);
const char *xml_oddity_seen(enum xml_oddity oddity);
