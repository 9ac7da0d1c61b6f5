/*
 * What is told about policies, held against files: reports/, policies/, docs/policy.md.
 */
#include "support.h"

#include "policy/report.h"
#include "policy/write.h"

static char report[POLICY_REPORT_MAX], again[POLICY_REPORT_MAX];

static struct policy *policy_in(const char *below)
{
    char path[TEST_PATH_MAX];
    struct slice text = file_read(source_path(below, path));

    assert_non_null(text.at);
    struct policy *policy = policy_try(text, true);
    slice_free(text);
    assert_non_null(policy);
    return policy;
}

/* A report that differs from its file is left beside it in the build folder, to be looked at. */
static void expect_file(const struct text *text, const char *below)
{
    char path[TEST_PATH_MAX];
    struct slice expected = file_read(source_path(below, path));

    assert_false(text->is_full);
    if (!slice_equal(text_slice(text), expected)) {
        const char *name = strrchr(below, '/') + 1;
        FILE *file = fopen(name, "wb");

        if (file != NULL) {
            fwrite(text->at, 1, text->len, file);
            fclose(file);
        }
        fail_msg("%s is not what is written now; that is in %s of the build folder", below, name);
    }
    slice_free(expected);
}

static void checks(void **state)
{
    static const struct {
        const char *policy, *expected;
    } files[] = {
        {"tests/policy/reports/careless.yaml", "tests/policy/reports/careless-check.txt"},
        {"tests/policy/reports/careful.yaml", "tests/policy/reports/careful-check.txt"},
        {"policies/interconnect.yaml", "tests/policy/reports/interconnect-check.txt"},
        {"policies/access.yaml", "tests/policy/reports/access-check.txt"},
        {"policies/enterprise.yaml", "tests/policy/reports/enterprise-check.txt"},
        {"policies/lab.yaml", "tests/policy/reports/lab-check.txt"},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(files); i++) {
        struct policy *policy = policy_in(files[i].policy);
        struct text text;

        text_init(&text, report, sizeof(report));
        (void)policy_check_write(&text, policy, &test_controls);
        expect_file(&text, files[i].expected);
        policy_free(policy);
    }
}

/* The policies to start from have nothing high or medium to be told. */
static void examples_are_safe(void **state)
{
    (void)state;
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        struct text text;
        enum policy_role same;

        assert_true(
            policy_role_read(slice_string(policy_role_name((enum policy_role)role)), &same));
        assert_int_equal(same, role);
        text_init(&text, again, sizeof(again));
        policy_example_write(&text, (enum policy_role)role);
        struct policy *policy = policy_try(text_slice(&text), true);
        assert_non_null(policy);
        text_init(&text, report, sizeof(report));
        struct posture posture = policy_check_write(&text, policy, &test_controls);
        assert_int_equal(posture.counts[POSTURE_HIGH], 0);
        assert_int_equal(posture.counts[POSTURE_MEDIUM], 0);
        policy_free(policy);
    }
    enum policy_role none;
    assert_false(policy_role_read(SLICE("core"), &none));
}

static void examples_are_files(void **state)
{
    (void)state;
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        struct text text;
        char below[256];

        snprintf(below, sizeof(below), "policies/%s.yaml",
                 policy_role_name((enum policy_role)role));
        text_init(&text, report, sizeof(report));
        policy_example_write(&text, (enum policy_role)role);
        expect_file(&text, below);
    }
}

/* A secure interconnect of a core and a carrier is short. */
static void interconnect_is_short(void **state)
{
    struct text text;
    unsigned lines = 0;

    (void)state;
    text_init(&text, report, sizeof(report));
    policy_example_write(&text, ROLE_INTERCONNECT);
    for (size_t i = 0; i < text.len; i++) {
        lines += text.at[i] == '\n' ? 1 : 0;
    }
    assert_true(lines <= 30);
}

static void diffs(void **state)
{
    struct policy *careless = policy_in("tests/policy/reports/careless.yaml");
    struct policy *careful = policy_in("tests/policy/reports/careful.yaml");
    struct text text;

    (void)state;
    text_init(&text, report, sizeof(report));
    uint32_t count = policy_diff_write(&text, careless, careful, &test_controls);
    expect_file(&text, "tests/policy/reports/careful-diff.txt");
    assert_true(count > 20);
    text_init(&text, report, sizeof(report));
    assert_true(policy_diff_write(&text, careful, careless, &test_controls) >= count - 5);
    expect_file(&text, "tests/policy/reports/careless-diff.txt");
    text_init(&text, report, sizeof(report));
    assert_int_equal(policy_diff_write(&text, careful, careful, &test_controls), 0);
    expect_slice(text_slice(&text), "No difference.\n");
    policy_free(careless);
    policy_free(careful);
}

static void documents(void **state)
{
    struct text text;

    (void)state;
    text_init(&text, report, sizeof(report));
    policy_manual_write(&text);
    expect_file(&text, "docs/policy.md");
    text_init(&text, report, sizeof(report));
    policy_schema_write(&text);
    expect_file(&text, "policies/schema.json");
}

/* What is written reads as the same policy, and is written the same. */
static void written_reads_same(void **state)
{
    static const char *const files[] = {
        "policies/interconnect.yaml",         "policies/access.yaml",
        "policies/enterprise.yaml",           "policies/lab.yaml",
        "tests/policy/reports/careless.yaml", "tests/policy/reports/careful.yaml",
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(files); i++) {
        struct policy *policy = policy_in(files[i]);
        struct text first, second, none;

        text_init(&first, report, sizeof(report));
        policy_write(&first, policy, &test_controls);
        struct policy *same = policy_try(text_slice(&first), true);
        assert_non_null(same);
        text_init(&second, again, sizeof(again));
        policy_write(&second, same, &test_controls);
        assert_true(slice_equal(text_slice(&first), text_slice(&second)));
        text_init(&none, again, sizeof(again));
        assert_int_equal(policy_diff_write(&none, policy, same, &test_controls), 0);
        policy_free(policy);
        policy_free(same);
    }
}

/* Too little room is told, never overrun. */
static void little_room(void **state)
{
    struct policy *careless = policy_in("tests/policy/reports/careless.yaml");
    struct policy *careful = policy_in("tests/policy/reports/careful.yaml");
    struct guarded guarded = guarded_open();

    (void)state;
    for (size_t room = 0; room < 6000; room += 37) {
        struct text text;

        text_init(&text, guarded.end - room, room);
        policy_check_write(&text, careless, &test_controls);
        assert_true(text.is_full);
        text_init(&text, guarded.end - room, room);
        policy_diff_write(&text, careless, careful, &test_controls);
        assert_true(text.is_full || room > 1600);
        text_init(&text, guarded.end - room, room);
        policy_schema_write(&text);
        assert_true(text.is_full);
        text_init(&text, guarded.end - room, room);
        policy_manual_write(&text);
        assert_true(text.is_full);
    }
    guarded_close(&guarded);
    policy_free(careless);
    policy_free(careful);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks),
        cmocka_unit_test(examples_are_safe),
        cmocka_unit_test(examples_are_files),
        cmocka_unit_test(interconnect_is_short),
        cmocka_unit_test(diffs),
        cmocka_unit_test(documents),
        cmocka_unit_test(written_reads_same),
        cmocka_unit_test(little_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
