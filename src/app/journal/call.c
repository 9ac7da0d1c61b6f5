/*
 * `sipwarden call ID`: one call as a ladder, both legs side by side.
 *
 *     +0.000000  |---- INVITE (sdp) ---->|                       |
 *     +0.000000  |                       |---- INVITE (sdp) ---->|
 *     +0.003724  |------- BYE ---------->|                       |   CT-SEG-09 NNI-12
 */
#include "app/journal/event_fields.h"
#include "app/journal/ladder.h"
#include "app/journal/look.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    LADDER_ROWS_MAX = 20000, /* of one call: a day of re-INVITEs every minute, many times over */
    LADDER_WIDTH = 25,       /* columns between two lines */
};

struct ladder_view {
    struct look *look;
    uint64_t begin_us;
    struct ladder ladder;
    unsigned count;
};

static bool take_message(void *owner, const struct journal_row *row)
{
    struct ladder_view *view = owner;
    struct message_fields fields;

    if (row->record.kind == JOURNAL_MESSAGE && message_fields_read(&fields, row->record.body)) {
        if (view->count == 0) {
            view->begin_us = row->record.when_us;
        }
        view->count++;
        ladder_see(&view->ladder, &fields);
    }
    return true;
}

static bool print_message(void *owner, const struct journal_row *row)
{
    struct ladder_view *view = owner;
    struct message_fields fields;

    if (row->record.kind != JOURNAL_MESSAGE || !message_fields_read(&fields, row->record.body)) {
        return true;
    }
    char line[LADDER_LINE_MAX], what[LADDER_LINE_MAX];
    double after = (double)(int64_t)(row->record.when_us - view->begin_us) / 1e6;
    bool is_bad = !fields.is_sent && strcmp(fields.verdict, "pass") != 0;

    ladder_line(&view->ladder, &fields, line, LADDER_WIDTH);
    ladder_remark(&fields, what);
    printf("  %s%+11.6f%s  %s", look_weak(view->look), after, look_plain(view->look), line);
    if (what[0] != '\0') {
        printf("  %s", is_bad ? look_bad(view->look) : "");
        look_put(stdout, what, 0);
        fputs(look_plain(view->look), stdout);
    }
    (void)fputc('\n', stdout);
    return !ferror(stdout);
}

static bool print_json(void *owner, const struct journal_row *row)
{
    (void)owner;
    look_row_json(stdout, row);
    return !ferror(stdout);
}

/*
 * What stands above the ladder.
 */

struct calls_found {
    const struct look *look;
    char id[EVENT_FIELD_MAX + 8];
    unsigned count;
};

static void line_print(const char *name, struct slice text)
{
    if (text.len > 0) {
        printf("  %-8s ", name);
        look_put_slice(stdout, text);
        (void)fputc('\n', stdout);
    }
}

static void times_print(const struct journal_call *call)
{
    char time[LOOK_TIME_MAX];

    printf("  %-8s %s\n", "begin", look_time(time, call->begin_us, 26));
    if (call->answer_us != 0) {
        printf("  %-8s %.3f s later\n", "answer", (double)(call->answer_us - call->begin_us) / 1e6);
    }
    if (call->end_us != 0 && call->answer_us != 0) {
        printf("  %-8s after %.3f s\n", "end", (double)(call->end_us - call->answer_us) / 1e6);
    }
}

static bool head_print(void *owner, const struct journal_call *call)
{
    struct calls_found *found = owner;
    size_t len = call->id.len < EVENT_FIELD_MAX ? call->id.len : EVENT_FIELD_MAX;

    memcpy(found->id, call->id.at, len);
    found->id[len] = '\0';
    found->count++;
    if (found->look->is_json) {
        look_call_json(stdout, call);
        return true;
    }
    line_print("call", call->id);
    line_print("other", call->other);
    line_print("from", call->from);
    line_print("to", call->to);
    line_print("through", call->peer_in);
    line_print("towards", call->peer_out);
    times_print(call);
    line_print("state", call->state);
    if (call->status != 0) {
        printf("  %-8s %u\n", "code", call->status);
    }
    line_print("ended by", call->ended_by);
    line_print("control", call->control);
    line_print("media", call->media);
    return true;
}

static bool call_ladder(struct look *look, const char *id, struct fault *fault)
{
    struct ladder_view view = {.look = look};
    struct journal_filter filter = {.call = slice_string(id), .limit = LADDER_ROWS_MAX};

    if (look->is_json) {
        return journal_read_records(look->reader, &filter, print_json, &view, fault);
    }
    filter.kind = journal_kind_name(JOURNAL_MESSAGE);
    if (!journal_read_records(look->reader, &filter, take_message, &view, fault)) {
        return false;
    }
    if (view.count == 0) {
        printf("\n  its messages are not kept\n");
        return true;
    }
    char line[LADDER_LINE_MAX];
    for (unsigned row = 0; row < 2; row++) {
        ladder_heading(&view.ladder, row, line, LADDER_WIDTH);
        printf("%s  %-11s  %s\n", row == 0 ? "\n" : "", "", line);
    }
    return journal_read_records(look->reader, &filter, print_message, &view, fault);
}

int call_main(int argc, char **argv)
{
    const char *operand = NULL;
    struct look look;
    struct fault fault = {.text = ""};

    if (!look_options(&look, LOOK_CALL, argc, argv, &operand)) {
        return EXIT_USAGE;
    }
    if (!look_open(&look)) {
        return EXIT_RUNTIME;
    }
    struct calls_found found = {.look = &look};
    struct journal_filter filter = {.call = slice_string(operand),
                                    .since_us = look.filter.since_us,
                                    .limit = 1};
    bool is_done = journal_read_calls(look.reader, &filter, head_print, &found, &fault);
    if (is_done && found.count == 0) {
        /* A registration, or what was kept of a call without its row. */
        (void)snprintf(found.id, sizeof(found.id), "%.*s", EVENT_FIELD_MAX, operand);
        uint64_t newest = 0;
        struct journal_filter any = {.call = slice_string(operand), .limit = 1};
        struct ladder_view view = {.look = &look};

        is_done = journal_read_newest(look.reader, &newest, &fault) &&
                  journal_read_records(look.reader, &any, take_message, &view, &fault);
        if (is_done && view.count == 0) {
            look_close(&look);
            say("the journal has no call %s", operand);
            return EXIT_RUNTIME;
        }
    }
    is_done = is_done && call_ladder(&look, found.id, &fault);
    return look_end(&look, is_done, &fault);
}
