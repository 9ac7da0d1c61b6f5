/*
 * The n-th piece of memory is refused, for all n: the reader says so and gives everything back.
 */
#include "support.h"

#include "policy/report.h"

struct miser {
    uint32_t left; /* how often he gives */
    uint32_t owed; /* what was not given back */
    uint32_t taken;
};

static void *miser_take(void *from, size_t len)
{
    struct miser *miser = from;

    if (miser->left == 0) {
        return NULL;
    }
    miser->left--;
    miser->owed++;
    miser->taken++;
    return malloc(len);
}

static void miser_give(void *from, void *block)
{
    struct miser *miser = from;

    assert_true(miser->owed > 0);
    miser->owed--;
    free(block);
}

/* Whether the policy was read; everything is given back either way. */
static bool reads_with(struct slice text, uint32_t left, uint32_t *taken)
{
    struct miser miser = {.left = left};
    const struct policy_allocator allocator = {
        .take = miser_take, .give = miser_give, .from = &miser, .block = 1};
    struct policy_complaints *complaints = policy_complaints_new();
    struct policy *policy =
        policy_read_with(&allocator, text, SLICE("short.yaml"), &test_controls, complaints);
    bool is_read = policy != NULL;

    if (!is_read) {
        assert_int_equal(policy_complaint_count(complaints), 1);
        assert_true(slice_has(policy_complaint(complaints, 0), SLICE("memory ran out")));
    }
    policy_free(policy);
    policy_complaints_free(complaints);
    assert_int_equal(miser.owed, 0);
    *taken = miser.taken;
    return is_read;
}

static void every_refusal(void **state)
{
    static char room[8192];

    (void)state;
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        struct text text;
        uint32_t needed, taken;

        text_init(&text, room, sizeof(room));
        policy_example_write(&text, (enum policy_role)role);
        assert_true(reads_with(text_slice(&text), UINT32_MAX, &needed));
        assert_true(needed > 100);
        for (uint32_t left = 0; left < needed; left++) {
            assert_false(reads_with(text_slice(&text), left, &taken));
        }
    }
}

static void overflow(void **state)
{
    struct memory memory;

    (void)state;
    memory_init(&memory, &policy_heap);
    assert_null(memory_take(&memory, SIZE_MAX / 2, 16));
    assert_true(memory.is_refused);
    memory_free(&memory);
    memory_init(&memory, &policy_heap);
    for (size_t len = 0; len < 40000; len += 977) {
        char *piece = memory_take(&memory, len, 1);

        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % 16, 0);
        for (size_t i = 0; i < len; i++) {
            assert_int_equal(piece[i], 0);
            piece[i] = 1;
        }
    }
    assert_false(memory.is_refused);
    memory_free(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal),
        cmocka_unit_test(overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
