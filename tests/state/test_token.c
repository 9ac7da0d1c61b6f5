/* Tokens: good where they were issued, nowhere else. */
#include "store.h"

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

static struct slice written(struct text *text, char *room, size_t max)
{
    text_init(text, room, max);
    return slice_of(room, 0);
}

static struct slice dialog_written(const struct store *store, struct dialog *dialog, unsigned side,
                                   char room[SIV_TOKEN_MAX])
{
    struct text text;

    written(&text, room, SIV_TOKEN_MAX);
    assert_true(dialog_token_write(store->state, dialog, side, &text));
    return text_slice(&text);
}

static void a_dialogs_token_is_its_sides_alone(void **kept)
{
    struct store *store = *kept;
    struct dialog *dialog = store_call(store, "id", "ours", "theirs");
    struct dialog *other = store_call(store, "id2", "ours2", "theirs2");
    char room[SIV_TOKEN_MAX], again[SIV_TOKEN_MAX];
    struct slice token;

    dialog->sides[0].peer_id = 11;
    token = dialog_written(store, dialog, 0, room);
    assert_true(token.len < 64);
    assert_true(slice_equal(token, dialog_written(store, dialog, 0, again)));
    assert_int_equal(dialog_token(store->state, dialog, 0, token), TOKEN_GOOD);
    assert_int_equal(dialog_token(store->state, dialog, 1, token), TOKEN_BAD);
    assert_int_equal(dialog_token(store->state, other, 0, token), TOKEN_BAD);
    dialog->sides[0].peer_id = 12;
    assert_int_equal(dialog_token(store->state, dialog, 0, token), TOKEN_BAD);
    dialog->sides[0].peer_id = 11;
    assert_true(dialog_change_text(store->state, dialog, 0, DIALOG_CALL_ID, SLICE("other")));
    assert_int_equal(dialog_token(store->state, dialog, 0, token), TOKEN_BAD);
}

static void what_does_not_look_like_one_is_absent(void **kept)
{
    struct store *store = *kept;
    struct dialog *dialog = store_call(store, "id", "ours", "theirs");

    assert_int_equal(dialog_token(store->state, dialog, 0, SLICE("bob")), TOKEN_ABSENT);
    assert_int_equal(dialog_token(store->state, dialog, 0, SLICE_NONE), TOKEN_ABSENT);
    assert_int_equal(dialog_token(store->state, dialog, 0, SLICE("+15551234567")), TOKEN_ABSENT);
}

static void every_changed_letter_spoils_it(void **kept)
{
    struct store *store = *kept;
    struct dialog *dialog = store_call(store, "id", "ours", "theirs");
    char room[SIV_TOKEN_MAX], spoiled[SIV_TOKEN_MAX];
    struct slice token = dialog_written(store, dialog, 0, room);

    for (size_t i = 0; i < token.len; i++) {
        memcpy(spoiled, token.at, token.len);
        spoiled[i] = spoiled[i] == 'a' ? 'b' : 'a';
        assert_int_not_equal(dialog_token(store->state, dialog, 0, slice_of(spoiled, token.len)),
                             TOKEN_GOOD);
    }
    for (size_t len = 0; len < token.len; len++) {
        assert_int_not_equal(dialog_token(store->state, dialog, 0, slice_of(token.at, len)),
                             TOKEN_GOOD);
    }
}

static void old_keys_open_until_they_are_gone(void **kept)
{
    struct store *store = *kept;
    struct dialog *dialog = store_call(store, "id", "ours", "theirs");
    char room[SIV_TOKEN_MAX], newer[SIV_TOKEN_MAX];
    struct slice token = dialog_written(store, dialog, 0, room);

    store->state->keys[0] = store->keys[1];
    store->state->keys[1] = store->keys[0];
    assert_int_equal(dialog_token(store->state, dialog, 0, token), TOKEN_GOOD);
    assert_false(slice_equal(token, dialog_written(store, dialog, 0, newer)));
    store->state->keys[1] = NULL;
    assert_int_equal(dialog_token(store->state, dialog, 0, token), TOKEN_BAD);
    store->state->keys[0] = NULL;
    struct text text;
    text_init(&text, newer, sizeof(newer));
    assert_false(dialog_token_write(store->state, dialog, 0, &text));
}

static void what_is_kept_is_what_would_be_made(void **kept)
{
    struct store *store = *kept;
    struct dialog *dialog = store_call(store, "id", "ours", "theirs");
    char room[SIV_TOKEN_MAX], again[SIV_TOKEN_MAX], upper[SIV_TOKEN_MAX];
    struct slice token = dialog_written(store, dialog, 0, room);

    for (size_t i = 0; i < token.len; i++) {
        upper[i] = (char)(token.at[i] >= 'a' ? token.at[i] - 0x20 : token.at[i]);
    }
    assert_int_equal(dialog_token(store->state, dialog, 0, slice_of(upper, token.len)), TOKEN_GOOD);
    dialog->sides[0].token[0] = '\0'; /* as after a worker's death */
    assert_int_equal(dialog_token(store->state, dialog, 0, token), TOKEN_GOOD);
    assert_true(slice_equal(token, dialog_written(store, dialog, 0, again)));
}

static void a_registrations_token_finds_it(void **kept)
{
    struct store *store = *kept;
    struct registration *registration = store_register(store, "sip:alice@example.net", 77, 9000);
    struct registration *other = store_register(store, "sip:bob@example.net", 78, 9000);
    struct dialog *dialog = store_call(store, "id", "ours", "theirs");
    enum token_standing standing = TOKEN_ABSENT;
    char room[SIV_TOKEN_MAX], dialogs[SIV_TOKEN_MAX];
    struct text text;

    text_init(&text, room, sizeof(room));
    assert_true(registration_token_write(store->state, registration, &text));
    assert_ptr_equal(registration_of_token(store->state, text_slice(&text), &standing),
                     registration);
    assert_int_equal(standing, TOKEN_GOOD);
    /* Neither is the other kind. */
    assert_int_equal(dialog_token(store->state, dialog, 0, text_slice(&text)), TOKEN_BAD);
    assert_null(
        registration_of_token(store->state, dialog_written(store, dialog, 0, dialogs), &standing));
    assert_int_equal(standing, TOKEN_BAD);
    registration_end(store->state, registration);
    assert_null(registration_of_token(store->state, text_slice(&text), &standing));
    assert_int_equal(standing, TOKEN_BAD);
    assert_ptr_equal(registration_find_token(store->state, 78), other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
    const struct CMUnitTest tests[] = {
        TEST(a_dialogs_token_is_its_sides_alone), TEST(what_does_not_look_like_one_is_absent),
        TEST(every_changed_letter_spoils_it),     TEST(old_keys_open_until_they_are_gone),
        TEST(what_is_kept_is_what_would_be_made), TEST(a_registrations_token_finds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
