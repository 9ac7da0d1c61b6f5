/*
 * A request passing through the border: the server transaction towards who asked, and the client
 * transaction towards the hop that is tried now (RFC 3261 17, RFC 6026).
 *
 * The server transaction's identity is branch, sent-by and method (RFC 3261 17.2.3); the asker's
 * host takes part too, so that a stranger cannot name another's transaction.  A table only: the
 * machine that moves the states is relay/exchange.c.
 */
#pragma once

#include "base/wheel.h"
#include "state/texts.h"
#include "wire/packet.h"
#include "wire/sip/message.h"

enum server_state {
    SERVER_NONE,       /* the border itself asks: liveness, session refresh, release */
    SERVER_TRYING,     /* nothing but 100 was sent */
    SERVER_PROCEEDING, /* a provisional response was sent */
    SERVER_ACCEPTED,   /* INVITE: a 2xx was sent (RFC 6026) */
    SERVER_COMPLETED,  /* a final response was sent, INVITE: waiting for ACK */
    SERVER_CONFIRMED,  /* INVITE: ACK seen */
};

enum client_state {
    CLIENT_NONE,       /* answered here, nothing was sent on */
    CLIENT_WAITING,    /* for the resolver or another question */
    CLIENT_CALLING,    /* sent, nothing heard */
    CLIENT_PROCEEDING, /* a provisional response came */
    CLIENT_ACCEPTED,   /* INVITE: a 2xx came (RFC 6026) */
    CLIENT_COMPLETED,  /* a final response came */
};

/* Timers of an exchange: wheel_timer.kind. */
enum exchange_timer {
    EXCHANGE_SERVER_RESEND, /* G: final response of INVITE over UDP */
    EXCHANGE_SERVER_END,    /* H, I, J, L */
    EXCHANGE_CLIENT_RESEND, /* A, E */
    EXCHANGE_CLIENT_END,    /* B, D, F, K, M, failover */
    EXCHANGE_RINGING,       /* C */
    EXCHANGE_TIMER_COUNT,
};

/* What responses give back and later requests are compared with, joined in one text. */
enum exchange_echo {
    ECHO_BRANCH,  /* of the asker's topmost Via */
    ECHO_SENT_BY, /* "host:port" as spelled there */
    ECHO_FROM_TAG,
    ECHO_CALL_ID,
    ECHO_URI,          /* Request-URI as received (STA-20) */
    ECHO_LINES,        /* Via lines, From, Call-ID, CSeq in canonical form, ready to send */
    ECHO_TO,           /* the To value, as received */
    ECHO_RECORD_ROUTE, /* Record-Route lines in canonical form */
    ECHO_COUNT,
};

struct exchange {
    struct pool_slot slot;
    uint8_t method; /* enum sip_method */
    uint8_t server_state, client_state;
    uint8_t side; /* which side of the dialog asked */
    bool is_emergency;
    bool begins_dialog;   /* the first request: others' tags in its answers are forks */
    bool is_refresh;      /* ours, to see whether the party is there */
    bool is_left;         /* another hop was asked meanwhile: nobody waits for this one */
    bool is_cancelled;    /* the asker gave up; CANCEL sent or to be sent */
    bool is_acknowledged; /* INVITE: the ACK of its 2xx passed, wire is that ACK */
    bool has_answer;      /* in a capture: the request answered a challenge */
    bool has_provisional; /* the client heard a 1xx: CANCEL may be sent now */
    uint8_t resends;      /* of the client */
    uint8_t sendings;     /* of the client, each to another hop; modulo 256 */
    uint16_t zone_in, peer_in, zone_out, peer_out;
    uint32_t peer_in_id, peer_out_id; /* stable across policies */
    uint16_t route;                   /* of the policy it was routed with, or POLICY_NONE */
    uint16_t tried;                   /* bit per hop of the route already used up */
    uint8_t hop, target;              /* the one tried now; target: among the addresses of a name */
    uint8_t redirects;                /* 3xx targets already tried */
    uint16_t status;                  /* last one sent to who asked */
    uint16_t best_status;             /* best failure so far, for failover */
    uint8_t provisionals;             /* 1xx forwarded, STA-25 */
    struct flow server_flow, client_flow;
    uint32_t server_cseq, client_cseq;          /* as asked, and as sent on */
    uint64_t server_key, client_key, merge_key; /* hashes it is found by; 0: not indexed */
    uint64_t started_ms;
    struct handle dialog;       /* none outside dialogs; the first of a forked INVITE */
    struct handle registration; /* REGISTER */
    struct text_handle echo;    /* enum exchange_echo */
    /* As sent, while another hop may be tried; then what ACK and CANCEL need; once a 2xx was
     * acknowledged, that ACK. */
    struct text_handle wire;
    uint16_t wire_front;       /* octets of it through CSeq and Contact: what ACK and CANCEL need */
    struct text_handle answer; /* the last response sent, for retransmissions */
    char branch[48];           /* of our Via, terminated: found by client_key, compared whole */
    struct wheel_timer timers[EXCHANGE_TIMER_COUNT];
};
