/* The trip of one packet in words: what was read, where it stands, what each layer said. */
#include "guard/event.h"

#include "base/must.h"

enum { EVIDENCE_SHOWN = 100 };

static void line_begin(struct text *text, const char *step)
{
    text_put_format(text, "%-10s", step);
}

static void put_zone(struct text *text, const struct inspection *inspection, uint16_t index)
{
    const struct policy_zone *zone = &inspection->policy->zones[index];

    text_put(text, SLICE("zone "));
    text_put(text, zone->name);
    text_put_format(text, " (%s)", zone_class_written(zone->class));
}

static void put_peer(struct text *text, const struct policy_peer *peer)
{
    if (peer == NULL) {
        text_put(text, SLICE(", nobody under contract\n"));
        return;
    }
    text_put(text, SLICE(", peer "));
    text_put(text, peer->name);
    text_put(text, peer->mode == MODE_OBSERVE ? SLICE(", only observed\n") : SLICE("\n"));
}

static void write_arrival(struct text *text, const struct inspection *inspection)
{
    const struct packet *packet = inspection->packet;

    line_begin(text, "arrives");
    text_put_format(text, "%zu octets on %s from ", packet->bytes.len,
                    transport_name(packet->flow.transport));
    address_write(text, &packet->flow.remote);
    if (packet->local.family != ADDRESS_NONE) {
        text_put(text, SLICE(" to "));
        address_write(text, &packet->local);
    }
    if (packet->certified_name.len > 0) {
        text_put(text, SLICE(", certified as "));
        text_put_shown(text, packet->certified_name);
    }
    text_put_octet(text, '\n');
}

static void write_place(struct text *text, const struct inspection *inspection)
{
    line_begin(text, "place");
    if (inspection->zone == POLICY_NONE) {
        text_put(text, SLICE("no zone: the socket belongs to none\n"));
        return;
    }
    put_zone(text, inspection, inspection->zone);
    put_peer(text, inspection_peer(inspection));
}

static void put_start(struct text *text, const struct sip_message *message)
{
    if (message->is_request) {
        text_put_shown(text, sip_slice(message, message->method_text));
        text_put_octet(text, ' ');
        text_put_shown(text, slice_head(sip_slice(message, message->uri.whole), EVIDENCE_SHOWN));
    } else {
        text_put_format(text, "response %u to ", message->status);
        text_put_shown(text, sip_slice(message, message->cseq_method_text));
    }
    text_put_format(text, ", %u header lines, %zu octets of body\n", message->header_count,
                    message->body.len);
}

static void put_oddities(struct text *text, const struct sip_message *message)
{
    for (unsigned i = 0; i < SIP_ODDITY_COUNT; i++) {
        if (sip_is_odd(message, (enum sip_oddity)i)) {
            text_put_format(text, "          odd: %s\n", sip_oddity_seen((enum sip_oddity)i));
        }
    }
}

static void write_reading(struct text *text, const struct inspection *inspection)
{
    line_begin(text, "read");
    if (!inspection->is_read) {
        text_put(text, SLICE("not at all: the sender was not let in\n"));
        return;
    }
    switch (inspection->reading) {
    case SIP_FOREIGN:
        text_put(text, SLICE("not SIP\n"));
        break;
    case SIP_PARTIAL:
        text_put(text, SLICE("the head has no end in the octets given\n"));
        break;
    case SIP_READ:
        put_start(text, &inspection->message);
        put_oddities(text, &inspection->message);
        break;
    }
}

static void write_emergency(struct text *text, const struct inspection *inspection)
{
    if (inspection->emergency != EMERGENCY_NONE) {
        line_begin(text, "emergency");
        text_put_format(text, "%s%s\n", emergency_name(inspection->emergency),
                        inspection->is_repaired ? ", repaired where others are refused" : "");
    }
}

static void write_match(struct text *text, const struct inspection *inspection)
{
    if (inspection->is_matched) {
        line_begin(text, "match");
        text_put_format(text, "%s\n", match_name(inspection->match.kind));
    }
}

