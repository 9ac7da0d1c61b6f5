/*
 * Records of messages and calls, as JSON objects.
 */
#include "app/journal/ledger_inside.h"

#include "base/must.h"
#include "guard/event.h"
#include "guard/json.h"
#include "policy/policy.h"
#include "wire/sip/message.h"

enum { RECORD_MAX = 16 * 1024 }; /* every text of a note, escaped six times */

static void put_address(struct json *json, const char *name, const struct address *address)
{
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    if (address->family == ADDRESS_NONE) {
        return;
    }
    text_init(&text, room, sizeof(room));
    address_write(&text, address);
    json_string(json, name, text_slice(&text));
}

static void put_time(struct json *json, const char *name, uint64_t when_us)
{
    char room[40];
    struct text text;

    if (when_us == 0) {
        return;
    }
    text_init(&text, room, sizeof(room));
    event_write_time(&text, when_us);
    json_string(json, name, text_slice(&text));
}

static void put_message(struct json *json, const struct call_note *note,
                        const struct ledger_call *call)
{
    put_time(json, "@timestamp", note->when_us);
    json_string(json, "direction", note->kind == CALL_NOTE_SENT ? SLICE("sent") : SLICE("taken"));
    if (call != NULL) {
        json_number(json, "leg", call_leg(call, note));
    }
    json_string(json, "call_id", note->texts[CALL_NOTE_CALL_ID]);
    json_string(json, "start", note->texts[CALL_NOTE_START]);
    json_string(json, "method", sip_method_token((enum sip_method)note->method));
    if (note->status != 0) {
        json_number(json, "code", note->status);
    }
    json_number(json, "cseq", note->cseq);
    put_address(json, "remote", &note->remote);
    put_address(json, "local", &note->local);
    json_string(json, "transport", slice_string(transport_name((enum transport)note->transport)));
    json_known(json, "peer", note->texts[CALL_NOTE_PEER]);
    json_number(json, "octets", note->len);
    if (note->number != 0) {
        json_number(json, "frame", note->number);
    }
    json_truth(json, "sdp", (note->flags & CALL_NOTE_HAS_SDP) != 0);
    if (note->kind == CALL_NOTE_TAKEN) {
        json_string(json, "verdict", slice_string(policy_action_name(note->action)));
    }
    if (note->verdict_status != 0) {
        json_number(json, "verdict_code", note->verdict_status);
    }
    json_known(json, "findings", note->texts[CALL_NOTE_FINDINGS]);
    json_known(json, "stripped", note->texts[CALL_NOTE_STRIPPED]);
}

void record_message(struct journal *journal, struct slice name, const struct ledger_call *call,
                    const struct call_note *note)
{
    char room[RECORD_MAX], source_room[ADDRESS_TEXT_MAX];
    struct slice findings = note->texts[CALL_NOTE_FINDINGS];
    size_t space = slice_find(findings, ' '), comma = slice_find(findings, ',');
    struct text text, source;
    struct json json;

    text_init(&text, room, sizeof(room));
    text_init(&source, source_room, sizeof(source_room));
    json_begin(&json, &text, '{');
    put_message(&json, note, call);
    json_close(&json);
    address_write(&source, &note->remote);
    must(!text.is_full);
    const struct journal_record record = {
        .when_us = note->when_us,
        .kind = JOURNAL_MESSAGE,
        .call = name,
        .peer = note->texts[CALL_NOTE_PEER],
        .control = slice_head(findings, space < comma ? space : comma),
        .action = note->kind == CALL_NOTE_TAKEN ? slice_string(policy_action_name(note->action))
                                                : SLICE_NONE,
        .source = text_slice(&source),
        .body = text_slice(&text),
    };
    (void)journal_put(journal, &record);
}

static struct journal_call row_of(const struct ledger_call *call)
{
    return (struct journal_call){
        .id = call_name(call, 0),
        .other = call_name(call, 1),
        .begin_us = call->begin_us,
        .ringing_us = call->ringing_us,
        .answer_us = call->answer_us,
        .end_us = call->end_us,
        .state = slice_string(call->state),
        .status = call->status,
        .peer_in = slice_of(call->peers[0], call->peer_lens[0]),
        .peer_out = slice_of(call->peers[1], call->peer_lens[1]),
        .from = slice_of(call->from, call->from_len),
        .to = slice_of(call->to, call->to_len),
        .ended_by = slice_string(call->ended_by),
        .control = slice_string(call->control),
        .messages = call->messages,
        .findings = call->findings,
        .media = slice_of(call->media, call->media_len),
    };
}

void row_call(struct journal *journal, const struct ledger_call *call)
{
    const struct journal_call row = row_of(call);

    (void)journal_put_call(journal, &row);
}

static void put_call(struct json *json, const struct journal_call *row, bool is_emergency)
{
    json_string(json, "call_id", row->id);
    json_known(json, "other_call_id", row->other);
    json_known(json, "from", row->from);
    json_known(json, "to", row->to);
    json_known(json, "peer_in", row->peer_in);
    json_known(json, "peer_out", row->peer_out);
    put_time(json, "begin", row->begin_us);
    put_time(json, "ringing", row->ringing_us);
    put_time(json, "answer", row->answer_us);
    put_time(json, "end", row->end_us);
    if (row->answer_us != 0 && row->end_us > row->answer_us) {
        json_number(json, "seconds", (row->end_us - row->answer_us + 500000) / 1000000);
    }
    json_string(json, "state", row->state);
    if (row->status != 0) {
        json_number(json, "code", row->status);
    }
    json_known(json, "ended_by", row->ended_by);
    json_known(json, "control", row->control);
    json_number(json, "messages", row->messages);
    json_number(json, "messages_with_findings", row->findings);
    json_known(json, "media", row->media);
    if (is_emergency) {
        json_truth(json, "emergency", true);
    }
}

void record_call(struct journal *journal, const struct ledger_call *call)
{
    const struct journal_call row = row_of(call);
    char room[RECORD_MAX];
    struct text text;
    struct json json;

    if (journal == NULL) {
        return;
    }
    text_init(&text, room, sizeof(room));
    json_begin(&json, &text, '{');
    put_call(&json, &row, call->is_emergency);
    json_close(&json);
    must(!text.is_full);
    const struct journal_record record = {
        .when_us = row.end_us != 0 ? row.end_us : call->active_us,
        .kind = JOURNAL_CALL,
        .call = row.id,
        .peer = row.peer_in,
        .control = row.control,
        .action = row.state,
        .body = text_slice(&text),
    };
    (void)journal_put(journal, &record);
    (void)journal_put_call(journal, &row);
}
