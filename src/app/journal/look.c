#include "app/journal/look.h"

#include "app/run/paths.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "guard/event.h"
#include "guard/json.h"
#include "policy/settings.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOK_PATH_MAX = 1100,      /* of the policy's setting */
    LOOK_LIMIT_USUAL = 100,    /* of events and calls */
    LOOK_LIMIT_MAX = 10000000, /* rows asked for in one go */
    LOOK_INTERVAL_MS = 2000,
    LOOK_INTERVAL_MAX_S = 3600,
    LOOK_ROW_MAX = 256 * 1024, /* of one record as JSON */
};

static const char usual_store[] = "/var/log/sipwarden";

uint64_t look_now_us(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/*
 * Options.
 */

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* "2026-11-25", "2026-11-25T16:04" or "2026-11-25T16:04:05", in UTC. */
static bool date_read(const char *word, uint64_t *when_us)
{
    struct tm tm = {.tm_mday = 0};
    const char *rest = strptime(word, "%Y-%m-%d", &tm);

    if (rest != NULL && (*rest == 'T' || *rest == ' ')) {
        const char *with_seconds = strptime(rest + 1, "%H:%M:%S", &tm);

        rest = with_seconds != NULL ? with_seconds : strptime(rest + 1, "%H:%M", &tm);
    }
    if (rest == NULL || (*rest != '\0' && strcmp(rest, "Z") != 0) || tm.tm_year < 70 ||
        (tm.tm_mon == 1 && tm.tm_mday == 29 && !is_leap((unsigned)tm.tm_year + 1900))) {
        return false;
    }
    time_t seconds = timegm(&tm);
    *when_us = (uint64_t)seconds * 1000000;
    return seconds > 0;
}

/* So long ago, or a date. */
static bool since_read(const char *word, uint64_t *since_us)
{
    uint64_t ms = 0, now_us = look_now_us();

    if (duration_read(slice_string(word), &ms) && ms * 1000 < now_us) {
        *since_us = now_us - ms * 1000;
        return true;
    }
    return date_read(word, since_us);
}

static bool number_read(const char *word, uint64_t max, uint64_t *number)
{
    return slice_number(slice_string(word), max, number) && *number > 0;
}

static bool digit_read(char letter, uint8_t *digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = letter == '\0' ? NULL : strchr(digits, letter);

    *digit = at == NULL ? 0 : (uint8_t)(at - digits);
    return at != NULL;
}

static bool head_read(struct look *look, const char *word)
{
    if (strlen(word) != (size_t)JOURNAL_CHAIN_LEN * 2) {
        return false;
    }
    for (size_t i = 0; i < JOURNAL_CHAIN_LEN; i++) {
        uint8_t high = 0, low = 0;

        if (!digit_read(word[2 * i], &high) || !digit_read(word[2 * i + 1], &low)) {
            return false;
        }
        look->expected[i] = (uint8_t)(high << 4 | low);
    }
    look->has_expected = true;
    return true;
}

static bool kind_read(struct look *look, const char *word)
{
    for (enum journal_kind kind = 0; kind < JOURNAL_KIND_COUNT; kind++) {
        if (strcmp(word, journal_kind_name(kind)) == 0) {
            look->filter.kind = journal_kind_name(kind);
            return true;
        }
    }
    return strcmp(word, "all") == 0 && (look->filter.kind = NULL) == NULL;
}

static bool take_store(struct look *look, const char *word)
{
    look->store = word;
    return true;
}

static bool take_state(struct look *look, const char *word)
{
    look->state = word;
    return true;
}

static bool take_json(struct look *look, const char *word)
{
    (void)word;
    look->is_json = true;
    return true;
}

static bool take_since(struct look *look, const char *word)
{
    return since_read(word, &look->filter.since_us);
}

static bool take_until(struct look *look, const char *word)
{
    return since_read(word, &look->filter.until_us);
}

static bool take_peer(struct look *look, const char *word)
{
    look->filter.peer = slice_string(word);
    return true;
}

static bool take_control(struct look *look, const char *word)
{
    look->filter.control = slice_string(word);
    return true;
}

static bool take_call_id(struct look *look, const char *word)
{
    look->filter.call = slice_string(word);
    return true;
}

static bool take_limit(struct look *look, const char *word)
{
    uint64_t limit = 0;
    bool is_all = strcmp(word, "all") == 0;
    bool is_good = is_all || number_read(word, LOOK_LIMIT_MAX, &limit);

    look->filter.limit = (uint32_t)limit;
    return is_good;
}

static bool take_verify(struct look *look, const char *word)
{
    (void)word;
    look->verifies = true;
    return true;
}

static bool take_manual(struct look *look, const char *word)
{
    (void)word;
    look->is_manual = true;
    return true;
}

static bool take_markdown(struct look *look, const char *word)
{
    (void)word;
    look->is_markdown = true;
    return true;
}

static bool take_interval(struct look *look, const char *word)
{
    uint64_t seconds = 0;
    bool is_good = number_read(word, LOOK_INTERVAL_MAX_S, &seconds);

    look->interval_ms = (uint32_t)seconds * 1000;
    return is_good;
}

static bool take_count(struct look *look, const char *word)
{
    return number_read(word, UINT64_MAX, &look->count);
}

static bool take_seconds(struct look *look, const char *word)
{
    return number_read(word, UINT32_MAX, &look->seconds);
}

enum {
    OF_ROWS = LOOK_EVENTS | LOOK_CALLS,
    OF_LIVE = LOOK_TOP | LOOK_WATCH,
    OF_ALL = OF_ROWS | OF_LIVE | LOOK_CALL,
};

static const struct look_option {
    const char *name;
    unsigned of; /* enum look_verb */
    bool has_word;
    bool (*take)(struct look *look, const char *word);
} look_table[] = {
    {"store", OF_ALL, true, take_store},
    {"state", OF_ALL, true, take_state},
    {"json", OF_ALL, false, take_json},
    {"since", OF_ROWS | LOOK_CALL, true, take_since},
    {"until", OF_ROWS, true, take_until},
    {"peer", OF_ROWS | LOOK_WATCH, true, take_peer},
    {"control", OF_ROWS, true, take_control},
    {"call-id", LOOK_EVENTS | LOOK_WATCH, true, take_call_id},
    {"limit", OF_ROWS, true, take_limit},
    {"kind", LOOK_EVENTS, true, kind_read},
    {"verify", LOOK_EVENTS, false, take_verify},
    {"head", LOOK_EVENTS, true, head_read},
    {"manual", LOOK_EVENTS, false, take_manual},
    {"markdown", LOOK_EVENTS, false, take_markdown},
    {"interval", LOOK_TOP, true, take_interval},
    {"count", OF_LIVE, true, take_count},
    {"seconds", OF_LIVE, true, take_seconds},
};

bool look_options(struct look *look, enum look_verb verb, int argc, char **argv,
                  const char **operand)
{
    struct option options[ARRAY_COUNT(look_table) + 1] = {{NULL, 0, NULL, 0}};
    const char *no_colour = getenv("NO_COLOR");
    int index = 0;

    *look = (struct look){.verb = verb,
                          .interval_ms = LOOK_INTERVAL_MS,
                          .filter = {.limit = LOOK_LIMIT_USUAL}};
    look->filter.kind = verb == LOOK_EVENTS ? journal_kind_name(JOURNAL_EVENT) : NULL;
    look->is_coloured = isatty(STDOUT_FILENO) && (no_colour == NULL || no_colour[0] == '\0');
    for (size_t i = 0; i < ARRAY_COUNT(look_table); i++) {
        options[i] =
            (struct option){look_table[i].name,
                            look_table[i].has_word ? required_argument : no_argument, NULL, 'x'};
    }
    for (int option = 0; (option = getopt_long(argc, argv, "", options, &index)) != -1;) {
        if (option != 'x' || (look_table[index].of & verb) == 0 ||
            !look_table[index].take(look, optarg)) {
            return false;
        }
    }
    *operand = optind < argc ? argv[optind] : NULL;
    return argc - optind == (verb == LOOK_CALL ? 1 : 0);
}

/*
 * Where the journal is.
 */

/* The running store's answer, without its line end; false when nobody answers. */
static bool store_ask(const char *folder, char *room, size_t max)
{
    static const char question[] = "journal\n";
    struct sockaddr_un name;
    struct fault fault;
    ssize_t len = 0;

    if (!control_name(folder, &name, &fault)) {
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)(void *)&name, sizeof(name)) == 0 &&
        write(fd, question, sizeof(question) - 1) == (ssize_t)sizeof(question) - 1) {
        len = read(fd, room, max - 1);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (len < 2 || room[0] != '/') {
        return false;
    }
    room[len - 1] = '\0';
    return true;
}

