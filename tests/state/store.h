/*
 * A small state for tests of it, and messages to match with it.
 */
#pragma once

#include "../expect.h"
#include "state/state.h"

static const struct state_capacity store_capacity = {
    .exchanges = 8,
    .dialogs = 4,
    .registrations = 4,
    .media_streams = 4,
    .text_octets = 65536,
};
static const struct hash_key store_key = {0x0123456789abcdefU, 0xfedcba9876543210U};

struct store {
    void *memory;
    struct state *state;
    struct siv *keys[2];
    struct sip_message *message;
    struct packet packet;
};

static inline void store_start(struct store *store, uint64_t now_ms)
{
    store->state =
        state_init(store->memory, state_size(&store_capacity), &store_capacity, &store_key, now_ms);
    store->state->keys[0] = store->keys[0];
    store->state->node = 7;
}

static inline void store_open(struct store *store)
{
    uint8_t key[SIV_KEY_LEN] = {1, 2, 3};

    *store = (struct store){.memory = calloc(1, state_size(&store_capacity))};
    store->message = calloc(1, sizeof(*store->message));
    assert_true(store->memory != NULL && store->message != NULL);
    store->keys[0] = siv_new(key, 1);
    key[0]++;
    store->keys[1] = siv_new(key, 2);
    store_start(store, 1000);
}

static inline void store_close(struct store *store)
{
    siv_free(store->keys[0]);
    siv_free(store->keys[1]);
    free(store->memory);
    free(store->message);
}

/* Reads the message as having come from there. */
static inline void store_hear(struct store *store, const char *from, const char *message)
{
    store->packet = (struct packet){.bytes = slice_string(message)};
    assert_true(address_read_port(&store->packet.flow.remote, slice_string(from)));
    assert_int_equal(sip_read(store->message, store->packet.bytes, false), SIP_READ);
}

static inline struct match store_match(struct store *store, const char *from, const char *message)
{
    struct match match;

    store_hear(store, from, message);
    state_match(store->state, store->message, &store->packet, &match);
    return match;
}

/* An exchange as the relay keeps it for the message that was heard last. */
static inline struct exchange *store_keep(struct store *store)
{
    const struct sip_message *message = store->message;
    struct exchange *exchange = exchange_new(store->state);
    struct slice echo[ECHO_COUNT] = {
        [ECHO_BRANCH] = sip_branch(message),
        [ECHO_SENT_BY] = exchange_sent_by(message),
        [ECHO_FROM_TAG] = sip_from_tag(message),
        [ECHO_CALL_ID] = sip_call_id(message),
        [ECHO_URI] = sip_slice(message, message->uri.whole),
        [ECHO_LINES] = SLICE("Via: x\r\n"),
        [ECHO_TO] = SLICE("<sip:bob@example.net>"),
    };

    assert_non_null(exchange);
    exchange->method = message->method;
    exchange->server_flow = store->packet.flow;
    exchange->server_cseq = message->cseq;
    exchange->server_state = SERVER_TRYING;
    assert_true(exchange_set_server(store->state, exchange, echo));
    return exchange;
}

static inline struct dialog *store_call(struct store *store, const char *call_id, const char *tag,
                                        const char *remote)
{
    struct dialog *dialog = dialog_new(store->state);
    struct slice asker[DIALOG_TEXT_COUNT] = {
        [DIALOG_CALL_ID] = slice_string(call_id),
        [DIALOG_REMOTE_TAG] = slice_string(remote),
        [DIALOG_TARGET] = SLICE("sip:alice@203.0.113.9"),
    };
    struct slice answerer[DIALOG_TEXT_COUNT] = {
        [DIALOG_CALL_ID] = SLICE("far-id"),
        [DIALOG_REMOTE_TAG] = SLICE("far-remote"),
    };

    assert_non_null(dialog);
    dialog->family = 0x1122334455667788U + dialog->slot.generation;
    dialog_set_tag(store->state, dialog, 0, slice_string(tag));
    dialog_set_tag(store->state, dialog, 1, SLICE("far-local"));
    assert_true(dialog_set_texts(store->state, dialog, 0, asker));
    assert_true(dialog_set_texts(store->state, dialog, 1, answerer));
    dialog->state = DIALOG_CONFIRMED;
    dialog->was_acknowledged = true;
    return dialog;
}

static inline struct registration *store_register(struct store *store, const char *aor,
                                                  uint32_t token, uint64_t expires_ms)
{
    struct registration *registration = registration_new(store->state);
    struct slice texts[REGISTRATION_TEXT_COUNT] = {
        [REGISTRATION_AOR] = slice_string(aor),
        [REGISTRATION_CONTACT] = SLICE("sip:alice@203.0.113.9"),
    };

    assert_non_null(registration);
    registration->token = token;
    registration->is_confirmed = true;
    registration->expires_ms = expires_ms;
    assert_true(registration_set_texts(store->state, registration, texts));
    return registration;
}

#define STORE_REQUEST(method, uri, branch, from_tag, to_tag, call_id, cseq)                        \
    method " " uri " SIP/2.0\r\nVia: SIP/2.0/UDP host.example:5060;branch=" branch                 \
           "\r\nMax-Forwards: 70\r\nFrom: <sip:alice@example.net>;tag=" from_tag                   \
           "\r\nTo: <sip:bob@example.net>" to_tag "\r\nCall-ID: " call_id "\r\nCSeq: " cseq        \
           " " method "\r\nContent-Length: 0\r\n\r\n"
#define STORE_RESPONSE(status, branch, method, to_tag)                                             \
    "SIP/2.0 " status " Words\r\nVia: SIP/2.0/UDP border.example:5060;branch=" branch              \
    "\r\nFrom: <sip:alice@example.net>;tag=a\r\nTo: <sip:bob@example.net>;tag=" to_tag             \
    "\r\nCall-ID: far-id\r\nCSeq: 1 " method "\r\nContent-Length: 0\r\n\r\n"
