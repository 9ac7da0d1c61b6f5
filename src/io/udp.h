/*
 * Datagrams: batches in, batches out.
 *
 * Sockets are unconnected and bound to a literal address, so the source of what is sent is the
 * listener of its flow.  A batch is handed to its owner whole; its octets are valid until the
 * call-back returns.  What the kernel will not take at once is kept, in order and bounded.
 */
#pragma once

#include "io/loop.h"
#include "wire/outbox.h"

enum {
    UDP_BATCH = 64,            /* beyond this recvmmsg gains nothing (performance 2d) */
    UDP_DATAGRAM_MAX = 65507,  /* HYG-L01 hard; the largest IPv4 can carry */
    UDP_TURN_BATCHES = 4,      /* read of neighbours before others get their turn */
    UDP_SOCKETS_MAX = 256,     /* listeners of a policy */
    UDP_KEPT_OCTETS = 4 << 20, /* waiting for the kernel, per socket: half its own buffer */
};

typedef void io_receive(void *owner, const struct packet *packets, unsigned count);
typedef void io_failed(void *owner, uint32_t reference);

struct udp_counts {
#define COUNT(name, written, what) uint64_t name;
#include "io/udp_counts.def"
#undef COUNT
};

struct udp;

/* NULL when memory ends. */
struct udp *udp_new(struct loop *loop, io_receive *receive, io_failed *failed, void *owner);
/* The loop must turn once more before it ends. */
void udp_free(struct udp *udp);

/* What came through a security association has this mark (socket_tell_marks); 0: nothing does. */
void udp_set_mark(struct udp *udp, uint32_t mark);

/* A listener may have two sockets: what neighbours sent and what strangers sent (steer.h) is then
 * read from different buffers, and of the strangers' less at a time. */
enum udp_kind { UDP_NEIGHBOURS, UDP_STRANGERS, UDP_KIND_COUNT };

/* The descriptor becomes the socket's.  What is sent leaves by the first kind. */
bool udp_open(struct udp *udp, uint16_t listener, enum udp_kind kind, int fd,
              const struct address *local, struct fault *fault);
void udp_close(struct udp *udp, uint16_t listener);

/* The listeners of a new policy: what was old is now renumbered[old], or is closed when that is
 * LISTENER_NONE. */
void udp_renumber(struct udp *udp, const uint16_t renumbered[UDP_SOCKETS_MAX]);

/* Takes the datagram into the batch of its listener; a full batch is sent at once.  The octets are
 * needed until udp_flush. */
void udp_send(struct udp *udp, const struct outgoing *outgoing);
void udp_flush(struct udp *udp);

/* Octets of the kernel's buffers that hold what neighbours sent and nobody has read yet: the most
 * of any socket; the kernel counts about twice of what is in the datagrams. */
uint32_t udp_waiting(const struct udp *udp);

const struct udp_counts *udp_counts(const struct udp *udp);