static void store_choose(struct look *look, char room[LOOK_PATH_MAX])
{
    char folder[256];
    struct fault fault;

    if (look->store != NULL) {
        (void)snprintf(room, LOOK_PATH_MAX, "%s", look->store);
        return;
    }
    bool has_folder = look->state != NULL ? snprintf(folder, sizeof(folder), "%s", look->state) > 0
                                          : state_folder_usual(folder, sizeof(folder), &fault);
    if (!has_folder || !store_ask(folder, room, LOOK_PATH_MAX)) {
        (void)snprintf(room, LOOK_PATH_MAX, "%s", usual_store);
    }
}

bool look_open(struct look *look)
{
    char path[LOOK_PATH_MAX];
    struct fault fault;

    store_choose(look, path);
    look->reader = journal_read_open(path, &fault);
    if (look->reader == NULL) {
        say("%s", fault.text);
    }
    return look->reader != NULL;
}

void look_close(struct look *look)
{
    journal_read_close(look->reader);
}

int look_end(struct look *look, bool is_done, const struct fault *fault)
{
    look_close(look);
    if (!is_done) {
        say("%s", fault->text);
        return EXIT_RUNTIME;
    }
    if (fflush(stdout) != 0) {
        say("standard output: %s", strerror(errno));
        return EXIT_RUNTIME;
    }
    return EXIT_OK;
}

