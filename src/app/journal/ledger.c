#include "app/journal/ledger_inside.h"

#include "base/must.h"
#include "io/capture/pages.h"
#include "io/journal/read.h"

#include <stdlib.h>
#include <sys/random.h>

enum { LEDGER_NAMES = 2 * LEDGER_CALLS_MAX, LEDGER_RESUME_MAX = LEDGER_CALLS_MAX / 2 };

/*
 * Names.
 */

static uint64_t name_hash(const struct ledger *ledger, struct slice name)
{
    return hash_bytes(&ledger->key, name);
}

static struct ledger_call *call_find(const struct ledger *ledger, struct slice name)
{
    struct table_cursor cursor = {0};
    uint64_t hash = name_hash(ledger, name);
    uint32_t index = 0;

    while (name.len > 0 && table_next(&ledger->names, hash, &cursor, &index)) {
        struct ledger_call *call = pool_at(&ledger->calls, index);

        if (slice_equal(name, call_name(call, 0)) || slice_equal(name, call_name(call, 1))) {
            return call;
        }
    }
    return NULL;
}

static void name_set(struct ledger *ledger, struct ledger_call *call, unsigned leg,
                     struct slice name)
{
    name = slice_head(name, CALL_NOTE_TEXT_MAX);
    memcpy(call->names[leg], name.at, name.len);
    call->name_lens[leg] = (uint16_t)name.len;
    (void)table_add(&ledger->names, name_hash(ledger, name),
                    pool_handle(&ledger->calls, call).index);
}

static void name_drop(struct ledger *ledger, struct ledger_call *call, unsigned leg)
{
    if (call->name_lens[leg] > 0) {
        (void)table_remove(&ledger->names, name_hash(ledger, call_name(call, leg)),
                           pool_handle(&ledger->calls, call).index);
    }
}

/*
 * Calls come and go.
 */

static struct ledger_call *call_of(struct recent_link *link)
{
    return (struct ledger_call *)((char *)link - offsetof(struct ledger_call, link));
}

static struct recent *list_of(struct ledger *ledger, const struct ledger_call *call)
{
    return call->end_us != 0 ? &ledger->over : &ledger->open;
}

static void call_forget(struct ledger *ledger, struct ledger_call *call)
{
    name_drop(ledger, call, 0);
    name_drop(ledger, call, 1);
    for (unsigned i = 0; i < call->stream_count; i++) {
        (void)table_remove(&ledger->streams, call->streams[i] * STREAM_SPREAD,
                           pool_handle(&ledger->calls, call).index);
    }
    recent_remove(list_of(ledger, call), &call->link);
    pool_give(&ledger->calls, call);
}

static void call_close(struct ledger *ledger, struct journal *journal, struct ledger_call *call)
{
    record_call(journal, call);
    call_forget(ledger, call);
}

static struct ledger_call *call_add(struct ledger *ledger, struct journal *journal,
                                    struct slice name)
{
    struct ledger_call *call = pool_take(&ledger->calls);

    if (call == NULL) {
        struct recent *from = ledger->over.oldest != NULL ? &ledger->over : &ledger->open;

        ledger->forgotten++;
        call_close(ledger, journal, call_of(from->oldest));
        call = pool_take(&ledger->calls);
        must(call != NULL);
    }
    name_set(ledger, call, 0, name);
    recent_add(&ledger->open, &call->link);
    return call;
}

void ledger_call_ends(struct ledger *ledger, struct ledger_call *call, const char *state,
                      const char *by, uint64_t when_us)
{
    if (call->end_us == 0) {
        recent_remove(&ledger->open, &call->link);
        call->end_us = when_us == 0 ? 1 : when_us;
        recent_add(&ledger->over, &call->link);
        call->state = state;
        call->ended_by = by;
    }
}

/*
 * Notes.
 */

static struct ledger_trip *trip_of(struct ledger *ledger, uint32_t source)
{
    return &ledger->trips[source % LEDGER_SOURCES];
}

/* What was taken says under which name what is sent because of it is kept. */
static void trip_begin(struct ledger *ledger, uint32_t source, const struct call_note *note,
                       const struct ledger_call *call)
{
    struct ledger_trip *trip = trip_of(ledger, source);
    struct slice name = call != NULL ? call_name(call, 0) : note->texts[CALL_NOTE_CALL_ID];

    trip->number = note->trip;
    trip->call = call != NULL ? pool_handle(&ledger->calls, call) : (struct handle){0};
    trip->name_len = (uint16_t)name.len;
    memcpy(trip->name, name.at, name.len);
}

