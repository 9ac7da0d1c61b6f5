#include "app/journal/note.h"

#include "guard/mask.h"

/* Methods that stand on a ladder. */
static bool is_of_a_call(enum sip_method method)
{
    switch (method) {
    case SIP_INVITE:
    case SIP_ACK:
    case SIP_BYE:
    case SIP_CANCEL:
    case SIP_PRACK:
    case SIP_UPDATE:
    case SIP_INFO:
    case SIP_REFER:
        return true;
    case SIP_OPTIONS:
    case SIP_REGISTER:
    case SIP_SUBSCRIBE:
    case SIP_NOTIFY:
    case SIP_MESSAGE:
    case SIP_PUBLISH:
    case SIP_METHOD_UNKNOWN:
        break;
    }
    return false;
}

bool note_is_wanted(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    bool is_refused = inspection->verdict.action != ACTION_PASS;

    if (!inspection->is_read || inspection->reading != SIP_READ) {
        return false;
    }
    if (is_of_a_call((enum sip_method)message->cseq_method)) {
        return !is_refused || inspection->peer != POLICY_NONE ||
               inspection->match.kind != MATCH_NONE;
    }
    return message->cseq_method == SIP_REGISTER && !is_refused;
}

static struct slice text_show(char room[CALL_NOTE_TEXT_MAX], struct slice octets)
{
    struct text text;

    text_init(&text, room, CALL_NOTE_TEXT_MAX);
    for (size_t i = 0; i < octets.len && !text.is_full; i++) {
        text_put_shown(&text, slice_of(octets.at + i, 1));
    }
    return text_slice(&text);
}

/* A start line holds numbers wherever its sender liked to put them. */
static struct slice start_show(char room[CALL_NOTE_TEXT_MAX], const struct policy *policy,
                               struct slice line)
{
    char shown_room[CALL_NOTE_TEXT_MAX];
    struct slice shown = text_show(shown_room, slice_head(line, CALL_NOTE_TEXT_MAX / 4));
    struct text text;

    text_init(&text, room, CALL_NOTE_TEXT_MAX);
    if (policy->masks_numbers) {
        mask_digits(&text, shown);
    } else {
        text_put(&text, shown);
    }
    return text_slice(&text);
}

static struct slice line_of(struct slice message)
{
    struct slice line = slice_head(message, slice_find(message, '\n'));

    return slice_trim(line);
}

/* "sip:+4930~1f0c33a9@example.net" */
static struct slice party_show(char room[CALL_NOTE_TEXT_MAX], const struct inspection *inspection,
                               enum sip_header_name name)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *value = sip_value(message, name);
    char masked_room[CALL_NOTE_TEXT_MAX], whole_room[CALL_NOTE_TEXT_MAX];
    struct text masked, whole;

    if (value == NULL) {
        return SLICE_NONE;
    }
    struct slice user = slice_head(sip_slice(message, value->uri.user), CALL_NOTE_TEXT_MAX / 4);
    struct slice host = slice_head(sip_slice(message, value->uri.host), CALL_NOTE_TEXT_MAX / 4);
    text_init(&masked, masked_room, sizeof(masked_room));
    text_init(&whole, whole_room, sizeof(whole_room));
    if (inspection->policy->masks_numbers) {
        mask_user(&masked, user, &inspection->state->key);
    } else {
        text_put(&masked, user);
    }
    text_put(&whole, text_slice(&masked));
    text_put_string(&whole, user.len > 0 && host.len > 0 ? "@" : "");
    text_put(&whole, host);
    return text_show(room, text_slice(&whole));
}

/* "CT-FW-06 HYG-F04, CT-SEG-09" */
static struct slice findings_list(char room[CALL_NOTE_TEXT_MAX],
                                  const struct inspection *inspection)
{
    struct text text;

    text_init(&text, room, CALL_NOTE_TEXT_MAX);
    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        const struct finding *finding = &inspection->findings[i];

        text_put_string(&text, i == 0 ? "" : ", ");
        text_put_string(&text, control_at(finding->control)->id);
        text_put_string(&text, finding->detail == NULL ? "" : " ");
        text_put_string(&text, finding->detail == NULL ? "" : finding->detail);
    }
    return text_slice(&text);
}

/* Header lines a control took out, by name as spelled. */
static struct slice stripped_list(char room[CALL_NOTE_TEXT_MAX],
                                  const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct text text;

    text_init(&text, room, CALL_NOTE_TEXT_MAX);
    for (uint16_t i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];

        if (inspection_is_stripped(inspection, header)) {
            text_put_string(&text, text.len == 0 ? "" : ", ");
            text_put_shown(&text, slice_head(sip_slice(message, header->name), 40));
        }
    }
    if (inspection->strips_body) {
        text_put_string(&text, text.len == 0 ? "the body" : ", the body");
    }
    return text_slice(&text);
}

static struct slice peer_show(const struct policy *policy, uint16_t peer)
{
    return peer == POLICY_NONE ? SLICE_NONE : policy->peers[peer].name;
}

static bool is_within(const struct inspection *inspection)
{
    return inspection->match.kind == MATCH_DIALOG || inspection->match.kind == MATCH_RESPONSE;
}

