/*
 * What a verdict says of its source: garbage, refusals and behaviour lower it, a registrar's yes
 * and a call's own words raise it (rules 6.1, 6.4).
 */
#include "guard/guarded.h"
#include "guard/steps.h"
#include "guard/traffic.h"

/* A finding of a control that ran already, about the source instead of the message: told only. */
static void tell_fallen(struct inspection *inspection, uint32_t control, const char *rule)
{
    const struct policy *policy = inspection->policy;
    enum policy_mode mode =
        control < policy->control_count ? policy->controls[control].mode : MODE_ENFORCE;

    if (mode == MODE_OFF) {
        return;
    }
    inspection->control = (uint16_t)control;
    inspection->mode = (uint8_t)mode;
    (void)inspection_found_as(
        inspection,
        slice_string(standing_reason_name((enum standing_reason)inspection->source->reason)), rule,
        ACTION_PASS, 0);
}

enum harm { HARM_NONE, HARM_GARBAGE, HARM_REFUSED };

/* What could not be read, or was refused because there was too much of it. */
static enum harm harm_of(const struct inspection *inspection)
{
    const struct verdict *verdict = &inspection->verdict;

    if (!action_refuses(verdict->action) || verdict->control >= control_count()) {
        return HARM_NONE;
    }
    if (control_at(verdict->control)->layer <= LAYER_GRAMMAR) {
        return HARM_GARBAGE;
    }
    return inspection->limit < LIMIT_COUNT ? HARM_REFUSED : HARM_NONE;
}

static void note_stranger(struct inspection *inspection, enum harm harm, uint32_t now_s)
{
    struct standing *source = inspection->source;
    bool has_fallen = false;
    const char *rule = source->level == STANDING_UNKNOWN ? "DOS-03" : "DOS-02";

    if (inspection->user != NULL) {
        /* He is one of many behind the address perhaps: the others are not blamed (DOS-08). */
        source = inspection->user;
        rule = "DOS-02";
    }
    if (harm == HARM_GARBAGE) {
        has_fallen = standing_note_invalid(source, now_s);
    } else if (harm == HARM_REFUSED) {
        has_fallen = standing_note_refused(source, now_s);
    }
    if (inspection->score > 0) {
        has_fallen |= standing_note_score(source, inspection->score, now_s);
    }
    if (has_fallen) {
        inspection->source = source;
        tell_fallen(inspection, CONTROL_INDEX_trust_levels, rule);
    }
}

/* The core's yes to a REGISTER: whoever asked is known at the flow he asked from. */
static void note_registered(struct inspection *inspection)
{
    const struct exchange *exchange = inspection->match.exchange;
    const struct sip_message *message = &inspection->message;

    if (inspection->match.kind != MATCH_RESPONSE || exchange == NULL || message->is_request ||
        exchange->method != SIP_REGISTER || message->status < 200 || message->status > 299 ||
        inspection->tallies == NULL || exchange->zone_in >= inspection->policy->zone_count ||
        !inspection->policy->zones[exchange->zone_in].accepts_unknown) {
        return;
    }
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);
    uint64_t user = to == NULL ? 0 : limit_subject(inspection, sip_slice(message, to->uri.user));
    traffic_registered(inspection, user,
                       admission_host_key(inspection->state, exchange->zone_in,
                                          &exchange->server_flow.remote));
    admission_know(inspection->tallies->admission, inspection->state, exchange->zone_in,
                   &exchange->server_flow.remote, user, inspection->now_ms);
}

void admission_note(struct inspection *inspection)
{
    uint32_t now_s = (uint32_t)(inspection->now_ms / 1000);
    struct standing *source = inspection->source;

    if (inspection->is_outgoing) {
        return;
    }
    if (inspection->verdict.action == ACTION_PASS) {
        note_registered(inspection);
        guarded_note(inspection);
    }
    if (source == NULL) {
        return;
    }
    enum harm harm = harm_of(inspection);
    if (source->level == STANDING_CONTRACT) {
        if (standing_note_peer(source, harm == HARM_GARBAGE, inspection->score, now_s)) {
            source->reason = harm == HARM_GARBAGE ? STANDING_GARBAGE : STANDING_SCORE;
            tell_fallen(inspection, CONTROL_INDEX_spoofed_bans, "DOS-04");
        }
        return;
    }
    if (inspection->match.kind == MATCH_DIALOG && inspection->verdict.action == ACTION_PASS) {
        source->is_proven = true; /* it knows a tag that only the party of the call was told */
    }
    if (harm != HARM_NONE || inspection->score > 0) {
        note_stranger(inspection, harm, now_s);
    }
}
