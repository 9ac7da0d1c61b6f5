#include "guard/event.h"

#include "base/must.h"
#include "guard/json.h"
#include "guard/mask.h"
#include "guard/steps.h"

enum {
    EVIDENCE_SHOWN = 160, /* octets of a finding's evidence */
    TEXT_SHOWN = 256,     /* octets of any other text from outside */
};

static void two_digits(struct text *text, unsigned number, char before)
{
    text_put_octet(text, before);
    text_put_padded(text, number, 2);
}

/* Days to year, month and day in the proleptic Gregorian calendar, in eras of 400 years that begin
 * with March. */
void event_write_time(struct text *text, uint64_t when_us)
{
    uint64_t seconds = when_us / 1000000;
    uint64_t days = seconds / 86400 + 719468;
    unsigned second = (unsigned)(seconds % 86400);
    unsigned of_era = (unsigned)(days % 146097);
    unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month = (5 * of_year + 2) / 153;
    uint64_t year = year_of_era + days / 146097 * 400 + (month >= 10);

    text_put_padded(text, year, 4);
    two_digits(text, month < 10 ? month + 3 : month - 9, '-');
    two_digits(text, of_year - (153 * month + 2) / 5 + 1, '-');
    two_digits(text, second / 3600, 'T');
    two_digits(text, second / 60 % 60, ':');
    two_digits(text, second % 60, ':');
    text_put_octet(text, '.');
    text_put_padded(text, when_us % 1000000, 6);
    text_put_octet(text, 'Z');
}

static void write_time(struct json *json, uint64_t when_us)
{
    char room[32];
    struct text text;

    text_init(&text, room, sizeof(room));
    event_write_time(&text, when_us);
    json_string(json, "@timestamp", text_slice(&text));
}

void event_write_address(struct json *json, const char *name, const struct address *address)
{
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    if (address->family == ADDRESS_NONE) {
        return;
    }
    text_init(&text, room, sizeof(room));
    address_write_host(&text, address, false);
    json_open(json, name);
    json_string(json, "ip", text_slice(&text));
    json_number(json, "port", address->port);
    json_close(json);
}

static const struct finding *decisive_finding(const struct inspection *inspection)
{
    uint16_t control = inspection->verdict.control;

    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        if (control == control_count() || inspection->findings[i].control == control) {
            return &inspection->findings[i];
        }
    }
    return NULL;
}

static void write_event(struct json *json, const struct inspection *inspection)
{
    bool passes = inspection->verdict.action == ACTION_PASS;
    const struct finding *finding = decisive_finding(inspection);

    json_open(json, "event");
    json_string(json, "kind", finding == NULL ? SLICE("event") : SLICE("alert"));
    json_open_array(json, "category");
    json_string(json, NULL, SLICE("network"));
    if (finding != NULL) {
        json_string(json, NULL, SLICE("intrusion_detection"));
    }
    json_close(json);
    json_open_array(json, "type");
    json_string(json, NULL, passes ? SLICE("allowed") : SLICE("denied"));
    json_close(json);
    json_string(json, "action", slice_string(policy_action_name(inspection->verdict.action)));
    json_string(json, "outcome", passes ? SLICE("success") : SLICE("failure"));
    if (finding != NULL) {
        json_number(json, "severity", control_at(finding->control)->severity + 1U);
    }
    json_close(json);
}

static void write_rule(struct json *json, const struct inspection *inspection)
{
    const struct finding *finding = decisive_finding(inspection);

    if (finding == NULL) {
        return;
    }
    const struct control *control = control_at(finding->control);
    json_open(json, "rule");
    json_string(json, "id", slice_string(control->id));
    json_string(json, "ruleset", slice_string(control_area_name(control->area)));
    json_string(json, "description", slice_string(control->finds));
    json_string(json, "reference", slice_string(control->reference));
    json_close(json);
}

static void write_network(struct json *json, const struct inspection *inspection)
{
    const struct packet *packet = inspection->packet;
    enum transport transport = packet->flow.transport;

    event_write_address(json, "source", &packet->flow.remote);
    event_write_address(json, "destination", &packet->local);
    json_open(json, "network");
    json_string(json, "transport", transport == TRANSPORT_UDP ? SLICE("udp") : SLICE("tcp"));
    json_string(json, "protocol", transport_is_secure(transport) ? SLICE("sips") : SLICE("sip"));
    json_number(json, "bytes", packet->bytes.len);
    json_close(json);
}

