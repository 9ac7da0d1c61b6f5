/*
 * Inside the relay: what its files share.  Nobody above includes this.
 *
 * A packet's way: relay.c sorts it; request.c, in_dialog.c, hop.c, response.c, cancel.c decide;
 * leg.c and answer.c write; exchange.c keeps the transactions' time; route.c knows next hops;
 * dialog.c, media.c, registration.c and session.c keep the records true; hide.c and identifiers.c
 * say what a stranger may see.
 */
#pragma once

#include "base/must.h"
#include "relay/relay.h"
#include "state/media_ports.h"
#include "wire/sip/write.h"

enum {
    RELAY_TAG_LETTERS = 20, /* above 100 bits */
    RELAY_BRANCH_LETTERS = 24,
    RELAY_URI_MAX = SIP_URI_MAX + 256,
    RELAY_ROUTES_MAX = 8192, /* 32 entries of 256 octets, HYG-L19 hard */
    RELAY_CONTACTS_MAX = 8192,
    RELAY_BODY_ROOM = SIP_MESSAGE_MAX / 4,
    RELAY_REDIRECTS_MAX = 3,     /* CT-FW-23 */
    RELAY_RESET_LIMIT = 3,       /* NNI-30: provisionals that restart timer C */
    RELAY_PROVISIONALS_MAX = 30, /* STA-25 */
    RELAY_EARLY_MAX = 10,        /* answerers of one request that ring, HYG-M07 */
    RELAY_FORKS_MAX = 16,        /* those that say yes too late to be taken included */
    RELAY_CSEQ_SHIFT = 5000,     /* our CSeq starts this much off at most */
    RELAY_MAX_FORWARDS = 70,
    RELAY_SUBSCRIPTION_S = 3600,      /* of a SUBSCRIBE whose answer says no time */
    RELAY_SUBSCRIPTION_MAX_S = 86400, /* STA-36: longest, whatever the answer says */
    RELAY_REFER_S = 180,              /* STA-36 */
    RELAY_DIALOG_MAX_MS = 86400000,   /* STA-17, STA-36 */
    RELAY_RETRY_AFTER_MIN_S = 5,
    RELAY_RETRY_AFTER_MAX_S = 30, /* rules 1.10 */
    RELAY_RESERVE_PART = 32,      /* of a table: for emergencies and what is up already */
    RELAY_CIRCLE_PASSES =
        16, /* emergency calls of one caller without hops left, in RELAY_CIRCLE_MS */
    RELAY_CIRCLE_MS = 32000,    /* 64 * T1 */
    RELAY_LAST_HOPS = 256,      /* callers remembered; who comes later takes the place of another */
    RELAY_REPLY_SOURCES = 4096, /* GEN-04 */
    RELAY_REPLIES_PER_SOURCE = 10,
    RELAY_REPLIES_PER_NODE = 1000,
};

struct relay_name {
    struct name_answer answer;
    uint64_t fresh_until_ms;
    uint64_t asked_ms; /* 0: no question is out */
    bool is_known;
};

struct relay_peer {
    bool is_down;   /* by liveness: tried last */
    uint8_t missed; /* OPTIONS in a row that nobody answered */
    uint32_t calls;
    uint64_t next_probe_ms;
};

/* Emergency calls that came without hops left. */
struct relay_last_hops {
    uint64_t key, since_ms;
    uint8_t count;
};

struct relay {
    const struct plan *plan;
    const struct policy *policy;
    struct state *state;
    struct random *random;
    struct tallies *tallies;
    struct media_ports *ports;
    struct media_fingerprint fingerprint; /* of the gate's certificate */
    struct relay_name *names;             /* by policy.names */
    struct relay_peer *peers;             /* by policy.peers */
    struct sip_message *kept;             /* our own texts, read again: ACK, CANCEL, another hop */
    uint64_t now_ms;
    uint64_t next_watch_ms; /* liveness and housekeeping */
    bool tells_streams;     /* the gate is being told of all streams, see streams_tell */
    bool owes_streams;      /* something could not be told */
    bool wakes;             /* a name became known: who waited is sent on, some each turn */
    uint32_t woken;         /* up to this index */
    uint8_t tells_kind;     /* enum media_order_kind */
    uint32_t told_stream;   /* up to this index */
    bool is_draining;
    uint32_t shares, worker;
    struct relay_last_hops last_hops[RELAY_LAST_HOPS];
    uint64_t reply_second;
    uint32_t replies;
    uint8_t replies_to[RELAY_REPLY_SOURCES];
    struct relay_counters counters;
};

