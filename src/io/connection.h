/*
 * One stream, for tcp.c and connection.c alone.
 */
#pragma once

#include "base/pool.h"
#include "base/table.h"
#include "base/wheel.h"
#include "io/blocks.h"
#include "io/sources.h"
#include "io/tcp.h"
#include "io/tls.h"
#include "io/websocket.h"

#include <errno.h>
#include <sys/uio.h>

enum { CONNECTION_PIECES = 8 }; /* messages of one turn sent together */

enum connection_state {
    CONNECTION_WANTED,     /* no descriptor yet */
    CONNECTION_CONNECTING, /* not writable yet */
    CONNECTION_SECURING,   /* the descriptor is where hands are shaken */
    CONNECTION_UP,
    CONNECTION_FINISHING, /* our FIN was sent: what comes is thrown away */
    CONNECTION_GONE,      /* the descriptor is closed, the watch closes */
};

enum connection_timer {
    CONNECTION_IDLE,   /* set again when it fires, not at every message */
    CONNECTION_WHOLE,  /* the message being received, or the first one; connecting; lingering */
    CONNECTION_STUCK,  /* octets wait and the other side takes none */
    CONNECTION_RESUME, /* at once: the other side reads again */
    CONNECTION_TIMER_COUNT,
};

struct connection {
    struct pool_slot slot;
    struct tcp *tcp;
    struct loop_watch watch;
    struct connection *older, *newer; /* strangers, by the time they were last heard */
    struct connection *next_dirty;
    int fd;
    uint32_t id;
    uint32_t source; /* index in sources, 0: opened by us */
    struct flow flow;
    struct address local;
    uint64_t target_hash, alias_hash;
    uint16_t alias_port;   /* where its peer is reached, RFC 5923; 0: only where it came from */
    struct tls *tls;       /* NULL: in clear */
    struct websocket *web; /* NULL: messages as they are */
    uint8_t state;         /* enum connection_state */
    bool is_accepted, is_stranger, is_dirty, is_stopped;
    bool closes;       /* once everything is sent */
    bool is_protected; /* it came through a security association */
    bool is_ended;     /* the other side sends no more */

    struct sip_stream framing;
    struct sip_stream_limits limits;
    struct block *in; /* begin and end: octets not yet consumed */
    uint32_t discarded;
    uint64_t heard_ms, pinged_ms;

    struct block *out, **out_end; /* begin and end: not yet sent */
    size_t out_octets;
    struct iovec pieces[CONNECTION_PIECES]; /* of this turn, borrowed */
    uint32_t references[CONNECTION_PIECES];
    unsigned piece_count;
    uint8_t heads[CONNECTION_PIECES][WEBSOCKET_HEAD_MAX]; /* of frames among them */

    struct wheel_timer timers[CONNECTION_TIMER_COUNT];
};

struct tcp_listener {
    struct tcp *tcp;
    struct loop_watch watch;
    struct tcp_listener_settings settings;
    struct wheel_timer pause; /* out of descriptors */
    int fd;
    uint16_t index;
};

struct tcp {
    struct loop *loop;
    struct tcp_owner owner;
    struct tcp_settings settings;
    struct loop_alarm alarm;
    struct wheel wheel;
    struct blocks blocks;
    struct sources sources;
    struct pool connections;
    struct table by_id, by_target;
    void *memory;
    struct connection *oldest, *newest; /* strangers */
    struct connection *dirty;           /* have something to send this turn */
    struct connection *gone; /* never had a descriptor: given back at the end of the turn */
    uint32_t next_id;
    uint32_t mark; /* of connections through a security association; 0: none are */
    struct tcp_listener *listeners[TCP_LISTENERS_MAX];
    struct tcp_counts counts;
    struct packet packets[UDP_BATCH];
    char room[TCP_READ];
};

/* A descriptor for a record that has none. */
bool connection_start(struct connection *connection, int fd, enum connection_state state);
void connection_send(struct connection *connection, struct slice octets, uint32_t reference);
void connection_flush(struct connection *connection);
/* FIN behind what is queued, then away. */
void connection_finish(struct connection *connection);
/* At once: what was not sent is told as failed. */
void connection_close(struct connection *connection);
void connection_timer_fired(struct connection *connection, enum connection_timer timer);

/* connection_out.c */
void connection_after_sending(struct connection *connection);
void connection_send_queued(struct connection *connection);
void connection_drop_unsent(struct connection *connection); /* told as failed */

/* connection_in.c */
void connection_read(struct connection *connection);
void connection_resume(struct connection *connection); /* with what was left unread */

/* connection_web.c */
bool connection_is_web(const struct connection *connection); /* to be, or already */
bool connection_begin_web(struct connection *connection);    /* false when memory ends */
bool connection_take_web(struct connection *connection, struct slice received); /* as below */

/* connection_in.c, for connection_web.c */
void connection_hand_out(struct connection *connection, struct slice message);
void connection_pong(struct connection *connection);

/* connection_out.c: octets that are no message. */
void connection_send_raw(struct connection *connection, struct slice octets);

/* connection.c */
void connection_update_watch(struct connection *connection);
/* The descriptor goes to where hands are shaken, and comes back. */
void connection_secure(struct connection *connection, int fd, bool is_client);
void connection_secured(struct connection *connection);

/* Not now, but no fault of the connection. */
static inline bool connection_is_busy(int error)
{
    return error == EAGAIN || error == EINTR || error == ENOBUFS;
}

/* tcp_records.c */
struct connection *tcp_add(struct tcp *tcp, const struct flow *flow); /* NULL when full */
struct connection *tcp_find(const struct tcp *tcp, uint32_t id);
struct connection *tcp_find_target(const struct tcp *tcp, const struct flow *flow);
void tcp_make_room(struct tcp *tcp); /* when it is crowded, by the oldest stranger */
void tcp_add_stranger(struct connection *connection);
void tcp_renumber_connections(struct tcp *tcp, const uint16_t renumbered[TCP_LISTENERS_MAX]);
void tcp_heard(struct connection *connection);
void tcp_mark_dirty(struct connection *connection);
void tcp_forget(struct connection *connection);
void tcp_gone(struct connection *connection);

/* tcp_listeners.c */
void listener_resume(struct tcp_listener *listener);

/* tcp.c */
void tcp_set_timer(struct connection *connection, enum connection_timer timer, uint64_t after_ms);
void tcp_stop_timer(struct connection *connection, enum connection_timer timer);
