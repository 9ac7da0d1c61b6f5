/*
 * From findings to one verdict: the first refusal that is enforced says so.
 */
#include "guard/steps.h"

static bool has_readable_via(const struct sip_message *message)
{
    const struct sip_value *via = sip_value(message, SIP_HEADER_VIA);

    return via != NULL && via->via.host.len > 0;
}

bool inspection_is_answerable(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    return inspection->is_read && inspection->reading == SIP_READ && message->is_request &&
           message->method != SIP_ACK && has_readable_via(message) &&
           sip_has(message, SIP_HEADER_FROM) && sip_has(message, SIP_HEADER_TO) &&
           message->call_id.len > 0 && sip_has(message, SIP_HEADER_CSEQ);
}

/* UDP has nothing to close; what cannot be answered is not (GEN-03). */
static struct verdict verdict_of(const struct inspection *inspection, const struct finding *finding)
{
    struct verdict verdict = {finding->action, finding->status, finding->control};
    bool is_stream = transport_is_stream(inspection->packet->flow.transport);

    if (verdict.action == ACTION_CLOSE && !is_stream) {
        verdict.action = verdict.status != 0 ? ACTION_REJECT : ACTION_DROP;
    }
    if (verdict.action == ACTION_DROP || !inspection_is_answerable(inspection)) {
        verdict.status = 0;
    }
    if (verdict.action == ACTION_REJECT && verdict.status == 0) {
        verdict.action = ACTION_DROP;
    }
    return verdict;
}

/* Strangers who send garbage over UDP to a strict zone learn nothing, not even that we exist. */
static bool is_stranger_garbage(const struct inspection *inspection, const struct verdict *verdict)
{
    return verdict->action == ACTION_REJECT && inspection->peer == POLICY_NONE &&
           inspection->packet->flow.transport == TRANSPORT_UDP &&
           inspection_zone(inspection)->is_strict &&
           control_at(verdict->control)->layer <= LAYER_GRAMMAR;
}

void judge(struct inspection *inspection)
{
    for (uint32_t i = 0; inspection->is_stopped && i < inspection->finding_count; i++) {
        const struct finding *finding = &inspection->findings[i];

        if (finding->mode != MODE_ENFORCE || finding->is_spared ||
            !action_refuses(finding->action)) {
            continue;
        }
        inspection->verdict = verdict_of(inspection, finding);
        if (is_stranger_garbage(inspection, &inspection->verdict)) {
            inspection->verdict.action = ACTION_DROP;
            inspection->verdict.status = 0;
        }
        return;
    }
}
