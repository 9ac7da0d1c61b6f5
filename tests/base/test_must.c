#include "../expect.h"

static void promise(void *kept)
{
    must(*(bool *)kept);
}

static void broken_promises_stop_us(void **state)
{
    bool is_kept = false;

    (void)state;
    assert_true(breaks_promise(promise, &is_kept));
    is_kept = true;
    assert_false(breaks_promise(promise, &is_kept));
}

static void the_promise_is_named(void **state)
{
    int ends[2];
    char said[256] = "";

    (void)state;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        must(1 + 1 == 3);
    }
    close(ends[1]);
    assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
    close(ends[0]);
    waitpid(child, NULL, 0);
    assert_non_null(strstr(said, "broken promise: 1 + 1 == 3"));
    assert_non_null(strstr(said, "test_must.c:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_promises_stop_us),
        cmocka_unit_test(the_promise_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
