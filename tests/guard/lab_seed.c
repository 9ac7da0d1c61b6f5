/* What a border has seen before, for a packet that stands in it. */
#include "guard/admission.h"
#include "guard/event_package.h"
#include "guard/lab.h"
#include "guard/recent.h"
#include "guard/steps.h"

/* The value of key in "word key=value key=value flag"; true also for a flag. */
static bool word_find(struct slice line, const char *key, struct slice *value)
{
    struct slice word;
    struct slice name;

    *value = SLICE_NONE;
    while (slice_cut(&line, ' ', &word)) {
        size_t equals = slice_find(word, '=');

        name = slice_head(word, equals);
        if (slice_equal(name, slice_string(key))) {
            *value = slice_skip(word, equals + 1);
            return true;
        }
    }
    return false;
}

static struct slice word_of(struct slice line, const char *key, const char *usual)
{
    struct slice value;

    return word_find(line, key, &value) ? value : slice_string(usual);
}

static uint32_t number_of(struct slice line, const char *key, uint32_t usual)
{
    struct slice value;
    uint64_t number = usual;

    if (word_find(line, key, &value)) {
        assert_true(slice_number(value, UINT32_MAX, &number));
    }
    return (uint32_t)number;
}

static bool has_word(struct slice line, const char *key)
{
    struct slice value;

    return word_find(line, key, &value);
}

static struct lab_source source_of(const struct lab *lab, struct slice line, const char *key,
                                   const char *usual)
{
    enum transport transport = TRANSPORT_UDP;
    struct slice at;
    struct lab_source source;

    assert_true(transport_read(word_of(line, "transport", "udp"), &transport));
    lab_source(lab, word_of(line, key, usual), transport, &source);
    if (word_find(line, "at", &at)) {
        assert_true(address_read_port(&source.address, at));
    }
    return source;
}

static uint16_t peer_of(const struct lab *lab, const struct lab_source *source)
{
    return policy_peer_find(lab->policy, source->zone, &source->address, source->transport,
                            source->certified);
}

static uint32_t peer_id_of(const struct lab *lab, uint16_t peer)
{
    return peer == POLICY_NONE ? 0 : lab->policy->peers[peer].id;
}

static void side_set(struct lab *lab, struct dialog *dialog, unsigned index,
                     const struct lab_source *source)
{
    struct dialog_side *side = &dialog->sides[index];

    side->zone = source->zone;
    side->peer = peer_of(lab, source);
    side->peer_id = peer_id_of(lab, side->peer);
    side->flow = lab_flow(lab, source);
    side->remote_cseq = UINT32_MAX;
}

static enum dialog_state dialog_state_of(struct slice word)
{
    static const char *const names[] = {"early", "answered", "confirmed", "ended"};

    for (unsigned i = 0; i < ARRAY_COUNT(names); i++) {
        if (slice_equal(word, slice_string(names[i]))) {
            return (enum dialog_state)i;
        }
    }
    fail_msg("no dialog state %.*s", (int)word.len, word.at);
    return DIALOG_EARLY;
}

/* "dialog from=zone call-id= to-tag= from-tag= [side=1] [state=early] [cseq=n] [to=core] ...":
 * to-tag is ours, from-tag the party's, as both stand in the request judged. */
/* "latched=sdes": the first medium of the party is sealed; "sealed": the other side's. */
static void seed_stream(struct lab *lab, struct slice line, struct dialog *dialog, unsigned side)
{
    struct media_stream *stream = NULL;

    if (!has_word(line, "latched") && !has_word(line, "sealed")) {
        return;
    }
    stream = pool_take(&lab->state->streams);
    assert_non_null(stream);
    stream->dialog = pool_handle(&lab->state->dialogs, dialog);
    stream->zones[0] = dialog->sides[0].zone;
    stream->zones[1] = dialog->sides[1].zone;
    stream->agreements[side].latched =
        slice_equal(word_of(line, "latched", ""), SLICE("sdes")) ? MEDIA_SDES : MEDIA_CLEAR;
    stream->sides[side ^ 1].protection = has_word(line, "sealed") ? MEDIA_SDES : MEDIA_CLEAR;
    dialog->streams[0] = pool_handle(&lab->state->streams, stream).index;
    dialog->stream_count = 1;
}