/* Who sees what is written: the side it goes to, and the side it comes from. */
struct view {
    const struct relay *relay;
    uint16_t zone, peer;           /* to */
    uint16_t zone_from, peer_from; /* from */
    struct slice fallback;         /* host shown instead of one that must not be seen */
};

/* relay.c */
struct relay_name *relay_names_new(const struct policy *policy);
struct relay_peer *relay_peers_new(const struct policy *policy);
uint32_t relay_pools(const struct policy *policy, struct media_pool pools[MEDIA_POOLS_MAX]);
struct media_ports *relay_ports_new(const struct relay *relay, const struct policy *policy);
void relay_records_free(struct relay_name *names, struct relay_peer *peers);

/* Those who waited for a name are sent on, as many as one turn has room for. */
void relay_wake_some(struct relay *relay, struct outbox *outbox);

/* take_over.c: what a former worker left in state. */
void relay_take_over(struct relay *relay);

/* hide.c */
struct view view_towards(const struct relay *relay, uint16_t zone, uint16_t peer,
                         uint16_t zone_from, uint16_t peer_from);
void hide_uri(struct text *text, const struct view *view, const char *base,
              const struct sip_uri *uri);
/* The user of a sip URI without the parameters of its number that the sender may not say. */
void hide_user(struct text *text, const struct view *view, struct slice user);
/* A value of an ADDRESS header, its tag left out. */
void hide_address(struct text *text, const struct view *view, const struct sip_message *message,
                  const struct sip_value *value, bool strips_display);
/* hide_lines.c: all lines of an inspected message that may pass, in canonical form, identifiers
 * mapped. */
void hide_lines(struct text *text, const struct view *view, const struct inspection *inspection,
                const struct dialog *dialog, unsigned side_from);
/* The To of a request, its tag left out. */
void hide_to(struct text *text, const struct view *view, const struct inspection *inspection);
bool hide_is_outside(const struct view *view);
/* Towards outside only: the text shows a host of the inside. */
bool hide_shows_inside(const struct view *view, struct slice text);
bool hide_host_is_shown(const struct view *view, struct slice host, uint8_t host_kind);

/* identity.c: From of a new request, and the lines of ours that say who sent it. */
void identity_write_from(struct text *text, const struct view *view,
                         const struct inspection *inspection);
void identity_write_lines(struct text *text, const struct view *view,
                          const struct inspection *inspection);
/* Credentials without what only the core may say of them. */
void identity_write_credentials(struct text *text, const struct sip_message *message,
                                const struct sip_header *header);

/* identifiers.c: dialog identifiers that travel inside other headers.  False: the header goes. */
bool identifiers_write_line(struct text *text, const struct view *view,
                            const struct inspection *inspection, const struct sip_header *header);

/* leg.c */
struct leg {
    uint16_t zone, peer;
    struct flow flow;
    struct slice branch;
    struct slice uri;    /* Request-URI */
    struct slice routes; /* Route, comma separated, or empty */
    struct slice from, from_tag, to, to_tag, call_id;
    uint32_t cseq;
    struct slice contact; /* the whole value, or empty */
    struct slice path;    /* REGISTER: Path value, or empty */
    struct slice body;
    struct dialog *dialog; /* or NULL; identifiers and RAck are mapped by it */
    unsigned side_from;
};
/* Each returns the octets of the front: what ACK and CANCEL will need of it. */
uint16_t leg_write_request(struct relay *relay, struct text *text,
                           const struct inspection *inspection, const struct leg *leg);
/* Our own request: no message behind it; extra are whole header lines. */
uint16_t leg_write_own(struct relay *relay, struct text *text, enum sip_method method,
                       const struct leg *leg, struct slice extra);
void leg_new_branch(struct relay *relay, char branch[48], struct slice *at);
void leg_new_call_id(struct relay *relay, char call_id[RELAY_CALL_ID_LETTERS]);
/* "<sip:token@host:port;transport=tcp>" and the parameters of value that may be shown. */
void leg_write_contact(struct relay *relay, struct text *text, struct dialog *dialog, unsigned side,
                       const struct flow *flow, const struct sip_message *message,
                       const struct sip_value *value);
