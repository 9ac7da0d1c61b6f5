/*
 * What has been seen before: tables only, bounded at start, in memory that may outlive the worker.
 *
 * One worker owns one state wholly; no locks.  Records are moved by guard and relay.
 */
#pragma once

#include "base/hash.h"
#include "base/table.h"
#include "base/text.h"
#include "state/dialog.h"
#include "state/exchange.h"
#include "state/occupancy.h"
#include "state/registration.h"
#include "state/token.h"
#include "wire/media_order.h"

struct state_capacity {
    uint32_t exchanges, dialogs, registrations, media_streams;
    size_t text_octets;
};

struct state {
    struct pool exchanges, dialogs, registrations, streams;
    struct texts texts;
    struct table by_server;  /* exchanges by server_key */
    struct table by_client;  /* exchanges by client_key */
    struct table by_merge;   /* exchanges by From tag, Call-ID and CSeq (RFC 3261 8.2.2.2) */
    struct table by_tag;     /* dialogs by local tag, both sides */
    struct table by_aor;     /* registrations */
    struct table by_contact; /* registrations by token */
    struct table by_stream;  /* the first registration of each connection */
    struct occupancy calls;  /* by dialog->counted */
    struct wheel wheel;
    const struct siv *keys[STATE_KEYS_MAX]; /* newest first; NULL behind the last */
    uint16_t node, worker;                  /* who writes tokens here */
    struct hash_key key;
    uint64_t dropped_records; /* found broken when a former worker's memory was mapped */
    uint64_t given_back;      /* calls in set-up and their like, which no worker survives */
};

/* How a party and we protect a stream, beside what the gate is told: what was offered, and what may
 * not be given up any more. */
struct media_agreement {
    uint8_t profile;       /* enum sdp_protocol of the m= line in its descriptions and ours */
    uint8_t offered;       /* bit per enum media_protection that our own offer has keys for */
    uint8_t latched;       /* enum media_protection: the best that was agreed on (CT-ENC-09) */
    bool is_opportunistic; /* the m= line says clear, keys stand beside (RFC 8643) */
    bool offers_mux;       /* RTCP on the same port, in the newest offer of either */
    bool offers_ice;
    uint32_t crypto_tag; /* of the party's line that we answer */
    uint64_t ice_hash;   /* of the party's name and password: others mean that ICE begins anew */
    struct media_key own[MEDIA_SUITE_COUNT]; /* that we seal with, one for each suite we offered */
};

/* A media stream: one m= line of a call, as the gate was told last. */
struct media_stream {
    struct pool_slot slot;
    struct handle dialog;
    uint32_t epoch;     /* raised at each offer and answer */
    uint8_t line;       /* which m= line */
    uint8_t media_kind; /* enum media_kind */
    bool is_owed;       /* the gate could not be told yet; without dialog: that it is over */
    uint16_t zones[2];
    struct media_side sides[2]; /* local: our ports */
    struct media_agreement agreements[2];
};

size_t state_size(const struct state_capacity *capacity);

/* Over zeroed memory or over what a former worker left: dialogs, registrations and streams whose
 * records hold together are taken over (calls whose ACK was seen), the rest is given back and
 * counted; exchanges never are.  Timers are not set: the relay does that. */
struct state *state_init(void *memory, size_t size, const struct state_capacity *capacity,
                         const struct hash_key *key, uint64_t now_ms);

/*
 * Matching: what a message belongs to.  Nothing is changed.
 */
enum match_kind {
    MATCH_NONE,           /* a new request, or a stray response or ACK */
    MATCH_RETRANSMISSION, /* request: the exchange has it already */
    MATCH_MERGED,         /* request: another branch of one that is in progress (HYG-M06) */
    MATCH_ACK,            /* ACK of a non-2xx final response */
    MATCH_CANCEL,         /* CANCEL of the exchange's INVITE */
    MATCH_RESPONSE,       /* response to the exchange's client transaction */
    MATCH_DIALOG,         /* request within a dialog */
    MATCH_DIALOG_PARTLY,  /* the Call-ID and a tag are known, another part is wrong (STA-01) */
};

struct match {
    enum match_kind kind;
    struct exchange *exchange;
    struct dialog *dialog;
    unsigned side;             /* of the dialog: who sent the message */
    enum token_standing token; /* of the Request-URI's user part, else of the first Route's */
    bool is_by_route;          /* ... of the Route's */
    struct registration *registration; /* whom a new request's token names */
};

