/*
 * The entries of a list of receivers (RFC 4826, RFC 5363), one after the other.
 *
 * For bodies that xml_read found sound: comments and marked text are passed over, nothing is
 * resolved.  Of others something is returned, and it ends.
 */
#pragma once

#include "base/slice.h"

enum xml_entry_kind {
    XML_LIST_BEGINS,
    XML_LIST_ENDS,
    XML_ENTRY,         /* with a URI */
    XML_ENTRY_FOREIGN, /* one that names entries elsewhere: entry-ref, external */
};

struct xml_entry {
    enum xml_entry_kind kind;
    struct slice uri; /* of ENTRY, as spelled; empty when it says none */
};

/* Takes the next one off the front of rest; false at the end. */
bool xml_entry_next(struct slice *rest, struct xml_entry *entry);