/* Our own text, read again; NULL for none.  It is good until the next one is read. */
const struct sip_message *leg_read_kept(struct relay *relay, struct slice wire);
/* ACK and CANCEL out of a request of ours. */
bool leg_write_from_kept(struct relay *relay, struct text *text, struct slice wire,
                         enum sip_method method, struct slice to_tag);
/* Our Contact there, with what may be shown of the sender's; none where a message has none. */
void leg_set_contact(struct relay *relay, struct text *text, const struct inspection *inspection,
                     struct leg *leg);
/* The same request for another hop, whose token is his own; or for the same one, with another
 * session interval and a CSeq of its own. */
struct leg_again {
    struct slice uri, branch;
    const struct flow *flow;
    struct dialog *dialog;
    uint32_t session_s; /* 0: as it is */
};
/* 0: it could not be read again. */
uint16_t leg_write_again(struct relay *relay, struct text *text, struct slice wire,
                         const struct leg_again *again);

/* answer.c */
/* Our own answer in an exchange; extra are whole header lines. */
void answer_own(struct relay *relay, struct exchange *exchange, unsigned status, struct slice extra,
                struct outbox *outbox);
/* The final answer that found no room when it was due, as far as it is still known.  False: it
 * finds none again. */
bool answer_again(struct relay *relay, struct exchange *exchange, struct outbox *outbox,
                  uint64_t *counter);
/* The answer of the other side, written anew; extra are whole header lines of ours. */
void answer_forward(struct relay *relay, struct exchange *exchange, struct dialog *dialog,
                    unsigned status, const struct inspection *inspection, struct slice extra,
                    struct slice body, struct outbox *outbox);
/* Without an exchange: refusals. */
void answer_stateless(struct relay *relay, const struct inspection *inspection, unsigned status,
                      struct slice extra, struct outbox *outbox);
/* Among the files of answers.  A tag made of the transaction, the same in each of its answers. */
enum { ANSWER_TAG_LETTERS = 16 };
void answer_tag(const struct relay *relay, struct slice branch, char tag[ANSWER_TAG_LETTERS]);
void answer_write_to(struct text *text, struct slice to, struct slice tag);
/* The request's Via lines; the topmost is told where it really came from. */
void answer_write_vias(struct text *text, const struct sip_message *message,
                       const struct packet *packet);
/* What later answers need of a request. */
bool answer_keep_echo(struct relay *relay, struct exchange *exchange,
                      const struct inspection *inspection);
/* 503 with Retry-After: no room. */
void answer_busy(struct relay *relay, const struct inspection *inspection, struct outbox *outbox);
void answer_write_retry_after(struct relay *relay, struct text *text);
void answer_write_allow(const struct relay *relay, struct text *text, uint16_t zone, uint16_t peer);

/* exchange.c */
struct exchange *exchange_begin(struct relay *relay, const struct inspection *inspection);
/* Keeps what was written, to be sent again; false when it is too large or nothing is left. */
bool exchange_keep(struct relay *relay, struct exchange *exchange, const struct text *written,
                   uint16_t front);
/* Keeps it, sends it for the first time and starts the client's timers.  False: it was not kept,
 * nothing was sent. */
bool exchange_send(struct relay *relay, struct exchange *exchange, const struct text *written,
                   uint16_t front, struct outbox *outbox);
/* What is told when a sending fails.  NULL: the exchange is over or was sent elsewhere since, and a
 * connection that could not be opened in time takes nothing away from the hop that is tried now. */
uint32_t exchange_reference(const struct relay *relay, const struct exchange *exchange);
struct exchange *exchange_of_reference(const struct relay *relay, uint32_t reference);
void exchange_answered(struct relay *relay, struct exchange *exchange, unsigned status);
/* What was to be answered found no room in the outbox: it is said as soon as there is some. */
void exchange_owes_answer(struct relay *relay, struct exchange *exchange);
/* Nothing is waited for any more from the far side. */
void exchange_stop_client(struct relay *relay, struct exchange *exchange);
void exchange_heard(struct relay *relay, struct exchange *exchange, unsigned status);
void exchange_acknowledged(struct relay *relay, struct exchange *exchange);
void exchange_timer(struct relay *relay, struct wheel_timer *timer, struct outbox *outbox);
void exchange_set_timer(struct relay *relay, struct exchange *exchange, enum exchange_timer kind,
                        uint64_t in_ms);