void note_taken(struct call_note *note, struct note_room *room, const struct inspection *inspection,
                uint64_t when_us)
{
    const struct sip_message *message = &inspection->message;
    const struct packet *packet = inspection->packet;
    bool opens =
        message->is_request && (message->method == SIP_INVITE || message->method == SIP_REGISTER);

    *note = (struct call_note){
        .when_us = when_us,
        .kind = CALL_NOTE_TAKEN,
        .number = packet->number,
        .cseq = message->cseq,
        .len = (uint32_t)packet->bytes.len,
        .status = message->is_request ? 0 : message->status,
        .verdict_status = inspection->verdict.status,
        .method = message->cseq_method,
        .action = inspection->verdict.action,
        .transport = packet->flow.transport,
        .remote = packet->flow.remote,
        .local = packet->local,
    };
    note->flags = (uint8_t)((inspection->has_sdp ? CALL_NOTE_HAS_SDP : 0) |
                            (inspection->emergency != EMERGENCY_NONE ? CALL_NOTE_IS_EMERGENCY : 0) |
                            (is_within(inspection) ? CALL_NOTE_IS_IN_DIALOG : 0));
    note->texts[CALL_NOTE_CALL_ID] = text_show(room->call_id, sip_call_id(message));
    note->texts[CALL_NOTE_START] =
        start_show(room->start, inspection->policy, line_of(message->bytes));
    note->texts[CALL_NOTE_PEER] = peer_show(inspection->policy, inspection->peer);
    if (opens) {
        note->texts[CALL_NOTE_FROM] = party_show(room->from, inspection, SIP_HEADER_FROM);
        note->texts[CALL_NOTE_TO] = party_show(room->to, inspection, SIP_HEADER_TO);
    }
    if (inspection->finding_count > 0) {
        note->texts[CALL_NOTE_FINDINGS] = findings_list(room->findings, inspection);
    }
    note->texts[CALL_NOTE_STRIPPED] = stripped_list(room->stripped, inspection);
}

/*
 * What leaves was written by us: one line each, names in full, so it need not be read again.
 */
struct written {
    struct slice start, call_id, cseq;
    uint16_t status;
    bool has_sdp;
};

static bool line_value(struct slice line, struct slice name, struct slice *value)
{
    if (!slice_starts(line, name)) {
        return false;
    }
    *value = slice_trim(slice_skip(line, name.len));
    return true;
}

static void written_read(struct written *written, struct slice bytes)
{
    struct slice rest = bytes, line;
    struct slice type = SLICE_NONE;
    uint64_t status = 0;

    *written = (struct written){.status = 0};
    (void)slice_cut(&rest, '\n', &line);
    written->start = slice_trim(line);
    if (slice_starts(written->start, SLICE("SIP/2.0 ")) &&
        slice_number(slice_head(slice_skip(written->start, 8), 3), 999, &status)) {
        written->status = (uint16_t)status;
    }
    while (slice_cut(&rest, '\n', &line) && line.len > 1) {
        if (line.at[0] == 'C' && !line_value(line, SLICE("Call-ID:"), &written->call_id) &&
            !line_value(line, SLICE("CSeq:"), &written->cseq)) {
            (void)line_value(line, SLICE("Content-Type:"), &type);
        }
    }
    written->has_sdp = slice_equal_nocase(type, SLICE("application/sdp"));
}

bool note_sent(struct call_note *note, struct note_room *room, const struct policy *policy,
               const struct outgoing *sent, uint64_t when_us)
{
    struct slice number, method;
    struct written written;
    uint64_t cseq = 0;

    written_read(&written, sent->bytes);
    method = written.cseq;
    if (written.call_id.len == 0 || !slice_cut(&method, ' ', &number) ||
        !slice_number(number, UINT32_MAX, &cseq)) {
        return false;
    }
    enum sip_method name = sip_method_find(slice_trim(method));
    if (!is_of_a_call(name) && name != SIP_REGISTER) {
        return false;
    }
    *note = (struct call_note){
        .when_us = when_us,
        .kind = CALL_NOTE_SENT,
        .cseq = (uint32_t)cseq,
        .len = (uint32_t)sent->bytes.len,
        .status = written.status,
        .method = (uint8_t)name,
        .action = ACTION_PASS,
        .transport = sent->flow.transport,
        .flags = written.has_sdp ? CALL_NOTE_HAS_SDP : 0,
        .remote = sent->flow.remote,
    };
    uint16_t peer = POLICY_NONE;
    if (sent->flow.listener < policy->listener_count) {
        const struct policy_listener *listener = &policy->listeners[sent->flow.listener];

        note->local = listener->address;
        peer = policy_peer_find(policy, listener->zone, &sent->flow.remote,
                                (enum transport)sent->flow.transport, SLICE_NONE);
    }
    note->texts[CALL_NOTE_PEER] = peer_show(policy, peer);
    note->texts[CALL_NOTE_CALL_ID] = text_show(room->call_id, written.call_id);
    note->texts[CALL_NOTE_START] = start_show(room->start, policy, written.start);
    return true;
}
