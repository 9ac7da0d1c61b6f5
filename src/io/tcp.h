/*
 * Streams: listeners, connections accepted and opened, messages framed out of them.
 *
 * Whole messages are handed to the owner in batches, like datagrams; their octets are valid until
 * the call-back returns.  Everything is bounded: connections, connections of one source, octets
 * under way, the time a message may take, the time without one.  A connection's number is not used
 * again while the worker lives.
 */
#pragma once

#include "base/hash.h"
#include "io/udp.h"
#include "wire/sip/stream.h"

enum {
    TCP_LISTENERS_MAX = 256,     /* of a policy */
    TCP_SEND_MAX = 256 * 1024,   /* DOS-36: octets waiting for one reader */
    TCP_STUCK_MS = 10000,        /* DOS-36: a reader that takes nothing */
    TCP_LINGER_MS = 2000,        /* between our FIN and the other side's */
    TCP_DISCARD_MAX = 64 * 1024, /* HYG-F17: read and thrown away behind the last message */
    TCP_PING_MS = 5000,          /* HYG-F07, DOS-39: fastest keep-alive answered */
    TCP_BLANKS_MAX = 8,          /* HYG-F07: octets of keep-alives nobody answered */
    TCP_SECURE_MS = 15000,       /* for hands to be shaken: a third more than they may take */
    TCP_READ = 64 * 1024,        /* octets of one turn of one connection */
};

struct tcp_counts {
#define COUNT(name, written, what) uint64_t name;
#include "io/tcp_counts.def"
#undef COUNT
};

struct tcp_owner {
    io_receive *receive;
    io_failed *failed;
    /* A descriptor is wanted, connected or connecting from listener's host to remote: tcp_opened.
     */
    void (*wanted)(void *owner, uint32_t connection, uint16_t listener,
                   const struct address *remote);
    /* Hands are to be shaken, elsewhere; the descriptor becomes the owner's until tcp_secured. NULL
     * when there are no listeners for TLS. */
    void (*secure)(void *owner, uint32_t connection, int fd, const struct flow *flow,
                   bool is_client);
    void (*closed)(void *owner, uint32_t connection);
    void *owner;
};

struct tcp_settings {
    uint32_t connections_max;
    size_t memory_max;   /* octets under way on all connections */
    uint32_t idle_ms;    /* without a message */
    uint32_t whole_ms;   /* for a message; and for the first one of an accepted connection */
    uint32_t connect_ms; /* for a connection we open */
    /* Connections are numbered first, first + step, ...: of several workers each has its own. */
    uint32_t first_id, id_step;
    struct hash_key key;
};

struct tcp_listener_settings {
    struct address local;
    enum transport transport;
    struct sip_stream_limits limits;
    uint32_t source_max;         /* connections of one source, DOS-34; 0: any number */
    const struct slice *origins; /* of web pages whose WebSockets are taken; borrowed */
    uint32_t origin_count;
};

struct tcp;
struct tls;

/* NULL when memory ends. */
struct tcp *tcp_new(struct loop *loop, const struct tcp_owner *owner,
                    const struct tcp_settings *settings);
/* Closes everything; the loop must turn until it is idle before tcp_end. */
void tcp_close(struct tcp *tcp);
void tcp_free(struct tcp *tcp);

/* Times of a new policy; sizes stay. */
void tcp_set_times(struct tcp *tcp, const struct tcp_settings *settings);

/* As udp_set_mark, for connections from now on. */
void tcp_set_mark(struct tcp *tcp, uint32_t mark);

/* The descriptor becomes the listener's.  fd -1: no connections are accepted there, but they may be
 * opened from its host. */
bool tcp_listen(struct tcp *tcp, uint16_t listener, int fd,
                const struct tcp_listener_settings *settings, struct fault *fault);
void tcp_set_listener(struct tcp *tcp, uint16_t listener,
                      const struct tcp_listener_settings *settings);
void tcp_unlisten(struct tcp *tcp, uint16_t listener); /* connections stay */

/* The listeners of a new policy: what was old is now renumbered[old], or is closed with all its
 * connections when that is LISTENER_NONE. */
void tcp_renumber(struct tcp *tcp, const uint16_t renumbered[TCP_LISTENERS_MAX]);

/* The answer to wanted; fd -1: it could not be had. */
void tcp_opened(struct tcp *tcp, uint32_t id, int fd);

/* The answer to secure; tls NULL: it came to nothing.  Both become the connection's, or are closed
 * when it is no more. */
void tcp_secured(struct tcp *tcp, uint32_t connection, int fd, struct tls *tls);

/* Takes the message into what its connection sends; connection 0 finds one to the remote or opens
 * it.  The octets are needed until tcp_flush. */
void tcp_send(struct tcp *tcp, const struct outgoing *outgoing);
void tcp_flush(struct tcp *tcp);

/* RFC 5923: what is for that port of the connection's other side goes over it, too, instead of over
 * a new one.  Once a connection; the caller knows who is there. */
void tcp_alias(struct tcp *tcp, uint32_t connection, uint16_t port);

/* Whoever is there is under contract or registered: never closed to make room for strangers. */
void tcp_know(struct tcp *tcp, uint32_t id);

uint32_t tcp_connections(const struct tcp *tcp);
const struct tcp_counts *tcp_counts(const struct tcp *tcp);