void exchange_stop_timer(struct relay *relay, struct exchange *exchange, enum exchange_timer kind);
bool exchange_is_unreliable(const struct flow *flow);
/* Ends what both sides are done with. */
bool exchange_settle(struct relay *relay, struct exchange *exchange);
bool exchange_send_kept(struct relay *relay, struct slice bytes, const struct flow *flow,
                        struct outbox *outbox);

/* route.c */
enum route_step { ROUTE_FOUND, ROUTE_WAITING, ROUTE_NONE };
struct route_target {
    struct flow flow;
    uint16_t peer;
    struct slice host; /* of the hop, as the policy has it */
};
/* The next target not yet tried.  WAITING: a name was asked for. */
enum route_step route_next(struct relay *relay, struct exchange *exchange,
                           struct route_target *target, struct outbox *outbox);
bool route_has_more(const struct relay *relay, const struct exchange *exchange);
/* The hop that is tried now is not tried again. */
void route_leave_hop(struct exchange *exchange);
bool route_flow(const struct relay *relay, uint16_t zone, enum transport transport,
                const struct address *remote, struct flow *flow);
/* The contract with the peer names that port for one of its hops, or a lookup did. */
bool route_names_port(const struct relay *relay, uint16_t peer, enum transport transport,
                      uint16_t port);
/* Request-URI towards a target. */
void route_write_uri(const struct relay *relay, struct text *text, const char *base,
                     const struct sip_uri *uri, const struct exchange *exchange,
                     const struct route_target *target);

/* request.c */
void request_new(struct relay *relay, struct inspection *inspection, struct outbox *outbox);

/* hop.c */
/* The end of it: status is answered, and nothing is waited for from the far side. */
void request_fail(struct relay *relay, struct exchange *exchange, unsigned status,
                  struct outbox *outbox);
/* The same for who asked; the far side may still say something. */
void request_give_up(struct relay *relay, struct exchange *exchange, unsigned status,
                     struct outbox *outbox);
/* The target is the one that is asked now. */
void request_aim(struct relay *relay, struct exchange *exchange, struct dialog *dialog,
                 const struct route_target *target);
/* Another hop, or the end of it: status is answered. */
void request_next_hop(struct relay *relay, struct exchange *exchange, unsigned status,
                      struct outbox *outbox);
/* A 3xx that the peer's contract lets us follow: the request went on to one of its targets. */
bool request_redirected(struct relay *relay, struct exchange *exchange,
                        const struct inspection *inspection, struct outbox *outbox);

/* left.c */
/* Another hop is asked: should this one ring or say yes after all, it is told. */
void left_behind(struct relay *relay, struct exchange *exchange, struct outbox *outbox);
void left_said_yes(struct relay *relay, struct exchange *left, const struct inspection *inspection,
                   struct outbox *outbox);

/* A 422 of a hop that wants a longer session than the border asked for: it was asked anew. */
bool request_lengthened(struct relay *relay, struct exchange *exchange,
                        const struct inspection *inspection, struct outbox *outbox);

/* in_dialog.c */
void request_in_dialog(struct relay *relay, struct inspection *inspection, struct outbox *outbox);
/* The leg towards a side: names, target, routes and flow. */
void dialog_leg(const struct relay *relay, struct dialog *dialog, unsigned side, struct leg *leg);
struct flow dialog_flow(const struct relay *relay, const struct dialog *dialog, unsigned side);
/* The connection it was to go out on has ended: another one is opened where that can be. */
bool request_reconnect(struct relay *relay, struct exchange *exchange, struct outbox *outbox);

/* own.c */
/* Ours, within a dialog, towards side; extra are whole header lines. */
struct exchange *request_own(struct relay *relay, struct dialog *dialog, unsigned side,
                             enum sip_method method, struct slice extra, struct slice body,
                             struct outbox *outbox);
void own_answered(struct relay *relay, struct exchange *exchange, struct inspection *inspection,
                  struct outbox *outbox);
void own_unanswered(struct relay *relay, struct exchange *exchange, struct outbox *outbox);

