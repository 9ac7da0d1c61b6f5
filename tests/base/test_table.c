#include "../expect.h"

#include "base/table.h"

enum { RECORDS = 50 };

static struct table table_open(uint32_t records)
{
    struct table table;
    void *memory = malloc(table_size(records));

    assert_non_null(memory);
    memset(memory, 0xa5, table_size(records));
    table_init(&table, memory, records);
    return table;
}

static bool table_has(const struct table *table, uint64_t hash, uint32_t index)
{
    struct table_cursor cursor = {0};
    uint32_t found;

    while (table_next(table, hash, &cursor, &found)) {
        if (found == index) {
            return true;
        }
    }
    return false;
}

static unsigned table_count(const struct table *table, uint64_t hash)
{
    struct table_cursor cursor = {0};
    uint32_t found;
    unsigned count = 0;

    while (table_next(table, hash, &cursor, &found)) {
        count++;
    }
    return count;
}

static void empty_has_nothing(void **state)
{
    struct table table = table_open(RECORDS);

    (void)state;
    assert_false(table_has(&table, 0, 0));
    assert_false(table_remove(&table, 0, 0));
    assert_false(table_remove(&table, 1, 1));
    assert_int_equal(table_count(&table, UINT64_MAX), 0);
    free(table.entries);
}

static void filled_to_the_brim_and_again(void **state)
{
    struct table table = table_open(RECORDS);
    uint64_t hashes[RECORDS + 1];
    uint64_t seed = 3;

    (void)state;
    assert_true(table.mask + 1 >= 2 * RECORDS);
    for (unsigned round = 0; round < 3; round++) {
        for (uint32_t i = 1; i <= RECORDS; i++) {
            hashes[i] = chance(&seed);
            assert_true(table_add(&table, hashes[i], i));
        }
        assert_int_equal(table.used, RECORDS);
        assert_false(table_add(&table, 1, 1));
        for (uint32_t i = 1; i <= RECORDS; i++) {
            assert_true(table_has(&table, hashes[i], i));
            assert_true(table_remove(&table, hashes[i], i));
            assert_false(table_has(&table, hashes[i], i));
            assert_false(table_remove(&table, hashes[i], i));
        }
        assert_int_equal(table.used, 0);
    }
    free(table.entries);
}

/* Whoever knew the key could send all to one place; all are still found. */
static void one_hash_for_all(void **state)
{
    struct table table = table_open(RECORDS);

    (void)state;
    for (uint32_t i = 1; i <= RECORDS; i++) {
        assert_true(table_add(&table, UINT64_MAX, i));
    }
    assert_int_equal(table_count(&table, UINT64_MAX), RECORDS);
    assert_int_equal(table_count(&table, UINT64_MAX - 1), 0);
    for (uint32_t i = 1; i <= RECORDS; i += 2) {
        assert_true(table_remove(&table, UINT64_MAX, i));
    }
    assert_int_equal(table_count(&table, UINT64_MAX), RECORDS / 2);
    for (uint32_t i = 2; i <= RECORDS; i += 2) {
        assert_true(table_has(&table, UINT64_MAX, i));
    }
    free(table.entries);
}

static void same_place_other_hash(void **state)
{
    struct table table = table_open(RECORDS);
    uint64_t turn = (uint64_t)table.mask + 1;

    (void)state;
    assert_true(table_add(&table, 5, 1));
    assert_true(table_add(&table, 5 + turn, 2));
    assert_true(table_add(&table, 5 + 2 * turn, 3));
    assert_int_equal(table_count(&table, 5), 1);
    assert_true(table_has(&table, 5 + turn, 2));
    assert_true(table_remove(&table, 5, 1));
    assert_true(table_has(&table, 5 + turn, 2));
    assert_true(table_has(&table, 5 + 2 * turn, 3));
    free(table.entries);
}

/* The upper half tells nobody apart: both are candidates, and the caller compares. */
static void half_a_hash_is_kept(void **state)
{
    struct table table = table_open(RECORDS);
    uint64_t twin = 5 + ((uint64_t)1 << 40);

    (void)state;
    assert_true(table_add(&table, 5, 1));
    assert_true(table_add(&table, twin, 2));
    assert_int_equal(table_count(&table, 5), 2);
    assert_true(table_remove(&table, twin, 2));
    assert_true(table_has(&table, 5, 1));
    assert_false(table_has(&table, twin, 2));
    free(table.entries);
}

static void the_next_worker_begins_empty(void **state)
{
    struct table table = table_open(RECORDS);
    void *memory = table.entries;

    (void)state;
    for (uint32_t i = 1; i <= RECORDS; i++) {
        assert_true(table_add(&table, i, i));
    }
    table_init(&table, memory, RECORDS);
    assert_int_equal(table.used, 0);
    for (uint32_t i = 1; i <= RECORDS; i++) {
        assert_false(table_has(&table, i, i));
        assert_true(table_add(&table, i, i));
    }
    free(memory);
}

static void small_tables(void **state)
{
    (void)state;
    for (uint32_t records = 0; records < 5; records++) {
        struct table table = table_open(records);

        for (uint32_t i = 1; i <= records; i++) {
            assert_true(table_add(&table, 9, i));
        }
        assert_false(table_add(&table, 9, 1));
        assert_int_equal(table_count(&table, 9), records);
        free(table.entries);
    }
}

static void add_nothing(void *with)
{
    table_add(with, 1, 0);
}

static void index_zero_is_nobody(void **state)
{
    struct table table = table_open(RECORDS);

    (void)state;
    assert_true(breaks_promise(add_nothing, &table));
    free(table.entries);
}

/* Hashes of few bits, so that runs collide, wrap and close up; every step compared as a whole. */
static void against_a_plain_list(void **state)
{
    struct table table = table_open(RECORDS);
    uint64_t hashes[RECORDS + 1];
    bool is_in[RECORDS + 1] = {false};
    uint64_t seed = 11;
    uint32_t used = 0;

    (void)state;
    for (unsigned step = 0; step < 100000; step++) {
        uint32_t index = 1 + (uint32_t)chance_below(&seed, RECORDS);

        if (is_in[index]) {
            assert_true(table_remove(&table, hashes[index], index));
            used--;
        } else {
            hashes[index] = (uint64_t)table.mask - 4 + chance_below(&seed, 12);
            assert_true(table_add(&table, hashes[index], index));
            used++;
        }
        is_in[index] = !is_in[index];
        assert_int_equal(table.used, used);
        uint32_t other = 1 + (uint32_t)chance_below(&seed, RECORDS);
        if (is_in[other]) {
            assert_true(table_has(&table, hashes[other], other));
        }
        if (step % 100 == 0) {
            for (uint32_t i = 1; i <= RECORDS; i++) {
                assert_int_equal(is_in[i], is_in[i] && table_has(&table, hashes[i], i));
            }
        }
    }
    free(table.entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_has_nothing),    cmocka_unit_test(filled_to_the_brim_and_again),
        cmocka_unit_test(one_hash_for_all),     cmocka_unit_test(same_place_other_hash),
        cmocka_unit_test(half_a_hash_is_kept),  cmocka_unit_test(the_next_worker_begins_empty),
        cmocka_unit_test(small_tables),         cmocka_unit_test(index_zero_is_nobody),
        cmocka_unit_test(against_a_plain_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