static struct ledger_call *trip_call(struct ledger *ledger, uint32_t source,
                                     const struct call_note *note)
{
    const struct ledger_trip *trip = trip_of(ledger, source);

    if (note->trip == 0 || trip->number != note->trip) {
        return NULL;
    }
    struct ledger_call *call = pool_find(&ledger->calls, trip->call);
    if (call != NULL && call->name_lens[1] == 0 &&
        !slice_equal(note->texts[CALL_NOTE_CALL_ID], call_name(call, 0))) {
        name_set(ledger, call, 1, note->texts[CALL_NOTE_CALL_ID]);
    }
    return call;
}

static struct ledger_call *note_call(struct ledger *ledger, struct journal *journal,
                                     uint32_t source, const struct call_note *note)
{
    struct slice name = note->texts[CALL_NOTE_CALL_ID];
    struct ledger_call *call = call_find(ledger, name);

    if (note->kind == CALL_NOTE_SENT) {
        return call != NULL ? call : trip_call(ledger, source, note);
    }
    /* The same Call-ID again, after the end: another call. */
    if (call != NULL && call->end_us != 0 && note_opens_call(note) && note->cseq != call->cseq) {
        call_close(ledger, journal, call);
        call = NULL;
    }
    if (call == NULL && note_opens_call(note) && name.len > 0) {
        call = call_add(ledger, journal, name);
    }
    return call;
}

static struct slice record_name(struct ledger *ledger, uint32_t source,
                                const struct call_note *note, const struct ledger_call *call)
{
    const struct ledger_trip *trip = trip_of(ledger, source);

    if (call != NULL) {
        return call_name(call, 0);
    }
    return note->kind == CALL_NOTE_SENT && note->trip != 0 && trip->number == note->trip
               ? slice_of(trip->name, trip->name_len)
               : note->texts[CALL_NOTE_CALL_ID];
}

static void note_message(struct ledger *ledger, struct journal *journal, uint32_t source,
                         const struct call_note *note)
{
    struct ledger_call *call = note_call(ledger, journal, source, note);

    if (note->kind == CALL_NOTE_TAKEN) {
        trip_begin(ledger, source, note, call);
    }
    bool is_news = call != NULL && call_follow(ledger, call, note);
    if (journal != NULL) {
        record_message(journal, record_name(ledger, source, note, call), call, note);
        if (is_news) {
            row_call(journal, call);
        }
    }
    if (call != NULL) {
        recent_touch(list_of(ledger, call), &call->link);
    }
}

/* A stream's name spreads over the table by itself: a multiplication mixes its low bits up. */
static struct ledger_call *stream_call(const struct ledger *ledger, uint64_t stream, unsigned *at)
{
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    while (table_next(&ledger->streams, stream * STREAM_SPREAD, &cursor, &index)) {
        struct ledger_call *call = pool_at(&ledger->calls, index);

        for (*at = 0; *at < call->stream_count; (*at)++) {
            if (call->streams[*at] == stream) {
                return call;
            }
        }
    }
    return NULL;
}

static void note_stream(struct ledger *ledger, const struct call_note *note)
{
    struct ledger_call *call = call_find(ledger, note->texts[CALL_NOTE_CALL_ID]);
    unsigned at = 0;

    if (call == NULL || call->stream_count == LEDGER_STREAMS_MAX ||
        stream_call(ledger, note->stream, &at) != NULL) {
        return;
    }
    call->streams[call->stream_count++] = note->stream;
    (void)table_add(&ledger->streams, note->stream * STREAM_SPREAD,
                    pool_handle(&ledger->calls, call).index);
}

static void note_media(struct ledger *ledger, struct journal *journal, const struct call_note *note)
{
    unsigned at = 0;
    struct ledger_call *call = stream_call(ledger, note->stream, &at);

    if (call != NULL) {
        call_media(call, at, note);
        if (journal != NULL) {
            row_call(journal, call);
        }
    }
}

