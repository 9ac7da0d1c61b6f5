/*
 * `sipwarden top`: who is busy, and which controls are, over the last seconds.
 *
 * On a terminal the table is drawn over itself; elsewhere one follows the other.
 */
#include "app/journal/look.h"
#include "app/verbs.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    TOP_NAMES_MAX = 512, /* peers and controls; further ones are summed under "others" */
    TOP_NAME_MAX = 64,
    TOP_SHOWN = 20,          /* lines of each table */
    TOP_ROWS_MAX = 200000,   /* looked at in one step */
    TOP_CALLS_MAX = 1000000, /* that are up */
};

struct top_line {
    char name[TOP_NAME_MAX];
    uint64_t taken, sent, refused, found; /* in this step */
    uint64_t taken_all, refused_all, found_all;
    uint64_t up; /* calls now */
};

struct top_table {
    struct top_line lines[TOP_NAMES_MAX];
    unsigned count;
};

struct top {
    struct look *look;
    uint64_t last;
    double seconds; /* of this step */
    struct top_table peers, controls;
    uint64_t lost;
};

static struct top_line *line_find(struct top_table *table, struct slice name)
{
    name = slice_head(name.len == 0 ? SLICE("(nobody under contract)") : name, TOP_NAME_MAX - 1);
    for (unsigned i = 0; i < table->count; i++) {
        if (slice_equal(name, slice_string(table->lines[i].name))) {
            return &table->lines[i];
        }
    }
    struct top_line *line = &table->lines[TOP_NAMES_MAX - 1];
    if (table->count < TOP_NAMES_MAX - 1) {
        line = &table->lines[table->count++];
        memcpy(line->name, name.at, name.len);
    } else {
        table->count = TOP_NAMES_MAX;
        (void)snprintf(line->name, sizeof(line->name), "others");
    }
    return line;
}

static void message_add(struct top *top, const struct journal_record *record)
{
    struct top_line *line = line_find(&top->peers, record->peer);

    if (record->action.len == 0) {
        line->sent++;
        return;
    }
    line->taken++;
    line->taken_all++;
}

static void event_add(struct top *top, const struct journal_record *record)
{
    struct top_line *peer = line_find(&top->peers, record->peer);
    bool is_refused =
        !slice_equal(record->action, SLICE("pass")) && !slice_equal(record->action, SLICE("strip"));

    peer->refused += is_refused;
    peer->refused_all += is_refused;
    if (record->control.len > 0) {
        struct top_line *control = line_find(&top->controls, record->control);

        control->found++;
        control->found_all++;
        control->refused += is_refused;
        control->refused_all += is_refused;
    }
}

static bool row_add(void *owner, const struct journal_row *row)
{
    struct top *top = owner;

    top->last = row->number;
    switch (row->record.kind) {
    case JOURNAL_MESSAGE:
        message_add(top, &row->record);
        break;
    case JOURNAL_EVENT:
        event_add(top, &row->record);
        break;
    case JOURNAL_LOSS:
        top->lost++;
        break;
    case JOURNAL_CALL:
    case JOURNAL_NOTE:
    case JOURNAL_KIND_COUNT:
        break;
    }
    return true;
}

static bool call_add(void *owner, const struct journal_call *call)
{
    struct top *top = owner;

    if (call->end_us == 0) {
        line_find(&top->peers, call->peer_in)->up++;
        if (call->peer_out.len > 0) {
            line_find(&top->peers, call->peer_out)->up++;
        }
    }
    return true;
}

static void step_begin(struct top_table *table)
{
    for (unsigned i = 0; i < table->count; i++) {
        struct top_line *line = &table->lines[i];

        line->taken = line->sent = line->refused = line->found = line->up = 0;
    }
}

static bool step_read(struct top *top, struct fault *fault)
{
    struct journal_filter rows = {.after = top->last, .limit = TOP_ROWS_MAX, .is_forward = true};
    struct journal_filter calls = {.since_us = look_now_us() - UINT64_C(86400000000),
                                   .limit = TOP_CALLS_MAX};

    step_begin(&top->peers);
    step_begin(&top->controls);
    return journal_read_records(top->look->reader, &rows, row_add, top, fault) &&
           journal_read_calls(top->look->reader, &calls, call_add, top, fault);
}

/* The busiest first; who is not busy by what was before. */
static int line_compare(const void *a, const void *b)
{
    const struct top_line *first = a, *second = b;
    uint64_t now[2] = {first->taken + first->sent + first->found,
                       second->taken + second->sent + second->found};
    uint64_t all[2] = {first->taken_all + first->found_all, second->taken_all + second->found_all};

    if (now[0] != now[1]) {
        return now[0] < now[1] ? 1 : -1;
    }
    return all[0] < all[1] ? 1 : all[0] > all[1] ? -1 : strcmp(first->name, second->name);
}

