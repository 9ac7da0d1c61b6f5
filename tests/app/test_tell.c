#include "../expect.h"

#include "app/run/gather.h"
#include "app/run/tell.h"

#include <time.h>

enum { SECOND = 1000000 };

static struct inspection *inspected(uint16_t control, uint16_t peer, enum policy_action action)
{
    static struct inspection inspection;

    memset(&inspection, 0, sizeof(inspection));
    inspection.peer = peer;
    inspection.finding_count = 1;
    inspection.findings[0] =
        (struct finding){.control = control, .action = (uint8_t)action, .mode = MODE_ENFORCE};
    return &inspection;
}

static unsigned told(struct tell *tell, const struct inspection *inspection, unsigned times,
                     uint64_t now_us)
{
    unsigned count = 0;

    for (unsigned i = 0; i < times; i++) {
        count += tell_is_wanted(tell, inspection, now_us);
    }
    return count;
}

static void habits_are_told_a_few_times(void **state)
{
    struct tell tell = {0};
    const struct inspection *stripped = inspected(43, 1, ACTION_STRIP);

    (void)state;
    assert_int_equal(told(&tell, stripped, 100, 5 * SECOND), TELL_SAME_MAX);
    assert_int_equal(told(&tell, stripped, 100, 9 * SECOND), 0);
    assert_int_equal(told(&tell, stripped, 100, 10 * SECOND), TELL_SAME_MAX);
    /* Of another peer, or another control, it is news. */
    assert_int_equal(told(&tell, inspected(43, 2, ACTION_STRIP), 100, 10 * SECOND), TELL_SAME_MAX);
    assert_int_equal(told(&tell, inspected(44, 1, ACTION_PASS), 100, 10 * SECOND), TELL_SAME_MAX);
}

static void refusals_are_told_up_to_the_bound(void **state)
{
    struct tell tell = {0};

    (void)state;
    assert_int_equal(told(&tell, inspected(43, 1, ACTION_REJECT), 5000, SECOND), TELL_MAX);
    assert_int_equal(told(&tell, inspected(45, 1, ACTION_DROP), 10, SECOND), 0);
    assert_int_equal(told(&tell, inspected(45, 1, ACTION_DROP), 10, 2 * SECOND), 10);
}

/* A refusal only observed changes nothing, and so is a habit. */
static void what_is_observed_is_a_habit(void **state)
{
    struct tell tell = {0};
    struct inspection *observed = inspected(43, 1, ACTION_REJECT);

    (void)state;
    observed->findings[0].mode = MODE_OBSERVE;
    assert_int_equal(told(&tell, observed, 100, SECOND), TELL_SAME_MAX);
}

static uint64_t wall_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / 1000;
}

static void only_the_busy_wait(void **state)
{
    struct gather gather = {0};
    uint64_t begun_us = wall_us();

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        gather_wait(&gather, i, (uint64_t)(i + 1) * GATHER_WINDOW_US); /* twenty in a second */
    }
    assert_true(wall_us() - begun_us < 100000);
    assert_false(gather.is_busy);
    gather_wait(&gather, 1000 + GATHER_RATE, 1002ULL * GATHER_WINDOW_US);
    assert_true(gather.is_busy);
    begun_us = wall_us();
    gather_wait(&gather, 1000 + GATHER_RATE, 1002ULL * GATHER_WINDOW_US + 1);
    assert_true(wall_us() - begun_us >= GATHER_NS / 1000);
    gather_wait(&gather, 1000 + GATHER_RATE, 1004ULL * GATHER_WINDOW_US);
    assert_false(gather.is_busy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(habits_are_told_a_few_times),
        cmocka_unit_test(refusals_are_told_up_to_the_bound),
        cmocka_unit_test(what_is_observed_is_a_habit),
        cmocka_unit_test(only_the_busy_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