/* cancel.c */
void cancel_take(struct relay *relay, struct inspection *inspection, struct outbox *outbox);
void cancel_send(struct relay *relay, struct exchange *exchange, struct outbox *outbox);
void acknowledge_take(struct relay *relay, struct inspection *inspection, struct outbox *outbox);
void acknowledge_failure(struct relay *relay, struct exchange *exchange, struct slice to_tag,
                         struct outbox *outbox);
/* Our own ACK of a side's 2xx: of an answerer nobody wants any more, of an INVITE of ours. */
void acknowledge_own(struct relay *relay, struct dialog *dialog, unsigned side, uint32_t cseq,
                     struct outbox *outbox);
/* CANCEL as it is sent, and sent again while nobody answers it; false: it was not. */
bool cancel_again(struct relay *relay, struct exchange *exchange, struct outbox *outbox);

/* response.c */
void response_take(struct relay *relay, struct inspection *inspection, struct outbox *outbox);
unsigned response_status(const struct relay *relay, const struct inspection *inspection,
                         const struct exchange *exchange);

/* dialog.c */
/* The values of a route set as one comma separated list, in order or reversed. */
bool dialog_write_route_set(struct text *text, const struct sip_message *message,
                            enum sip_header_name name, bool is_reversed);
struct dialog *dialog_begin(struct relay *relay, struct inspection *inspection,
                            struct exchange *exchange);
void dialog_refresh_target(struct relay *relay, struct dialog *dialog, unsigned side,
                           const struct inspection *inspection);
/* Another INVITE of that party may come. */
void dialog_answered_invite(const struct relay *relay, struct dialog *dialog,
                            const struct exchange *exchange);
/* What the exchange asked was refused or came to nothing. */
void dialog_refused(struct relay *relay, struct dialog *dialog, const struct exchange *exchange,
                    struct outbox *outbox);
void dialog_over(struct relay *relay, struct dialog *dialog, struct outbox *outbox);
void dialog_set_timer(struct relay *relay, struct dialog *dialog, enum dialog_timer kind,
                      uint64_t in_ms);
/* The longest a call may last from now; emergency calls have no end (EMG-09). */
void dialog_set_longest(struct relay *relay, struct dialog *dialog);
void dialog_timer(struct relay *relay, struct wheel_timer *timer, struct outbox *outbox);
/* A BYE was answered.  What the call's REFERs began goes on. */
void dialog_hung_up(struct relay *relay, struct dialog *dialog, struct outbox *outbox);
/* BYE on both legs. */
void dialog_release(struct relay *relay, struct dialog *dialog, struct slice reason,
                    struct outbox *outbox);

/* The URI of the Contact; empty without one. */
struct slice dialog_contact_uri(const struct sip_message *message);
/* Another tag of ours towards a side. */
void dialog_new_tag(struct relay *relay, struct dialog *dialog, unsigned side);
/* Its exchange ends an early dialog; should that ever be lost, time does. */
void dialog_set_earliest_end(struct relay *relay, struct dialog *dialog);

/* answerers.c */
/* The dialog a response to the exchange belongs to: the first, or another fork's. */
struct dialog *dialog_answered(struct relay *relay, struct exchange *exchange,
                               struct inspection *inspection);
/* Of those that an exchange began, the one that was taken; NULL before. */
struct dialog *dialog_accepted(const struct relay *relay, const struct exchange *exchange);
void dialog_end_family(struct relay *relay, struct dialog *dialog, const struct dialog *but,
                       struct outbox *outbox);

/* media.c: the body as it goes to the other side.  0, or the status with which a request is
 * refused (of a response the body is left out): no port is free, it cannot be written anew. */
unsigned media_body(struct relay *relay, struct inspection *inspection, struct dialog *dialog,
                    unsigned side_from, struct text *room, struct slice *body,
                    struct outbox *outbox);

/* parts.c: parts that show the inside do not leave it. */
void parts_hide(const struct relay *relay, struct inspection *inspection);

/* streams.c */
struct media_stream *streams_at(const struct relay *relay, const struct dialog *dialog,
                                unsigned line);
/* Media of the call are relayed. */
bool streams_are_live(const struct relay *relay, const struct dialog *dialog);
/* It keeps what an answerer said while another one is heard; it holds no ports. */
bool streams_is_shadow(const struct media_stream *stream);
/* NULL: no stream or no port is free. */
struct media_stream *streams_open(struct relay *relay, struct dialog *dialog, unsigned line);
void streams_order(struct relay *relay, struct media_stream *stream, enum media_order_kind kind,
                   struct outbox *outbox);
