/*
 * The recorder: the only process that writes files.
 *
 * Events come as JSON objects and messages of calls as notes; what came is written down in batches,
 * to the lines and to the journal.  What cannot be written is counted and, once something can be
 * again, written down as lost; nobody waits for the disk.
 */
#include "app/run/recorder.h"

#include "app/run/child.h"
#include "app/run/links.h"
#include "app/say.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum {
    RECORDER_FLUSH_MS = 200,  /* after the first of a batch */
    RECORDER_TICK_MS = 1000,  /* calls that are over are written down */
    RECORDER_LAST_TURNS = 64, /* of the loop, when the store ends */
    RECORDER_LOSS_MAX = 2048, /* octets of an event that says what was lost */
};

struct recorder {
    struct loop loop;
    struct loop_alarm flush, tick;
    struct links links;
    struct recorder_page *page;
    struct lines lines;
    struct shelf shelf;
};

static void recorder_flush(void *owner)
{
    struct recorder *recorder = owner;

    lines_flush(&recorder->lines);
    shelf_commit(&recorder->shelf);
}

static void recorder_tick(void *owner)
{
    struct recorder *recorder = owner;

    shelf_commit(&recorder->shelf);
    loop_alarm_at(&recorder->tick, loop_now_ms(&recorder->loop) + RECORDER_TICK_MS);
}

static void recorder_flush_soon(struct recorder *recorder)
{
    if (recorder->flush.due_ms == UINT64_MAX) {
        loop_alarm_at(&recorder->flush, loop_now_ms(&recorder->loop) + RECORDER_FLUSH_MS);
    }
}

/* An event is one line: what would end it early is no event of ours. */
static void take_event(struct recorder *recorder, uint32_t worker, struct slice event)
{
    if (slice_find(event, '\n') < event.len) {
        recorder->page->lost++;
        return;
    }
    lines_put(&recorder->lines, event);
    shelf_event(&recorder->shelf, worker, event);
}

static void take_tally(struct recorder *recorder, uint32_t worker, struct ipc_message *message)
{
    char room[RECORDER_LOSS_MAX];
    struct ipc_tally tally;
    struct text loss;

    ipc_take(message, &tally);
    tally.worker = worker; /* whose link it is says who speaks */
    text_init(&loss, room, sizeof(room));
    if (shelf_tally(&recorder->shelf, &tally, &loss)) {
        lines_put(&recorder->lines, text_slice(&loss));
    }
}

static void recorder_take(void *owner, struct ipc_link *link, struct ipc_message *message)
{
    struct recorder *recorder = owner;
    uint32_t worker = (uint32_t)link->tag;

    if (message->type == IPC_EVENT) {
        take_event(recorder, worker, message->payload);
    } else if (message->type == IPC_NOTES) {
        shelf_notes(&recorder->shelf, worker, message->payload);
    } else if (message->type == IPC_TALLY) {
        take_tally(recorder, worker, message);
    }
    recorder_flush_soon(recorder);
}

/*
 * Life.
 */

static void recorder_link(void *owner, uint32_t worker, int fd)
{
    struct recorder *recorder = owner;

    links_set(&recorder->links, worker, ROLE_BORDER, fd);
}

static void recorder_take_policy(void *owner, struct policy *policy)
{
    struct recorder *recorder = owner;

    shelf_limit(&recorder->shelf, policy);
    policy_free(policy);
}

/* What the others said before they ended is still to be written. */
static void recorder_end(void *owner)
{
    struct recorder *recorder = owner;

    for (unsigned i = 0; i < RECORDER_LAST_TURNS; i++) {
        loop_run_at_once(&recorder->loop);
    }
    recorder_flush(recorder);
    shelf_close(&recorder->shelf);
}

/* Its folder is where it is: locked in, or (without the right to be) merely there. */
static void recorder_open(struct recorder *recorder, int folder)
{
    lines_init(&recorder->lines, &recorder->loop, recorder->page, folder);
    recorder->shelf.page = recorder->page;
    if (folder < 0) {
        return;
    }
    if (fchdir(folder) != 0) {
        say("recorder: the folder of the journal: %s", strerror(errno));
        return;
    }
    shelf_open(&recorder->shelf, recorder->page);
}

int recorder_main(struct child *child)
{
    struct recorder *recorder = child_memory_new(sizeof(*recorder));
    const struct links_owner links = {.received = recorder_take, .owner = recorder};
    const struct child_calls calls = {
        .link = recorder_link,
        .take_policy = recorder_take_policy,
        .end = recorder_end,
        .owner = recorder,
    };
    struct fault fault;

    recorder->page = child_map(&child->counters, "counters");
    if (recorder->page == NULL || child->counters.len < sizeof(*recorder->page) ||
        !child_drop(child) || !loop_init(&recorder->loop, &fault)) {
        return 3;
    }
    recorder_open(recorder, child->journal);
    loop_alarm_open(&recorder->loop, &recorder->flush, recorder_flush, recorder);
    loop_alarm_open(&recorder->loop, &recorder->tick, recorder_tick, recorder);
    recorder_tick(recorder);
    links_init(&recorder->links, &recorder->loop, ROLE_RECORDER, &links);
    return child_live(child, &recorder->loop, &calls);
}
