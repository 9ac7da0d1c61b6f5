#include "../expect.h"

#include "base/address.h"

static struct address address_of(const char *literal)
{
    struct address address;

    assert_true(address_read(&address, slice_string(literal)));
    return address;
}

static void prefixes_are_read(void **state)
{
    struct prefix prefix;

    (void)state;
    assert_true(prefix_read(&prefix, SLICE("192.0.2.0/24")));
    assert_int_equal(prefix.bits, 24);
    assert_true(prefix_read(&prefix, SLICE("192.0.2.7")));
    assert_int_equal(prefix.bits, 32);
    assert_true(prefix_read(&prefix, SLICE("0.0.0.0/0")));
    assert_int_equal(prefix.bits, 0);
    assert_true(prefix_read(&prefix, SLICE("192.0.2.128/25")));
    assert_true(prefix_read(&prefix, SLICE("255.255.255.255/32")));
    assert_true(prefix_read(&prefix, SLICE("2001:db8::/32")));
    assert_int_equal(prefix.bits, 32);
    assert_true(prefix_read(&prefix, SLICE("2001:db8::1")));
    assert_int_equal(prefix.bits, 128);
    assert_true(prefix_read(&prefix, SLICE("::/0")));
    assert_true(prefix_read(&prefix, SLICE("::ffff:0:0/96")));
}

static void prefixes_that_are_none(void **state)
{
    static const char *const refused[] = {
        "",
        "/",
        "/24",
        "192.0.2.0/",
        "192.0.2.0/33",
        "192.0.2.0/024",
        "192.0.2.0/-1",
        "192.0.2.0/ 24",
        "192.0.2.0/24 ",
        "192.0.2.0/24/24",
        "192.0.2/24",
        "192.0.2.1/24",
        "192.0.2.64/25",
        "192.0.2.0/255.255.255.0",
        "0.0.0.1/0",
        "2001:db8::1/64",
        "2001:db8::/129",
        "2001:db8::/31x",
        "[2001:db8::]/32",
        "[2001:db8::1]",
        "2001:db9::/31",
        "::1/127",
        "peer/8",
        "192.0.2.0:5060/24",
    };
    struct prefix prefix;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        if (prefix_read(&prefix, slice_string(refused[i]))) {
            fail_msg("\"%s\" was read", refused[i]);
        }
        assert_int_equal(prefix.address.family, ADDRESS_NONE);
    }
}

static void prefix_has_what_agrees(void **state)
{
    struct prefix prefix;
    struct address inside = address_of("192.0.2.127"), outside = address_of("192.0.2.128");
    struct address mapped = address_of("::ffff:192.0.2.1"), none = {0};

    (void)state;
    assert_true(prefix_read(&prefix, SLICE("192.0.2.0/25")));
    assert_true(prefix_has(&prefix, &inside));
    assert_false(prefix_has(&prefix, &outside));
    assert_false(prefix_has(&prefix, &mapped));
    assert_true(prefix_read(&prefix, SLICE("0.0.0.0/0")));
    assert_true(prefix_has(&prefix, &outside));
    assert_false(prefix_has(&prefix, &mapped));
    assert_false(prefix_has(&prefix, &none));
    assert_true(prefix_read(&prefix, SLICE("::ffff:0:0/96")));
    assert_true(prefix_has(&prefix, &mapped));
    assert_true(prefix_read(&prefix, SLICE("::ffff:192.0.2.1")));
    assert_true(prefix_has(&prefix, &mapped));
    assert_false(prefix_has(&(struct prefix){0}, &none));
}

static void add(struct prefixes *prefixes, const char *literal, uint32_t value)
{
    struct prefix prefix;

    assert_true(prefix_read(&prefix, slice_string(literal)));
    assert_true(prefixes_add(prefixes, &prefix, value));
}

static uint32_t found(const struct prefixes *prefixes, const char *literal)
{
    struct address address = address_of(literal);
    uint32_t value = 0;

    return prefixes_find(prefixes, &address, &value) ? value : 0;
}

static void empty_has_nobody(void **state)
{
    struct prefixes *prefixes = prefixes_new();

    (void)state;
    assert_int_equal(found(prefixes, "192.0.2.1"), 0);
    assert_int_equal(found(prefixes, "::"), 0);
    prefixes_free(prefixes);
    prefixes_free(NULL);
}

static void the_longest_wins(void **state)
{
    struct prefixes *prefixes = prefixes_new();

    (void)state;
    add(prefixes, "10.1.2.0/24", 3);
    add(prefixes, "10.0.0.0/8", 1);
    add(prefixes, "10.1.2.3", 4);
    add(prefixes, "10.1.0.0/16", 2);
    assert_int_equal(found(prefixes, "10.1.2.3"), 4);
    assert_int_equal(found(prefixes, "10.1.2.4"), 3);
    assert_int_equal(found(prefixes, "10.1.3.1"), 2);
    assert_int_equal(found(prefixes, "10.2.0.0"), 1);
    assert_int_equal(found(prefixes, "11.0.0.0"), 0);
    add(prefixes, "0.0.0.0/0", 9);
    assert_int_equal(found(prefixes, "11.0.0.0"), 9);
    assert_int_equal(found(prefixes, "10.1.2.3"), 4);
    prefixes_free(prefixes);
}

static void families_never_meet(void **state)
{
    struct prefixes *prefixes = prefixes_new();

    (void)state;
    add(prefixes, "0.0.0.0/0", 1);
    assert_int_equal(found(prefixes, "::"), 0);
    assert_int_equal(found(prefixes, "::ffff:10.0.0.1"), 0);
    add(prefixes, "::/0", 2);
    add(prefixes, "a00::/8", 3);
    assert_int_equal(found(prefixes, "10.0.0.1"), 1);
    assert_int_equal(found(prefixes, "a00::1"), 3);
    assert_int_equal(found(prefixes, "b00::1"), 2);
    prefixes_free(prefixes);
}