void ledger_note(struct ledger *ledger, struct journal *journal, uint32_t source,
                 const struct call_note *note)
{
    switch ((enum call_note_kind)note->kind) {
    case CALL_NOTE_TAKEN:
    case CALL_NOTE_SENT:
        note_message(ledger, journal, source, note);
        return;
    case CALL_NOTE_STREAM:
        note_stream(ledger, note);
        return;
    case CALL_NOTE_MEDIA:
        note_media(ledger, journal, note);
        return;
    }
}

void ledger_tick(struct ledger *ledger, struct journal *journal, uint64_t now_us)
{
    struct recent_link *oldest = NULL;

    while ((oldest = ledger->over.oldest) != NULL &&
           call_of(oldest)->active_us + LEDGER_LINGER_US <= now_us) {
        call_close(ledger, journal, call_of(oldest));
    }
    while ((oldest = ledger->open.oldest) != NULL &&
           call_of(oldest)->active_us + LEDGER_SILENT_S * UINT64_C(1000000) <= now_us) {
        struct ledger_call *call = call_of(oldest);

        ledger_call_ends(ledger, call, "lost", "", call->active_us);
        call_close(ledger, journal, call);
    }
}

void ledger_end(struct ledger *ledger, struct journal *journal)
{
    while (ledger->over.oldest != NULL) {
        call_close(ledger, journal, call_of(ledger->over.oldest));
    }
    while (ledger->open.oldest != NULL) {
        call_close(ledger, journal, call_of(ledger->open.oldest));
    }
}

struct slice ledger_call(const struct ledger *ledger, struct slice call_id)
{
    const struct ledger_call *call = call_find(ledger, call_id);

    return call == NULL ? call_id : call_name(call, 0);
}

uint32_t ledger_calls(const struct ledger *ledger)
{
    return ledger->calls.used;
}

uint64_t ledger_forgotten(const struct ledger *ledger)
{
    return ledger->forgotten;
}

/*
 * Life.
 */

struct resume {
    struct ledger *ledger;
    uint64_t now_us;
    bool is_full;
};

static bool resume_call(void *owner, const struct journal_call *row)
{
    struct resume *resume = owner;
    struct ledger *ledger = resume->ledger;

    if (row->end_us != 0 || call_find(ledger, row->id) != NULL) {
        return true;
    }
    struct ledger_call *call = pool_take(&ledger->calls);
    if (call == NULL) {
        return false;
    }
    name_set(ledger, call, 0, row->id);
    if (row->other.len > 0) {
        name_set(ledger, call, 1, row->other);
    }
    call_restore(call, row);
    recent_add(&ledger->open, &call->link);
    return true;
}

bool ledger_resume(struct ledger *ledger, struct journal_reader *reader, uint64_t now_us,
                   struct fault *fault)
{
    struct resume resume = {.ledger = ledger, .now_us = now_us};
    const struct journal_filter filter = {.since_us = now_us - LEDGER_SILENT_S * UINT64_C(1000000),
                                          .limit = LEDGER_RESUME_MAX};

    return journal_read_calls(reader, &filter, resume_call, &resume, fault);
}

struct ledger *ledger_new(bool is_watching)
{
    struct ledger *ledger = pages_new(sizeof(*ledger));

    if (ledger == NULL) {
        return NULL;
    }
    void *calls = pages_new(pool_size(sizeof(struct ledger_call), LEDGER_CALLS_MAX));
    void *names = pages_new(table_size(LEDGER_NAMES));
    void *streams = pages_new(table_size(LEDGER_NAMES));
    must(calls != NULL && names != NULL && streams != NULL);
    must(getrandom(&ledger->key, sizeof(ledger->key), 0) == sizeof(ledger->key));
    pool_init(&ledger->calls, calls, sizeof(struct ledger_call), LEDGER_CALLS_MAX);
    table_init(&ledger->names, names, LEDGER_NAMES);
    table_init(&ledger->streams, streams, LEDGER_NAMES);
    ledger->is_watching = is_watching;
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger != NULL) {
        pages_free(ledger->calls.slots, pool_size(sizeof(struct ledger_call), LEDGER_CALLS_MAX));
        pages_free(ledger->names.entries, table_size(LEDGER_NAMES));
        pages_free(ledger->streams.entries, table_size(LEDGER_NAMES));
        pages_free(ledger, sizeof(*ledger));
    }
}