static void seed_dialog(struct lab *lab, struct slice line)
{
    unsigned side = number_of(line, "side", 0);
    struct lab_source party = source_of(lab, line, "from", "access");
    struct lab_source other;
    struct dialog *dialog = dialog_new(lab->state);
    struct slice texts[DIALOG_TEXT_COUNT] = {
        [DIALOG_CALL_ID] = word_of(line, "call-id", "call-1"),
        [DIALOG_REMOTE_TAG] = word_of(line, "from-tag", "tag-theirs"),
    };

    lab_source(lab, word_of(line, "to", "core"), TRANSPORT_UDP, &other);
    side_set(lab, dialog, side, &party);
    side_set(lab, dialog, side ^ 1, &other);
    dialog_set_tag(lab->state, dialog, side, word_of(line, "to-tag", "tag-ours"));
    dialog_set_tag(lab->state, dialog, side ^ 1, SLICE("tag-of-the-other-leg"));
    assert_true(dialog_set_texts(lab->state, dialog, side, texts));
    dialog->state = (uint8_t)dialog_state_of(word_of(line, "state", "confirmed"));
    dialog->is_emergency = has_word(line, "emergency");
    dialog->refreshes = (uint8_t)number_of(line, "refreshes", 0);
    dialog->refresh_minute = LAB_NOW_MS / 60000;
    dialog->kind = has_word(line, "subscription") ? DIALOG_SUBSCRIPTION : DIALOG_CALL;
    dialog->event = event_package_find(word_of(line, "event", "-"));
    dialog->refers = (uint8_t)number_of(line, "refers", 0);
    dialog->sides[side].has_pending_offer = has_word(line, "offered");
    dialog->sides[side ^ 1].has_pending_offer = has_word(line, "other-offered");
    dialog->sides[side].heard_id = number_of(line, "sdp-id", 0);
    dialog->sides[side].heard_version = number_of(line, "sdp-version", 0);
    dialog->sides[side ^ 1].described_lines = (uint8_t)number_of(line, "lines", 0);
    dialog->sides[side ^ 1].rseq = number_of(line, "rseq", 0);
    dialog->sides[side].asked_cseq = number_of(line, "asked", 1);
    dialog->sides[side].remote_cseq = number_of(line, "cseq", UINT32_MAX);
    dialog->sides[side].has_pending_invite = has_word(line, "pending");
    dialog->sides[side ^ 1].has_pending_invite = has_word(line, "other-pending");
    seed_stream(lab, line, dialog, side);
}

static enum sip_method method_of(struct slice line)
{
    struct slice word;

    slice_cut(&line, ' ', &word);
    slice_cut(&line, ' ', &word);
    return sip_method_find(word);
}

/* "sent METHOD to=zone branch= [cseq=1] [call-id=] [provisionals=n] [own] [within] [from=access]":
 * a request of ours on its way. */
static void seed_sent(struct lab *lab, struct slice line)
{
    struct lab_source asked = source_of(lab, line, "to", "core");
    struct lab_source asker;
    struct exchange *exchange = exchange_new(lab->state);
    char room[256];
    struct text text;

    lab_source(lab, word_of(line, "from", "access"), TRANSPORT_UDP, &asker);
    exchange->method = (uint8_t)method_of(line);
    exchange->client_state = CLIENT_CALLING;
    exchange->server_state = has_word(line, "own") ? SERVER_NONE : SERVER_TRYING;
    exchange->provisionals = (uint8_t)number_of(line, "provisionals", 0);
    exchange->client_cseq = (uint32_t)number_of(line, "cseq", 1);
    exchange->client_flow = lab_flow(lab, &asked);
    exchange->server_flow = lab_flow(lab, &asker);
    exchange->zone_in = asker.zone;
    exchange->peer_in = peer_of(lab, &asker);
    exchange->zone_out = asked.zone;
    exchange->peer_out = peer_of(lab, &asked);
    exchange->is_emergency = has_word(line, "emergency");
    if (has_word(line, "within")) { /* the dialog that was said first */
        uint32_t index = 0;

        exchange->dialog =
            pool_handle(&lab->state->dialogs, pool_next(&lab->state->dialogs, &index));
    }
    exchange_set_client(lab->state, exchange, word_of(line, "branch", "z9hG4bK-ours"));
    text_init(&text, room, sizeof(room));
    text_put_format(&text, "CSeq: %u X\r\n", number_of(line, "cseq", 1));
    if (has_word(line, "call-id")) {
        text_put(&text, SLICE("Call-ID: "));
        text_put(&text, word_of(line, "call-id", ""));
        text_put(&text, SLICE("\r\n"));
    }
    if (has_word(line, "answered-challenge")) {
        text_put(&text, SLICE("\r\nAuthorization: Digest response=x\r\n"));
    }
    assert_true(texts_keep(&lab->state->texts, text_slice(&text), &exchange->wire));
}

