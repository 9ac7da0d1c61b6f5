/* Matching: what a message belongs to, and what it does not. */
#include "store.h"

#define INVITE STORE_REQUEST("INVITE", "sip:bob@example.net", "z9hG4bKone", "a", "", "id", "1")
#define ACK STORE_REQUEST("ACK", "sip:bob@example.net", "z9hG4bKone", "a", ";tag=b", "id", "1")
#define CANCEL STORE_REQUEST("CANCEL", "sip:bob@example.net", "z9hG4bKone", "a", "", "id", "1")
#define ALICE "203.0.113.9:5060"

static int open_store(void **kept)
{
    struct store *store = calloc(1, sizeof(*store));

    assert_non_null(store);
    store_open(store);
    *kept = store;
    return 0;
}

static int close_store(void **kept)
{
    store_close(*kept);
    free(*kept);
    return 0;
}

static void a_new_request_belongs_to_nothing(void **kept)
{
    struct store *store = *kept;
    struct match match = store_match(store, ALICE, INVITE);

    assert_int_equal(match.kind, MATCH_NONE);
    assert_null(match.exchange);
    assert_null(match.dialog);
}

static void a_transaction_is_branch_sender_and_method(void **kept)
{
    struct store *store = *kept;

    store_hear(store, ALICE, INVITE);
    struct exchange *exchange = store_keep(store);
    struct match match = store_match(store, ALICE, INVITE);
    assert_int_equal(match.kind, MATCH_RETRANSMISSION);
    assert_ptr_equal(match.exchange, exchange);
    /* From another port of the same host it is the same; from another host it is not. */
    assert_int_equal(store_match(store, "203.0.113.9:999", INVITE).kind, MATCH_RETRANSMISSION);
    assert_int_equal(store_match(store, "203.0.113.10:5060", INVITE).kind, MATCH_NONE);
    assert_int_equal(store_match(store, ALICE,
                                 "INVITE sip:bob@example.net SIP/2.0\r\nVia: SIP/2.0/UDP "
                                 "other.example:5060;branch=z9hG4bKone\r\nMax-Forwards: 70\r\n"
                                 "From: <sip:a@b>;tag=x\r\nTo: <sip:b@c>\r\nCall-ID: id\r\n"
                                 "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n")
                         .kind,
                     MATCH_NONE);
    assert_int_equal(store_match(store, ALICE,
                                 STORE_REQUEST("MESSAGE", "sip:bob@example.net", "z9hG4bKone", "x",
                                               "", "id", "1"))
                         .kind,
                     MATCH_NONE);
}

static void ack_and_cancel_find_their_invite(void **kept)
{
    struct store *store = *kept;

    store_hear(store, ALICE, INVITE);
    struct exchange *exchange = store_keep(store);
    struct match match = store_match(store, ALICE, CANCEL);
    assert_int_equal(match.kind, MATCH_CANCEL);
    assert_ptr_equal(match.exchange, exchange);
    exchange->server_state = SERVER_COMPLETED;
    match = store_match(store, ALICE, ACK);
    assert_int_equal(match.kind, MATCH_ACK);
    assert_ptr_equal(match.exchange, exchange);
    /* The ACK of a 2xx is of the dialog, even with the INVITE's branch. */
    exchange->server_state = SERVER_ACCEPTED;
    assert_int_equal(store_match(store, ALICE, ACK).kind, MATCH_NONE);
    exchange_end(store->state, exchange);
    assert_int_equal(store_match(store, ALICE, CANCEL).kind, MATCH_NONE);
}

static void the_same_by_another_way_is_merged(void **kept)
{
    struct store *store = *kept;

    store_hear(store, ALICE, INVITE);
    store_keep(store);
#define AGAIN(branch, from_tag, to_tag, call_id, cseq)                                             \
    store_match(store, "203.0.113.77:5060",                                                        \
                STORE_REQUEST("INVITE", "sip:bob@example.net", branch, from_tag, to_tag, call_id,  \
                              cseq))                                                               \
        .kind
    assert_int_equal(AGAIN("z9hG4bKtwo", "a", "", "id", "1"), MATCH_MERGED);
    assert_int_equal(AGAIN("z9hG4bKtwo", "x", "", "id", "1"), MATCH_NONE);
    assert_int_equal(AGAIN("z9hG4bKtwo", "a", "", "other", "1"), MATCH_NONE);
    assert_int_equal(AGAIN("z9hG4bKtwo", "a", "", "id", "2"), MATCH_NONE);
    assert_int_equal(AGAIN("z9hG4bKtwo", "a", ";tag=b", "id", "1"), MATCH_NONE);
#undef AGAIN
}

