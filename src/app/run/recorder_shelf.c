/*
 * The journal of a running store, whatever becomes of its disk.
 *
 * The page the counts are in outlives us: what a killed recorder had taken and not committed is
 * missing from it, and the next tally of a worker says how much that was.
 */
#include "app/journal/event_fields.h"
#include "app/run/recorder.h"
#include "app/say.h"
#include "guard/event.h"
#include "guard/json.h"
#include "io/journal/read.h"
#include "policy/policy.h"

#include <stdio.h>
#include <time.h>

static uint64_t now_us(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void put_time(struct json *json, uint64_t when_us)
{
    char room[40];
    struct text text;

    text_init(&text, room, sizeof(room));
    event_write_time(&text, when_us);
    json_string(json, "@timestamp", text_slice(&text));
}

/* In the shape of an event, for whoever reads lines. */
static void loss_write(struct text *text, uint64_t when_us, uint64_t events, uint64_t notes,
                       const char *why)
{
    struct json json;

    json_begin(&json, text, '{');
    put_time(&json, when_us);
    json_open(&json, "event");
    json_string(&json, "kind", SLICE("pipeline_error"));
    json_string(&json, "action", SLICE("lost"));
    json_string(&json, "reason", slice_string(why));
    json_close(&json);
    json_open(&json, "sipwarden");
    json_number(&json, "events_lost", events);
    json_number(&json, "messages_lost", notes);
    json_close(&json);
    json_close(&json);
}

static void note_put(struct shelf *shelf, const char *what)
{
    char room[256];
    struct text text;
    struct json json;
    uint64_t when_us = now_us();

    text_init(&text, room, sizeof(room));
    json_begin(&json, &text, '{');
    put_time(&json, when_us);
    json_string(&json, "note", slice_string(what));
    json_close(&json);
    const struct journal_record record = {.when_us = when_us,
                                          .kind = JOURNAL_NOTE,
                                          .body = text_slice(&text)};
    (void)journal_put(shelf->journal, &record);
}

/*
 * Opening.
 */

static bool shelf_try(struct shelf *shelf, struct fault *fault)
{
    bool is_broken = false;

    shelf->journal = journal_open(journal_name, &shelf->limits, &is_broken, fault);
    if (shelf->journal == NULL && is_broken) {
        say("recorder: %s: set aside as %s.broken, a new one is begun", fault->text, journal_name);
        journal_set_aside(journal_name);
        shelf->page->set_aside++;
        shelf->journal = journal_open(journal_name, &shelf->limits, &is_broken, fault);
        if (shelf->journal != NULL) {
            note_put(shelf, "a new journal: the one before was broken and is set aside");
        }
    }
    return shelf->journal != NULL;
}

static void shelf_says(struct shelf *shelf, const char *what)
{
    if (!shelf->has_told) {
        say("recorder: the journal: %s", what);
        shelf->has_told = true;
    }
}

static void shelf_resume(struct shelf *shelf)
{
    struct fault fault;
    struct journal_reader *reader = journal_read_open(journal_name, &fault);

    if (reader != NULL) {
        (void)ledger_resume(shelf->ledger, reader, now_us(), &fault);
        journal_read_close(reader);
    }
}

void shelf_open(struct shelf *shelf, struct recorder_page *page)
{
    struct fault fault;

    shelf->is_wanted = true;
    shelf->page = page;
    shelf->lost_why = "the recorder was away";
    shelf->ledger = ledger_new(false);
    if (shelf->ledger == NULL) {
        say("recorder: no memory for calls; the journal is not written");
        shelf->is_wanted = false;
        return;
    }
    if (!shelf_try(shelf, &fault)) {
        shelf_says(shelf, fault.text);
        return;
    }
    shelf_resume(shelf);
}

void shelf_limit(struct shelf *shelf, const struct policy *policy)
{
    shelf->limits = (struct journal_limits){
        .quota = (uint64_t)policy->journal_quota * 1000000,
        .keep_us = (uint64_t)policy->journal_keep_s * 1000000,
    };
    if (shelf->journal != NULL) {
        journal_limit(shelf->journal, &shelf->limits);
    }
}

void shelf_close(struct shelf *shelf)
{
    journal_close(shelf->journal);
    shelf->journal = NULL;
}

/*
 * Taking.
 */

static void event_put(struct shelf *shelf, struct slice body)
{
    struct event_fields fields;

    (void)event_fields_read(&fields, body);
    const struct journal_record record = {
        .when_us = now_us(),
        .kind = JOURNAL_EVENT,
        .call = ledger_call(shelf->ledger, slice_string(fields.call_id)),
        .peer = slice_string(fields.peer),
        .control = slice_string(fields.control),
        .action = slice_string(fields.action),
        .source = slice_string(fields.source),
        .body = body,
    };
    (void)journal_put(shelf->journal, &record);
}

/* The batch is full, or somebody waits. */
static void shelf_taken(struct shelf *shelf)
{
    if (++shelf->pending >= SHELF_BATCH) {
        shelf_commit(shelf);
    }
}

void shelf_event(struct shelf *shelf, uint32_t worker, struct slice event)
{
    if (!shelf->is_wanted) {
        return;
    }
    shelf->of[worker % PAGE_RECORDED_MAX].events++;
    if (shelf->journal != NULL) {
        event_put(shelf, event);
    }
    shelf_taken(shelf);
}

void shelf_notes(struct shelf *shelf, uint32_t worker, struct slice notes)
{
    struct call_note note;

    while (shelf->is_wanted && notes.len > 0 && call_note_read(&notes, &note)) {
        if (note.action > ACTION_CLOSE) {
            note.action = ACTION_PASS; /* nothing we know */
        }
        shelf->of[worker % PAGE_RECORDED_MAX].notes++;
        ledger_note(shelf->ledger, shelf->journal, worker, &note);
        shelf_taken(shelf);
    }
}

/*
 * Losing.
 */

/* It is lost for good once the journal says so: until then whoever comes after us would miss it,
 * too, and say it. */
static void shelf_lose(struct shelf *shelf, struct shelf_pending *of, uint64_t events,
                       uint64_t notes, const char *why)
{
    of->events_lost += events;
    of->notes_lost += notes;
    shelf->lost_why = why;
}

/* Counts of a worker's former life are over with it. */
static struct recorded *recorded_of(struct shelf *shelf, const struct ipc_tally *tally)
{
    struct recorded *recorded = &shelf->page->recorded[tally->worker % PAGE_RECORDED_MAX];

    if (recorded->epoch != tally->epoch) {
        *recorded = (struct recorded){.epoch = tally->epoch};
    }
    return recorded;
}

static uint64_t missing_of(uint64_t told, uint64_t known)
{
    return told > known ? told - known : 0;
}

bool shelf_tally(struct shelf *shelf, const struct ipc_tally *tally, struct text *loss)
{
    if (!shelf->is_wanted) {
        return false;
    }
    const struct recorded *recorded = recorded_of(shelf, tally);
    struct shelf_pending *pending = &shelf->of[tally->worker % PAGE_RECORDED_MAX];
    uint64_t events = missing_of(tally->events, recorded->events + recorded->events_lost +
                                                    pending->events + pending->events_lost);
    uint64_t notes = missing_of(tally->notes, recorded->notes + recorded->notes_lost +
                                                  pending->notes + pending->notes_lost);

    if (events + notes == 0) {
        return false;
    }
    const char *why = "the recorder was away or too slow";
    shelf_lose(shelf, pending, events, notes, why);
    loss_write(loss, now_us(), events, notes, why);
    return true;
}

static struct shelf_pending lost_in_all(const struct shelf *shelf)
{
    struct shelf_pending sum = {.events = 0};

    for (unsigned i = 0; i < PAGE_RECORDED_MAX; i++) {
        sum.events_lost += shelf->of[i].events_lost;
        sum.notes_lost += shelf->of[i].notes_lost;
    }
    return sum;
}

static void losses_put(struct shelf *shelf)
{
    const struct shelf_pending lost = lost_in_all(shelf);
    char room[1024];
    struct text text;
    uint64_t when_us = now_us();

    if (lost.events_lost + lost.notes_lost == 0) {
        return;
    }
    text_init(&text, room, sizeof(room));
    loss_write(&text, when_us, lost.events_lost, lost.notes_lost, shelf->lost_why);
    const struct journal_record record = {.when_us = when_us,
                                          .kind = JOURNAL_LOSS,
                                          .action = SLICE("lost"),
                                          .body = text_slice(&text)};
    (void)journal_put(shelf->journal, &record);
}

/* The batch is in the journal, and with it that something was lost. */
static void pending_kept(struct shelf *shelf)
{
    for (unsigned i = 0; i < PAGE_RECORDED_MAX; i++) {
        struct shelf_pending *pending = &shelf->of[i];
        struct recorded *recorded = &shelf->page->recorded[i];

        recorded->events += pending->events;
        recorded->notes += pending->notes;
        recorded->events_lost += pending->events_lost;
        recorded->notes_lost += pending->notes_lost;
        shelf->page->journal_records += pending->events + pending->notes;
        shelf->page->journal_lost += pending->events_lost + pending->notes_lost;
        *pending = (struct shelf_pending){.events = 0};
    }
    shelf->pending = 0;
}

static void pending_refused(struct shelf *shelf)
{
    for (unsigned i = 0; i < PAGE_RECORDED_MAX; i++) {
        struct shelf_pending *pending = &shelf->of[i];

        shelf_lose(shelf, pending, pending->events, pending->notes, "the disk refused them");
        pending->events = pending->notes = 0;
    }
    shelf->pending = 0;
}

static void shelf_show(struct shelf *shelf)
{
    struct journal_counts counts = journal_counts(shelf->journal);

    shelf->page->journal_kept = counts.records;
    shelf->page->journal_removed = counts.removed;
    shelf->page->journal_octets = counts.octets;
    shelf->page->journal_calls = ledger_calls(shelf->ledger);
}

static void shelf_refused(struct shelf *shelf, const struct fault *fault)
{
    bool is_broken = shelf->journal != NULL && journal_is_broken(shelf->journal);

    pending_refused(shelf);
    shelf_says(shelf, fault->text);
    if (is_broken) {
        shelf_close(shelf); /* opened again, it is found broken and set aside */
    }
}

void shelf_commit(struct shelf *shelf)
{
    struct fault fault = {.text = "it cannot be opened"};

    if (!shelf->is_wanted) {
        shelf->pending = 0;
        return;
    }
    if (shelf->journal == NULL && !shelf_try(shelf, &fault)) {
        shelf_refused(shelf, &fault);
        return;
    }
    ledger_tick(shelf->ledger, shelf->journal, now_us());
    losses_put(shelf);
    if (!journal_commit(shelf->journal, now_us(), &fault)) {
        shelf_refused(shelf, &fault);
        return;
    }
    if (shelf->pending > 0) {
        shelf->has_told = false;
    }
    pending_kept(shelf);
    shelf_show(shelf);
}
