/* The border's port pools: chance, quarantine, shares, reserve, taking over after a restart. */
#include "state/media_ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ZONE = 3, OTHER_ZONE = 4 };

static struct media_pool pool(const char *literal, uint16_t zone, uint16_t port_min,
                              uint16_t port_max)
{
    struct media_pool made = {.zone = zone, .port_min = port_min, .port_max = port_max};

    assert_true(address_read(&made.address, slice_string(literal)));
    return made;
}

static struct media_ports *ports_new(const struct media_pool *pools, uint32_t count,
                                     uint32_t worker, uint32_t workers)
{
    void *memory = malloc(media_ports_size(pools, count));

    assert_non_null(memory);
    return media_ports_init(memory, pools, count,
                            (struct media_ports_share){.worker = worker, .workers = workers});
}

/* A small generator with a seed, so that a failure repeats. */
static uint64_t chance(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return *seed >> 11;
}

static void test_all_pairs_once(void **state)
{
    struct media_pool pools[] = {pool("192.0.2.1", ZONE, 16384, 16583)};
    struct media_ports *ports = ports_new(pools, 1, 0, 1);
    bool seen[100] = {false};
    uint64_t seed = 7;
    struct address local;
    int rising = 0, before = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_true(media_ports_take(ports, ZONE, ADDRESS_V4, true, chance(&seed), 0, &local));
        assert_int_equal(local.port % 2, 0);
        assert_in_range(local.port, 16384, 16582);
        assert_true(address_same_host(&local, &pools[0].address));
        assert_false(seen[(local.port - 16384) / 2]);
        seen[(local.port - 16384) / 2] = true;
        rising += local.port == before + 2;
        before = local.port;
    }
    assert_true(rising < 10); /* in order about 99, by chance about 1 */
    assert_false(media_ports_take(ports, ZONE, ADDRESS_V4, true, 0, 0, &local));
    assert_int_equal(media_ports_counts(ports, ZONE, ADDRESS_V4).refused, 1);
    assert_int_equal(media_ports_counts(ports, ZONE, ADDRESS_V4).most_used, 100);
    free(ports);
}

static void test_rest(void **state)
{
    struct media_pool pools[] = {pool("192.0.2.1", ZONE, 20000, 20001)};
    struct media_ports *ports = ports_new(pools, 1, 0, 1);
    struct address local, again;

    (void)state;
    assert_true(media_ports_take(ports, ZONE, ADDRESS_V4, false, 5, 1000, &local));
    assert_true(media_ports_give(ports, &local, 2000));
    assert_false(media_ports_give(ports, &local, 2000));
    assert_int_equal(media_ports_counts(ports, ZONE, ADDRESS_V4).resting, 1);
    assert_false(media_ports_take(ports, ZONE, ADDRESS_V4, false, 5, 31999, &again));
    assert_true(media_ports_take(ports, ZONE, ADDRESS_V4, false, 5, 32000, &again));
    assert_true(address_equal(&local, &again));
    free(ports);
}

static void test_reserve(void **state)
{
    struct media_pool pools[] = {pool("2001:db8::1", ZONE, 20000, 20039)};
    struct media_ports *ports = ports_new(pools, 1, 0, 1);
    struct address local;

    (void)state;
    for (int i = 0; i < 18; i++) {
        assert_true(media_ports_take(ports, ZONE, ADDRESS_V6, false, 1, 0, &local));
    }
    assert_false(media_ports_take(ports, ZONE, ADDRESS_V6, false, 1, 0, &local));
    assert_true(media_ports_take(ports, ZONE, ADDRESS_V6, true, 1, 0, &local));
    assert_true(media_ports_take(ports, ZONE, ADDRESS_V6, true, 1, 0, &local));
    assert_false(media_ports_take(ports, ZONE, ADDRESS_V6, true, 1, 0, &local));
    free(ports);
}

/* Workers never give the same pair, and together they give all. */
static void test_shares(void **state)
{
    struct media_pool pools[] = {pool("192.0.2.1", ZONE, 20001, 20022)};
    bool seen[10] = {false};
    struct address local;
    uint32_t all = 0;

    (void)state;
    for (uint32_t worker = 0; worker < 3; worker++) {
        struct media_ports *ports = ports_new(pools, 1, worker, 3);

        while (media_ports_take(ports, ZONE, ADDRESS_V4, true, 3, 0, &local)) {
            assert_in_range(local.port, 20002, 20020);
            assert_false(seen[(local.port - 20002) / 2]);
            seen[(local.port - 20002) / 2] = true;
            all++;
        }
        free(ports);
    }
    assert_int_equal(all, 10);
}

