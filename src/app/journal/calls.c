/*
 * `sipwarden calls`: a line for each, the newest last.
 */
#include "app/journal/look.h"
#include "app/verbs.h"

#include <inttypes.h>

enum { PARTY_SHOWN = 128 };

static const char *shown(char room[PARTY_SHOWN], struct slice text)
{
    (void)snprintf(room, PARTY_SHOWN, "%.*s", (int)(text.len < 100 ? text.len : 100),
                   text.len == 0 ? "" : text.at);
    return room;
}

static void seconds_print(const struct journal_call *call)
{
    if (call->answer_us == 0 || call->end_us < call->answer_us) {
        printf("%9s", call->answer_us == 0 ? "-" : "up");
        return;
    }
    printf("%8.1fs", (double)(call->end_us - call->answer_us) / 1e6);
}

static void call_print(const struct look *look, const struct journal_call *call)
{
    char time[LOOK_TIME_MAX], text[PARTY_SHOWN];
    bool is_bad = call->answer_us == 0 && call->end_us != 0;

    printf("%s%s%s  %s%-9s%s ", look_weak(look), look_time(time, call->begin_us, 23),
           look_plain(look), is_bad ? look_bad(look) : "", shown(text, call->state),
           look_plain(look));
    if (call->status != 0) {
        printf("%3u", call->status);
    } else {
        fputs("  -", stdout);
    }
    seconds_print(call);
    fputs("  ", stdout);
    look_put(stdout, shown(text, call->from), 28);
    fputs(" > ", stdout);
    look_put(stdout, shown(text, call->to), 28);
    fputs("  ", stdout);
    look_put(stdout, call->peer_in.len == 0 ? "-" : shown(text, call->peer_in), 0);
    fputs(" > ", stdout);
    look_put(stdout, call->peer_out.len == 0 ? "-" : shown(text, call->peer_out), 0);
    if (call->findings > 0) {
        printf("  %s", look_bad(look));
        look_put(stdout, shown(text, call->control), 0);
        printf(" in %" PRIu32 "%s", call->findings, look_plain(look));
    }
    printf("  %s", look_weak(look));
    look_put(stdout, shown(text, call->id), 0);
    printf("%s\n", look_plain(look));
}

static bool call_show(void *owner, const struct journal_call *call)
{
    const struct look *look = owner;

    if (look->is_json) {
        look_call_json(stdout, call);
    } else {
        call_print(look, call);
    }
    return !ferror(stdout);
}

int calls_main(int argc, char **argv)
{
    const char *operand = NULL;
    struct look look;
    struct fault fault;

    if (!look_options(&look, LOOK_CALLS, argc, argv, &operand)) {
        return EXIT_USAGE;
    }
    if (!look_open(&look)) {
        return EXIT_RUNTIME;
    }
    bool is_done = journal_read_calls(look.reader, &look.filter, call_show, &look, &fault);
    return look_end(&look, is_done, &fault);
}
