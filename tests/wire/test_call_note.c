/* Notes of calls: what is written is read, and nothing else is. */
#include "../expect.h"

#include "wire/call_note.h"
#include "wire/sip/message.h"

static struct call_note note_of(struct slice call_id)
{
    struct call_note note = {
        .when_us = 12345,
        .kind = CALL_NOTE_TAKEN,
        .cseq = 7,
        .status = 180,
        .method = SIP_INVITE,
        .transport = TRANSPORT_TCP,
        .texts = {[CALL_NOTE_CALL_ID] = call_id, [CALL_NOTE_STRIPPED] = SLICE("P-Foo")},
    };

    assert_true(address_read_port(&note.remote, SLICE("192.0.2.1:5060")));
    return note;
}

static void notes_follow_each_other(void **state)
{
    static char room[4 * CALL_NOTE_MAX], long_id[1000];
    struct call_note note = note_of(SLICE("a@b"));
    struct call_note read;
    struct text text;

    (void)state;
    memset(long_id, 'x', sizeof(long_id));
    text_init(&text, room, sizeof(room));
    call_note_write(&text, &note);
    note = note_of(slice_of(long_id, sizeof(long_id)));
    call_note_write(&text, &note);
    assert_false(text.is_full);
    struct slice rest = text_slice(&text);
    assert_true(call_note_read(&rest, &read));
    assert_int_equal(read.when_us, 12345);
    assert_int_equal(read.status, 180);
    assert_int_equal(read.remote.port, 5060);
    expect_slice(read.texts[CALL_NOTE_CALL_ID], "a@b");
    expect_slice(read.texts[CALL_NOTE_STRIPPED], "P-Foo");
    assert_true(call_note_read(&rest, &read));
    assert_int_equal(read.texts[CALL_NOTE_CALL_ID].len, CALL_NOTE_TEXT_MAX);
    assert_int_equal(rest.len, 0);
    assert_false(call_note_read(&rest, &read));
}

static void longest_note_fits(void **state)
{
    static char room[CALL_NOTE_MAX], long_text[1000];
    struct call_note note = note_of(SLICE("a"));
    struct text text;

    (void)state;
    for (unsigned i = 0; i < CALL_NOTE_TEXT_COUNT; i++) {
        note.texts[i] = slice_of(long_text, sizeof(long_text));
    }
    text_init(&text, room, sizeof(room));
    call_note_write(&text, &note);
    assert_false(text.is_full);
}

static void every_prefix_is_refused(void **state)
{
    static char room[CALL_NOTE_MAX];
    struct call_note note = note_of(SLICE("a@b"));
    struct text text;

    (void)state;
    text_init(&text, room, sizeof(room));
    call_note_write(&text, &note);
    for (size_t len = 0; len < text.len; len++) {
        struct slice rest = slice_of(room, len);
        assert_false(call_note_read(&rest, &note));
    }
}

static void numbers_are_within_their_names(void **state)
{
    static char room[CALL_NOTE_MAX];

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct call_note note = note_of(SLICE("a@b"));
        struct text text;

        note.kind = i == 0 ? CALL_NOTE_KIND_COUNT : note.kind;
        note.method = i == 1 ? SIP_METHOD_UNKNOWN + 1 : note.method;
        note.transport = i == 2 ? TRANSPORT_COUNT : note.transport;
        note.status = i == 3 ? 1000 : note.status;
        note.remote.family = i == 4 ? 3 : note.remote.family;
        text_init(&text, room, sizeof(room));
        call_note_write(&text, &note);
        struct slice rest = text_slice(&text);
        assert_int_equal(call_note_read(&rest, &note), i == 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_follow_each_other),
        cmocka_unit_test(longest_note_fits),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(numbers_are_within_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
