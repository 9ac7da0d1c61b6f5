/* Files beside a policy: what they say is found, what is wrong has its line, and a block that is
 * not whole is none. */
#include "../expect.h"

#include "policy/complaints.h"
#include "policy/lists.h"

static struct policy_feed feeds[] = {
    {.name = SLICE_INIT("numbers"), .kind = FEED_NUMBERS},
    {.name = SLICE_INIT("addresses"), .kind = FEED_ADDRESSES},
    {.name = SLICE_INIT("more"), .kind = FEED_ADDRESSES},
    {.name = SLICE_INIT("agents"), .kind = FEED_AGENTS},
};
static const struct policy policy = {.feeds = feeds, .feed_count = ARRAY_COUNT(feeds)};
static struct policy_complaints *complaints;

static struct lists *build(const char *numbers, const char *const texts[4])
{
    struct lists_file plan = {SLICE("plan.txt"), slice_string(numbers)};
    struct lists_file files[4];
    const struct slice notes[4] = {SLICE_NONE, SLICE_NONE, SLICE("it is old"), SLICE_NONE};
    struct lists_sources sources = {.numbers = &plan,
                                    .number_count = 1,
                                    .feeds = files,
                                    .feed_count = ARRAY_COUNT(files),
                                    .notes = notes};

    for (unsigned i = 0; i < ARRAY_COUNT(files); i++) {
        files[i] =
            (struct lists_file){SLICE("feed.txt"), slice_string(texts == NULL ? "" : texts[i])};
    }
    policy_complaints_free(complaints);
    complaints = policy_complaints_new();
    return lists_build(&policy, &sources, complaints);
}

static uint8_t class_of(const struct lists *lists, const char *number)
{
    return lists_number(lists, slice_string(number)).class;
}

static void test_numbers(void **state)
{
    struct lists *lists = build("# the plan\n+43 ordinary AT\n+43900\tpremium\tAT # dear\n\n"
                                "+8816 satellite\n+44 ordinary -\n112 short-code\r\n",
                                NULL);

    (void)state;
    assert_non_null(lists);
    assert_int_equal(class_of(lists, "+4312345"), NUMBER_ORDINARY);
    assert_int_equal(class_of(lists, "+43900123"), NUMBER_PREMIUM);
    assert_memory_equal(lists_number(lists, SLICE("+43900123")).country, "AT", 2);
    assert_int_equal(class_of(lists, "+881612"), NUMBER_SATELLITE);
    assert_int_equal(lists_number(lists, SLICE("+441")).country[0], 0);
    assert_int_equal(class_of(lists, "112"), NUMBER_SHORT_CODE);
    assert_int_equal(class_of(lists, "+112"), NUMBER_UNKNOWN);
    assert_int_equal(class_of(lists, "+1"), NUMBER_UNKNOWN);
    assert_int_equal(class_of(lists, ""), NUMBER_UNKNOWN);
    assert_int_equal(class_of(NULL, "+43"), NUMBER_UNKNOWN);
    lists_free(lists);
}

static const char *const texts[] = {
    "+1555\n900\n",
    "192.0.2.0/24\n192.0.2.128/25\n198.51.100.7\n2001:db8::/32\n",
    "192.0.2.7\n203.0.113.0/25\n",
    "friendly-scanner\nSIPp\nthe evil dialer\n",
};

static int address_feed(const struct lists *lists, const char *literal)
{
    struct address address;

    assert_true(address_read(&address, slice_string(literal)));
    return lists_feed_address(lists, &address);
}

static void test_feeds(void **state)
{
    struct lists *lists = build("", texts);

    (void)state;
    assert_non_null(lists);
    assert_int_equal(lists_feed_number(lists, SLICE("+15551234")), 0);
    assert_int_equal(lists_feed_number(lists, SLICE("+1556")), LISTS_NOT);
    assert_int_equal(lists_feed_number(lists, SLICE("9001")), 0);
    assert_int_equal(address_feed(lists, "192.0.2.200"), 1);
    assert_int_equal(address_feed(lists, "192.0.2.7"), 1);
    assert_int_equal(address_feed(lists, "192.0.3.0"), LISTS_NOT);
    assert_int_equal(address_feed(lists, "192.0.1.255"), LISTS_NOT);
    assert_int_equal(address_feed(lists, "198.51.100.7"), 1);
    assert_int_equal(address_feed(lists, "203.0.113.127"), 2);
    assert_int_equal(address_feed(lists, "203.0.113.128"), LISTS_NOT);
    assert_int_equal(address_feed(lists, "2001:db8:1::1"), 1);
    assert_int_equal(address_feed(lists, "2001:db9::1"), LISTS_NOT);
    assert_int_equal(lists_feed_agent(lists, SLICE("Friendly-Scanner")), 3);
    assert_int_equal(lists_feed_agent(lists, SLICE("sipp/3.7")), 3);
    assert_int_equal(lists_feed_agent(lists, SLICE("The Evil Dialer")), 3);
    assert_int_equal(lists_feed_agent(lists, SLICE("the good dialer")), LISTS_NOT);
    assert_int_equal(lists_feed_agent(lists, SLICE("")), LISTS_NOT);
    assert_true(lists_have_feeds(lists, FEED_AGENTS));
    assert_int_equal(lists_feed_note(lists, 0).len, 0);
    assert_true(slice_equal(lists_feed_note(lists, 2), SLICE("it is old")));
    lists_free(lists);
}

