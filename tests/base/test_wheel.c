#include "../expect.h"

#include "base/wheel.h"

#define TURN_MS ((uint64_t)1 << 30) /* 64^5 */

static void nothing_set(void **state)
{
    struct wheel wheel;

    (void)state;
    wheel_init(&wheel, 1000);
    assert_null(wheel_take(&wheel, 5000));
    assert_true(wheel_next_ms(&wheel) == UINT64_MAX);
    assert_int_equal(wheel.now_ms, 5000);
    assert_null(wheel_take(&wheel, UINT64_MAX));
    assert_true(wheel.now_ms == UINT64_MAX);
}

static void on_time_and_once(void **state)
{
    static const uint64_t waits[] = {
        1,
        63,
        64,
        65,
        4095,
        4096,
        4097,
        262143,
        262144,
        16777215,
        16777216,
        32000,
        TURN_MS - 1,
        TURN_MS,
        TURN_MS + 1,
        3 * TURN_MS,
        9 * TURN_MS + 77,
    };
    static const uint64_t starts[] = {0, 1, 63, 4095, TURN_MS - 1, TURN_MS, 1732550400123};

    (void)state;
    for (size_t s = 0; s < ARRAY_COUNT(starts); s++) {
        for (size_t w = 0; w < ARRAY_COUNT(waits); w++) {
            uint64_t due = starts[s] + waits[w];
            struct wheel_timer timer = {.kind = 3, .owner = 9};
            struct wheel wheel;

            wheel_init(&wheel, starts[s]);
            wheel_set(&wheel, &timer, due);
            assert_true(wheel_is_set(&timer));
            assert_null(wheel_take(&wheel, due - 1));
            assert_true(wheel_next_ms(&wheel) == due);
            assert_ptr_equal(wheel_take(&wheel, due), &timer);
            assert_false(wheel_is_set(&timer));
            assert_int_equal(timer.kind, 3);
            assert_int_equal(timer.owner, 9);
            assert_null(wheel_take(&wheel, due));
            assert_int_equal(wheel.count, 0);
        }
    }
}

/* The loop of a worker: sleeps until told, never longer than it should. */
static void followed_by_its_own_word(void **state)
{
    uint64_t seed = 5;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        uint64_t start = chance(&seed) >> (20 + chance_below(&seed, 40));
        uint64_t due = start + (chance(&seed) >> (24 + chance_below(&seed, 40)));
        struct wheel_timer timer = {0};
        struct wheel wheel;
        unsigned looks = 0;

        wheel_init(&wheel, start);
        wheel_set(&wheel, &timer, due);
        for (uint64_t next = wheel_next_ms(&wheel); next < due; next = wheel_next_ms(&wheel)) {
            assert_null(wheel_take(&wheel, next));
            assert_true(wheel_next_ms(&wheel) > next);
            looks++;
        }
        assert_true(wheel_next_ms(&wheel) == due);
        assert_ptr_equal(wheel_take(&wheel, due), &timer);
        assert_true(looks <= WHEEL_LEVELS + due / TURN_MS - start / TURN_MS);
    }
}

static void the_past_is_due_next(void **state)
{
    struct wheel_timer first = {0}, second = {0};
    struct wheel wheel;

    (void)state;
    wheel_init(&wheel, 1000);
    wheel_set(&wheel, &first, 5);
    wheel_set(&wheel, &second, 1000);
    assert_true(wheel_next_ms(&wheel) == 1000);
    assert_ptr_equal(wheel_take(&wheel, 1000), &first);
    assert_ptr_equal(wheel_take(&wheel, 1000), &second);
    assert_null(wheel_take(&wheel, 1000));
    wheel_set(&wheel, &first, 0);
    assert_ptr_equal(wheel_take(&wheel, 1), &first);
}

