/* What a former worker left: carried on where it holds together, whatever happened to it. */
#include "store.h"

enum { MEMORY_ROT_ROUNDS = 3000 };

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

static struct media_stream *store_stream(struct store *store, struct dialog *dialog, unsigned line)
{
    struct media_stream *stream = pool_take(&store->state->streams);

    assert_non_null(stream);
    stream->dialog = pool_handle(&store->state->dialogs, dialog);
    stream->line = (uint8_t)line;
    dialog->streams[line] = pool_handle(&store->state->streams, stream).index;
    dialog->stream_count = (uint8_t)(line + 1);
    return stream;
}

static uint32_t texts_used(const struct state *state)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < TEXT_SIZES; i++) {
        sum += state->texts.pools[i].used;
    }
    return sum;
}

static void calls_that_are_up_are_found_again(void **kept)
{
    struct store *store = *kept;
    struct dialog *dialog = store_call(store, "id", "ours", "theirs");
    unsigned side = 9;

    store_stream(store, dialog, 0);
    dialog->sides[0].has_pending_invite = true;
    dialog->timers[DIALOG_EXPIRE].due_ms = 123456;
    wheel_set(&store->state->wheel, &dialog->timers[DIALOG_EXPIRE], 123456);
    store_start(store, 5000);
    dialog = dialog_find(store->state, SLICE("id"), SLICE("ours"), SLICE("theirs"), &side);
    assert_non_null(dialog);
    assert_int_equal(side, 0);
    assert_false(dialog->sides[0].has_pending_invite);
    assert_false(wheel_is_set(&dialog->timers[DIALOG_EXPIRE]));
    assert_int_equal(dialog->timers[DIALOG_EXPIRE].due_ms, 123456);
    assert_int_equal(store->state->streams.used, 1);
    assert_int_not_equal(dialog->streams[0], 0);
    assert_int_equal(store->state->dropped_records, 0);
    dialog_end(store->state, dialog);
    assert_int_equal(texts_used(store->state), 0);
}

static void calls_in_set_up_and_exchanges_are_given_back(void **kept)
{
    struct store *store = *kept;
    struct dialog *early = store_call(store, "id", "ours", "theirs");
    struct dialog *answered = store_call(store, "id2", "ours2", "theirs2");
    struct dialog *ended = store_call(store, "id3", "ours3", "theirs3");

    early->state = DIALOG_EARLY;
    answered->state = DIALOG_ANSWERED;
    answered->was_acknowledged = false;
    ended->state = DIALOG_ENDED;
    store_hear(store, "203.0.113.9:5060",
               STORE_REQUEST("INVITE", "sip:bob@example.net", "z9hG4bKone", "a", "", "id", "1"));
    store_keep(store);
    store_start(store, 5000);
    assert_int_equal(store->state->dialogs.used, 0);
    assert_int_equal(store->state->exchanges.used, 0);
    assert_int_equal(texts_used(store->state), 0);
    assert_int_equal(store->state->given_back, 4);
    assert_int_equal(store->state->dropped_records, 0);
}

static void registrations_live_until_they_expire(void **kept)
{
    struct store *store = *kept;
    struct table_cursor cursor = {0};

    store_register(store, "sip:alice@example.net", 77, 9000);
    store_register(store, "sip:bob@example.net", 78, 4000);
    store_register(store, "sip:carol@example.net", 79, 9000)->is_confirmed = false;
    store_start(store, 5000);
    assert_int_equal(store->state->registrations.used, 1);
    assert_non_null(registration_next(store->state, SLICE("sip:alice@example.net"), &cursor));
    assert_non_null(registration_find_token(store->state, 77));
    assert_null(registration_find_token(store->state, 78));
    assert_null(registration_find_token(store->state, 79));
    assert_int_equal(texts_used(store->state), 1);
}

static void a_leg_without_texts_spoils_the_call_and_leaves_nothing(void **kept)
{
    struct store *store = *kept;
    struct dialog *dialog = store_call(store, "id", "ours", "theirs");

    dialog->sides[1].texts.block.generation += 2;
    store_start(store, 5000);
    assert_int_equal(store->state->dialogs.used, 0);
    assert_int_equal(store->state->dropped_records, 1);
    assert_int_equal(texts_used(store->state), 0);
}

static void two_records_never_share_a_text(void **kept)
{
    struct store *store = *kept;
    struct dialog *first = store_call(store, "id", "ours", "theirs");
    struct dialog *second = store_call(store, "id2", "ours2", "theirs2");

    second->sides[0].texts = first->sides[1].texts;
    store_start(store, 5000);
    assert_int_equal(store->state->dialogs.used, 1);
    assert_int_equal(store->state->dropped_records, 1);
    assert_int_equal(texts_used(store->state), 2);
}

static void streams_belong_to_one_dialog(void **kept)
{
    struct store *store = *kept;
    struct dialog *first = store_call(store, "id", "ours", "theirs");
    struct dialog *second = store_call(store, "id2", "ours2", "theirs2");

    store_stream(store, first, 0);
    second->streams[0] = first->streams[0]; /* another's */
    second->streams[1] = 99999;             /* beyond all */
    second->stream_count = 2;
    store_start(store, 5000);
    unsigned side = 0;
    second = dialog_find(store->state, SLICE("id2"), SLICE("ours2"), SLICE("theirs2"), &side);
    first = dialog_find(store->state, SLICE("id"), SLICE("ours"), SLICE("theirs"), &side);
    assert_non_null(first);
    assert_non_null(second);
    assert_int_not_equal(first->streams[0], 0);
    assert_int_equal(second->streams[0], 0);
    assert_int_equal(second->streams[1], 0);
}

