/*
 * `sipwarden events`: what was found, and whether anybody was at the journal since.
 */
#include "app/journal/event_fields.h"
#include "app/journal/look.h"
#include "app/journal/manual.h"
#include "app/say.h"
#include "app/verbs.h"

#include <inttypes.h>
#include <stdlib.h>

static void event_print(const struct look *look, const struct journal_row *row)
{
    struct event_fields fields;
    char time[LOOK_TIME_MAX];

    (void)event_fields_read(&fields, row->record.body);
    bool is_bad = strcmp(fields.verdict, "pass") != 0;
    printf("%s%s%s  %s%-6s%s ", look_weak(look), look_time(time, row->record.when_us, 23),
           look_plain(look), is_bad ? look_bad(look) : "", fields.action, look_plain(look));
    look_put(stdout, fields.control, 10);
    (void)fputc(' ', stdout);
    look_put(stdout, fields.detail, 9);
    printf(" %-8s ", fields.severity);
    look_put(stdout, fields.source, 21);
    (void)fputc(' ', stdout);
    look_put(stdout, fields.peer[0] == '\0' ? "-" : fields.peer, 14);
    (void)fputc(' ', stdout);
    look_put(stdout, fields.what, 9);
    (void)fputc(' ', stdout);
    look_put(stdout, fields.evidence, 0);
    if (fields.findings > 1) {
        printf(" (and %d more)", fields.findings - 1);
    }
    if (fields.call_id[0] != '\0') {
        printf("  %s", look_weak(look));
        look_put(stdout, fields.call_id, 0);
        fputs(look_plain(look), stdout);
    }
    (void)fputc('\n', stdout);
}

/* Of the other kinds the body says it best. */
static void record_print(const struct look *look, const struct journal_row *row)
{
    char time[LOOK_TIME_MAX];

    if (row->record.kind == JOURNAL_EVENT) {
        event_print(look, row);
        return;
    }
    printf("%s%s%s  %-7s ", look_weak(look), look_time(time, row->record.when_us, 23),
           look_plain(look), journal_kind_name(row->record.kind));
    look_put_slice(stdout, row->record.body);
    (void)fputc('\n', stdout);
}

static bool row_print(void *owner, const struct journal_row *row)
{
    const struct look *look = owner;

    if (look->is_json) {
        look_row_json(stdout, row);
    } else {
        record_print(look, row);
    }
    return !ferror(stdout);
}

/*
 * Proof.
 */

static void head_print(const uint8_t head[JOURNAL_CHAIN_LEN])
{
    for (unsigned i = 0; i < JOURNAL_CHAIN_LEN; i++) {
        printf("%02x", head[i]);
    }
}

static void proof_json(const struct look *look, const struct journal_proof *proof, bool is_whole)
{
    printf("{\"whole\":%s,\"records\":%" PRIu64 ",\"first\":%" PRIu64 ",\"last\":%" PRIu64
           ",\"removed_before\":%" PRIu64 ",\"breaks\":%" PRIu64 ",\"head\":\"",
           is_whole ? "true" : "false", proof->records, proof->first, proof->last, proof->removed,
           proof->break_count);
    head_print(proof->head);
    fputs("\",\"located\":[", stdout);
    for (unsigned i = 0; i < proof->break_count && i < JOURNAL_BREAKS_MAX; i++) {
        printf("%s{\"number\":%" PRIu64 ",\"missing\":%" PRIu64 "}", i == 0 ? "" : ",",
               proof->breaks[i].number, proof->breaks[i].missing);
    }
    fputs("]", stdout);
    if (look->has_expected) {
        printf(",\"head_found\":%s", proof->has_expected ? "true" : "false");
    }
    fputs("}\n", stdout);
}

static void break_print(const struct journal_break *broken)
{
    char time[LOOK_TIME_MAX];

    printf("record %" PRIu64 " of %s: ", broken->number, look_time(time, broken->when_us, 19));
    if (broken->missing > 0) {
        printf("%" PRIu64 " before it %s missing\n", broken->missing,
               broken->missing == 1 ? "is" : "are");
    } else if (broken->is_out_of_row) {
        printf("its number does not follow\n");
    } else {
        printf("it, or the one before it, was altered\n");
    }
}

static void proof_text(const struct look *look, const struct journal_proof *proof, bool is_whole)
{
    for (unsigned i = 0; i < proof->break_count && i < JOURNAL_BREAKS_MAX; i++) {
        break_print(&proof->breaks[i]);
    }
    if (proof->break_count > JOURNAL_BREAKS_MAX) {
        printf("and %" PRIu64 " more\n", proof->break_count - JOURNAL_BREAKS_MAX);
    }
    if (look->has_expected && !proof->has_expected) {
        printf("the head that was given is not in the chain: what it stood for is gone or "
               "another now\n");
    }
    printf("%s: %" PRIu64 " records", is_whole ? "whole" : "NOT whole", proof->records);
    if (proof->records > 0) {
        printf(", %" PRIu64 " to %" PRIu64, proof->first, proof->last);
    }
    if (proof->removed > 0) {
        printf(" (%" PRIu64 " before them were removed by age or quota)", proof->removed);
    }
    fputs("\nhead ", stdout);
    head_print(proof->head);
    (void)fputc('\n', stdout);
}

static int events_verify(struct look *look)
{
    struct journal_proof proof;
    struct fault fault;
    bool is_done =
        journal_verify(look->reader, look->has_expected ? look->expected : NULL, &proof, &fault);
    bool is_whole =
        is_done && proof.break_count == 0 && (!look->has_expected || proof.has_expected);

    if (is_done && look->is_json) {
        proof_json(look, &proof, is_whole);
    } else if (is_done) {
        proof_text(look, &proof, is_whole);
    }
    int status = look_end(look, is_done, &fault);
    return status == EXIT_OK && !is_whole ? EXIT_FINDINGS : status;
}

int events_main(int argc, char **argv)
{
    const char *operand = NULL;
    struct look look;
    struct fault fault;

    if (!look_options(&look, LOOK_EVENTS, argc, argv, &operand)) {
        return EXIT_USAGE;
    }
    if (look.is_manual) {
        return events_manual_print(look.is_markdown);
    }
    if (!look_open(&look)) {
        return EXIT_RUNTIME;
    }
    if (look.verifies) {
        return events_verify(&look);
    }
    bool is_done = journal_read_records(look.reader, &look.filter, row_print, &look, &fault);
    return look_end(&look, is_done, &fault);
}