static struct slice shown(struct slice text, size_t max)
{
    return slice_head(text, max);
}

static void write_user(struct json *json, const struct inspection *inspection, const char *name,
                       struct slice user)
{
    char room[TEXT_SHOWN + 16];
    struct text text;

    text_init(&text, room, sizeof(room));
    if (inspection->policy->masks_numbers) {
        mask_user(&text, shown(user, TEXT_SHOWN), &inspection->state->key);
    } else {
        text_put(&text, shown(user, TEXT_SHOWN));
    }
    json_known(json, name, text_slice(&text));
}

static const char *scheme_name(enum sip_scheme scheme)
{
    static const char *const names[] = {
        [SIP_SCHEME_NONE] = "",
        [SIP_SCHEME_SIP] = "sip",
        [SIP_SCHEME_SIPS] = "sips",
        [SIP_SCHEME_TEL] = "tel",
        [SIP_SCHEME_URN_SERVICE] = "urn:service",
        [SIP_SCHEME_OTHER] = "",
    };
    return names[scheme];
}

static void write_uri(struct json *json, const struct inspection *inspection, const char *name,
                      const struct sip_uri *uri)
{
    const struct sip_message *message = &inspection->message;

    json_open(json, name);
    json_known(json, "scheme", slice_string(scheme_name(uri->scheme)));
    write_user(json, inspection, "username", sip_slice(message, uri->user));
    json_known(json, "host", shown(sip_slice(message, uri->host), TEXT_SHOWN));
    if (uri->port != 0) {
        json_number(json, "port", uri->port);
    }
    json_close(json);
}

static void write_party(struct json *json, const struct inspection *inspection, const char *name,
                        enum sip_header_name header)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *value = sip_value(message, header);

    if (value == NULL) {
        return;
    }
    json_open(json, name);
    write_uri(json, inspection, "uri", &value->uri);
    json_known(json, "tag", shown(sip_slice(message, value->tag), TEXT_SHOWN));
    json_close(json);
}

static void write_user_agent(struct json *json, const struct sip_message *message)
{
    enum sip_header_name name = message->is_request ? SIP_HEADER_USER_AGENT : SIP_HEADER_SERVER;

    if (sip_has(message, name)) {
        json_open(json, "user_agent");
        json_string(json, "original", shown(sip_header_value(message, name), TEXT_SHOWN));
        json_close(json);
    }
}

static void write_sip(struct json *json, const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    json_open(json, "sip");
    json_string(json, "type", message->is_request ? SLICE("request") : SLICE("response"));
    if (message->is_request) {
        json_known(json, "method", shown(sip_slice(message, message->method_text), TEXT_SHOWN));
        write_uri(json, inspection, "uri", &message->uri);
    } else {
        json_number(json, "code", message->status);
    }
    json_known(json, "call_id", shown(sip_call_id(message), TEXT_SHOWN));
    write_party(json, inspection, "from", SIP_HEADER_FROM);
    write_party(json, inspection, "to", SIP_HEADER_TO);
    json_open(json, "cseq");
    json_number(json, "code", message->cseq);
    json_known(json, "method", shown(sip_slice(message, message->cseq_method_text), TEXT_SHOWN));
    json_close(json);
    write_user_agent(json, message);
    json_close(json);
}

static void write_evidence(struct json *json, const struct inspection *inspection,
                           struct slice evidence)
{
    char room[EVIDENCE_SHOWN];
    struct text text;

    if (!inspection->policy->masks_numbers) {
        json_known(json, "evidence", shown(evidence, EVIDENCE_SHOWN));
        return;
    }
    text_init(&text, room, sizeof(room));
    mask_digits(&text, shown(evidence, EVIDENCE_SHOWN));
    json_known(json, "evidence", text_slice(&text));
}

static void write_finding(struct json *json, const struct inspection *inspection,
                          const struct finding *finding)
{
    const struct control *control = control_at(finding->control);

    json_open(json, NULL);
    json_string(json, "control", slice_string(control->id));
    if (finding->detail != NULL) {
        json_string(json, "rule", slice_string(finding->detail));
    }
    json_string(json, "severity", slice_string(severity_name(control->severity)));
    json_string(json, "action", slice_string(policy_action_name(finding->action)));
    if (finding->status != 0) {
        json_number(json, "status", finding->status);
    }
    json_string(json, "mode", slice_string(policy_mode_name(finding->mode)));
    if (finding->is_spared) {
        json_truth(json, "spared", true);
    }
    write_evidence(json, inspection, finding->evidence);
    json_close(json);
}