void state_match(const struct state *state, const struct sip_message *message,
                 const struct packet *packet, struct match *match);

/* Captures: notes a message that was not refused, so that what follows can be matched, as the relay
 * would have.  Dialogs begun before the capture are never known and never failed.  Before a message
 * is matched the clock is told, and what is over by then forgotten. */
void state_follow_clock(struct state *state, uint64_t now_ms);
void state_follow(struct state *state, const struct sip_message *message,
                  const struct packet *packet, const struct match *match, uint64_t now_ms);

/* Tags and branches in a capture are chosen by others, and some choose the same one for every call.
 * Mixed with the Call-ID each is a name of its own, and the tables stay as fast as with ours. */
enum { STATE_WATCHED_NAME = 16 };
struct slice state_watched_name(const struct state *state, struct slice name, struct slice call_id,
                                char room[STATE_WATCHED_NAME]);

/* Exchanges. */
/* The INVITE of the dialog's family that an ACK of a 2xx names by its CSeq; NULL when it is over.
 */
struct exchange *exchange_of_ack(const struct state *state, const struct dialog *dialog,
                                 const struct sip_message *ack);
/* "host:port" of the topmost Via as spelled; empty without one. */
struct slice exchange_sent_by(const struct sip_message *message);
struct exchange *exchange_new(struct state *state);
void exchange_end(struct state *state, struct exchange *exchange); /* with texts and timers */
/* Keeps the echo and makes the exchange findable by retransmissions, ACK, CANCEL and merged
 * requests; false when no memory is left.  exchange->method, server_flow and server_cseq are set.
 */
bool exchange_set_server(struct state *state, struct exchange *exchange,
                         const struct slice echo[ECHO_COUNT]);
/* Our Via's branch of the request now sent on; an earlier one is no longer found. */
void exchange_set_client(struct state *state, struct exchange *exchange, struct slice branch);
struct slice exchange_echo(const struct state *state, const struct exchange *exchange,
                           enum exchange_echo part);
/* Keeps of the echo only what is compared: nothing will be sent with it any more. */
void exchange_trim_echo(struct state *state, struct exchange *exchange);

/* Dialogs. */
struct dialog *dialog_new(struct state *state);
void dialog_end(struct state *state, struct dialog *dialog);
/* The call counts under these keys from now on, until it is over or its record ends. */
void dialog_count(struct state *state, struct dialog *dialog,
                  const uint64_t counted[COUNTED_COUNT]);
void dialog_uncount(struct state *state, struct dialog *dialog);
/* Our tag towards a side; makes the dialog findable by it. */
void dialog_set_tag(struct state *state, struct dialog *dialog, unsigned side, struct slice tag);
/* All texts of a side at once; false when no block is left. */
bool dialog_set_texts(struct state *state, struct dialog *dialog, unsigned side,
                      const struct slice texts[DIALOG_TEXT_COUNT]);
struct slice dialog_text(const struct state *state, const struct dialog *dialog, unsigned side,
                         enum dialog_text text);
/* One text anew, the others stay. */
bool dialog_change_text(struct state *state, struct dialog *dialog, unsigned side,
                        enum dialog_text text, struct slice changed);
/* The dialog in which our tag towards side is local_tag: Call-ID and remote tag are compared; an
 * empty remote_tag matches any (early dialogs). */
struct dialog *dialog_find(const struct state *state, struct slice call_id, struct slice local_tag,
                           struct slice remote_tag, unsigned *side);

/* Registrations. */
struct registration *registration_new(struct state *state);
void registration_end(struct state *state, struct registration *registration);
bool registration_set_texts(struct state *state, struct registration *registration,
                            const struct slice texts[REGISTRATION_TEXT_COUNT]);
struct slice registration_text(const struct state *state, const struct registration *registration,
                               enum registration_text text);
/* "sip:user@host", the host in lower case: the key under which contacts are kept. */
struct slice registration_write_aor(struct text *text, const struct sip_message *message,
                                    const struct sip_uri *uri);
/* By AoR, then by contact or instance; the cursor walks all contacts of an AoR. */
struct registration *registration_next(const struct state *state, struct slice aor,
                                       struct table_cursor *cursor);
struct registration *registration_find_token(const struct state *state, uint32_t token);
/* Where the device is; on a stream the registration is found by its connection. */
void registration_set_flow(struct state *state, struct registration *registration,
                           const struct flow *flow);
/* The connection ended, and with it the flow of every device behind it. */
void registrations_cut_off(struct state *state, uint32_t connection);
