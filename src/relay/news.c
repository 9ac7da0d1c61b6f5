/*
 * News: what the resolver found, what could not be sent, whose connection ended, what the gate saw.
 */
#include "relay/registrations.h"

void relay_name(struct relay *relay, const struct name_answer *answer, uint64_t now_ms,
                struct outbox *outbox)
{
    relay->now_ms = now_ms;
    if (answer->name >= relay->policy->names.count || answer->count > NAME_TARGETS_MAX) {
        return;
    }
    struct relay_name *known = &relay->names[answer->name];
    known->asked_ms = 0;
    known->fresh_until_ms = now_ms + (uint64_t)answer->ttl_seconds * 1000;
    if (answer->count > 0 || !known->is_known) {
        known->answer = *answer;
        known->is_known = true;
    }
    relay->wakes = true;
    relay->woken = 0;
    relay_wake_some(relay, outbox);
}

/* The device's connection ended: its flow has failed (RFC 5626 5.3). */
static bool flow_failed(struct relay *relay, const struct exchange *exchange)
{
    struct registration *registration =
        pool_find(&relay->state->registrations, exchange->registration);

    if (registration == NULL || exchange->method == SIP_REGISTER) {
        return false;
    }
    registrations_cut_off(relay->state, exchange->client_flow.connection);
    return true;
}

/* A stream that broke, or could not be opened: as if the hop had said 503 (RFC 3261 8.1.3.1). */
void relay_send_failed(struct relay *relay, uint32_t reference, uint64_t now_ms,
                       struct outbox *outbox)
{
    struct exchange *exchange = exchange_of_reference(relay, reference);

    relay->now_ms = now_ms;
    if (exchange == NULL || exchange->client_state != CLIENT_CALLING ||
        request_reconnect(relay, exchange, outbox)) {
        return;
    }
    if (flow_failed(relay, exchange)) {
        request_fail(relay, exchange, 430, outbox);
    } else {
        request_next_hop(relay, exchange, 503, outbox);
    }
}

void relay_connection_closed(struct relay *relay, uint32_t connection, uint64_t now_ms,
                             struct outbox *outbox)
{
    (void)outbox;
    relay->now_ms = now_ms;
    registrations_cut_off(relay->state, connection);
}

static bool is_of_open_stream(uint8_t kind)
{
    return kind == MEDIA_REPORT_SILENT || kind == MEDIA_REPORT_HEARD || kind == MEDIA_REPORT_FAST ||
           kind == MEDIA_REPORT_RUNAWAY;
}

void relay_media_report(struct relay *relay, const struct media_report *report, uint64_t now_ms,
                        struct outbox *outbox)
{
    struct media_stream *stream = NULL;
    struct dialog *dialog = NULL;
    struct handle handle = {.index = report->stream, .generation = report->generation};

    relay->now_ms = now_ms;
    if (report->kind == MEDIA_REPORT_STARTED) {
        streams_tell_all(relay, MEDIA_OPEN);
        streams_tell(relay, outbox);
        return;
    }
    if (report->kind == MEDIA_REPORT_MISSING) {
        (void)media_ports_bar(relay->ports, &report->source);
        return;
    }
    stream = pool_find(&relay->state->streams, handle);
    dialog = stream == NULL ? NULL : pool_find(&relay->state->dialogs, stream->dialog);
    if (stream == NULL && is_of_open_stream(report->kind)) {
        streams_let_go_unknown(relay, report, outbox);
    }
    if (stream != NULL && dialog != NULL && report->kind == MEDIA_REPORT_UNKNOWN) {
        streams_order(relay, stream, MEDIA_OPEN, outbox); /* it was to be kept */
    }
    if (dialog == NULL || dialog->state != DIALOG_CONFIRMED || dialog->is_ending) {
        return;
    }
    /* Of an emergency call the gate tells silence after an hour only (EMG-09). */
    if (report->kind == MEDIA_REPORT_SILENT ||
        (report->kind == MEDIA_REPORT_RUNAWAY && !dialog->is_emergency)) {
        dialog_release(relay, dialog, SLICE("SIP;cause=408;text=\"No media\""), outbox);
    }
}
