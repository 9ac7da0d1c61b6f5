#include "app/run/porter.h"

#include "app/run/worker.h"
#include "app/say.h"
#include "base/must.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    PORTER_RING = 1 << 20,    /* octets asked or answered and not yet taken, per worker */
    PORTER_HANDSHAKES = 2048, /* at the same time: a fifth of the connections, 20 kB each */
    PORTER_TURN = 64,         /* questions taken before sockets get their turn */
    PORTER_BEAT_MS = 60000,
    PORTER_SIGN_MS = 1000, /* a keeper that takes longer is being started again */
};

struct porter {
    struct crew *crew;
    struct loop loop;
    struct loop_alarm beat;
    struct tls_handshakes *handshakes;
    struct tls_signer signer;
    struct tls_tickets tickets;
    struct ipc_link keeper;
    struct ring *in[CREW_MAX]; /* written by that worker alone */
    struct ring *out[CREW_MAX];
};

enum note_kind { NOTE_JOB, NOTE_BOOK, NOTE_KEEPER };

struct note {
    uint32_t kind;
    int fd;
    struct slice book;
    struct tls_job job;
};

/*
 * From outside.
 */

static bool porter_note(struct porter *porter, uint32_t worker, const struct note *note,
                        struct slice more)
{
    const struct slice pieces[] = {slice_of((const char *)note, sizeof(*note)), more};

    if (!ring_put(porter->in[worker], pieces, ARRAY_COUNT(pieces))) {
        return false;
    }
    loop_wake(&porter->loop);
    return true;
}

bool porter_ask(struct porter *porter, uint32_t worker, const struct tls_job *job)
{
    const struct note note = {.kind = NOTE_JOB, .job = *job};

    return porter_note(porter, worker, &note, job->names);
}

void porter_take_book(struct porter *porter, struct slice book)
{
    const struct note note = {.kind = NOTE_BOOK, .book = book};

    if (!porter_note(porter, 0, &note, SLICE_NONE)) {
        say("border: the porter does not take its certificates");
        free((void *)(uintptr_t)book.at);
    }
}

void porter_take_keeper(struct porter *porter, int fd)
{
    const struct note note = {.kind = NOTE_KEEPER, .fd = fd};

    if (!porter_note(porter, 0, &note, SLICE_NONE)) {
        (void)close(fd);
    }
}

bool porter_answer(struct porter *porter, uint32_t worker, struct tls_outcome *outcome)
{
    struct slice record;

    if (!ring_peek(porter->out[worker], &record)) {
        return false;
    }
    memcpy(outcome, record.at, sizeof(*outcome));
    ring_drop(porter->out[worker]);
    return true;
}

/*
 * Signatures.
 */

static bool porter_sign(void *owner, const struct ipc_sign *wanted, struct ipc_signed *made)
{
    struct porter *porter = owner;
    struct ipc_room room;
    struct ipc_message message;

    if (porter->keeper.kept == NULL ||
        !ipc_send_now(&porter->keeper, IPC_SIGN, slice_of((const char *)wanted, sizeof(*wanted)),
                      NULL, 0, PORTER_SIGN_MS) ||
        !ipc_receive_within(&porter->keeper, &room, &message, PORTER_SIGN_MS)) {
        /* What comes late would be taken for the answer to the next question. */
        ipc_link_close(&porter->keeper, NULL, NULL);
        return false;
    }
    bool is_signature = message.type == IPC_SIGNED;
    if (is_signature) {
        ipc_take(&message, made);
    }
    ipc_close_descriptors(&message);
    return is_signature;
}

static void take_keeper(struct porter *porter, int fd)
{
    if (porter->keeper.kept != NULL) {
        ipc_link_close(&porter->keeper, NULL, NULL);
    }
    if (!ipc_link_init(&porter->keeper, fd, ROLE_BORDER, ROLE_KEEPER)) {
        (void)close(fd);
    }
}

/*
 * Its own thread.
 */

static void take_book(struct porter *porter, struct slice book)
{
    struct fault fault = {.text = "memory"};
    struct tls_credentials *credentials = NULL;

    /* Whoever was believed is looked at anew. */
    tls_tickets_renew(&porter->tickets, true, loop_now_ms(&porter->loop));
    credentials = tls_credentials_new(book, &porter->signer, &porter->tickets, &fault);

    free((void *)(uintptr_t)book.at);
    if (credentials == NULL) {
        say("border: certificates the parent took are not taken: %s", fault.text);
        return;
    }
    tls_handshakes_use(porter->handshakes, credentials);
}

static void take_note(struct porter *porter, struct slice record)
{
    struct note note;

    memcpy(&note, record.at, sizeof(note));
    switch ((enum note_kind)note.kind) {
    case NOTE_JOB:
        note.job.names = slice_skip(record, sizeof(note));
        tls_handshakes_begin(porter->handshakes, &note.job);
        return;
    case NOTE_BOOK:
        take_book(porter, note.book);
        return;
    case NOTE_KEEPER:
        take_keeper(porter, note.fd);
        return;
    }
}

static void on_woken(void *owner)
{
    struct porter *porter = owner;
    struct slice record;
    unsigned taken = 0;

    for (uint32_t i = 0; i < porter->crew->count; i++) {
        while (ring_peek(porter->in[i], &record)) {
            if (taken++ == PORTER_TURN) {
                loop_wake(&porter->loop);
                break;
            }
            take_note(porter, record);
            ring_drop(porter->in[i]);
        }
    }
}

/* A worker that does not take its answers has a record that ends by itself (TCP_SECURE_MS). */
static void on_done(void *owner, const struct tls_outcome *outcome)
{
    struct porter *porter = owner;
    const struct slice piece = slice_of((const char *)outcome, sizeof(*outcome));

    if (!ring_put(porter->out[outcome->worker], &piece, 1)) {
        tls_free(outcome->tls);
        (void)close(outcome->fd);
        return;
    }
    loop_wake(&porter->crew->workers[outcome->worker]->loop);
}

/* A loop with nothing to wait for would end. */
static void on_beat(void *owner)
{
    struct porter *porter = owner;

    if (loop_now_ms(&porter->loop) - porter->tickets.made_ms >= TLS_TICKET_KEY_MS) {
        tls_tickets_renew(&porter->tickets, false, loop_now_ms(&porter->loop));
    }
    loop_alarm_at(&porter->beat, loop_now_ms(&porter->loop) + PORTER_BEAT_MS);
}

struct porter *porter_new(struct crew *crew)
{
    struct porter *porter = calloc(1, sizeof(*porter));
    struct fault fault;

    if (porter == NULL || !loop_init(&porter->loop, &fault)) {
        free(porter);
        return NULL;
    }
    const struct tls_handshakes_owner owner = {.done = on_done, .owner = porter};
    porter->crew = crew;
    porter->signer = (struct tls_signer){.sign = porter_sign, .owner = porter};
    porter->handshakes = tls_handshakes_new(&porter->loop, PORTER_HANDSHAKES, &owner);
    for (uint32_t i = 0; i < crew->count; i++) {
        porter->in[i] = ring_new(PORTER_RING);
        porter->out[i] = ring_new(PORTER_RING);
        if (porter->in[i] == NULL || porter->out[i] == NULL) {
            return NULL; /* the process ends */
        }
    }
    tls_tickets_renew(&porter->tickets, true, loop_now_ms(&porter->loop));
    loop_on_wake(&porter->loop, on_woken, porter);
    loop_alarm_open(&porter->loop, &porter->beat, on_beat, porter);
    on_beat(porter);
    return porter;
}

void porter_live(struct porter *porter)
{
    loop_run(&porter->loop);
}