static void stopped_and_moved(void **state)
{
    struct wheel_timer a = {0}, b = {0}, c = {0};
    struct wheel wheel;

    (void)state;
    wheel_init(&wheel, 0);
    wheel_stop(&wheel, &a);
    wheel_set(&wheel, &a, 100);
    wheel_set(&wheel, &b, 100);
    wheel_set(&wheel, &c, 100);
    wheel_stop(&wheel, &b);
    assert_int_equal(wheel.count, 2);
    wheel_set(&wheel, &a, 50);
    assert_int_equal(wheel.count, 2);
    assert_ptr_equal(wheel_take(&wheel, 99), &a);
    assert_null(wheel_take(&wheel, 99));
    wheel_stop(&wheel, &c);
    assert_true(wheel_next_ms(&wheel) == UINT64_MAX);
    assert_null(wheel_take(&wheel, 1000));
}

static void stopped_while_due(void **state)
{
    struct wheel_timer a = {0}, b = {0}, c = {0}, d = {0};
    struct wheel wheel;

    (void)state;
    wheel_init(&wheel, 0);
    wheel_set(&wheel, &a, 1);
    wheel_set(&wheel, &b, 2);
    wheel_set(&wheel, &c, 3);
    assert_ptr_equal(wheel_take(&wheel, 10), &a);
    wheel_stop(&wheel, &c);
    wheel_set(&wheel, &d, 4);
    assert_ptr_equal(wheel_take(&wheel, 10), &b);
    assert_ptr_equal(wheel_take(&wheel, 10), &d);
    assert_null(wheel_take(&wheel, 10));
    wheel_set(&wheel, &c, 11);
    assert_ptr_equal(wheel_take(&wheel, 11), &c);
}

static void a_stopped_timer_wakes_nobody(void **state)
{
    struct wheel_timer soon = {0}, late = {0};
    struct wheel wheel;

    (void)state;
    wheel_init(&wheel, 7);
    wheel_set(&wheel, &late, 100000);
    uint64_t next = wheel_next_ms(&wheel);
    wheel_set(&wheel, &soon, 20);
    assert_true(wheel_next_ms(&wheel) <= 20);
    wheel_stop(&wheel, &soon);
    assert_true(wheel_next_ms(&wheel) == next);
}

static void a_clock_that_goes_back(void **state)
{
    struct wheel_timer timer = {0};
    struct wheel wheel;

    (void)state;
    wheel_init(&wheel, 1000);
    wheel_set(&wheel, &timer, 1500);
    assert_null(wheel_take(&wheel, 10));
    assert_int_equal(wheel.now_ms, 1000);
    assert_ptr_equal(wheel_take(&wheel, 1500), &timer);
}

static void the_end_of_time(void **state)
{
    struct wheel_timer timer = {0};
    struct wheel wheel;

    (void)state;
    wheel_init(&wheel, UINT64_MAX - 5);
    wheel_set(&wheel, &timer, UINT64_MAX);
    assert_null(wheel_take(&wheel, UINT64_MAX - 1));
    assert_ptr_equal(wheel_take(&wheel, UINT64_MAX), &timer);
    assert_null(wheel_take(&wheel, UINT64_MAX));
}

enum { TIMERS = 200, OPERATIONS = 100000 };

/* The model: an array of deadlines, looked through as a whole. */
struct model {
    struct wheel wheel;
    struct wheel_timer timers[TIMERS];
    uint64_t due[TIMERS];
    bool is_set[TIMERS];
    uint64_t now_ms;
};

static uint64_t random_wait(uint64_t *seed)
{
    return chance(seed) >> (32 + chance_below(seed, 32));
}

static uint64_t model_earliest(const struct model *model)
{
    uint64_t earliest = UINT64_MAX;

    for (unsigned i = 0; i < TIMERS; i++) {
        if (model->is_set[i] && model->due[i] < earliest) {
            earliest = model->due[i];
        }
    }
    return earliest;
}