static void memory_of_other_sizes_is_cleared(void **kept)
{
    struct store *store = *kept;
    struct state_capacity other = store_capacity;
    size_t size = state_size(&store_capacity);

    store_call(store, "id", "ours", "theirs");
    other.dialogs = 2;
    assert_true(state_size(&other) <= size);
    struct state *state = state_init(store->memory, size, &other, &store_key, 5000);
    assert_int_equal(state->dialogs.used, 0);
    assert_int_equal(state->dialogs.count, 3);
    /* A worker killed while it cleared leaves the front untouched or all zero behind it. */
    memset(store->memory, 0, 8);
    store_start(store, 5000);
    assert_int_equal(store->state->dialogs.used, 0);
    store_call(store, "id", "ours", "theirs");
}

/* Everything a record can lead to is looked at. */
static void walk(struct state *state)
{
    struct dialog *dialog = NULL;
    struct registration *registration = NULL;
    uint32_t index = 0;
    size_t sum = 0;

    while ((dialog = pool_next(&state->dialogs, &index)) != NULL) {
        for (unsigned side = 0; side < 2; side++) {
            sum += strlen(dialog->sides[side].local_tag);
            for (unsigned i = 0; i < DIALOG_TEXT_COUNT; i++) {
                struct slice text = dialog_text(state, dialog, side, i);

                sum += text.len > 0 ? (size_t)(unsigned char)text.at[text.len - 1] : 0;
            }
        }
        for (unsigned line = 0; line < dialog->stream_count; line++) {
            if (dialog->streams[line] != 0) {
                const struct media_stream *stream = pool_at(&state->streams, dialog->streams[line]);

                assert_ptr_equal(pool_find(&state->dialogs, stream->dialog), dialog);
                assert_true(stream->sides[0].prefix_count <= MEDIA_PREFIXES_MAX);
            }
        }
    }
    index = 0;
    while ((registration = pool_next(&state->registrations, &index)) != NULL) {
        for (unsigned i = 0; i < REGISTRATION_TEXT_COUNT; i++) {
            sum += registration_text(state, registration, i).len;
        }
    }
    assert_true(sum < 1 << 30);
}

static void end_all(struct state *state)
{
    struct dialog *dialog = NULL;
    struct registration *registration = NULL;
    struct media_stream *stream = NULL;
    uint32_t index = 0;

    while ((dialog = pool_next(&state->dialogs, &index)) != NULL) {
        dialog_end(state, dialog);
    }
    index = 0;
    while ((registration = pool_next(&state->registrations, &index)) != NULL) {
        registration_end(state, registration);
    }
    index = 0;
    while ((stream = pool_next(&state->streams, &index)) != NULL) {
        pool_give(&state->streams, stream);
    }
    assert_int_equal(texts_used(state), 0);
    assert_int_equal(state->by_tag.used + state->by_aor.used + state->by_contact.used, 0);
}

/* Octets of the records turn into others: whatever comes of it, nothing leads outside, and in the
 * end everything can be given back. */
static void rotten_records_lead_nowhere(void **kept)
{
    struct store *store = *kept;
    size_t size = state_size(&store_capacity);
    uint64_t seed = 20240611;

    for (unsigned round = 0; round < MEMORY_ROT_ROUNDS; round++) {
        store_stream(store, store_call(store, "id", "ours", "theirs"), 0);
        store_call(store, "id2", "ours2", "theirs2");
        store_register(store, "sip:alice@example.net", 77, 90000);
        for (unsigned i = (unsigned)chance_below(&seed, 20); i > 0; i--) {
            /* Behind the front: that one is the parent's to guard. */
            size_t at = 4096 + (size_t)chance_below(&seed, size - 4096);
            unsigned char *octet = (unsigned char *)store->memory + at;

            *octet =
                *octet == 0 && chance_below(&seed, 4) != 0 ? *octet : (unsigned char)chance(&seed);
        }
        store_start(store, 5000);
        walk(store->state);
        end_all(store->state);
    }
    assert_true(store->state->dropped_records < UINT32_MAX);
}

/* The same where records lie, one octet at a time. */
static void each_octet_of_a_dialog_may_be_wrong(void **kept)
{
    struct store *store = *kept;

    for (size_t at = 0; at < sizeof(struct dialog); at++) {
        struct dialog *dialog = store_call(store, "id", "ours", "theirs");

        store_stream(store, dialog, 0);
        ((unsigned char *)dialog)[at] ^= (unsigned char)(0x55 + at);
        store_start(store, 5000);
        walk(store->state);
        end_all(store->state);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
    const struct CMUnitTest tests[] = {
        TEST(calls_that_are_up_are_found_again),
        TEST(calls_in_set_up_and_exchanges_are_given_back),
        TEST(registrations_live_until_they_expire),
        TEST(a_leg_without_texts_spoils_the_call_and_leaves_nothing),
        TEST(two_records_never_share_a_text),
        TEST(streams_belong_to_one_dialog),
        TEST(memory_of_other_sizes_is_cleared),
        TEST(rotten_records_lead_nowhere),
        TEST(each_octet_of_a_dialog_may_be_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