static struct exchange *asked(struct store *store, const char *host)
{
    store_hear(store, ALICE, INVITE);
    struct exchange *exchange = store_keep(store);
    exchange->client_state = CLIENT_CALLING;
    assert_true(address_read_port(&exchange->client_flow.remote, slice_string(host)));
    exchange_set_client(store->state, exchange, SLICE("z9hG4bKours"));
    return exchange;
}

static void an_answer_comes_from_who_was_asked(void **kept)
{
    struct store *store = *kept;
    struct exchange *exchange = asked(store, "192.0.2.1:5060");

#define ANSWER(from, branch, method)                                                               \
    store_match(store, from, STORE_RESPONSE("200", branch, method, "b"))
    assert_ptr_equal(ANSWER("192.0.2.1:5060", "z9hG4bKours", "INVITE").exchange, exchange);
    assert_int_equal(ANSWER("192.0.2.1:777", "z9hG4bKours", "INVITE").kind, MATCH_RESPONSE);
    assert_int_equal(ANSWER("192.0.2.1:5060", "z9hG4bKours", "CANCEL").kind, MATCH_RESPONSE);
    assert_int_equal(ANSWER("192.0.2.2:5060", "z9hG4bKours", "INVITE").kind, MATCH_NONE);
    assert_int_equal(ANSWER("192.0.2.1:5060", "z9hG4bKOURS", "INVITE").kind, MATCH_NONE);
    assert_int_equal(ANSWER("192.0.2.1:5060", "z9hG4bKours", "BYE").kind, MATCH_NONE);
    exchange->client_flow.transport = TRANSPORT_TCP;
    assert_int_equal(ANSWER("192.0.2.1:5060", "z9hG4bKours", "INVITE").kind, MATCH_NONE);
    exchange->client_flow.transport = TRANSPORT_UDP;
    exchange->client_state = CLIENT_WAITING;
    assert_int_equal(ANSWER("192.0.2.1:5060", "z9hG4bKours", "INVITE").kind, MATCH_NONE);
    exchange->client_state = CLIENT_PROCEEDING;
    /* Once another hop is asked, the first one is not heard. */
    exchange_set_client(store->state, exchange, SLICE("z9hG4bKnext"));
    assert_int_equal(ANSWER("192.0.2.1:5060", "z9hG4bKours", "INVITE").kind, MATCH_NONE);
    assert_int_equal(ANSWER("192.0.2.1:5060", "z9hG4bKnext", "INVITE").kind, MATCH_RESPONSE);
#undef ANSWER
}

static void a_dialog_is_call_id_and_both_tags(void **kept)
{
    struct store *store = *kept;
    struct dialog *dialog = store_call(store, "id", "ours", "theirs");
    struct match match;

#define WITHIN(from_tag, to_tag, call_id)                                                          \
    store_match(store, ALICE,                                                                      \
                STORE_REQUEST("BYE", "sip:bob@example.net", "z9hG4bKbye", from_tag, to_tag,        \
                              call_id, "2"))
    match = WITHIN("theirs", ";tag=ours", "id");
    assert_int_equal(match.kind, MATCH_DIALOG);
    assert_ptr_equal(match.dialog, dialog);
    assert_int_equal(match.side, 0);
    match = WITHIN("far-remote", ";tag=far-local", "far-id");
    assert_int_equal(match.kind, MATCH_DIALOG);
    assert_int_equal(match.side, 1);
    assert_int_equal(WITHIN("guess", ";tag=ours", "id").kind, MATCH_DIALOG_PARTLY);
    assert_int_equal(WITHIN("theirs", ";tag=guess", "id").kind, MATCH_NONE);
    assert_int_equal(WITHIN("theirs", ";tag=ours", "far-id").kind, MATCH_NONE);
    assert_int_equal(WITHIN("theirs", ";tag=OURS", "id").kind, MATCH_NONE);
    dialog_end(store->state, dialog);
    assert_int_equal(WITHIN("theirs", ";tag=ours", "id").kind, MATCH_NONE);
#undef WITHIN
}