static void write_target(struct text *text, const struct inspection *inspection)
{
    if (inspection->is_for_us) {
        line_begin(text, "target");
        text_put(text, SLICE("the border itself\n"));
    } else if (inspection->zone_out != POLICY_NONE) {
        line_begin(text, "target");
        put_zone(text, inspection, inspection->zone_out);
        if (inspection->route != POLICY_NONE) {
            text_put_format(text, " by the route in line %u",
                            inspection->policy->routes[inspection->route].line);
        }
        put_peer(text, inspection_peer_out(inspection));
    }
}

static void write_finding(struct text *text, const struct finding *finding)
{
    const struct control *control = control_at(finding->control);

    text_put_format(text, "          %s", control->id);
    if (finding->detail != NULL) {
        text_put_format(text, " (%s)", finding->detail);
    }
    text_put_format(text, ": %s\n          -> %s", control->finds,
                    policy_action_name(finding->action));
    if (finding->status != 0) {
        text_put_format(text, " %u", finding->status);
    }
    if (finding->mode == MODE_OBSERVE) {
        text_put(text, SLICE(", only observed"));
    }
    if (finding->is_spared) {
        text_put(text, SLICE(", spared: an emergency request"));
    }
    if (finding->evidence.len > 0) {
        text_put(text, SLICE("; evidence \""));
        text_put_shown(text, slice_head(finding->evidence, EVIDENCE_SHOWN));
        text_put_octet(text, '"');
    }
    text_put_octet(text, '\n');
}

static uint32_t outcome_count(const struct inspection *inspection, enum control_layer layer,
                              enum outcome outcome)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < control_count(); i++) {
        count += control_at(i)->layer == layer && inspection->outcomes[i] == outcome;
    }
    return count;
}

static void write_layer(struct text *text, const struct inspection *inspection,
                        enum control_layer layer)
{
    uint32_t passed = outcome_count(inspection, layer, OUTCOME_PASSED);
    uint32_t failed = outcome_count(inspection, layer, OUTCOME_FAILED);
    uint32_t without = outcome_count(inspection, layer, OUTCOME_NOT_APPLICABLE);

    if (passed + failed + without == 0) {
        return;
    }
    line_begin(text, control_layer_name(layer));
    text_put_format(text, "%u passed, %u failed, %u without occasion\n", passed, failed, without);
    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        if (control_at(inspection->findings[i].control)->layer == layer) {
            write_finding(text, &inspection->findings[i]);
        }
    }
}

/* The lines a control or the zone pair takes out; what the relay writes itself does not count. */
static void write_stripped(struct text *text, const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    bool is_first = true;

    if (inspection->zone_out == POLICY_NONE || inspection->verdict.action != ACTION_PASS) {
        return;
    }
    for (uint16_t i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];

        if (sip_header_is_hop(header->id) || inspection_passes(inspection, header)) {
            continue;
        }
        if (is_first) {
            line_begin(text, "stripped");
        } else {
            text_put(text, SLICE(", "));
        }
        is_first = false;
        text_put_shown(text, sip_slice(message, header->name));
    }
    if (!is_first) {
        text_put_octet(text, '\n');
    }
}

static void write_verdict(struct text *text, const struct inspection *inspection)
{
    const struct verdict *verdict = &inspection->verdict;

    line_begin(text, "verdict");
    text_put_format(text, "%s", policy_action_name(verdict->action));
    if (verdict->status != 0) {
        text_put_format(text, " %u ", verdict->status);
        text_put(text, sip_reason(verdict->status));
    }
    if (verdict->control < control_count()) {
        text_put_format(text, " by %s", control_at(verdict->control)->id);
    }
    text_put_octet(text, '\n');
    if (verdict->control < control_count()) {
        const struct control *control = control_at(verdict->control);

        text_put_format(text, "          %s\n          see %s\n", control->why, control->reference);
    }
}

void explain_write(struct text *text, const struct inspection *inspection)
{
    write_arrival(text, inspection);
    write_place(text, inspection);
    write_reading(text, inspection);
    write_emergency(text, inspection);
    write_match(text, inspection);
    write_target(text, inspection);
    for (unsigned layer = 0; layer < LAYER_COUNT; layer++) {
        write_layer(text, inspection, layer);
    }
    write_stripped(text, inspection);
    write_verdict(text, inspection);
}