static void v6_down_to_the_last_bit(void **state)
{
    struct prefixes *prefixes = prefixes_new();

    (void)state;
    add(prefixes, "2001:db8::/63", 1);
    add(prefixes, "2001:db8::/64", 2);
    add(prefixes, "2001:db8::/65", 3);
    add(prefixes, "2001:db8::/127", 4);
    add(prefixes, "2001:db8::1", 5);
    assert_int_equal(found(prefixes, "2001:db8::1"), 5);
    assert_int_equal(found(prefixes, "2001:db8::"), 4);
    assert_int_equal(found(prefixes, "2001:db8::2"), 3);
    assert_int_equal(found(prefixes, "2001:db8:0:0:8000::"), 2);
    assert_int_equal(found(prefixes, "2001:db8:0:1::"), 1);
    assert_int_equal(found(prefixes, "2001:db8:0:2::"), 0);
    prefixes_free(prefixes);
}

static void one_prefix_one_value(void **state)
{
    struct prefixes *prefixes = prefixes_new();
    struct prefix prefix;

    (void)state;
    add(prefixes, "192.0.2.0/24", 7);
    add(prefixes, "192.0.2.0/24", 7);
    assert_true(prefix_read(&prefix, SLICE("192.0.2.0/24")));
    assert_false(prefixes_add(prefixes, &prefix, 8));
    assert_int_equal(found(prefixes, "192.0.2.1"), 7);
    /* A place where two part may become a prefix of its own. */
    add(prefixes, "192.0.3.0/24", 9);
    add(prefixes, "192.0.2.0/23", 10);
    assert_int_equal(found(prefixes, "192.0.3.1"), 9);
    add(prefixes, "0.0.0.0/0", 0);
    struct address address = address_of("1.1.1.1");
    uint32_t value = 5;
    assert_true(prefixes_find(prefixes, &address, &value));
    assert_int_equal(value, 0);
    prefixes_free(prefixes);
}

static void bits_behind_the_prefix_do_not_count(void **state)
{
    struct prefixes *prefixes = prefixes_new();
    struct prefix prefix = {.bits = 12};

    (void)state;
    assert_true(address_read(&prefix.address, SLICE("172.16.5.6")));
    assert_true(prefixes_add(prefixes, &prefix, 3));
    assert_int_equal(found(prefixes, "172.31.255.255"), 3);
    assert_int_equal(found(prefixes, "172.32.0.0"), 0);
    prefixes_free(prefixes);
}

enum { PREFIXES = 600, LOOKUPS = 30000 };

/* Few distinct octets, so that prefixes nest, repeat and part late. */
static void random_address(struct address *address, uint64_t *seed)
{
    bool is_v4 = chance_below(seed, 2) == 0;

    *address = (struct address){.family = is_v4 ? ADDRESS_V4 : ADDRESS_V6};
    for (unsigned i = 0; i < (is_v4 ? 4U : 16U); i++) {
        static const uint8_t octets[] = {0, 1, 0x80, 0xff, 0xc0};

        address->bytes[i] = octets[chance_below(seed, ARRAY_COUNT(octets))];
    }
}

static void random_prefix(struct prefix *prefix, uint64_t *seed)
{
    random_address(&prefix->address, seed);
    prefix->bits = (uint8_t)chance_below(seed, prefix->address.family == ADDRESS_V4 ? 33 : 129);
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
    return a->bits == b->bits && prefix_has(a, &b->address);
}

static bool naive_find(const struct prefix *list, size_t count, const struct address *address,
                       uint32_t *value)
{
    int longest = -1;

    for (size_t i = 0; i < count; i++) {
        if (prefix_has(&list[i], address) && list[i].bits > longest) {
            longest = list[i].bits;
            *value = (uint32_t)i;
        }
    }
    return longest >= 0;
}

static void against_a_naive_list(void **state)
{
    static struct prefix list[PREFIXES];
    uint64_t seed = 31;

    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        struct prefixes *prefixes = prefixes_new();
        size_t count = 0;

        while (count < PREFIXES) {
            struct prefix prefix;
            bool is_new = true;

            random_prefix(&prefix, &seed);
            for (size_t i = 0; i < count && is_new; i++) {
                is_new = !same_prefix(&list[i], &prefix);
            }
            assert_int_equal(prefixes_add(prefixes, &prefix, (uint32_t)count), is_new);
            if (is_new) {
                list[count++] = prefix;
            }
        }
        for (unsigned i = 0; i < LOOKUPS / 5; i++) {
            struct address address;
            uint32_t value = 0, expected = 0;

            random_address(&address, &seed);
            bool is_found = prefixes_find(prefixes, &address, &value);
            assert_int_equal(is_found, naive_find(list, count, &address, &expected));
            assert_int_equal(value, expected);
        }
        prefixes_free(prefixes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_are_read),
        cmocka_unit_test(prefixes_that_are_none),
        cmocka_unit_test(prefix_has_what_agrees),
        cmocka_unit_test(empty_has_nobody),
        cmocka_unit_test(the_longest_wins),
        cmocka_unit_test(families_never_meet),
        cmocka_unit_test(v6_down_to_the_last_bit),
        cmocka_unit_test(one_prefix_one_value),
        cmocka_unit_test(bits_behind_the_prefix_do_not_count),
        cmocka_unit_test(against_a_naive_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
