/*
 * Token buckets, counts of what is up, and the steering of load.
 */
#include "expect.h"
#include "state/load.h"
#include "state/occupancy.h"
#include "state/rates.h"

#include <stdlib.h>

enum { PLACES = 64, SECOND = 1000000 };

static struct rates rates;

static int rates_open(void **state)
{
    void *memory = calloc(1, rates_size(PLACES));

    (void)state;
    rates_init(&rates, memory, PLACES);
    return memory == NULL;
}

static int rates_close(void **state)
{
    (void)state;
    free(rates.buckets);
    return 0;
}

static unsigned taken(struct bucket *bucket, struct rate rate, unsigned tries, uint64_t now_us)
{
    unsigned count = 0;

    for (unsigned i = 0; i < tries; i++) {
        if (bucket_has(bucket, rate, RATES_WHOLE, now_us)) {
            bucket_take(bucket, rate, RATES_WHOLE, now_us);
            count++;
        }
    }
    return count;
}

static void test_bucket(void **state)
{
    struct rate rate = rate_of(300, 300, 20); /* five a second */
    struct bucket *bucket = rates_at(&rates, 7, 100 * (uint64_t)SECOND);

    (void)state;
    assert_int_equal(taken(bucket, rate, 100, 100 * (uint64_t)SECOND), 20);
    assert_int_equal(bucket_percent(bucket, rate, 100 * (uint64_t)SECOND), 100);
    assert_int_equal(taken(bucket, rate, 100, 101 * (uint64_t)SECOND), 5);
    assert_int_equal(taken(bucket, rate, 100, 200 * (uint64_t)SECOND), 20);
    assert_int_equal(bucket_percent(bucket, rate, 202 * (uint64_t)SECOND), 50);
    /* A clock that steps back leaves nobody shut out. */
    assert_int_equal(taken(bucket, rate, 100, 3 * (uint64_t)SECOND), 20);
}

static void test_quarters(void **state)
{
    struct rate rate = rate_of(60, 60, 1);
    struct bucket *bucket = rates_at(&rates, 9, SECOND);

    (void)state;
    for (unsigned i = 0; i < RATES_WHOLE; i++) {
        assert_true(bucket_has(bucket, rate, 1, SECOND));
        bucket_take(bucket, rate, 1, SECOND);
    }
    assert_false(bucket_has(bucket, rate, 1, SECOND));
    assert_true(bucket_has(bucket, rate, 1, SECOND + SECOND / 4));
}

static void test_rate_of(void **state)
{
    (void)state;
    assert_int_equal(rate_of(0, 300, 20).token_us, 0);
    assert_int_equal(rate_of(600, 300, 20).burst, 40);
    assert_int_equal(rate_of(1, 300, 20).burst, 1);
    assert_int_equal(rate_of(60000000, 300, 20).token_us, 1);
}

/* Whatever else comes, who is busy is found again while others are not; and what is forgotten while
 * it mattered is counted. */
static void test_table(void **state)
{
    struct rate rate = rate_of(60, 60, 10);
    uint64_t now_us = 50 * (uint64_t)SECOND;

    (void)state;
    rates.crowded = 0;
    assert_int_equal(taken(rates_at(&rates, 1024, now_us), rate, 20, now_us), 10);
    for (uint64_t key = 1; key < 1000; key++) {
        (void)rates_at(&rates, key << 20 | 3, now_us);
    }
    assert_int_equal(taken(rates_at(&rates, 1024, now_us), rate, 20, now_us), 0);
    assert_int_equal(rates.crowded, 0);
    for (uint64_t key = 1; key < 1000; key++) {
        (void)taken(rates_at(&rates, key << 20, now_us), rate, 20, now_us);
    }
    assert_true(rates.crowded > 900);
}

static void test_occupancy(void **state)
{
    enum { KEYS = 1000 };
    struct occupancy occupancy;
    void *memory = malloc(occupancy_size(KEYS));

    (void)state;
    assert_non_null(memory);
    occupancy_init(&occupancy, memory, KEYS);
    occupancy_enter(&occupancy, 0);
    assert_int_equal(occupancy.used, 0);
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t key = 1; key <= KEYS; key++) {
            occupancy_enter(&occupancy, key * 16); /* neighbours of each other */
        }
    }
    for (uint64_t key = 1; key <= KEYS; key += 2) {
        for (unsigned i = 0; i < 3; i++) {
            occupancy_leave(&occupancy, key * 16);
        }
    }
    for (uint64_t key = 1; key <= KEYS; key++) {
        assert_int_equal(occupancy_of(&occupancy, key * 16), key % 2 == 1 ? 0 : 3);
    }
    assert_int_equal(occupancy.used, KEYS / 2);
    occupancy_leave(&occupancy, 17);
    assert_int_equal(occupancy.used, KEYS / 2);
    free(memory);
}

static void load_for(struct load *load, const struct load_sample *sample, unsigned beats)
{
    for (unsigned i = 0; i < beats; i++) {
        load_tell(load, sample);
    }
}

static unsigned shed(struct load *load, enum load_kind kind)
{
    unsigned count = 0;

    for (unsigned i = 0; i < 1000; i++) {
        count += load_sheds(load, kind);
    }
    return count;
}

static void test_load(void **state)
{
    struct load load = {0};
    const struct load_sample idle = {.wait_us = 1000}, late = {.wait_us = 3 * LOAD_TARGET_US},
                             full = {.table_percent = 95};

    (void)state;
    load_for(&load, &idle, 1000);
    assert_int_equal(load.loss, 0);
    load_for(&load, &late, 1);
    assert_in_range(load.loss, 30, 70);
    load_for(&load, &late, 20);
    assert_int_equal(load.loss, 100);
    assert_int_equal(shed(&load, LOAD_CALL), 1000);
    assert_int_equal(shed(&load, LOAD_KEPT), 0);
    load_for(&load, &idle, 40);
    assert_int_equal(load.loss, 0);
    load_for(&load, &full, 20);
    assert_int_equal(load.loss, 100);
}

/* Probes whole before any registration, those before any call. */
static void test_order(void **state)
{
    struct load load = {.loss = 50};

    (void)state;
    assert_int_equal(shed(&load, LOAD_PROBE), 1000);
    assert_int_equal(shed(&load, LOAD_REGISTER), 500);
    assert_int_equal(shed(&load, LOAD_CALL), 0);
    load.loss = 80;
    assert_int_equal(shed(&load, LOAD_REGISTER), 1000);
    assert_int_equal(shed(&load, LOAD_CALL), 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket),    cmocka_unit_test(test_quarters),
        cmocka_unit_test(test_rate_of),   cmocka_unit_test(test_table),
        cmocka_unit_test(test_occupancy), cmocka_unit_test(test_load),
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, rates_open, rates_close);
}
