#include "app/inspect/store.h"

#include "app/journal/ledger.h"
#include "app/journal/note.h"
#include "guard/event.h"
#include "io/ipc_types.h"
#include "io/journal/journal.h"

#include <stdlib.h>

enum { STORE_BATCH = 8192 }; /* records committed together */

struct store {
    struct journal *journal;
    struct ledger *ledger;
    uint64_t now_us; /* the capture's clock */
    unsigned pending;
    bool has_failed;
    struct fault fault;
    struct note_room room;
    char event[IPC_TEXT_MAX];
};

struct store *store_open(const char *path, struct fault *fault)
{
    const struct journal_limits limits = {.quota = 0};
    struct store *store = calloc(1, sizeof(*store));
    bool is_broken = false;

    if (store == NULL) {
        (void)fault_set(fault, "no memory for a store");
        return NULL;
    }
    store->journal = journal_open(path, &limits, &is_broken, fault);
    store->ledger = store->journal == NULL ? NULL : ledger_new(true);
    if (store->ledger == NULL) {
        if (store->journal != NULL) {
            (void)fault_set(fault, "no memory for calls");
        }
        journal_close(store->journal);
        free(store);
        return NULL;
    }
    return store;
}

/* The first fault is told; what comes later may still be kept. */
static void store_commit(struct store *store)
{
    struct fault fault;

    ledger_tick(store->ledger, store->journal, store->now_us);
    if (!journal_commit(store->journal, store->now_us, &fault) && !store->has_failed) {
        store->has_failed = true;
        store->fault = fault;
    }
    store->pending = 0;
}

static struct slice deciding_control(const struct inspection *inspection)
{
    uint16_t control = inspection->verdict.control < control_count()
                           ? inspection->verdict.control
                           : inspection->findings[0].control;

    return slice_string(control_at(control)->id);
}

static void event_add(struct store *store, const struct inspection *inspection)
{
    const struct policy_peer *peer = inspection_peer(inspection);
    char source_room[ADDRESS_TEXT_MAX], call_room[CALL_NOTE_TEXT_MAX];
    struct text event, source, call;

    text_init(&event, store->event, sizeof(store->event));
    text_init(&source, source_room, sizeof(source_room));
    text_init(&call, call_room, sizeof(call_room));
    event_write(&event, inspection, inspection->packet->when_us);
    address_write(&source, &inspection->packet->flow.remote);
    if (inspection->is_read && inspection->reading == SIP_READ) {
        text_put_shown(&call, slice_head(sip_call_id(&inspection->message), sizeof(call_room) / 4));
    }
    if (event.len == 0 || event.is_full) {
        return;
    }
    const struct journal_record record = {
        .when_us = inspection->packet->when_us,
        .kind = JOURNAL_EVENT,
        .call = ledger_call(store->ledger, text_slice(&call)),
        .peer = peer == NULL ? SLICE_NONE : peer->name,
        .control = deciding_control(inspection),
        .action = slice_string(policy_action_name(inspection->verdict.action)),
        .source = text_slice(&source),
        .body = slice_trim(text_slice(&event)),
    };
    (void)journal_put(store->journal, &record);
    store->pending++;
}

/* What the border itself sent, in a capture of its own sockets. */
static void note_turn(struct call_note *note)
{
    struct address remote = note->remote;

    note->kind = CALL_NOTE_SENT;
    note->remote = note->local;
    note->local = remote;
}

void store_add(struct store *store, const struct inspection *inspection)
{
    struct call_note note;

    store->now_us = inspection->packet->when_us;
    if (note_is_wanted(inspection)) {
        note_taken(&note, &store->room, inspection, inspection->packet->when_us);
        if (inspection->is_outgoing) {
            note_turn(&note);
        }
        ledger_note(store->ledger, store->journal, 0, &note);
        store->pending++;
    }
    if (inspection->finding_count > 0) {
        event_add(store, inspection);
    }
    if (store->pending >= STORE_BATCH) {
        store_commit(store);
    }
}

bool store_close(struct store *store, struct fault *fault)
{
    if (store == NULL) {
        return true;
    }
    ledger_end(store->ledger, store->journal);
    store_commit(store);
    bool is_kept = !store->has_failed ||
                   fault_set(fault, "the store lacks some of it: %.400s", store->fault.text);
    journal_close(store->journal);
    ledger_free(store->ledger);
    free(store);
    return is_kept;
}
