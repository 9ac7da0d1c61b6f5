/*
 * The trip of a packet: read, place, check, judge.  (Act and tell are the relay's and the app's.)
 *
 * One function judges every packet, wherever it came from.  Everything it learns stays in the
 * inspection, which lives as long as the packet's turn.
 */
#pragma once

#include "guard/control.h"
#include "guard/occasions.h"
#include "guard/plan.h"
#include "guard/tide.h"
#include "state/state.h"
#include "wire/sdp/sdp.h"
#include "wire/sip/multipart.h"

enum { INSPECTION_FINDINGS_MAX = 32 }; /* further ones are counted, not kept */

/* EMG classifier, rules 2.10. */
enum emergency {
    EMERGENCY_NONE,
    EMERGENCY_CALL,
    EMERGENCY_TEST, /* goes the emergency route, but has no privilege */
    EMERGENCY_REGISTRATION,
    EMERGENCY_DIALOG, /* within a dialog that was one */
};

struct finding {
    uint16_t control; /* index in the table */
    uint8_t action;   /* enum policy_action that follows, after mode and policy */
    uint8_t mode;     /* enum policy_mode: OBSERVE findings change nothing */
    uint16_t status;  /* of a rejection */
    bool is_spared;   /* an emergency request: the action would have followed (EMG-16) */
    struct slice evidence;
    const char *detail; /* which rule of the control, a constant; may be NULL */
};

struct standing;

struct verdict {
    uint8_t action;   /* PASS, REJECT, DROP, CLOSE */
    uint16_t status;  /* of REJECT, and of a CLOSE that is to be answered first; else 0 */
    uint16_t control; /* who says so; control_count() when passed */
};

struct inspection {
    /* read */
    const struct packet *packet;
    enum sip_reading reading; /* SIP_FOREIGN also while nothing was read */
    bool is_read;             /* the message below is this packet's */
    struct sip_message message;

    /* place */
    const struct policy *policy;
    const struct plan *plan;
    struct state *state;
    struct tallies *tallies;
    uint64_t now_ms;
    uint16_t zone, peer;         /* of the sender; peer POLICY_NONE when nobody under contract */
    uint16_t zone_out, peer_out; /* where it would go; POLICY_NONE when unknown or to us */
    struct standing *source;     /* what is thought of the sender's host, or peer; may be NULL */
    struct standing *user;       /* of his flow when he is registered there, else NULL */
    uint64_t source_key, flow_key;
    uint16_t route; /* for new requests; POLICY_NONE: nobody may go there */
    enum emergency emergency;
    bool is_watched;  /* from a capture: what began before it is unknown, never wrong */
    bool is_outgoing; /* in a capture, sent by one of our sockets: read and matched, not judged */
    bool is_for_us;   /* OPTIONS to the border itself, liveness of a peer (NNI-09) */
    bool is_matched;  /* match below is this packet's */
    struct match match;
    struct slice number; /* called number, canonical; empty when none */
    char number_room[64];

    /* check */
    uint16_t control; /* who is looking now, and in which mode: enum policy_mode */
    uint8_t mode;
    bool is_peer_observed;
    bool is_stopped; /* a refusal stands: what follows it in the trip is not looked at */
    uint8_t outcomes[CONTROL_INDEX_COUNT]; /* enum outcome; OUTCOME_NONE when it did not run */
    bool has_sdp, is_sdp_read;
    struct sdp sdp;
    struct slice sdp_text; /* the body, or the part of it that is SDP */
    bool has_multipart, is_multipart_read;
    struct multipart multipart;
    uint32_t stripped_parts;    /* bit per part of the multipart, of depth 1, taken out */
    struct occasions occasions; /* the message's, */
    uint64_t interests;         /* and what the plan's controls want of them */
    struct occasions passing;   /* headers that may go on, after zone pair, method and
                                   peers; UNKNOWN: also names nobody knows */
    uint64_t stripped[SIP_HEADERS_MAX / 64]; /* bit per header line taken out */
    bool strips_body;
    uint16_t refused_media; /* bit per m= line that is answered with port 0 in our name */
    bool strips_display_names;
    bool withholds_identity; /* a new request leaves from anonymous */
    struct slice claimed;    /* the URI it leaves from, when not the one it says; else empty */
    struct slice asserted;   /* the URI we assert towards the core; else empty.  Both are of the
                                message or of a registration */
    uint32_t expires_max;    /* what Expires and Session-Expires are cut to; 0: left alone */
    uint32_t session_max;
    uint16_t answers_as; /* what a response is to who asked, when not what it says; else 0 */
    struct finding findings[INSPECTION_FINDINGS_MAX];
    uint32_t finding_count;
    uint32_t finding_excess;
    uint32_t asks;       /* bit per kind of question waited for */
    uint64_t caller_key; /* keyed hash of who calls; made with the traffic's notes */
    bool is_abroad;      /* a call to another country than ours */
    bool is_traffic_noted;
    struct tide_alarms alarms; /* of the detectors, by what this message adds to the traffic */
    char alarm_room[128];
    uint64_t called_key;             /* keyed hash of number; 0 until it was needed */
    uint64_t counted[COUNTED_COUNT]; /* a new call: what it will count under */
    uint8_t limit;          /* enum limit that refused it, or is nearly used up; LIMIT_COUNT */
    uint16_t score;         /* rules 6.4: what this packet adds to its source */
    uint16_t detail_status; /* set by a control: another status than its row's */
    bool is_repaired;       /* an emergency request passed in spite of findings */