/* "received METHOD from=zone branch= sent-by= from-tag= call-id= uri= [cseq=1] [answered]": a
 * request somebody sent us before. */
static void seed_received(struct lab *lab, struct slice line)
{
    struct lab_source asker = source_of(lab, line, "from", "access");
    struct exchange *exchange = exchange_new(lab->state);
    struct slice echo[ECHO_COUNT] = {
        [ECHO_BRANCH] = word_of(line, "branch", "z9hG4bK-theirs"),
        [ECHO_SENT_BY] = word_of(line, "sent-by", "198.18.0.7:5062"),
        [ECHO_FROM_TAG] = word_of(line, "from-tag", "tag-theirs"),
        [ECHO_CALL_ID] = word_of(line, "call-id", "call-1"),
        [ECHO_URI] = word_of(line, "uri", "sip:bob@example.net"),
    };

    exchange->method = (uint8_t)method_of(line);
    exchange->server_state = has_word(line, "answered") ? SERVER_COMPLETED : SERVER_TRYING;
    exchange->server_flow = lab_flow(lab, &asker);
    exchange->server_cseq = number_of(line, "cseq", 1);
    exchange->zone_in = asker.zone;
    exchange->peer_in = peer_of(lab, &asker);
    exchange->peer_in_id = peer_id_of(lab, exchange->peer_in);
    exchange->zone_out = lab_zone(lab, SLICE("core"));
    exchange->peer_out = POLICY_NONE;
    exchange->is_emergency = has_word(line, "emergency");
    assert_true(exchange_set_server(lab->state, exchange, echo));
}

/* "registration aor= [from=access] [at=ADDRESS:PORT] [identity=] [unconfirmed]": somebody's device,
 * known to the core by aor and one more name. */
static void seed_registration(struct lab *lab, struct slice line)
{
    struct lab_source device = source_of(lab, line, "from", "access");
    struct registration *registration = registration_new(lab->state);
    struct slice texts[REGISTRATION_TEXT_COUNT] = {
        [REGISTRATION_AOR] = word_of(line, "aor", "sip:alice@example.net"),
        [REGISTRATION_CONTACT] = SLICE("sip:device@198.18.0.7:5062"),
        [REGISTRATION_IDENTITIES] = word_of(line, "identity", ""),
    };

    registration->token = 7;
    registration->zone = device.zone;
    registration->peer = peer_of(lab, &device);
    registration->flow = lab_flow(lab, &device);
    registration->core_zone = lab_zone(lab, SLICE("core"));
    registration->is_confirmed = !has_word(line, "unconfirmed");
    registration->peer_id = peer_id_of(lab, registration->peer);
    assert_true(registration_set_texts(lab->state, registration, texts));
    if (registration->is_confirmed) {
        admission_know(lab->tallies->admission, lab->state, device.zone, &device.address, 1,
                       LAB_NOW_MS);
    }
}

static uint32_t peer_id_named(const struct lab *lab, struct slice name)
{
    for (uint32_t i = 0; i < lab->policy->peer_count; i++) {
        if (slice_equal(lab->policy->peers[i].name, name)) {
            return lab->policy->peers[i].id;
        }
    }
    fail_msg("no peer %.*s", (int)name.len, name.at);
    return 0;
}

/* "calls peer=NAME count=N", "calls user=NAME [zone=access] count=N": so many are up. */
static void seed_calls(struct lab *lab, struct slice line)
{
    uint16_t zone = lab_zone(lab, word_of(line, "zone", "access"));
    uint64_t key =
        has_word(line, "peer")
            ? admission_peer_key(lab->state, peer_id_named(lab, word_of(line, "peer", "")))
            : admission_user_key(lab->state, zone, word_of(line, "user", ""));

    for (uint32_t i = number_of(line, "count", 1); i > 0; i--) {
        occupancy_enter(&lab->state->calls, key);
    }
}