void streams_close(struct relay *relay, struct dialog *dialog, unsigned line,
                   struct outbox *outbox);
void streams_close_all(struct relay *relay, struct dialog *dialog, struct outbox *outbox);
/* The streams of the call are this answerer's from now on. */
void streams_follow(struct relay *relay, struct dialog *dialog, struct outbox *outbox);
/* The family a side's party speaks. */
enum address_family streams_family(const struct relay *relay, const struct dialog_side *side);
/* All streams again, to a gate that is new or that we are new to; some each turn. */
void streams_tell_all(struct relay *relay, enum media_order_kind kind);
void streams_tell(struct relay *relay, struct outbox *outbox);
/* The gate speaks of a stream we do not have. */
void streams_let_go_unknown(struct relay *relay, const struct media_report *report,
                            struct outbox *outbox);

/* early_media.c */
/* What the caller says is not passed on yet; nor are keys of a carrier nobody has an agreement with
 * (MED-13). */
bool early_media_is_barred(const struct dialog *dialog);
bool early_media_bars_keys(const struct relay *relay, const struct dialog *dialog);
void early_media_heard(struct relay *relay, struct dialog *dialog, struct inspection *inspection,
                       struct outbox *outbox);
/* The call was answered. */
void early_media_over(struct relay *relay, struct dialog *dialog, struct inspection *inspection,
                      struct outbox *outbox);

/* offers.c: what is offered and answered, for CT-FW-21. */
void offers_note_preconditions(const struct relay *relay, struct dialog *dialog,
                               const struct sip_message *message);
void offers_note_request(struct dialog *dialog, unsigned side, struct inspection *inspection);
/* side: who asked; the response is the other party's. */
void offers_note_response(struct dialog *dialog, unsigned side, enum sip_method method,
                          struct inspection *inspection);

/* liveness.c */
void liveness_watch(struct relay *relay, struct outbox *outbox);
void liveness_answered(struct relay *relay, struct exchange *exchange, bool is_alive);

/* session.c */
/* An INVITE or UPDATE of side passes. */
void session_asked(struct relay *relay, struct dialog *dialog, unsigned side,
                   const struct inspection *inspection);
/* Its 2xx does; extra gets what is to be said to who asked. */
void session_agreed(struct relay *relay, struct dialog *dialog, unsigned asker,
                    const struct inspection *inspection, struct text *extra);
/* What side was told last. */
void session_described(struct relay *relay, struct dialog *dialog, unsigned side, struct slice sdp);
void session_timer(struct relay *relay, struct dialog *dialog, struct outbox *outbox);
void session_refreshed(struct relay *relay, struct dialog *dialog, struct exchange *exchange,
                       struct inspection *inspection, struct outbox *outbox);
/* Nobody is there, or he has lost the call. */
void session_lost(struct relay *relay, struct dialog *dialog, const struct exchange *exchange,
                  struct outbox *outbox);

static inline bool relay_opens_dialog(uint8_t method)
{
    return method == SIP_INVITE || method == SIP_SUBSCRIBE || method == SIP_REFER;
}

/* A test of the emergency route goes that way and has no privilege. */
static inline bool relay_is_emergency(const struct inspection *inspection)
{
    return inspection->emergency != EMERGENCY_NONE && inspection->emergency != EMERGENCY_TEST;
}

/* What is left of a table is for emergencies and for calls that are up already. */
static inline bool relay_is_reserve(const struct pool *pool)
{
    return pool_left(pool) <= pool->count / RELAY_RESERVE_PART;
}

static inline bool handle_equal(struct handle a, struct handle b)
{
    return a.index == b.index && a.generation == b.generation;
}

static inline const struct policy_zone *relay_zone(const struct relay *relay, uint16_t zone)
{
    return &relay->policy->zones[zone];
}

static inline const struct policy_peer *relay_peer(const struct relay *relay, uint16_t peer)
{
    return peer == POLICY_NONE ? NULL : &relay->policy->peers[peer];
}

/* Timer kinds of the wheel: exchanges first, then dialogs, then registrations. */
enum {
    RELAY_TIMER_DIALOG = EXCHANGE_TIMER_COUNT,
    RELAY_TIMER_REGISTRATION = RELAY_TIMER_DIALOG + DIALOG_TIMER_COUNT,
};