static void before_the_answer_any_remote_tag_will_do(void **kept)
{
    struct store *store = *kept;
    struct dialog *dialog = store_call(store, "id", "ours", "");
    unsigned side = 9;

    dialog->state = DIALOG_EARLY;
    assert_ptr_equal(dialog_find(store->state, SLICE("id"), SLICE("ours"), SLICE("whoever"), &side),
                     dialog);
    assert_int_equal(side, 0);
    dialog->state = DIALOG_CONFIRMED;
    assert_null(dialog_find(store->state, SLICE("id"), SLICE("ours"), SLICE("whoever"), &side));
}

static void texts_of_a_dialog_change_one_by_one(void **kept)
{
    struct store *store = *kept;
    struct dialog *dialog = store_call(store, "id", "ours", "theirs");

    assert_true(dialog_change_text(store->state, dialog, 0, DIALOG_TARGET, SLICE("sip:new@host")));
    expect_slice(dialog_text(store->state, dialog, 0, DIALOG_TARGET), "sip:new@host");
    expect_slice(dialog_text(store->state, dialog, 0, DIALOG_CALL_ID), "id");
    expect_slice(dialog_text(store->state, dialog, 0, DIALOG_REMOTE_TAG), "theirs");
    dialog_set_tag(store->state, dialog, 0, SLICE("another"));
    unsigned side = 9;
    assert_null(dialog_find(store->state, SLICE("id"), SLICE("ours"), SLICE("theirs"), &side));
    assert_non_null(
        dialog_find(store->state, SLICE("id"), SLICE("another"), SLICE("theirs"), &side));
}

/* An ACK names its INVITE by its number, within the call. */
static void an_ack_names_its_invite(void **kept)
{
    struct store *store = *kept;
    struct dialog *dialog = store_call(store, "id", "ours", "a");
    struct dialog *other = store_call(store, "id", "others", "a");

    store_hear(store, ALICE, INVITE);
    struct exchange *exchange = store_keep(store);
    exchange->dialog = pool_handle(&store->state->dialogs, dialog);
    store_hear(store, ALICE, ACK);
    assert_ptr_equal(exchange_of_ack(store->state, dialog, store->message), exchange);
    other->family = dialog->family + 1;
    assert_null(exchange_of_ack(store->state, other, store->message));
    store_hear(store, ALICE,
               STORE_REQUEST("ACK", "sip:bob@example.net", "z9hG4bKone", "a", ";tag=b", "id", "2"));
    assert_null(exchange_of_ack(store->state, dialog, store->message));
    /* What is compared stays when the rest is let go. */
    exchange_trim_echo(store->state, exchange);
    store_hear(store, ALICE, ACK);
    assert_ptr_equal(exchange_of_ack(store->state, dialog, store->message), exchange);
    assert_int_equal(exchange_echo(store->state, exchange, ECHO_LINES).len, 0);
}

static void full_tables_refuse_and_recover(void **kept)
{
    struct store *store = *kept;
    struct exchange *exchanges[64];
    struct dialog *dialogs[64];
    unsigned count = 0, calls = 0;

    store_hear(store, ALICE, INVITE);
    while (count < store_capacity.exchanges) {
        exchanges[count++] = store_keep(store);
    }
    assert_null(exchange_new(store->state));
    while (calls < store_capacity.dialogs) {
        dialogs[calls++] = store_call(store, "id", "ours", "theirs");
    }
    assert_null(dialog_new(store->state));
    while (count > 0) {
        exchange_end(store->state, exchanges[--count]);
    }
    while (calls > 0) {
        dialog_end(store->state, dialogs[--calls]);
    }
    assert_int_equal(
        store->state->by_server.used + store->state->by_merge.used + store->state->by_tag.used, 0);
    store_keep(store);
    store_call(store, "id", "ours", "theirs");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
    const struct CMUnitTest tests[] = {
        TEST(a_new_request_belongs_to_nothing),
        TEST(a_transaction_is_branch_sender_and_method),
        TEST(ack_and_cancel_find_their_invite),
        TEST(the_same_by_another_way_is_merged),
        TEST(an_answer_comes_from_who_was_asked),
        TEST(a_dialog_is_call_id_and_both_tags),
        TEST(before_the_answer_any_remote_tag_will_do),
        TEST(texts_of_a_dialog_change_one_by_one),
        TEST(an_ack_names_its_invite),
        TEST(full_tables_refuse_and_recover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