static uint64_t name_key(const struct lab *lab, struct slice name, uint32_t number)
{
    uint64_t key = name.len == 0 ? 0 : hash_bytes(&lab->state->key, name);

    return key + number * 0x9E3779B97F4A7C15U;
}

/* "traffic [caller=+1555..] [called=+4312..] times=N [each=caller|called] [ends=quick|refused|none]
 * [messages]": calls before this one, all just now; each: another one every time. */
static void seed_traffic(struct lab *lab, struct slice line)
{
    struct slice each = word_of(line, "each", "none"), ends = word_of(line, "ends", "none");
    bool is_callers = slice_equal(each, SLICE("caller")),
         is_called = slice_equal(each, SLICE("called"));
    struct tide *tide = lab->tallies->admission->tide;

    for (uint32_t i = 0; i < number_of(line, "times", 1); i++) {
        struct tide_event event = {
            .kind = has_word(line, "messages") ? TIDE_MESSAGE : TIDE_ATTEMPT,
            .now_ms = LAB_NOW_MS,
            .caller = name_key(lab, word_of(line, "caller", ""), is_callers ? i + 1 : 0),
            .called = name_key(lab, word_of(line, "called", ""), is_called ? i + 1 : 0),
        };

        (void)tide_note(tide, &event);
        event.kind = slice_equal(ends, SLICE("quick")) ? TIDE_GIVEN_UP : TIDE_REFUSED;
        event.status = 486;
        if (!slice_equal(ends, SLICE("none"))) {
            (void)tide_note(tide, &event);
        }
    }
}

/* "used exchanges=N": transactions in progress, of nobody we look at. */
static void seed_used(struct lab *lab, struct slice line)
{
    for (uint32_t i = number_of(line, "exchanges", 1); i > 0; i--) {
        assert_non_null(exchange_new(lab->state));
    }
}

/* "recent KIND [a=] [b=] [times=n]": it happened so often just now. */
static void seed_recent(struct lab *lab, struct slice line)
{
    static const char *const names[RECENT_KIND_COUNT] = {
        "failed-user",  "failed-source", "receiver",      "receivers", "same-text",
        "notification", "message-id",    "disposition",   "passage",   "device-user",
        "device-users", "unknown-user",  "unknown-users", "dialled",   "dialled-tail",
    };
    struct recent_key key = {.a = word_of(line, "a", ""), .b = word_of(line, "b", "")};
    struct slice word = slice_skip(line, strlen("recent "));
    unsigned kind = 0;

    word = slice_head(word, slice_find(word, ' '));
    while (kind < RECENT_KIND_COUNT && !slice_equal(word, slice_string(names[kind]))) {
        kind++;
    }
    assert_true(kind < RECENT_KIND_COUNT);
    key.kind = (enum recent_kind)kind;
    lab->inspection->state = lab->state;
    lab->inspection->tallies = lab->tallies;
    lab->inspection->now_ms = LAB_NOW_MS;
    for (uint32_t i = number_of(line, "times", 1); i > 0; i--) {
        (void)recent_count(lab->inspection, &key, 86400);
    }
}

bool lab_seed(struct lab *lab, struct slice line)
{
    struct slice what = slice_head(line, slice_find(line, ' '));

    if (slice_equal(what, SLICE("dialog"))) {
        seed_dialog(lab, line);
    } else if (slice_equal(what, SLICE("sent"))) {
        seed_sent(lab, line);
    } else if (slice_equal(what, SLICE("received"))) {
        seed_received(lab, line);
    } else if (slice_equal(what, SLICE("registration"))) {
        seed_registration(lab, line);
    } else if (slice_equal(what, SLICE("recent"))) {
        seed_recent(lab, line);
    } else if (slice_equal(what, SLICE("calls"))) {
        seed_calls(lab, line);
    } else if (slice_equal(what, SLICE("traffic"))) {
        seed_traffic(lab, line);
    } else if (slice_equal(what, SLICE("used"))) {
        seed_used(lab, line);
    } else if (slice_equal(what, SLICE("load"))) {
        lab->tallies->admission->load.loss = number_of(line, "loss", 0);
    } else {
        return false;
    }
    return true;
}

