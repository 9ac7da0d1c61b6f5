/*
 * The trip of a packet: read, place, check, judge.  (Act and tell are the relay's and the app's.)
 *
 * One function judges every packet, wherever it came from.  Everything it learns stays in the
 * inspection, which lives as long as the packet's turn.
 */
#pragma once

#include "guard/control.h"
#include "guard/plan.h"
#include "state/state.h"
#include "wire/sdp/sdp.h"

enum { INSPECTION_FINDINGS_MAX = 32 }; /* further ones are counted, not kept */

/* EMG classifier, rules 2.10. */
enum emergency { EMERGENCY_NONE, EMERGENCY_CALL, EMERGENCY_TEST, EMERGENCY_REGISTRATION,
                 EMERGENCY_DIALOG /* within a dialog that was one */ };

struct finding {
    uint16_t control;    /* index in the table */
    uint8_t action;      /* enum policy_action that follows, after mode and policy */
    uint8_t mode;        /* enum policy_mode: OBSERVE findings change nothing */
    uint16_t status;     /* of a rejection */
    struct slice evidence;
    const char *detail;  /* which rule of the control, a constant; may be NULL */
};

struct verdict {
    uint8_t action;      /* PASS, REJECT, DROP, CLOSE */
    uint16_t status;
    uint16_t control;    /* who says so; control_count() when passed */
};

struct inspection {
    /* read */
    const struct packet *packet;
    enum sip_reading reading;
    struct sip_message message;

    /* place */
    const struct policy *policy;
    const struct plan *plan;
    struct state *state;
    uint64_t now_ms;
    uint16_t zone, peer;         /* of the sender; peer POLICY_NONE when nobody under contract */
    uint16_t zone_out, peer_out; /* where it would go; POLICY_NONE when unknown or to us */
    uint16_t route;              /* for new requests; POLICY_NONE: nobody may go there */
    enum emergency emergency;
    bool is_for_us;              /* OPTIONS to the border itself, liveness of a peer (NNI-09) */
    struct match match;
    struct slice number;         /* called number, canonical; empty when none */
    char number_room[64];

    /* check */
    bool has_sdp, is_sdp_read;
    struct sdp sdp;
    struct slice sdp_text;
    struct policy_header_set passing; /* what may go on, after zone pair, method and controls */
    uint64_t stripped[SIP_HEADERS_MAX / 64]; /* bit per header line taken out */
    bool strips_body;
    bool strips_display_names;
    struct finding findings[INSPECTION_FINDINGS_MAX];
    uint32_t finding_count;
    uint32_t finding_excess;
    uint32_t asks;               /* bit per kind of question waited for */
    uint16_t score;              /* rules 6.4: what this packet adds to its source */
    uint16_t detail_status;      /* set by a control: another status than its row's */
    bool is_repaired;            /* an emergency request passed in spite of findings */

    /* judge */
    struct verdict verdict;
};

void inspect(struct inspection *inspection, const struct plan *plan, struct state *state,
             const struct packet *packet, struct tallies *tallies);

/*
 * For controls.
 */

/* Each returns OUTCOME_FAILED; evidence are the octets. */
enum outcome inspection_found(struct inspection *inspection, struct slice evidence,
                              const char *detail);
enum outcome inspection_found_status(struct inspection *inspection, struct slice evidence,
                                     const char *detail, uint16_t status);
/* Fails with the oddity's octets when any of the (0-terminated) list was seen. */
enum outcome inspection_found_odd(struct inspection *inspection, enum sip_oddity oddity);

static inline const struct policy_zone *inspection_zone(const struct inspection *inspection)
{
    return &inspection->policy->zones[inspection->zone];
}

const struct policy_peer *inspection_peer(const struct inspection *inspection);
const struct policy_peer *inspection_peer_out(const struct inspection *inspection);

/* The SDP of the body, read once; NULL when there is none. */
const struct sdp *inspection_sdp(struct inspection *inspection);

void inspection_strip_line(struct inspection *inspection, const struct sip_header *header);
bool inspection_is_stripped(const struct inspection *inspection, const struct sip_header *header);

/* May this line of a message go on to the other side?  Header set, peers' options and strips. */
bool inspection_passes(const struct inspection *inspection, const struct sip_header *header);
