/* Patterns: compiled within bounds by somebody else, found by us. */
#include "../expect.h"

#include "io/patterns.h"

struct heard {
    unsigned count;
    uint32_t numbers[16];
    size_t ends[16];
};

static bool hear(void *owner, uint32_t number, size_t end)
{
    struct heard *heard = owner;

    heard->numbers[heard->count] = number;
    heard->ends[heard->count] = end;
    return ++heard->count < ARRAY_COUNT(heard->numbers);
}

static struct patterns *open_patterns(const struct pattern_expression *list, uint32_t count)
{
    struct slice database;
    struct fault fault = {.text = ""};

    if (!patterns_compile(list, count, &database, &fault)) {
        fail_msg("%s", fault.text);
    }
    struct patterns *patterns = patterns_open(&database, 1);
    free((void *)(uintptr_t)database.at);
    assert_non_null(patterns);
    return patterns;
}

static void test_found(void **state)
{
    const struct pattern_expression list[] = {
        {.text = SLICE("a.b"), .number = 3},
        {.text = SLICE("a.b"), .is_regex = true, .number = 5},
        {.text = SLICE("SCAN"), .ignores_case = true, .number = 7},
        {.text = SLICE("^only"), .is_regex = true, .number = 9},
    };
    struct patterns *patterns = open_patterns(list, ARRAY_COUNT(list));
    struct pattern_scratch *scratch = NULL;
    struct heard heard = {.count = 0};

    (void)state;
    assert_true(pattern_scratch_make(patterns, &scratch));
    patterns_scan(patterns, 0, scratch, SLICE("axb a-scan-scan only"), hear, &heard);
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.numbers[0], 5);
    assert_int_equal(heard.ends[0], 3);
    assert_int_equal(heard.numbers[1], 7);
    heard.count = 0;
    patterns_scan(patterns, 0, scratch, SLICE("only a.b"), hear, &heard);
    assert_int_equal(heard.count, 3);
    heard.count = 0;
    patterns_scan(patterns, 0, scratch, SLICE_NONE, hear, &heard);
    patterns_scan(patterns, 1, scratch, SLICE("a.b"), hear, &heard);
    assert_int_equal(heard.count, 0);
    pattern_scratch_free(scratch);
    patterns_close(patterns);
}

static void test_wrong(void **state)
{
    const struct pattern_expression list[] = {
        {.text = SLICE("good"), .number = 0},
        {.text = SLICE("(open"), .is_regex = true, .number = 41},
    };
    struct fault fault = {.text = ""};
    struct slice database;

    (void)state;
    assert_false(patterns_compile(list, ARRAY_COUNT(list), &database, &fault));
    assert_true(slice_starts(slice_string(fault.text), SLICE("pattern 41: ")));
}

/* Each of them is legal, and together they would take minutes or more memory than there is. */
static void test_bounded(void **state)
{
    enum { MANY = 400 };
    struct pattern_expression list[MANY];
    struct fault fault = {.text = ""};
    struct slice database;

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        list[i] = (struct pattern_expression){
            .text = SLICE("(a|b|ab){1,200}c.{0,200}(d|e|de){1,200}f[^g]{1,300}h"),
            .is_regex = true,
            .number = i};
    }
    if (patterns_compile(list, MANY, &database, &fault)) {
        free((void *)(uintptr_t)database.at); /* a fast machine */
    } else {
        assert_true(fault.text[0] != '\0');
    }
}

static void test_not_ours(void **state)
{
    const struct slice databases[] = {SLICE("this is no database at all")};

    (void)state;
    assert_null(patterns_open(databases, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_not_ours),
    };

    if (!patterns_are_built_in()) {
        fprintf(stderr, "skipped: this build has no vectorscan\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
