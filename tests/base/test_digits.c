/* Prefixes of digits: the longest is found, as a search through all of them finds it. */
#include "../expect.h"

#include "base/digits.h"

enum { MANY = 10000 };

static struct digits_entry entries[MANY];
static struct digits_node nodes[MANY * DIGITS_MAX + 1];
static struct digits_room rooms[MANY * DIGITS_MAX + 1];

static uint32_t build(const char *const *prefixes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_true(digits_entry_read(&entries[i], slice_string(prefixes[i]), (uint16_t)(i + 1)));
    }
    digits_sort(entries, count);
    assert_true(digits_nodes_most(entries, count) <= ARRAY_COUNT(nodes));
    return digits_build(entries, count, nodes, rooms);
}

static void test_longest(void **state)
{
    static const char *const prefixes[] = {"43", "4390", "43900", "1", "1809", "0"};

    (void)state;
    assert_int_equal(build(prefixes, ARRAY_COUNT(prefixes)), 1 + 2 + 2 + 1 + 1 + 3 + 1);
    assert_int_equal(digits_find(nodes, SLICE("4312345")), 1);
    assert_int_equal(digits_find(nodes, SLICE("439011")), 2);
    assert_int_equal(digits_find(nodes, SLICE("43900111")), 3);
    assert_int_equal(digits_find(nodes, SLICE("439")), 1);
    assert_int_equal(digits_find(nodes, SLICE("4")), 0);
    assert_int_equal(digits_find(nodes, SLICE("1808")), 4);
    assert_int_equal(digits_find(nodes, SLICE("18095")), 5);
    assert_int_equal(digits_find(nodes, SLICE("0")), 6);
    assert_int_equal(digits_find(nodes, SLICE("")), 0);
    assert_int_equal(digits_find(nodes, SLICE("43*0011")), 1);
}

static void test_none(void **state)
{
    struct digits_entry entry;

    (void)state;
    assert_int_equal(digits_build(entries, 0, nodes, rooms), 1);
    assert_int_equal(digits_find(nodes, SLICE("43")), 0);
    assert_false(digits_entry_read(&entry, SLICE(""), 1));
    assert_false(digits_entry_read(&entry, SLICE("+43"), 1));
    assert_false(digits_entry_read(&entry, SLICE("1234567890123456"), 1));
}

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static uint32_t random_digits(uint64_t *seed, char room[DIGITS_MAX + 1])
{
    uint32_t len = 1 + (uint32_t)(next(seed) % 6);

    for (uint32_t i = 0; i < len; i++) {
        room[i] = (char)('0' + next(seed) % 4);
    }
    room[len] = '\0';
    return len;
}

/* What a search through all would say. */
static uint16_t slowly(uint32_t count, const char *number)
{
    uint16_t value = 0;
    uint8_t longest = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct digits_entry whole;

        assert_true(digits_entry_read(&whole, slice_string(number), 1));
        if (entries[i].len >= longest && entries[i].len <= whole.len &&
            (entries[i].key ^ whole.key) >> (4 * (16 - entries[i].len)) == 0) {
            value = entries[i].value;
            longest = entries[i].len;
        }
    }
    return value;
}

static void test_as_a_search_through_all(void **state)
{
    uint64_t seed = 42;
    char room[DIGITS_MAX + 1];

    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        uint32_t count = 0;

        for (unsigned i = 0; i < 200; i++) {
            random_digits(&seed, room);
            assert_true(digits_entry_read(&entries[count++], slice_string(room), 1));
        }
        digits_sort(entries, count);
        uint32_t kept = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (kept == 0 || entries[kept - 1].key != entries[i].key ||
                entries[kept - 1].len != entries[i].len) {
                entries[kept] = entries[i];
                entries[kept++].value = (uint16_t)(i + 1);
            }
        }
        assert_true(digits_build(entries, kept, nodes, rooms) <= digits_nodes_most(entries, kept));
        for (unsigned i = 0; i < 100; i++) {
            random_digits(&seed, room);
            assert_int_equal(digits_find(nodes, slice_string(room)), slowly(kept, room));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_as_a_search_through_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