static struct slice zone_name(const struct inspection *inspection, uint16_t zone)
{
    return zone == POLICY_NONE ? SLICE_NONE : inspection->policy->zones[zone].name;
}

static struct slice peer_name(const struct policy_peer *peer)
{
    return peer == NULL ? SLICE_NONE : peer->name;
}

static void write_findings(struct json *json, const struct inspection *inspection)
{
    json_open_array(json, "findings");
    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        write_finding(json, inspection, &inspection->findings[i]);
    }
    json_close(json);
    if (inspection->finding_excess > 0) {
        json_number(json, "findings_excess", inspection->finding_excess);
    }
}

static void write_outcomes(struct json *json, const struct inspection *inspection)
{
    json_open(json, "outcomes");
    for (uint32_t i = 0; i < control_count(); i++) {
        if (inspection->outcomes[i] != OUTCOME_NONE) {
            json_string(json, control_at(i)->id,
                        slice_string(outcome_name(inspection->outcomes[i])));
        }
    }
    json_close(json);
}

static void write_judgement(struct json *json, const struct inspection *inspection)
{
    json_known(json, "zone", zone_name(inspection, inspection->zone));
    json_known(json, "peer", peer_name(inspection_peer(inspection)));
    json_known(json, "zone_out", zone_name(inspection, inspection->zone_out));
    json_known(json, "peer_out", peer_name(inspection_peer_out(inspection)));
    if (inspection->emergency != EMERGENCY_NONE) {
        json_string(json, "emergency", slice_string(emergency_name(inspection->emergency)));
        json_truth(json, "repaired", inspection->is_repaired);
    }
    if (inspection->packet->number != 0) {
        json_number(json, "frame", inspection->packet->number);
    }
    if (inspection->score > 0) {
        json_number(json, "score", inspection->score);
    }
    json_string(json, "verdict", slice_string(policy_action_name(inspection->verdict.action)));
    if (inspection->verdict.status != 0) {
        json_number(json, "status", inspection->verdict.status);
    }
    write_findings(json, inspection);
}

void event_write_opening(struct json *json, const struct policy *policy, uint64_t when_us)
{
    write_time(json, when_us);
    json_open(json, "ecs");
    json_string(json, "version", SLICE("8.11.0"));
    json_close(json);
    json_open(json, "observer");
    json_known(json, "name", policy->site);
    json_string(json, "type", SLICE("firewall"));
    json_string(json, "product", SLICE("sipwarden"));
    json_close(json);
}

static void write_object(struct text *text, const struct inspection *inspection, uint64_t when_us,
                         bool is_whole)
{
    struct json json;

    json_begin(&json, text, '{');
    event_write_opening(&json, inspection->policy, when_us);
    write_event(&json, inspection);
    write_rule(&json, inspection);
    write_network(&json, inspection);
    if (inspection->is_read && inspection->reading == SIP_READ) {
        write_sip(&json, inspection);
    }
    json_open(&json, "sipwarden");
    write_judgement(&json, inspection);
    if (is_whole) {
        write_outcomes(&json, inspection);
    }
    json_close(&json);
    json_close(&json);
    text_put_octet(text, '\n');
}

void event_write(struct text *text, const struct inspection *inspection, uint64_t when_us)
{
    if (inspection->finding_count > 0 || inspection->emergency != EMERGENCY_NONE) {
        write_object(text, inspection, when_us, false);
    }
}

void event_write_whole(struct text *text, const struct inspection *inspection, uint64_t when_us)
{
    write_object(text, inspection, when_us, true);
}

void event_write_feed(struct text *text, const struct policy *policy, uint32_t feed,
                      struct slice why, uint64_t when_us)
{
    struct json json;

    json_begin(&json, text, '{');
    write_time(&json, when_us);
    json_open(&json, "event");
    json_string(&json, "kind", SLICE("state"));
    json_string(&json, "action", SLICE("feed-refused"));
    json_string(&json, "outcome", SLICE("failure"));
    json_string(&json, "reason", slice_head(why, TEXT_SHOWN));
    json_close(&json);
    json_open(&json, "observer");
    json_string(&json, "name", policy->site);
    json_close(&json);
    json_open(&json, "sipwarden");
    json_string(&json, "feed", policy->feeds[feed].name);
    json_close(&json);
    json_close(&json);
}
