#include "../expect.h"

#include "base/fault.h"

static void says_no_in_words(void **state)
{
    struct fault fault = {{0}};

    (void)state;
    assert_false(fault_set(&fault, "line %u: %s", 7U, "no such peer"));
    assert_string_equal(fault.text, "line 7: no such peer");
}

static void long_words_are_cut(void **state)
{
    struct fault fault;
    char longer[2 * FAULT_TEXT_MAX];

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_false(fault_set(&fault, "%s", longer));
    assert_int_equal(strlen(fault.text), FAULT_TEXT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_no_in_words),
        cmocka_unit_test(long_words_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
