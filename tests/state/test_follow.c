/* Following a capture: what was seen lets later messages be told apart. */
#include "store.h"

#define ALICE "203.0.113.9:5060"
#define BOB "198.51.100.7:5060"
#define INVITE STORE_REQUEST("INVITE", "sip:bob@example.net", "z9hG4bKone", "a", "", "far-id", "1")
#define ANSWER(status, tag)                                                                        \
    "SIP/2.0 " status " Words\r\nVia: SIP/2.0/UDP host.example:5060;branch=z9hG4bKone"             \
    "\r\nFrom: <sip:alice@example.net>;tag=a\r\nTo: <sip:bob@example.net>;tag=" tag                \
    "\r\nCall-ID: far-id\r\nCSeq: 1 INVITE\r\nContact: <sip:bob@198.51.100.7>"                     \
    "\r\nContent-Length: 0\r\n\r\n"
#define BYE(from, to)                                                                              \
    STORE_REQUEST("BYE", "sip:bob@example.net", "z9hG4bKbye", from, to, "far-id", "2")

static int open_store(void **kept)
{
    struct store *store = calloc(1, sizeof(*store));

    assert_non_null(store);
    store_open(store);
    store->state->keys[0] = NULL; /* who watches has no keys */
    *kept = store;
    return 0;
}

static int close_store(void **kept)
{
    store_close(*kept);
    free(*kept);
    return 0;
}

/* As the guard does with a watched message it did not refuse. */
static struct match watch(struct store *store, const char *from, const char *to,
                          const char *message, uint64_t now_ms)
{
    struct match match;

    store_hear(store, from, message);
    store->packet.flow.listener = LISTENER_NONE;
    assert_true(address_read_port(&store->packet.local, slice_string(to)));
    state_follow_clock(store->state, now_ms);
    state_match(store->state, store->message, &store->packet, &match);
    state_follow(store->state, store->message, &store->packet, &match, now_ms);
    return match;
}

static void a_call_is_followed_from_invite_to_bye(void **kept)
{
    struct store *store = *kept;

    assert_int_equal(watch(store, ALICE, BOB, INVITE, 2000).kind, MATCH_NONE);
    assert_int_equal(watch(store, BOB, ALICE, ANSWER("180", "b"), 2100).kind, MATCH_RESPONSE);
    assert_int_equal(watch(store, BOB, ALICE, ANSWER("200", "b"), 2200).kind, MATCH_RESPONSE);
    assert_int_equal(store->state->dialogs.used, 1);
    struct match match = watch(store, BOB, ALICE, BYE("b", ";tag=a"), 3000);
    assert_int_equal(match.kind, MATCH_DIALOG);
    assert_int_equal(match.dialog->state, DIALOG_ENDED);
    /* Long afterwards nothing of it is left. */
    watch(store, ALICE, BOB,
          STORE_REQUEST("OPTIONS", "sip:bob@example.net", "z9hG4bKo", "x", "", "other", "1"),
          200000);
    assert_int_equal(store->state->dialogs.used, 0);
    assert_int_equal(store->state->exchanges.used, 1);
}

static void what_began_before_is_not_known(void **kept)
{
    struct store *store = *kept;

    assert_int_equal(watch(store, BOB, ALICE, ANSWER("200", "b"), 2000).kind, MATCH_NONE);
    assert_int_equal(watch(store, BOB, ALICE, BYE("b", ";tag=a"), 3000).kind, MATCH_NONE);
    assert_int_equal(store->state->dialogs.used, 0);
}

static void a_full_state_forgets_quietly(void **kept)
{
    struct store *store = *kept;
    char message[1024];

    for (unsigned i = 0; i < 100; i++) {
        struct text text;

        text_init(&text, message, sizeof(message) - 1);
        text_put_format(&text,
                        "INVITE sip:bob@example.net SIP/2.0\r\n"
                        "Via: SIP/2.0/UDP host.example:5060;branch=z9hG4bK%u\r\n"
                        "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=t%u\r\nTo: <sip:b@c>\r\n"
                        "Call-ID: id%u\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
                        i, i, i);
        message[text.len] = '\0';
        watch(store, ALICE, BOB, message, 2000 + i);
    }
    assert_int_equal(store->state->exchanges.used, store_capacity.exchanges);
    watch(store, ALICE, BOB, INVITE, 90000);
    assert_int_equal(store->state->exchanges.used, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
    const struct CMUnitTest tests[] = {
        TEST(a_call_is_followed_from_invite_to_bye),
        TEST(what_began_before_is_not_known),
        TEST(a_full_state_forgets_quietly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