static void test_restart(void **state)
{
    struct media_pool pools[] = {pool("192.0.2.1", ZONE, 20000, 20003),
                                 pool("192.0.2.2", OTHER_ZONE, 20000, 20003)};
    struct media_ports *ports = ports_new(pools, 2, 0, 1);
    struct address held = pools[0].address, odd = pools[0].address, foreign, local;

    (void)state;
    held.port = 20002;
    odd.port = 20001;
    assert_true(address_read_port(&foreign, SLICE("192.0.2.3:20002")));
    assert_true(media_ports_hold(ports, &held));
    assert_false(media_ports_hold(ports, &held));
    assert_false(media_ports_hold(ports, &odd));
    assert_false(media_ports_hold(ports, &foreign));
    assert_true(media_ports_take(ports, ZONE, ADDRESS_V4, true, 1, 0, &local));
    assert_int_equal(local.port, 20000);
    assert_false(media_ports_take(ports, ZONE, ADDRESS_V4, true, 1, 0, &local));
    assert_false(media_ports_take(ports, ZONE, ADDRESS_V6, true, 1, 0, &local));
    assert_false(media_ports_take(ports, 9, ADDRESS_V4, true, 1, 0, &local));
    assert_int_equal(media_ports_counts(ports, OTHER_ZONE, ADDRESS_V4).used, 0);
    assert_int_equal(media_ports_counts(ports, ZONE, ADDRESS_V4).used, 2);
    free(ports);
}

static void test_barred(void **state)
{
    struct media_pool pools[] = {pool("192.0.2.1", ZONE, 20000, 20003)};
    struct media_ports *ports = ports_new(pools, 1, 0, 1);
    struct address local = pools[0].address;

    (void)state;
    local.port = 20000;
    assert_true(media_ports_bar(ports, &local));
    assert_false(media_ports_bar(ports, &local));
    assert_false(media_ports_give(ports, &local, 0));
    assert_true(media_ports_take(ports, ZONE, ADDRESS_V4, true, 8, 0, &local));
    assert_int_equal(local.port, 20002);
    assert_false(media_ports_take(ports, ZONE, ADDRESS_V4, true, 8, 0, &local));
    free(ports);
}

static void test_no_whole_pair(void **state)
{
    struct media_pool pools[] = {pool("192.0.2.1", ZONE, 20001, 20002),
                                 pool("192.0.2.1", OTHER_ZONE, 65534, 65535)};
    struct media_ports *ports = ports_new(pools, 2, 0, 1);
    struct address local;

    (void)state;
    assert_false(media_ports_take(ports, ZONE, ADDRESS_V4, true, 0, 0, &local));
    assert_true(media_ports_take(ports, OTHER_ZONE, ADDRESS_V4, true, 0, 0, &local));
    assert_int_equal(local.port, 65534);
    free(ports);
}

/* A long day of takes and gives: no pair is given twice, none within its rest, none is lost. */
static void test_long_day(void **state)
{
    enum { PAIRS = 500, TURNS = 200000 };
    struct media_pool pools[] = {pool("192.0.2.1", ZONE, 20000, 20000 + 2 * PAIRS - 1)};
    struct media_ports *ports = ports_new(pools, 1, 0, 1);
    uint64_t freed_ms[PAIRS] = {0}, seed = 11, now_ms = 100000;
    struct address used[PAIRS];
    uint32_t count = 0;

    (void)state;
    for (int turn = 0; turn < TURNS; turn++) {
        now_ms += chance(&seed) % 500;
        if (chance(&seed) % 2 == 0 &&
            media_ports_take(ports, ZONE, ADDRESS_V4, true, chance(&seed), now_ms, &used[count])) {
            uint32_t number = (used[count].port - 20000U) / 2;

            assert_true(freed_ms[number] + MEDIA_PORTS_REST_MS <= now_ms);
            freed_ms[number] = UINT64_MAX / 2;
            count++;
        } else if (count > 0) {
            uint32_t victim = (uint32_t)(chance(&seed) % count);

            assert_true(media_ports_give(ports, &used[victim], now_ms));
            freed_ms[(used[victim].port - 20000U) / 2] = now_ms;
            used[victim] = used[--count];
        }
        assert_int_equal(media_ports_counts(ports, ZONE, ADDRESS_V4).used, count);
    }
    while (count > 0) {
        assert_true(media_ports_give(ports, &used[--count], now_ms));
    }
    for (uint32_t i = 0; i < PAIRS; i++) {
        struct address local;

        assert_true(media_ports_take(ports, ZONE, ADDRESS_V4, true, i, now_ms + MEDIA_PORTS_REST_MS,
                                     &local));
    }
    free(ports);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_pairs_once), cmocka_unit_test(test_rest),
        cmocka_unit_test(test_reserve),        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_restart),        cmocka_unit_test(test_barred),
        cmocka_unit_test(test_no_whole_pair),  cmocka_unit_test(test_long_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