static void tables_print(struct top *top)
{
    char time[LOOK_TIME_MAX];

    printf("%s  calls' messages and findings, in a second of the last %.0f\n\n",
           look_time(time, look_now_us(), 19), top->seconds);
    printf("%-26s %9s %9s %9s %9s %11s %9s\n", "peer", "calls", "taken/s", "sent/s", "refused/s",
           "taken", "refused");
    for (unsigned i = 0; i < top->peers.count && i < TOP_SHOWN; i++) {
        const struct top_line *line = &top->peers.lines[i];

        look_put(stdout, line->name, 26);
        printf(" %9" PRIu64 " %9.1f %9.1f %s%9.1f%s %11" PRIu64 " %9" PRIu64 "\n", line->up,
               (double)line->taken / top->seconds, (double)line->sent / top->seconds,
               line->refused > 0 ? look_bad(top->look) : "", (double)line->refused / top->seconds,
               look_plain(top->look), line->taken_all, line->refused_all);
    }
    printf("\n%-26s %9s %9s %9s %11s\n", "control", "found/s", "refused/s", "found", "refused");
    for (unsigned i = 0; i < top->controls.count && i < TOP_SHOWN; i++) {
        const struct top_line *line = &top->controls.lines[i];

        look_put(stdout, line->name, 26);
        printf(" %9.1f %9.1f %9" PRIu64 " %11" PRIu64 "\n", (double)line->found / top->seconds,
               (double)line->refused / top->seconds, line->found_all, line->refused_all);
    }
    if (top->lost > 0) {
        printf("\nrecords were lost %" PRIu64 " times: see events --kind loss\n", top->lost);
    }
}

static void table_json(const struct top *top, const struct top_table *table, bool is_peers)
{
    for (unsigned i = 0; i < table->count; i++) {
        const struct top_line *line = &table->lines[i];

        printf("%s{\"name\":\"%s\",", i == 0 ? "" : ",", line->name);
        if (is_peers) {
            printf("\"calls\":%" PRIu64 ",\"taken_rate\":%.3f,\"sent_rate\":%.3f,"
                   "\"taken\":%" PRIu64 ",",
                   line->up, (double)line->taken / top->seconds, (double)line->sent / top->seconds,
                   line->taken_all);
        } else {
            printf("\"found_rate\":%.3f,\"found\":%" PRIu64 ",", (double)line->found / top->seconds,
                   line->found_all);
        }
        printf("\"refused_rate\":%.3f,\"refused\":%" PRIu64 "}",
               (double)line->refused / top->seconds, line->refused_all);
    }
}

static void step_print(struct top *top)
{
    qsort(top->peers.lines, top->peers.count, sizeof(top->peers.lines[0]), line_compare);
    qsort(top->controls.lines, top->controls.count, sizeof(top->controls.lines[0]), line_compare);
    if (top->look->is_json) {
        printf("{\"seconds\":%.3f,\"peers\":[", top->seconds);
        table_json(top, &top->peers, true);
        fputs("],\"controls\":[", stdout);
        table_json(top, &top->controls, false);
        printf("],\"losses\":%" PRIu64 "}\n", top->lost);
    } else {
        fputs(isatty(STDOUT_FILENO) ? "\033[H\033[J" : "", stdout);
        tables_print(top);
        fputs(isatty(STDOUT_FILENO) ? "" : "\n", stdout);
    }
    (void)fflush(stdout);
}

static bool top_run(struct top *top, struct fault *fault)
{
    uint64_t end_us =
        top->look->seconds == 0 ? UINT64_MAX : look_now_us() + top->look->seconds * 1000000;
    uint64_t before_us = look_now_us();

    if (!journal_read_newest(top->look->reader, &top->last, fault)) {
        return false;
    }
    for (uint64_t shown = 0; top->look->count == 0 || shown < top->look->count; shown++) {
        (void)poll(NULL, 0, (int)top->look->interval_ms);
        uint64_t now_us = look_now_us();

        top->seconds = (double)(now_us - before_us) / 1e6 + 1e-6;
        before_us = now_us;
        if (!step_read(top, fault)) {
            return false;
        }
        step_print(top);
        if (ferror(stdout) || look_now_us() >= end_us) {
            break;
        }
    }
    return true;
}

int top_main(int argc, char **argv)
{
    const char *operand = NULL;
    struct look look;
    struct fault fault;

    if (!look_options(&look, LOOK_TOP, argc, argv, &operand)) {
        return EXIT_USAGE;
    }
    if (!look_open(&look)) {
        return EXIT_RUNTIME;
    }
    struct top *top = calloc(1, sizeof(*top));
    if (top == NULL) {
        look_close(&look);
        return EXIT_RUNTIME;
    }
    top->look = &look;
    bool is_done = top_run(top, &fault);
    free(top);
    return look_end(&look, is_done, &fault);
}