static void model_set(struct model *model, uint64_t *seed)
{
    unsigned i = (unsigned)chance_below(seed, TIMERS);
    uint64_t wait = random_wait(seed);

    model->due[i] = model->now_ms + wait;
    if (chance_below(seed, 20) == 0) {
        model->due[i] = model->now_ms - (wait < model->now_ms ? wait : model->now_ms);
    }
    model->is_set[i] = true;
    wheel_set(&model->wheel, &model->timers[i], model->due[i]);
}

static void model_stop(struct model *model, uint64_t *seed)
{
    unsigned i = (unsigned)chance_below(seed, TIMERS);

    model->is_set[i] = false;
    wheel_stop(&model->wheel, &model->timers[i]);
}

static void model_advance(struct model *model, uint64_t *seed)
{
    uint64_t next = wheel_next_ms(&model->wheel);
    uint64_t step = random_wait(seed) >> chance_below(seed, 16);

    if (chance_below(seed, 2) == 0 && next != UINT64_MAX && next > model->now_ms) {
        step = next - model->now_ms;
    }
    model->now_ms += step;
    for (;;) {
        struct wheel_timer *timer = wheel_take(&model->wheel, model->now_ms);
        if (timer == NULL) {
            break;
        }
        size_t i = (size_t)(timer - model->timers);
        assert_true(model->is_set[i]);
        assert_true(model->due[i] <= model->now_ms);
        model->is_set[i] = false;
    }
    assert_true(model_earliest(model) > model->now_ms);
}

static void model_compare(const struct model *model)
{
    uint64_t earliest = model_earliest(model);
    uint64_t next = wheel_next_ms(&model->wheel);
    uint32_t count = 0;

    for (unsigned i = 0; i < TIMERS; i++) {
        assert_int_equal(wheel_is_set(&model->timers[i]), model->is_set[i]);
        count += model->is_set[i];
    }
    assert_int_equal(model->wheel.count, count);
    assert_true(earliest == UINT64_MAX ? next == UINT64_MAX
                                       : next <= earliest || next <= model->now_ms);
}

static void against_a_naive_model(void **state)
{
    static struct model model;
    uint64_t seed = 2024;

    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        memset(&model, 0, sizeof(model));
        model.now_ms = random_wait(&seed) << (8 * round);
        wheel_init(&model.wheel, model.now_ms);
        for (unsigned operation = 0; operation < OPERATIONS / 4; operation++) {
            switch (chance_below(&seed, 5)) {
            case 0:
                model_stop(&model, &seed);
                break;
            case 1:
                model_advance(&model, &seed);
                break;
            default:
                model_set(&model, &seed);
            }
            model_compare(&model);
        }
    }
}

static void earlier_deadlines_first(void **state)
{
    static struct wheel_timer timers[5000];
    uint64_t seed = 99, last = 0;
    struct wheel wheel;
    unsigned taken = 0;

    (void)state;
    wheel_init(&wheel, 12345);
    for (size_t i = 0; i < ARRAY_COUNT(timers); i++) {
        wheel_set(&wheel, &timers[i], 12346 + chance_below(&seed, 500000));
    }
    for (struct wheel_timer *timer; (timer = wheel_take(&wheel, 600000)) != NULL; taken++) {
        assert_true(timer->due_ms >= last);
        last = timer->due_ms;
    }
    assert_int_equal(taken, ARRAY_COUNT(timers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_set),
        cmocka_unit_test(on_time_and_once),
        cmocka_unit_test(followed_by_its_own_word),
        cmocka_unit_test(the_past_is_due_next),
        cmocka_unit_test(stopped_and_moved),
        cmocka_unit_test(stopped_while_due),
        cmocka_unit_test(a_stopped_timer_wakes_nobody),
        cmocka_unit_test(a_clock_that_goes_back),
        cmocka_unit_test(the_end_of_time),
        cmocka_unit_test(against_a_naive_model),
        cmocka_unit_test(earlier_deadlines_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