/*
 * Showing.
 */

const char *look_time(char room[LOOK_TIME_MAX], uint64_t when_us, unsigned len)
{
    struct text text;

    must(len < LOOK_TIME_MAX);
    text_init(&text, room, LOOK_TIME_MAX);
    event_write_time(&text, when_us);
    room[10] = ' ';
    room[len] = '\0';
    return room;
}

const char *look_bad(const struct look *look)
{
    return look->is_coloured ? "\033[31m" : "";
}

const char *look_weak(const struct look *look)
{
    return look->is_coloured ? "\033[2m" : "";
}

const char *look_plain(const struct look *look)
{
    return look->is_coloured ? "\033[0m" : "";
}

void look_put_slice(FILE *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char octet = (unsigned char)text.at[i];

        (void)fputc(octet < 0x20 || octet == 0x7F ? '?' : octet, out);
    }
}

void look_put(FILE *out, const char *text, int width)
{
    struct slice shown = slice_string(text);

    look_put_slice(out, shown);
    for (int column = (int)shown.len; column < width; column++) {
        (void)fputc(' ', out);
    }
}

static void json_time_put(struct json *json, const char *name, uint64_t when_us)
{
    char room[LOOK_TIME_MAX];
    struct text text;

    if (when_us != 0) {
        text_init(&text, room, sizeof(room));
        event_write_time(&text, when_us);
        json_string(json, name, text_slice(&text));
    }
}

static void json_print(FILE *out, struct json *json, struct text *text)
{
    json_close(json);
    text_put_octet(text, '\n');
    (void)fwrite(text->at, 1, text->len, out);
    free(text->at);
}

static void json_start(struct json *json, struct text *text)
{
    char *room = malloc(LOOK_ROW_MAX);

    must(room != NULL);
    text_init(text, room, LOOK_ROW_MAX);
    json_begin(json, text, '{');
}

void look_row_json(FILE *out, const struct journal_row *row)
{
    const struct journal_record *record = &row->record;
    struct text text;
    struct json json;

    json_start(&json, &text);
    json_number(&json, "number", row->number);
    json_time_put(&json, "@timestamp", record->when_us);
    json_string(&json, "kind", slice_string(journal_kind_name(record->kind)));
    json_known(&json, "call", record->call);
    json_known(&json, "peer", record->peer);
    json_known(&json, "control", record->control);
    json_known(&json, "action", record->action);
    json_known(&json, "source", record->source);
    if (record->body.len > 0 && record->body.len < LOOK_ROW_MAX / 2 && record->body.at[0] == '{') {
        json_name(&json, "body");
        text_put(&text, slice_trim(record->body));
    }
    json_print(out, &json, &text);
}

void look_call_json(FILE *out, const struct journal_call *call)
{
    struct text text;
    struct json json;

    json_start(&json, &text);
    json_string(&json, "call_id", call->id);
    json_known(&json, "other_call_id", call->other);
    json_time_put(&json, "begin", call->begin_us);
    json_time_put(&json, "ringing", call->ringing_us);
    json_time_put(&json, "answer", call->answer_us);
    json_time_put(&json, "end", call->end_us);
    json_string(&json, "state", call->state);
    if (call->status != 0) {
        json_number(&json, "code", call->status);
    }
    json_known(&json, "from", call->from);
    json_known(&json, "to", call->to);
    json_known(&json, "peer_in", call->peer_in);
    json_known(&json, "peer_out", call->peer_out);
    json_known(&json, "ended_by", call->ended_by);
    json_known(&json, "control", call->control);
    json_number(&json, "messages", call->messages);
    json_number(&json, "messages_with_findings", call->findings);
    json_known(&json, "media", call->media);
    json_print(out, &json, &text);
}
