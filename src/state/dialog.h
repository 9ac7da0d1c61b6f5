/*
 * Two dialogs that are one call: the leg of who asked (side 0) and the leg of who answers (side 1).
 *
 * Each leg has its own Call-ID, tags, CSeq, target and route set; a message of one leg is written
 * anew for the other.  A forked INVITE has one record per answerer's tag.  Subscriptions are
 * dialogs too.  Records survive the worker; timers are set again when it maps them.
 */
#pragma once

#include "base/wheel.h"
#include "state/texts.h"
#include "state/token.h"
#include "wire/packet.h"
#include "wire/sip/message.h"

enum { DIALOG_STREAMS_MAX = 8 }; /* m= lines anchored, rules HYG-L33 */
enum { DIALOG_TAG_MAX = 32 };    /* our own tags: 20 letters, above 100 random bits (STA-18) */

enum dialog_kind { DIALOG_CALL, DIALOG_SUBSCRIPTION };
enum dialog_state { DIALOG_EARLY, DIALOG_ANSWERED, DIALOG_CONFIRMED, DIALOG_ENDED };
/* What a call is counted under while it is set up and up, by keyed hashes; 0: not counted. */
enum dialog_counted {
    COUNTED_USER,     /* who calls */
    COUNTED_NUMBER,   /* who is called */
    COUNTED_ABROAD,   /* who calls, and the first digits of a number of another country */
    COUNTED_PEER_IN,  /* the neighbour it comes from */
    COUNTED_PEER_OUT, /* and goes to */
    COUNTED_COUNT,
};

enum dialog_timer {
    DIALOG_REFRESH, /* session timer or the border's own refresh */
    DIALOG_EXPIRE,  /* longest call, subscription's end, early dialog's end, remains of an ended one
                     */
    DIALOG_TIMER_COUNT,
};

/* What a side's texts hold, joined in one block. */
enum dialog_text {
    DIALOG_CALL_ID,      /* as used on this leg */
    DIALOG_REMOTE_TAG,   /* the party's */
    DIALOG_TARGET,       /* URI of the party's Contact: where requests to it go */
    DIALOG_ROUTES,       /* its route set in sending order: the values of Route, comma separated */
    DIALOG_LOCAL_URI,    /* From (or To) towards the party, name-addr without tag */
    DIALOG_REMOTE_URI,   /* the party's own name-addr without tag */
    DIALOG_RECORD_ROUTE, /* side 0: the Record-Route set received, given back in responses */
    DIALOG_TEXT_COUNT,
};

struct dialog_side {
    uint16_t zone, peer; /* of the policy of now; peer_id finds it again after a reload */
    uint32_t peer_id;
    uint32_t token_peer_id;         /* whom the token below was made for */
    char token[TOKEN_LEN];          /* dialog_token_write; the first octet 0: none was made */
    struct flow flow;               /* where the party's requests come from, and ours go */
    uint32_t remote_cseq;           /* highest taken from the party; 0xFFFFFFFF: none yet */
    uint32_t local_cseq;            /* last one sent to it */
    uint32_t cseq_shift;            /* what is added to the other side's numbers, modulo 2^31 */
    uint32_t invite_cseq;           /* of the INVITE sent to it last: ACK and RAck use it */
    uint32_t asked_cseq;            /* of the party's own last INVITE that was taken */
    char local_tag[DIALOG_TAG_MAX]; /* ours towards the party, terminated */
    struct text_handle texts;       /* enum dialog_text */
    struct handle invite;           /* exchange of the party's last INVITE */
    bool has_pending_invite;        /* the party's INVITE is unanswered */
    bool has_pending_offer;         /* the party's SDP waits for its answer */
    bool invite_offers; /* the party's last INVITE had SDP: what answers it is no offer */
    bool supports_timer, supports_update; /* RFC 4028, RFC 3311: as the party said last */
    uint8_t silences;                     /* in a row, when we asked whether the party is there */
    struct text_handle sdp; /* the last description sent to it, for a refresh by re-INVITE */
    uint32_t sdp_version;   /* of o= towards the party */
    uint64_t sdp_id;        /* sess-id of o= towards the party */
    uint64_t sdp_hash;      /* of the last SDP from the party: version rises when it changes */
    uint64_t heard_id, heard_version; /* of o= from the party, HYG-D06; 0: none yet */
    uint8_t described_lines;          /* m= lines of the last SDP from the party, HYG-D05 */
    uint32_t rseq;                    /* highest of the party's reliable 1xx; 0: none */
};

struct dialog {
    struct pool_slot slot;
    uint8_t kind, state; /* enum dialog_kind, dialog_state */
    bool is_emergency;
    bool asks_preconditions; /* the caller did, and may: they pass in both directions (RFC 3312) */
    bool opens_early; /* the called side asked to hear the caller before the answer (RFC 5009) */
    bool was_acknowledged; /* the ACK passed: the call survives the worker */
    bool is_handed_on;     /* a transfer told somebody the names of its second leg */
    uint8_t refers;        /* STA-31 */
    uint8_t event;         /* package subscribed to, as the guard numbers them; 0: none known */
    uint8_t refreshes;     /* re-INVITE and UPDATE of the current minute, STA-09 */
    uint64_t refresh_minute;
    uint64_t family; /* the same for all dialogs of one INVITE */
    uint64_t created_ms, active_ms;
    uint32_t session_ms;       /* session interval agreed, 0: the border refreshes */
    uint32_t session_owed_ms;  /* a party counts on it, and the one it named cannot refresh */
    uint32_t session_asked_ms; /* of the last INVITE or UPDATE, 0: none */
    bool is_session_ours;      /* ... which we asked for, not the caller */
    bool is_ending;            /* a BYE is under way; a challenge takes it back */
    uint8_t subscriptions;     /* of REFERs within a call: they outlive it (RFC 6665, 5589) */
    uint64_t subscribed_until_ms;
    uint8_t stream_count;
    uint32_t streams[DIALOG_STREAMS_MAX]; /* indexes of media streams, 0 none; by m= line */
    uint64_t counted[COUNTED_COUNT];
    uint64_t caller_key, called_key; /* keyed hashes, for what is noted of traffic; 0: nobody's */
    uint64_t answered_ms;            /* 0: not yet, or it has ended */
    bool is_abroad, has_rung;
    struct dialog_side sides[2];
    struct wheel_timer timers[DIALOG_TIMER_COUNT];
};
