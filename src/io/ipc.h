/*
 * What the processes of a store say to each other: typed messages over SOCK_SEQPACKET.
 *
 * ipc.def says who may say what to whom.  Every message is checked against it before anybody sees
 * it, so that a process that was taken over can say nothing but what its role may, in the sizes its
 * role may.  Sending never waits: what the other side does not take at once is kept, bounded, and
 * what does not fit is counted as lost.
 */
#pragma once

#include "io/ipc_types.h"
#include "io/loop.h"

#include <assert.h>
#include <stdalign.h>

struct ring;

enum ipc_role {
#define ROLE(name, written, what) ROLE_##name,
#include "io/roles.def"
#undef ROLE
    ROLE_COUNT,
    ROLE_ANY = ROLE_COUNT,
};

enum ipc_type {
#define MESSAGE(name, from, to, payload, descriptors, says) IPC_##name,
#include "io/ipc.def"
#undef MESSAGE
    IPC_TYPE_COUNT,
};

/* In front of every payload; padded, so that payloads are aligned where they are received. */
struct ipc_head {
    uint16_t version;
    uint16_t type;
    uint32_t len; /* of the payload */
    uint64_t unused;
};
static_assert(sizeof(struct ipc_head) == IPC_HEAD_LEN, "the room of a message begins with it");

/* Room for one message. */
struct ipc_room {
    alignas(16) char octets[IPC_HEAD_LEN + IPC_TEXT_MAX];
};

/* One message as it was received; the payload is aligned and lives until the next is received. The
 * descriptors belong to whoever receives it: those not taken (set to -1) are closed afterwards. */
struct ipc_message {
    enum ipc_type type;
    struct slice payload;
    int descriptors[IPC_DESCRIPTORS_MAX];
    unsigned descriptor_count;
};

struct ipc_counts {
    uint64_t sent, received, delayed, lost, refused;
};

struct ipc_link;

struct ipc_owner {
    void (*received)(void *owner, struct ipc_link *link, struct ipc_message *message);
    /* The other side is gone, or said what it may not (is_refused).  The link is closed by its
     * owner, now or later; nothing more comes. */
    void (*ended)(void *owner, struct ipc_link *link, bool is_refused);
    void *owner;
};

struct ipc_link {
    struct loop_watch watch;
    struct ipc_owner owner;
    struct ring *kept;
    struct ipc_counts counts;
    loop_closed *closed;
    void *closed_owner;
    uint64_t tag; /* the owner's */
    int fd;
    enum ipc_role me, peer;
    bool is_watched, is_open, is_waiting;
};

const char *ipc_role_name(enum ipc_role role);
bool ipc_may_say(enum ipc_role from, enum ipc_role to, enum ipc_type type);
bool ipc_has_size(enum ipc_type type, size_t len); /* a payload of that type */

/* Links whose messages have no head: there is one type in each direction. */
bool ipc_is_bare(enum ipc_role a, enum ipc_role b);

/* Two ends, never blocking, closed on exec. */
bool ipc_pair(int ends[2], struct fault *fault);

/* The descriptor becomes the link's.  False when memory ends. */
bool ipc_link_init(struct ipc_link *link, int fd, enum ipc_role me, enum ipc_role peer);
bool ipc_link_watch(struct ipc_link *link, struct loop *loop, const struct ipc_owner *owner,
                    struct fault *fault);
/* The link's memory is needed until closed was called; at once when it is not watched. */
void ipc_link_close(struct ipc_link *link, loop_closed *closed, void *owner);

/* False when the message was lost.  The descriptors stay the caller's. */
bool ipc_send(struct ipc_link *link, enum ipc_type type, struct slice payload,
              const int *descriptors, unsigned descriptor_count);

/* The same, waiting for the other side to make room, at most wait_ms: for the parent, whose
 * children read at once what they are told. */
bool ipc_send_now(struct ipc_link *link, enum ipc_type type, struct slice payload,
                  const int *descriptors, unsigned descriptor_count, unsigned wait_ms);

/* For a payload of a struct and no descriptor. */
#define ipc_say(link, type, payload)                                                               \
    ipc_send((link), (type), slice_of((const char *)(payload), sizeof(*(payload))), NULL, 0)

/* Waits for one message, for the time before there is a loop.  False when the other side is gone or
 * said what it may not. */
bool ipc_receive_now(struct ipc_link *link, struct ipc_room *room, struct ipc_message *message);

/* The same for wait_ms at most. */
bool ipc_receive_within(struct ipc_link *link, struct ipc_room *room, struct ipc_message *message,
                        unsigned wait_ms);

/* The gate takes its orders, and new workers, without our head (media_order.h, io/media/gate.h). */
bool ipc_send_bare(int fd, struct slice octets, int descriptor);

/* Whether the octets are a message that from may send to to, with so many descriptors; for whoever
 * receives, and the fuzzer. */
bool ipc_read(enum ipc_role from, enum ipc_role to, struct slice octets, unsigned descriptor_count,
              struct ipc_message *message);
void ipc_close_descriptors(struct ipc_message *message);

/* A copy of the payload as its type; sizes were checked. */
#define ipc_take(message, object) memcpy((object), (message)->payload.at, sizeof(*(object)))