static void test_nothing(void **state)
{
    struct lists *lists = build("", NULL);

    (void)state;
    assert_non_null(lists);
    assert_false(lists_have_feeds(lists, FEED_ADDRESSES));
    assert_int_equal(address_feed(lists, "192.0.2.1"), LISTS_NOT);
    assert_int_equal(lists_database_count(lists), 0);
    assert_int_equal(lists_database(lists, 0).len, 0);
    lists_free(lists);
}

static void test_complaints(void **state)
{
    static const struct {
        const char *numbers, *says;
    } rows[] = {
        {"+43\n", "plan.txt:1:1: '+43' has no class behind it"},
        {"+43 ordinary\n+x ordinary\n", "plan.txt:2:1: '+x' is no prefix of numbers"},
        {"+43 costly\n", "plan.txt:1:1: 'costly' is no class of numbers"},
        {"+43 ordinary Austria\n", "plan.txt:1:1: 'Austria' is no country"},
        {"+43 ordinary AT x\n", "plan.txt:1:1: 'x' is one word too many"},
        {"+1234567890123456 ordinary\n", "plan.txt:1:1: '+1234567890123456' is no prefix"},
        {"+43 ordinary AT\n+43 premium AT\n", "prefix +43 is here twice and of two kinds"},
    };
    static const char *const wrong[] = {"", "192.0.2.1/24\n", "", ""};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        assert_null(build(rows[i].numbers, NULL));
        assert_true(policy_complaint_count(complaints) > 0);
        if (!slice_has(policy_complaint(complaints, 0), slice_string(rows[i].says))) {
            struct slice complaint = policy_complaint(complaints, 0);
            fail_msg("%.*s", (int)complaint.len, complaint.at);
        }
    }
    assert_null(build("", wrong));
    assert_true(slice_has(policy_complaint(complaints, 0), SLICE("feed.txt:1:1")));
    struct lists *lists = build("+43 ordinary AT\n+43 ordinary AT\n", NULL);
    assert_non_null(lists); /* the same twice is no mistake */
    lists_free(lists);
}

/* The whole opens, and no part of it. */
static void test_not_whole(void **state)
{
    struct lists *lists = build("+43 ordinary AT\n", texts);
    struct slice octets = lists_octets(lists);

    (void)state;
    assert_true(lists_open(octets) == lists);
    assert_null(lists_open(slice_head(octets, octets.len - 1)));
    assert_null(lists_open(slice_head(octets, 16)));
    assert_null(lists_open(SLICE_NONE));
    char *copy = malloc(octets.len);
    assert_non_null(copy);
    memcpy(copy, octets.at, octets.len);
    copy[0] ^= 1;
    assert_null(lists_open(slice_of(copy, octets.len)));
    free(copy);
    lists_free(lists);
}

static void test_many(void **state)
{
    enum { MANY = 100000, LINE = 24 };
    char *text = malloc((size_t)MANY * LINE);
    size_t len = 0;

    (void)state;
    assert_non_null(text);
    for (unsigned i = 0; i < MANY; i++) {
        len += (size_t)snprintf(text + len, LINE, "+%u %s\n", 100000 + i,
                                i % 2 == 0 ? "premium" : "mobile");
    }
    text[len] = '\0';
    struct lists *lists = build(text, NULL);
    assert_non_null(lists);
    for (unsigned i = 0; i < MANY; i += 97) {
        char number[LINE];

        snprintf(number, sizeof(number), "+%u77", 100000 + i);
        assert_int_equal(class_of(lists, number), i % 2 == 0 ? NUMBER_PREMIUM : NUMBER_MOBILE);
    }
    lists_free(lists);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),   cmocka_unit_test(test_feeds),
        cmocka_unit_test(test_nothing),   cmocka_unit_test(test_complaints),
        cmocka_unit_test(test_not_whole), cmocka_unit_test(test_many),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    policy_complaints_free(complaints);
    return failures;
}
