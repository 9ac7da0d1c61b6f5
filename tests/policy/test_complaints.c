/*
 * Every kind of complaint, at its line and column: complaints/<name>.yaml is read, and what it is
 * told stands in <name>.expected.
 */
#include "support.h"

static void complaints_text(struct slice text, const char *file, char *room, size_t max)
{
    struct policy_complaints *complaints = policy_complaints_new();
    struct policy *policy = policy_read(text, slice_string(file), &test_controls, complaints);
    struct text all;

    text_init(&all, room, max);
    for (uint32_t i = 0; i < policy_complaint_count(complaints); i++) {
        text_put(&all, policy_complaint(complaints, i));
        text_put_octet(&all, '\n');
    }
    assert_false(all.is_full);
    assert_null(policy);
    assert_true(all.len > 0 && all.len < max);
    room[all.len] = '\0';
    policy_complaints_free(complaints);
}

/* "file:line:column: problem; expected ...; remedy" */
static void expect_form(struct slice text, const char *file)
{
    struct slice line, rest = text;

    while (slice_cut(&rest, '\n', &line)) {
        struct slice place = slice_skip(line, strlen(file) + 1), number;
        uint64_t value = 0;

        assert_true(slice_starts(line, slice_string(file)));
        assert_true(slice_cut(&place, ':', &number) && slice_number(number, 1 << 24, &value));
        assert_true(value > 0);
        assert_true(slice_cut(&place, ':', &number) && slice_number(number, 1 << 24, &value));
        assert_true(value > 0);
        assert_true(slice_has(place, SLICE("; expected ")));
        assert_true(slice_find(slice_skip(place, slice_find(place, ';') + 1), ';') < place.len);
    }
}

static void compare(const char *name)
{
    static char told[1 << 16];
    char path[TEST_PATH_MAX], below[256], file[128];

    snprintf(below, sizeof(below), "tests/policy/complaints/%s.yaml", name);
    snprintf(file, sizeof(file), "%s.yaml", name);
    struct slice text = file_read(source_path(below, path));
    snprintf(below, sizeof(below), "tests/policy/complaints/%s.expected", name);
    struct slice expected = file_read(source_path(below, path));
    assert_non_null(text.at);
    assert_non_null(expected.at);
    complaints_text(text, file, told, sizeof(told));
    if (!slice_equal(slice_string(told), expected)) {
        print_error("%s:\n%s", name, told);
        fail();
    }
    expect_form(expected, file);
    slice_free(text);
    slice_free(expected);
}

static void golden_files(void **state)
{
    static const char *const names[] = {
        "keys",          "peers",
        "reach",         "routes",
        "syntax-alias",  "syntax-control",
        "syntax-deep",   "syntax-empty",
        "syntax-indent", "syntax-key",
        "syntax-list",   "syntax-long",
        "syntax-tag",    "syntax-two-documents",
        "syntax-utf8",   "values-peers",
        "values-top",    "values-zones",
        "websockets",    "zones",
    };
    char path[TEST_PATH_MAX];
    DIR *folder = opendir(source_path("tests/policy/complaints", path));
    unsigned files = 0;

    (void)state;
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        files += strstr(entry->d_name, ".yaml") != NULL ? 1 : 0;
    }
    closedir(folder);
    assert_int_equal(files, ARRAY_COUNT(names));
    for (unsigned i = 0; i < ARRAY_COUNT(names); i++) {
        compare(names[i]);
    }
}

/* Fifty are told, the last of them says how many are left. */
static void bounded(void **state)
{
    static char text[1 << 14], told[1 << 16];
    size_t len = (size_t)snprintf(text, sizeof(text), "site: lab\n");
    unsigned lines = 0;

    (void)state;
    for (unsigned i = 0; i < 70; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "mistake-%u: 1\n", i);
    }
    complaints_text(slice_of(text, len), "many.yaml", told, sizeof(told));
    for (const char *at = told; *at != '\0'; at++) {
        lines += *at == '\n' ? 1 : 0;
    }
    assert_int_equal(lines, 50);
    assert_non_null(strstr(told, "complaints are not shown"));
    assert_non_null(strstr(told, "22 more"));
    expect_form(slice_string(told), "many.yaml");
}

static void too_much(void **state)
{
    enum { LEN = (8 << 20) + 1 };
    char *text = malloc(LEN);
    static char told[1 << 16];

    (void)state;
    assert_non_null(text);
    memset(text, ' ', LEN);
    complaints_text(slice_of(text, LEN), "large.yaml", told, sizeof(told));
    assert_non_null(strstr(told, "large.yaml:1:1: the file has 8388609 octets"));

    memcpy(text, "a: [", 4);
    for (unsigned i = 0; i < 5000; i++) {
        memcpy(text + 4 + (size_t)3 * i, "1, ", 3);
    }
    memcpy(text + 4 + 3 * 5000, "]", 1);
    complaints_text(slice_of(text, 5 + 3 * 5000), "wide.yaml", told, sizeof(told));
    assert_non_null(strstr(told, "too many items in one list or map"));

    size_t len = 0;
    for (unsigned list = 0; list < 100; list++) {
        len += (size_t)snprintf(text + len, 16, "a%u: [", list);
        for (unsigned i = 0; i < 4000; i++) {
            memcpy(text + len, "1, ", 3);
            len += 3;
        }
        memcpy(text + len, "]\n", 2);
        len += 2;
    }
    complaints_text(slice_of(text, len), "items.yaml", told, sizeof(told));
    assert_non_null(strstr(told, "the file has too many items"));
    free(text);
}

/* What is quoted from the file cannot paint the operator's terminal, nor fill it. */
static void quoted(void **state)
{
    static char told[1 << 16];
    char text[4096];

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "\"\\e[31mred\": ", 13);
    complaints_text(slice_of(text, 4000), "shown.yaml", told, sizeof(told));
    assert_null(strchr(told, '\033'));
    assert_non_null(strstr(told, "'\\x1b[31mred' is no setting here"));
    complaints_text(SLICE("site: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee!"), "long.yaml",
                    told, sizeof(told));
    assert_non_null(strstr(told, "'aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd...' is no name"));
}

/* Whatever a file is cut to, the reader answers: a policy, or where and why not. */
static void every_prefix(void **state)
{
    static const char *const files[] = {"policies/lab.yaml", "policies/enterprise.yaml",
                                        "tests/policy/complaints/keys.yaml",
                                        "tests/policy/complaints/values-peers.yaml"};
    struct guarded guarded = guarded_open();
    char path[TEST_PATH_MAX];

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(files); i++) {
        struct slice text = file_read(source_path(files[i], path));

        assert_non_null(text.at);
        for (size_t len = 0; len <= text.len; len++) {
            policy_free(policy_try(guarded_copy(&guarded, slice_head(text, len)), false));
        }
        slice_free(text);
    }
    guarded_close(&guarded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_files), cmocka_unit_test(bounded),      cmocka_unit_test(too_much),
        cmocka_unit_test(quoted),       cmocka_unit_test(every_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
