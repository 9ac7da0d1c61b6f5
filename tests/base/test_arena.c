#include "../expect.h"

#include "base/arena.h"

#include <stdalign.h>

static void pieces_are_aligned_and_zero(void **state)
{
    alignas(16) char block[256];
    struct arena arena;

    (void)state;
    memset(block, 0x55, sizeof(block));
    arena_init(&arena, block + 1, sizeof(block) - 1);
    for (size_t len = 1; len <= 17; len += 8) {
        char *piece = arena_take(&arena, len);

        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % 16, 0);
        for (size_t i = 0; i < len; i++) {
            assert_int_equal(piece[i], 0);
        }
    }
}

static void full_to_the_last_octet(void **state)
{
    alignas(16) char block[64];
    struct arena arena;

    (void)state;
    arena_init(&arena, block, sizeof(block));
    assert_null(arena_take(&arena, 65));
    assert_null(arena_take(&arena, SIZE_MAX));
    assert_non_null(arena_take(&arena, 48));
    assert_null(arena_take(&arena, 17));
    assert_ptr_equal(arena_take(&arena, 16), block + 48);
    assert_null(arena_take(&arena, 1));
    arena_reset(&arena);
    assert_ptr_equal(arena_take(&arena, 64), block);
}

static void padding_counts_as_used(void **state)
{
    alignas(16) char block[20];
    struct arena arena;

    (void)state;
    arena_init(&arena, block, sizeof(block));
    assert_non_null(arena_take(&arena, 15));
    assert_null(arena_take(&arena, 5));
    assert_ptr_equal(arena_take(&arena, 4), block + 16);
    assert_null(arena_take(&arena, 1));
}

static void block_smaller_than_its_alignment(void **state)
{
    alignas(16) char block[16];
    struct arena arena;

    (void)state;
    arena_init(&arena, block + 1, 3);
    assert_int_equal(arena.max, 0);
    assert_null(arena_take(&arena, 1));
}

static void kept_slices_are_copies(void **state)
{
    alignas(16) char block[32];
    char borrowed[] = "call-id";
    struct arena arena;
    struct slice kept;

    (void)state;
    arena_init(&arena, block, sizeof(block));
    assert_true(arena_keep(&arena, slice_string(borrowed), &kept));
    borrowed[0] = 'x';
    expect_slice(kept, "call-id");
    assert_true(arena_keep(&arena, SLICE_NONE, &kept));
    assert_int_equal(kept.len, 0);
    assert_false(arena_keep(&arena, SLICE("seventeen octets."), &kept));
    assert_null(kept.at);
    assert_int_equal(kept.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_zero),
        cmocka_unit_test(full_to_the_last_octet),
        cmocka_unit_test(padding_counts_as_used),
        cmocka_unit_test(block_smaller_than_its_alignment),
        cmocka_unit_test(kept_slices_are_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