void lab_seed_response(struct lab *lab, const struct lab_source *source, struct slice response)
{
    struct sip_message *message = &lab->inspection->message;
    struct slice branch;

    if (sip_read(message, response, false) != SIP_READ || message->is_request) {
        return;
    }
    branch = sip_branch(message);
    if (branch.len == 0 || branch.len >= sizeof(((struct exchange *)NULL)->branch)) {
        return;
    }
    struct exchange *exchange = exchange_new(lab->state);
    exchange->method = message->cseq_method;
    exchange->client_state = CLIENT_CALLING;
    exchange->server_state = SERVER_TRYING;
    exchange->client_flow = lab_flow(lab, source);
    exchange->client_cseq = message->cseq;
    exchange->zone_in = lab_zone(lab, SLICE("core"));
    exchange->peer_in = POLICY_NONE;
    exchange->zone_out = source->zone;
    exchange->peer_out = peer_of(lab, source);
    exchange_set_client(lab->state, exchange, branch);
}

void lab_seed_invite(struct lab *lab, const struct lab_source *source, struct slice cancel)
{
    struct sip_message *message = &lab->inspection->message;

    if (sip_read(message, cancel, false) != SIP_READ || message->method != SIP_CANCEL) {
        return;
    }
    struct exchange *exchange = exchange_new(lab->state);
    struct slice echo[ECHO_COUNT] = {
        [ECHO_BRANCH] = sip_branch(message),
        [ECHO_SENT_BY] = exchange_sent_by(message),
        [ECHO_FROM_TAG] = sip_from_tag(message),
        [ECHO_CALL_ID] = sip_call_id(message),
        [ECHO_URI] = sip_slice(message, message->uri.whole),
    };
    exchange->method = SIP_INVITE;
    exchange->server_state = SERVER_TRYING;
    exchange->server_flow = lab_flow(lab, source);
    exchange->server_cseq = message->cseq;
    exchange->zone_in = source->zone;
    exchange->peer_in = peer_of(lab, source);
    exchange->peer_in_id = peer_id_of(lab, exchange->peer_in);
    exchange->zone_out = lab_zone(lab, SLICE("core"));
    exchange->peer_out = POLICY_NONE;
    assert_true(exchange_set_server(lab->state, exchange, echo));
}

void lab_seed_dialog(struct lab *lab, const struct lab_source *source, struct slice request)
{
    struct sip_message *message = &lab->inspection->message;

    if (sip_read(message, request, false) != SIP_READ || !message->is_request ||
        sip_to_tag(message).len == 0 || sip_to_tag(message).len >= DIALOG_TAG_MAX) {
        return;
    }
    struct dialog *dialog = dialog_new(lab->state);
    struct slice texts[DIALOG_TEXT_COUNT] = {
        [DIALOG_CALL_ID] = sip_call_id(message),
        [DIALOG_REMOTE_TAG] = sip_from_tag(message),
    };
    struct lab_source other;
    lab_source(lab, SLICE("core"), TRANSPORT_UDP, &other);
    side_set(lab, dialog, 0, source);
    side_set(lab, dialog, 1, &other);
    dialog_set_tag(lab->state, dialog, 0, sip_to_tag(message));
    dialog_set_tag(lab->state, dialog, 1, SLICE("tag-of-the-other-leg"));
    assert_true(dialog_set_texts(lab->state, dialog, 0, texts));
    dialog->state = DIALOG_CONFIRMED;
    if (message->method == SIP_NOTIFY || message->method == SIP_SUBSCRIBE) {
        dialog->kind = DIALOG_SUBSCRIPTION;
    }
    dialog->sides[1].rseq = UINT32_MAX; /* whatever a PRACK acknowledges was sent */
    struct slice rack = sip_header_value(message, SIP_HEADER_RACK);
    uint64_t asked = 0;
    struct slice word;
    slice_cut(&rack, ' ', &word);
    slice_cut(&rack, ' ', &word);
    dialog->sides[0].asked_cseq = slice_number(word, UINT32_MAX, &asked) ? (uint32_t)asked : 0;
}
