/*
 * `sipwarden watch`: the ladder of now; each message of a call, and each finding, as it is written
 * down.
 */
#include "app/journal/event_fields.h"
#include "app/journal/ladder.h"
#include "app/journal/look.h"
#include "app/verbs.h"

#include <inttypes.h>
#include <poll.h>

enum {
    WATCH_STEP_MS = 200,   /* between two questions: as often as the recorder commits */
    WATCH_ROWS_MAX = 5000, /* of one question; the next one goes on behind */
    WATCH_ID_SHOWN = 12,
};

struct watching {
    struct look *look;
    uint64_t last, shown;
};

static bool is_over(const struct watching *watching)
{
    return watching->look->count != 0 && watching->shown >= watching->look->count;
}

static void message_print(const struct look *look, const struct journal_row *row)
{
    struct message_fields fields;
    char time[LOOK_TIME_MAX], label[LADDER_LINE_MAX], remark[LADDER_LINE_MAX];

    (void)message_fields_read(&fields, row->record.body);
    ladder_label(&fields, label);
    ladder_remark(&fields, remark);
    bool is_bad = !fields.is_sent && strcmp(fields.verdict, "pass") != 0;
    printf("%s%s%s  ", look_weak(look), look_time(time, row->record.when_us, 26) + 11,
           look_plain(look));
    look_put_slice(stdout, slice_head(row->record.call, WATCH_ID_SHOWN));
    printf("%*s %s ",
           row->record.call.len < WATCH_ID_SHOWN ? (int)(WATCH_ID_SHOWN - row->record.call.len) : 0,
           "", fields.is_sent ? "<--" : "-->");
    look_put(stdout, fields.peer[0] == '\0' ? fields.remote : fields.peer, 22);
    printf(" %s", is_bad ? look_bad(look) : "");
    look_put(stdout, label, 28);
    fputs(look_plain(look), stdout);
    if (remark[0] != '\0') {
        printf("  %s", look_bad(look));
        look_put(stdout, remark, 0);
        fputs(look_plain(look), stdout);
    }
    (void)fputc('\n', stdout);
}

static void event_print(const struct look *look, const struct journal_row *row)
{
    struct event_fields fields;
    char time[LOOK_TIME_MAX];

    (void)event_fields_read(&fields, row->record.body);
    printf("%s%s%s  ", look_weak(look), look_time(time, row->record.when_us, 26) + 11,
           look_plain(look));
    printf("%s%s %s %s%s from ", look_bad(look), fields.action, fields.control, fields.detail,
           look_plain(look));
    look_put(stdout, fields.peer[0] == '\0' ? fields.source : fields.peer, 0);
    printf(": %s ", fields.what);
    look_put(stdout, fields.evidence, 0);
    (void)fputc('\n', stdout);
}

/* A finding in a message of a call stands beside the message already. */
static bool row_show(void *owner, const struct journal_row *row)
{
    struct watching *watching = owner;
    const struct look *look = watching->look;

    watching->last = row->number;
    if (is_over(watching)) {
        return false;
    }
    if (look->is_json) {
        look_row_json(stdout, row);
    } else if (row->record.kind == JOURNAL_MESSAGE) {
        message_print(look, row);
    } else if (row->record.kind == JOURNAL_EVENT) {
        event_print(look, row);
    } else {
        return true;
    }
    watching->shown++;
    return !ferror(stdout);
}

int watch_main(int argc, char **argv)
{
    const char *operand = NULL;
    struct look look;
    struct fault fault;
    struct watching watching = {.look = &look};

    if (!look_options(&look, LOOK_WATCH, argc, argv, &operand)) {
        return EXIT_USAGE;
    }
    if (!look_open(&look)) {
        return EXIT_RUNTIME;
    }
    uint64_t end_us = look.seconds == 0 ? UINT64_MAX : look_now_us() + look.seconds * 1000000;
    bool is_done = journal_read_newest(look.reader, &watching.last, &fault);
    while (is_done && !is_over(&watching) && look_now_us() < end_us && !ferror(stdout)) {
        struct journal_filter filter = look.filter;

        filter.after = watching.last;
        filter.limit = WATCH_ROWS_MAX;
        filter.is_forward = true;
        is_done = journal_read_records(look.reader, &filter, row_show, &watching, &fault);
        (void)fflush(stdout);
        (void)poll(NULL, 0, WATCH_STEP_MS);
    }
    return look_end(&look, is_done, &fault);
}