    /* judge */
    struct verdict verdict;
};

/* tallies may be NULL: then nothing is counted and the emergency lane has no end. */
void inspect(struct inspection *inspection, const struct plan *plan, struct state *state,
             const struct packet *packet, struct tallies *tallies);

/* The controls that look at a policy instead of a packet: what they find is in the inspection, each
 * with the name in the policy it is about.  Nothing is refused. */
void inspect_policy(struct inspection *inspection, const struct plan *plan);

/* Whether the whole of it can be answered: not a response, not an ACK, and what a response copies
 * was read (GEN-03). */
bool inspection_is_answerable(const struct inspection *inspection);

/*
 * For controls.
 */

/* Each returns OUTCOME_FAILED; evidence are the octets. */
enum outcome inspection_found(struct inspection *inspection, struct slice evidence,
                              const char *detail);
enum outcome inspection_found_status(struct inspection *inspection, struct slice evidence,
                                     const char *detail, uint16_t status);
/* A rule whose consequence is not its control's. */
enum outcome inspection_found_as(struct inspection *inspection, struct slice evidence,
                                 const char *detail, enum policy_action action, uint16_t status);
/* By the oddity's row in violations.def. */
enum outcome inspection_found_odd(struct inspection *inspection, enum sip_oddity oddity);
/* All oddities that violations.def gives to this control: PASSED when none was seen. */
enum outcome inspection_violations(struct inspection *inspection);

/* Rules 6.4. */
void inspection_score(struct inspection *inspection, unsigned points);

/* What the message belongs to, looked up once. */
const struct match *inspection_match(struct inspection *inspection);

/* A request that belongs to nothing and wants to go somewhere; also one whose dialog or twin is
 * only half known, when the control that refuses it does not. */
static inline bool inspection_is_new(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    enum match_kind kind = inspection->match.kind;

    return message->is_request && message->method != SIP_ACK && message->method != SIP_CANCEL &&
           (kind == MATCH_NONE || kind == MATCH_MERGED || kind == MATCH_DIALOG_PARTLY);
}

/* The header line a piece of evidence stands in, or NULL. */
const struct sip_header *inspection_line_at(const struct inspection *inspection,
                                            struct slice evidence);

static inline const struct policy_zone *inspection_zone(const struct inspection *inspection)
{
    return &inspection->policy->zones[inspection->zone];
}

/* NULL for a sender, or a target, that is nobody under contract. */
static inline const struct policy_peer *inspection_peer(const struct inspection *inspection)
{
    return inspection->peer == POLICY_NONE ? NULL : &inspection->policy->peers[inspection->peer];
}

static inline const struct policy_peer *inspection_peer_out(const struct inspection *inspection)
{
    return inspection->peer_out == POLICY_NONE ? NULL
                                               : &inspection->policy->peers[inspection->peer_out];
}

/* The SDP of the body, read once; NULL when there is none. */
const struct sdp *inspection_sdp_first(struct inspection *inspection);
static inline const struct sdp *inspection_sdp(struct inspection *inspection)
{
    if (!inspection->is_sdp_read) {
        return inspection_sdp_first(inspection);
    }
    return inspection->has_sdp ? &inspection->sdp : NULL;
}

/* The body taken apart, once; NULL when it is no multipart. */
const struct multipart *inspection_multipart(struct inspection *inspection);

/* Nothing is stripped for a control that only observes. */
void inspection_strip_line(struct inspection *inspection, const struct sip_header *header);
static inline bool inspection_is_stripped(const struct inspection *inspection,
                                          const struct sip_header *header)
{
    size_t index = (size_t)(header - inspection->message.headers);

    return (inspection->stripped[index / 64] >> (index % 64)) & 1;
}

/* May this line of a message go on to the other side?  Header set, peers' options and strips. */
bool inspection_passes_unknown(const struct inspection *inspection,
                               const struct sip_header *header);

static inline bool inspection_passes(const struct inspection *inspection,
                                     const struct sip_header *header)
{
    if (inspection_is_stripped(inspection, header)) {
        return false;
    }
    return occasion_is(&inspection->passing, header->id) ||
           (header->id == SIP_HEADER_UNKNOWN && inspection_passes_unknown(inspection, header));
}
