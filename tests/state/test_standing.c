/*
 * What is thought of a source: falling, rising, being forgotten, and who never falls.
 */
#include "expect.h"
#include "state/standing.h"

#include <stdlib.h>

enum { PLACES = 16, NOW = 100000 };

static struct standings standings;

static int open_table(void **state)
{
    void *memory = calloc(1, standings_size(PLACES));

    (void)state;
    standings_init(&standings, memory, PLACES);
    return memory == NULL;
}

static int close_table(void **state)
{
    (void)state;
    free(standings.places);
    return 0;
}

static bool garbage(struct standing *standing, unsigned times, uint32_t now_s)
{
    bool has_fallen = false;

    for (unsigned i = 0; i < times; i++) {
        has_fallen |= standing_note_invalid(standing, now_s);
    }
    return has_fallen;
}

/* Anybody may write this source's address: the worst is to be served slowly, and for half a minute
 * each time, however long it goes on. */
static void test_spoofed(void **state)
{
    struct standing source = {.key = 1, .window_s = NOW, .score_s = NOW};

    (void)state;
    for (uint32_t now_s = NOW; now_s < NOW + 3600; now_s++) {
        (void)garbage(&source, 1000, now_s);
        (void)standing_note_score(&source, 100, now_s);
        assert_int_not_equal(standing_level(&source, now_s), STANDING_DENIED);
    }
    assert_int_equal(standing_level(&source, NOW + 3600 - 1), STANDING_DEMOTED);
    assert_int_equal(standing_level(&source, NOW + 3600 - 1 + STANDING_DENY_S), STANDING_UNKNOWN);
}

static void test_proven(void **state)
{
    struct standing source = {.key = 1, .window_s = NOW, .score_s = NOW, .is_proven = true};

    (void)state;
    assert_false(garbage(&source, STANDING_INVALID_STRANGER - 1, NOW));
    assert_true(garbage(&source, 1, NOW));
    assert_int_equal(source.level, STANDING_DEMOTED);
    assert_int_equal(source.reason, STANDING_GARBAGE);
    assert_true(garbage(&source, STANDING_INVALID_STRANGER, NOW + 1));
    assert_int_equal(source.level, STANDING_DENIED);
    /* Four times as long each time, a day at most; clean hours are forgiven. */
    assert_int_equal(source.until_s, NOW + 1 + STANDING_DENY_S * STANDING_DENY_STEP);
    uint32_t now_s = source.until_s;
    assert_int_equal(standing_level(&source, now_s), STANDING_UNKNOWN);
    for (unsigned i = 0; i < 20; i++) {
        now_s = source.until_s;
        (void)standing_level(&source, now_s);
        (void)standing_fall(&source, STANDING_SCORE, true, now_s);
        assert_true(source.until_s - now_s <= STANDING_DENY_MAX_S);
    }
    assert_int_equal(source.until_s - now_s, STANDING_DENY_MAX_S);
    now_s = source.until_s;
    assert_int_equal(standing_level(&source, now_s), STANDING_UNKNOWN);
    (void)standing_level(&source, now_s + 100 * 3600);
    assert_int_equal(source.step, 0);
}

static void test_known(void **state)
{
    struct standing device = {.key = 1, .window_s = NOW, .score_s = NOW};

    (void)state;
    standing_know(&device, STANDING_REGISTERED, NOW);
    assert_int_equal(device.level, STANDING_KNOWN);
    assert_false(garbage(&device, STANDING_INVALID_KNOWN - 1, NOW));
    assert_false(garbage(&device, STANDING_INVALID_KNOWN - 1, NOW + STANDING_WINDOW_S));
    assert_true(garbage(&device, 1, NOW + STANDING_WINDOW_S));
    assert_int_equal(device.level, STANDING_DEMOTED);
    standing_know(&device, STANDING_REGISTERED, NOW + STANDING_WINDOW_S + 1);
    assert_int_equal(device.level, STANDING_DEMOTED); /* not before its time is over */
}

static void test_score(void **state)
{
    struct standing source = {.key = 1, .window_s = NOW, .score_s = NOW};

    (void)state;
    assert_false(standing_note_score(&source, 20, NOW));
    assert_false(standing_note_score(&source, 0, NOW + STANDING_HALF_LIFE_S));
    assert_int_equal(source.score, 10);
    /* A point now and then is a bad habit, no scan. */
    for (uint32_t i = 1; i < 100; i++) {
        assert_false(standing_note_score(&source, 4, NOW + i * STANDING_HALF_LIFE_S));
    }
    assert_true(standing_note_score(&source, 30, NOW + 100 * STANDING_HALF_LIFE_S));
    assert_int_equal(source.level, STANDING_DEMOTED);
    assert_int_equal(source.reason, STANDING_SCORE);
}

static void test_peer(void **state)
{
    struct standing peer = {.level = STANDING_CONTRACT, .window_s = NOW, .score_s = NOW};
    unsigned told = 0;

    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        told += standing_note_peer(&peer, 1, 5, NOW);
    }
    assert_in_range(told, 1, 2);
    assert_int_equal(standing_level(&peer, NOW + 1), STANDING_CONTRACT);
    assert_false(standing_fall(&peer, STANDING_FLOOD, true, NOW));
}

static void test_shared(void **state)
{
    struct standing host = {.key = 1};

    (void)state;
    for (uint64_t user = 0; user < 4; user++) {
        standing_note_user(&host, user);
        standing_note_user(&host, user);
    }
    assert_false(standing_is_shared(&host));
    standing_note_user(&host, 4);
    assert_true(standing_is_shared(&host));
}

/* A flood of new names pushes out strangers, never who is kept out or known while strangers are
 * left. */
static void test_forgetting(void **state)
{
    struct standing *denied = standing_at(&standings, 0x1000, NOW);

    (void)state;
    denied->is_proven = true;
    (void)standing_fall(denied, STANDING_SCORE, true, NOW);
    standing_know(standing_at(&standings, 0x2000, NOW), STANDING_REGISTERED, NOW);
    for (uint64_t key = 1; key < 10000; key++) {
        (void)standing_at(&standings, key << 16, NOW + 1);
    }
    assert_non_null(standing_find(&standings, 0x1000));
    assert_non_null(standing_find(&standings, 0x2000));
    assert_int_equal(standings.forgotten, 0);
    assert_null(standing_find(&standings, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spoofed),    cmocka_unit_test(test_proven),
        cmocka_unit_test(test_known),      cmocka_unit_test(test_score),
        cmocka_unit_test(test_peer),       cmocka_unit_test(test_shared),
        cmocka_unit_test(test_forgetting),
    };

    return cmocka_run_group_tests(tests, open_table, close_table);
}
