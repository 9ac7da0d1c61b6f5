/* Kept texts: sizes, joining, what is stale, taking over. */
#include "../expect.h"
#include "state/texts.h"

enum { OCTETS = 1 << 20 };

struct shelf {
    void *memory;
    struct texts texts;
};

static int open_shelf(void **kept)
{
    struct shelf *shelf = calloc(1, sizeof(*shelf));

    assert_non_null(shelf);
    shelf->memory = calloc(1, texts_size(OCTETS));
    assert_non_null(shelf->memory);
    texts_init(&shelf->texts, shelf->memory, OCTETS);
    *kept = shelf;
    return 0;
}

static int close_shelf(void **kept)
{
    struct shelf *shelf = *kept;

    free(shelf->memory);
    free(shelf);
    return 0;
}

static uint32_t used(const struct texts *texts)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < TEXT_SIZES; i++) {
        sum += texts->pools[i].used;
    }
    return sum;
}

static void keeps_texts_of_every_size(void **kept)
{
    struct shelf *shelf = *kept;
    static char text[262144];

    memset(text, 'x', sizeof(text));
    for (size_t len = 0; len <= sizeof(text); len = len < 4 ? len + 1 : len * 3 / 2) {
        struct text_handle handle;

        text[len / 2] = 'y';
        assert_true(texts_keep(&shelf->texts, slice_of(text, len), &handle));
        assert_true(text_is_kept(handle));
        assert_true(slice_equal(texts_slice(&shelf->texts, handle), slice_of(text, len)));
        texts_give(&shelf->texts, &handle);
        assert_false(text_is_kept(handle));
        text[len / 2] = 'x';
    }
    assert_int_equal(used(&shelf->texts), 0);
}

static void refuses_and_counts_what_is_too_large(void **kept)
{
    struct shelf *shelf = *kept;
    struct text_handle handle = {.size = 3};

    assert_null(texts_take(&shelf->texts, 300000, &handle));
    assert_false(text_is_kept(handle));
    assert_int_equal(texts_slice(&shelf->texts, handle).len, 0);
}

static void larger_blocks_stand_in_for_full_ones(void **kept)
{
    struct shelf *shelf = *kept;
    struct text_handle handles[4096];
    unsigned count = 0;

    while (count < 4096 && texts_keep(&shelf->texts, SLICE("small"), &handles[count])) {
        count++;
    }
    assert_true(count > 256);
    assert_true(count < 4096);
    assert_true(texts_refused(&shelf->texts) > 0);
    for (unsigned i = 0; i < count; i++) {
        expect_slice(texts_slice(&shelf->texts, handles[i]), "small");
        texts_give(&shelf->texts, &handles[i]);
    }
    assert_int_equal(used(&shelf->texts), 0);
}

static void a_handle_is_good_once(void **kept)
{
    struct shelf *shelf = *kept;
    struct text_handle handle, stale;

    assert_true(texts_keep(&shelf->texts, SLICE("first"), &handle));
    stale = handle;
    texts_give(&shelf->texts, &handle);
    assert_true(texts_keep(&shelf->texts, SLICE("second"), &handle));
    assert_int_equal(handle.block.index, stale.block.index);
    assert_int_equal(texts_slice(&shelf->texts, stale).len, 0);
    texts_give(&shelf->texts, &stale);
    expect_slice(texts_slice(&shelf->texts, handle), "second");
}

static void joined_texts_come_apart_again(void **kept)
{
    struct shelf *shelf = *kept;
    struct slice parts[TEXTS_JOINED_MAX] = {SLICE_INIT("a"),   SLICE_INIT(""),  {NULL, 0},
                                            SLICE_INIT("bcd"), SLICE_INIT("e"), SLICE_INIT(""),
                                            SLICE_INIT("fg"),  SLICE_INIT("h")};
    struct text_handle handle;

    assert_true(texts_join(&shelf->texts, parts, TEXTS_JOINED_MAX, &handle));
    for (unsigned i = 0; i < TEXTS_JOINED_MAX; i++) {
        assert_true(slice_equal(texts_part(&shelf->texts, handle, i, TEXTS_JOINED_MAX), parts[i]));
    }
    parts[3].len = 70000;
    assert_false(texts_join(&shelf->texts, parts, TEXTS_JOINED_MAX, &handle));
}

