/*
 * The ground an audit plays on: the sockets of everybody around the box, one loop over them, and a
 * record of every octet sent and received.
 *
 * Synchronous for whoever sends: ground_wait lets time pass, and meanwhile everybody hears and
 * answers.
 */
#pragma once

#include "app/audit/scope.h"
#include "io/capture/write.h"
#include "wire/sip/message.h"

#include <signal.h>
#include <stdio.h>

enum {
    GROUND_MESSAGE_MAX = 65536,
    GROUND_STREAM_MAX = 131072, /* of answers over TCP */
};

/* One message as it was heard. */
struct heard {
    enum vantage_id at;
    enum transport transport;
    struct address from;
    struct slice bytes;
    uint64_t when_us; /* since 1970 */
};

typedef void ground_hears(void *owner, const struct heard *heard);

struct vantage {
    int udp, tcp;            /* -1: none */
    struct scope_socket to;  /* of tcp */
    struct address tcp_from; /* our end of it */
    char *stream;            /* GROUND_STREAM_MAX */
    size_t stream_len;
    uint64_t called_ms; /* when it began a call last */
    bool is_gone;       /* the box closed tcp */
};

struct ground {
    struct scope *scope; /* whose places move */
    struct vantage vantages[VANTAGE_COUNT];
    ground_hears *hears;
    void *owner;
    FILE *file;
    struct capture_writer record;
    const char *comment;              /* what goes on, for the record */
    uint64_t sent, received, refused; /* refused: not allowed by the scope */
    uint64_t sent_this_second, second;
    bool is_hearing;                   /* what was heard is still being read: no time may pass */
    volatile sig_atomic_t *is_stopped; /* set by a signal: no more is sent */
    char *room;                        /* GROUND_MESSAGE_MAX */
    struct sip_message *framed;        /* the message a stream begins with */
};

bool ground_open(struct ground *ground, struct scope *scope, const char *folder,
                 struct fault *fault);
void ground_close(struct ground *ground);

uint64_t ground_now_us(void);   /* since 1970 */
uint64_t ground_clock_ms(void); /* never goes back */

bool ground_is_there(const struct ground *ground, enum vantage_id id);

/* The vantage stands somewhere else from now on. */
bool ground_move(struct ground *ground, enum vantage_id id, const struct address *place,
                 struct fault *fault);

/* False when the scope forbids it, the sender is nowhere, or the kernel refused. */
bool ground_send(struct ground *ground, enum vantage_id from, const struct scope_socket *to,
                 struct slice bytes);
/* To an address that is not the box: answers of the core and of the peer. */
bool ground_answer(struct ground *ground, enum vantage_id from, const struct address *to,
                   struct slice bytes);

/* Everybody hears until it is over or is_done says so (NULL: never). */
void ground_wait(struct ground *ground, uint64_t ms, bool (*is_done)(void *), void *asked);

/* The connection of a vantage is closed; the next message over TCP opens another. */
void ground_hang_up(struct ground *ground, enum vantage_id id);
