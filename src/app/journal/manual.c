/*
 * docs/events.md, printed from the tables.
 */
#include "app/journal/manual.h"

#include "app/verbs.h"
#include "io/journal/journal.h"

#include <stdio.h>
#include <stdlib.h>

struct field {
    enum journal_kind kind;
    const char *path, *what;
};

static const struct field fields[] = {
// clang-format off
#define FIELD(kind, path, what) {JOURNAL_##kind, path, what},
#include "app/journal/fields.def"
#undef FIELD
    // clang-format on
};

static const char intro[] =
    "# Events and the journal\n"
    "\n"
    "Printed by `sipwarden events --manual --markdown`; the tables are "
    "`src/app/journal/fields.def` "
    "and\n`src/io/journal/kinds.def`.\n"
    "\n"
    "A store tells what it found as JSON, one object a line: on standard output, or in "
    "`events.jsonl` of the\n"
    "folder that the policy's `journal` names. In that folder it also keeps the journal, "
    "`journal.db`, an SQLite\n"
    "database that `sipwarden events`, `calls`, `call`, `top` and `watch` read; `sipwarden inspect "
    "--store FILE`\n"
    "writes the same of a capture. Reading never holds up the recorder, and losing a record never "
    "holds up a call:\n"
    "what could not be kept is counted (`sipwarden status`) and written down as lost.\n"
    "\n"
    "## The tables\n"
    "\n"
    "`record` has one row for each record: `number` (without gaps), `when_us` (microseconds since "
    "1970), `kind`,\n"
    "`call` (Call-ID of the caller's leg), `peer`, `control`, `action`, `source`, `body` (JSON, "
    "below) and `chain`.\n"
    "`call` has one row for each call, worked out of the records. `anchor` says behind which "
    "number, and with which\n"
    "chain, the records begin: older ones were removed by age (`journal-keep`) or size "
    "(`journal-quota`).\n"
    "\n"
    "## The chain\n"
    "\n"
    "`chain` is the SHA-256 of: the chain of the record before (of the anchor, for the first), "
    "`number`, `when_us`,\n"
    "and for each of `kind`, `call`, `peer`, `control`, `action`, `source` and `body` its length "
    "and its octets; numbers\n"
    "and lengths are 8 octets, the highest first; nothing and empty are the same. `sipwarden "
    "events --verify` follows it and names every\n"
    "record that does not follow from the one before. It prints the head; noted elsewhere and "
    "given "
    "later with `--head`,\n"
    "it also proves that nobody made the whole chain anew or cut its end off.\n"
    "\n"
    "## The records\n";

static void put_kind(struct text *text, enum journal_kind kind, bool is_markdown)
{
    text_put_format(text,
                    is_markdown ? "\n### `%s`\n\n%s.\n\n| member | what it says |\n|---|---|\n"
                                : "\n%s: %s\n",
                    journal_kind_name(kind), journal_kind_what(kind));
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i].kind == kind) {
            text_put_format(text, is_markdown ? "| `%s` | %s |\n" : "  %-32s %s\n", fields[i].path,
                            fields[i].what);
        }
    }
}

void events_manual_write(struct text *text, bool is_markdown)
{
    text_put_string(text, is_markdown ? intro : "");
    for (enum journal_kind kind = 0; kind < JOURNAL_KIND_COUNT; kind++) {
        put_kind(text, kind, is_markdown);
    }
}

int events_manual_print(bool is_markdown)
{
    char *room = malloc(EVENTS_MANUAL_MAX);
    struct text text;

    if (room == NULL) {
        return EXIT_RUNTIME;
    }
    text_init(&text, room, EVENTS_MANUAL_MAX);
    events_manual_write(&text, is_markdown);
    bool is_out = fwrite(text.at, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    free(room);
    return is_out && !text.is_full ? EXIT_OK : EXIT_RUNTIME;
}
