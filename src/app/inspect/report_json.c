/*
 * The report, for programs: one object a line.
 */
#include "app/inspect/report.h"
#include "guard/event.h"
#include "guard/json.h"

static void json_time(struct json *json, const char *name, uint64_t when_us)
{
    char room[40];
    struct text text;

    text_init(&text, room, sizeof(room));
    event_write_time(&text, when_us);
    json_string(json, name, text_slice(&text));
}

static void json_address(struct json *json, const char *name, const struct address *address)
{
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    text_init(&text, room, sizeof(room));
    address_write_host(&text, address, false);
    json_open(json, name);
    json_string(json, "ip", text_slice(&text));
    json_number(json, "port", address->port);
    json_close(json);
}

static void json_packet(struct json *json, const struct inspection *inspection)
{
    const struct packet *packet = inspection->packet;
    const struct policy *policy = inspection->policy;

    json_number(json, "frame", packet->number);
    json_time(json, "@timestamp", packet->when_us);
    json_address(json, "source", &packet->flow.remote);
    json_address(json, "destination", &packet->local);
    json_string(json, "transport",
                slice_string(transport_name((enum transport)packet->flow.transport)));
    if (inspection->zone < policy->zone_count) {
        json_string(json, "zone", policy->zones[inspection->zone].name);
    }
    if (inspection->peer < policy->peer_count) {
        json_string(json, "peer", policy->peers[inspection->peer].name);
    }
}

static void json_message(struct json *json, const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (!inspection->is_read || inspection->reading != SIP_READ) {
        return;
    }
    if (message->is_request) {
        json_string(json, "method",
                    slice_head(sip_slice(message, message->method_text), REPORT_EVIDENCE));
    } else {
        json_number(json, "code", message->status);
    }
    json_known(json, "call_id", slice_head(sip_call_id(message), REPORT_EVIDENCE));
}

static void json_finding(struct json *json, const struct inspection *inspection,
                         const struct finding *finding)
{
    const struct control *control = control_at(finding->control);
    char room[REPORT_EVIDENCE];
    struct text evidence;

    json_string(json, "control", slice_string(control->id));
    if (finding->detail != NULL) {
        json_string(json, "rule", slice_string(finding->detail));
    }
    json_string(json, "severity", slice_string(severity_name(control->severity)));
    json_string(json, "mode", slice_string(policy_mode_name(finding->mode)));
    json_string(json, "action", slice_string(policy_action_name(finding->action)));
    if (finding->status != 0) {
        json_number(json, "status", finding->status);
    }
    if (finding->is_spared) {
        json_truth(json, "spared", true);
    }
    text_init(&evidence, room, sizeof(room));
    report_evidence(&evidence, inspection, finding->evidence);
    json_known(json, "evidence", text_slice(&evidence));
}

void report_write_findings_json(struct text *text, const struct watch *watch, const char *file)
{
    const struct inspection *inspection = watch->inspection;

    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        struct json json;

        json_begin(&json, text, '{');
        json_string(&json, "type", SLICE("finding"));
        json_string(&json, "file", slice_string(file));
        json_packet(&json, inspection);
        json_message(&json, inspection);
        json_finding(&json, inspection, &inspection->findings[i]);
        json_close(&json);
        text_put_octet(text, '\n');
    }
}

static void json_outcomes(struct json *json, const struct report *report)
{
    const struct tallies *tallies = report->watch->tallies;

    json_open(json, "controls");
    for (uint32_t i = 0; i < control_count(); i++) {
        json_open(json, control_at(i)->id);
        json_number(json, "passed", tallies_of(tallies, i, OUTCOME_PASSED));
        json_number(json, "failed", tallies_of(tallies, i, OUTCOME_FAILED));
        json_number(json, "not_applicable", tallies_of(tallies, i, OUTCOME_NOT_APPLICABLE));
        json_number(json, "not_available", tallies_of(tallies, i, OUTCOME_WAITING));
        json_close(json);
    }
    json_close(json);
}

static void json_peer_controls(struct json *json, const struct tallies *tallies, uint16_t peer)
{
    json_open(json, "failed");
    for (uint32_t i = 0; i < control_count(); i++) {
        uint64_t failed = tallies_failed_by(tallies, i, peer);

        if (failed > 0) {
            json_number(json, control_at(i)->id, failed);
        }
    }
    json_close(json);
}

static void json_peers(struct json *json, const struct report *report)
{
    const struct policy *policy = report->watch->policy;

    json_open_array(json, "peers");
    for (uint32_t i = 0; i <= policy->peer_count; i++) {
        const struct report_peer *peer = &report->peers[i];

        if (peer->messages == 0) {
            continue;
        }
        json_open(json, NULL);
        if (i < policy->peer_count) {
            json_string(json, "peer", policy->peers[i].name);
            json_string(json, "zone", policy->zones[policy->peers[i].zone].name);
        }
        json_number(json, "messages", peer->messages);
        json_number(json, "messages_with_findings", peer->found);
        json_number(json, "refused", peer->refused);
        json_peer_controls(json, report->watch->tallies,
                           i < policy->peer_count ? (uint16_t)i : POLICY_NONE);
        json_close(json);
    }
    json_close(json);
}

static void json_files(struct json *json, const struct report *report)
{
    json_open_array(json, "files");
    for (uint32_t i = 0; i < report->file_count; i++) {
        const struct report_file *file = &report->files[i];

        json_open(json, NULL);
        json_string(json, "file", slice_string(file->path));
        json_number(json, "octets", file->octets);
        json_known(json, "fault", slice_string(file->fault));
        json_open(json, "counts");
        for (enum capture_count count = 0; count < CAPTURE_COUNT_COUNT; count++) {
            if (file->counts.of[count] > 0) {
                json_number(json, capture_count_name(count), file->counts.of[count]);
            }
        }
        json_close(json);
        json_close(json);
    }
    json_close(json);
}

static void json_verdicts(struct json *json, const struct report *report)
{
    json_open(json, "verdicts");
    for (enum policy_action action = ACTION_PASS; action <= ACTION_CLOSE; action++) {
        if (report->verdicts[action] > 0) {
            json_number(json, policy_action_name(action), report->verdicts[action]);
        }
    }
    json_close(json);
}

void report_write_summary_json(struct text *text, const struct report *report)
{
    struct json json;

    json_begin(&json, text, '{');
    json_string(&json, "type", SLICE("summary"));
    json_number(&json, "requests", report->requests);
    json_number(&json, "responses", report->responses);
    json_number(&json, "unreadable", report->foreign);
    json_number(&json, "findings", report->findings);
    json_number(&json, "messages_with_findings", report->found);
    if (report->last_us > 0) {
        json_time(&json, "first", report->first_us);
        json_time(&json, "last", report->last_us);
    }
    json_verdicts(&json, report);
    json_outcomes(&json, report);
    json_peers(&json, report);
    json_files(&json, report);
    json_close(&json);
    text_put_octet(text, '\n');
}