/* Lengths inside a block that were spoiled lead nowhere. */
static void spoiled_lengths_lead_nowhere(void **kept)
{
    struct shelf *shelf = *kept;
    struct slice parts[] = {SLICE_INIT("abc"), SLICE_INIT("def")};
    struct text_handle handle;
    char *at = NULL;

    assert_true(texts_join(&shelf->texts, parts, 2, &handle));
    at = (char *)(uintptr_t)texts_slice(&shelf->texts, handle).at;
    memset(at, 0xFF, 2);
    assert_int_equal(texts_part(&shelf->texts, handle, 0, 2).len, 0);
    assert_int_equal(texts_part(&shelf->texts, handle, 1, 2).len, 0);
    handle.len = 1;
    assert_int_equal(texts_part(&shelf->texts, handle, 0, 2).len, 0);
}

static void what_nobody_marks_is_swept(void **kept)
{
    struct shelf *shelf = *kept;
    struct text_handle wanted, claimed, left;

    assert_true(texts_keep(&shelf->texts, SLICE("wanted"), &wanted));
    assert_true(texts_keep(&shelf->texts, SLICE("claimed"), &claimed));
    assert_true(texts_keep(&shelf->texts, SLICE("left"), &left));
    texts_init(&shelf->texts, shelf->memory, OCTETS);
    texts_unmark(&shelf->texts);
    assert_true(texts_mark(&shelf->texts, wanted));
    assert_true(texts_mark(&shelf->texts, claimed));
    assert_false(texts_mark(&shelf->texts, claimed)); /* twice: it belongs to the first */
    texts_unmark_one(&shelf->texts, claimed);
    texts_sweep(&shelf->texts);
    expect_slice(texts_slice(&shelf->texts, wanted), "wanted");
    assert_int_equal(texts_slice(&shelf->texts, claimed).len, 0);
    assert_int_equal(texts_slice(&shelf->texts, left).len, 0);
    assert_int_equal(used(&shelf->texts), 1);
}

static void spoiled_handles_name_nothing(void **kept)
{
    struct shelf *shelf = *kept;
    uint64_t seed = 7;
    struct text_handle handle;

    assert_true(texts_keep(&shelf->texts, SLICE("text"), &handle));
    for (unsigned i = 0; i < 20000; i++) {
        struct text_handle spoiled = handle;
        unsigned char *octet = (unsigned char *)&spoiled + chance_below(&seed, sizeof(spoiled));

        *octet ^= (unsigned char)(1 + chance_below(&seed, 255));
        struct slice text = texts_slice(&shelf->texts, spoiled);
        for (size_t j = 0; j < text.len; j += 97) {
            assert_true(text.at[j] != 'q'); /* every octet may be looked at */
        }
        (void)texts_mark(&shelf->texts, spoiled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_texts_of_every_size, open_shelf, close_shelf),
        cmocka_unit_test_setup_teardown(refuses_and_counts_what_is_too_large, open_shelf,
                                        close_shelf),
        cmocka_unit_test_setup_teardown(larger_blocks_stand_in_for_full_ones, open_shelf,
                                        close_shelf),
        cmocka_unit_test_setup_teardown(a_handle_is_good_once, open_shelf, close_shelf),
        cmocka_unit_test_setup_teardown(joined_texts_come_apart_again, open_shelf, close_shelf),
        cmocka_unit_test_setup_teardown(spoiled_lengths_lead_nowhere, open_shelf, close_shelf),
        cmocka_unit_test_setup_teardown(what_nobody_marks_is_swept, open_shelf, close_shelf),
        cmocka_unit_test_setup_teardown(spoiled_handles_name_nothing, open_shelf, close_shelf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
