#include "../expect.h"

#include "base/ring.h"

#include <pthread.h>
#include <sched.h>

static bool put(struct ring *ring, const char *string)
{
    struct slice piece = slice_string(string);

    return ring_put(ring, &piece, 1);
}

static void expect_next(struct ring *ring, const char *string)
{
    struct slice record;

    assert_true(ring_peek(ring, &record));
    expect_slice(record, string);
    assert_true(ring_peek(ring, &record));
    expect_slice(record, string);
    ring_drop(ring);
}

static void whole_and_in_order(void **state)
{
    struct ring *ring = ring_new(256);
    struct slice pieces[] = {SLICE("joined "), SLICE_NONE, SLICE("in one")};
    struct slice record;

    (void)state;
    assert_false(ring_peek(ring, &record));
    assert_true(put(ring, "first"));
    assert_true(ring_put(ring, pieces, ARRAY_COUNT(pieces)));
    assert_true(ring_put(ring, NULL, 0));
    expect_next(ring, "first");
    expect_next(ring, "joined in one");
    expect_next(ring, "");
    assert_false(ring_peek(ring, &record));
    ring_free(ring);
    ring_free(NULL);
}

static void full_is_refused_and_counted(void **state)
{
    struct ring *ring = ring_new(64);

    (void)state;
    for (unsigned round = 0; round < 10; round++) {
        /* Sixteen octets each, head included. */
        for (unsigned i = 0; i < 4; i++) {
            assert_true(put(ring, "12345678"));
        }
        assert_false(put(ring, ""));
        assert_int_equal(ring_refused(ring), round + 1);
        for (unsigned i = 0; i < 4; i++) {
            expect_next(ring, "12345678");
        }
    }
    ring_free(ring);
}

static void the_longest_record_fits_wherever_it_begins(void **state)
{
    char longest[64 - 8 + 1];
    struct ring *ring = ring_new(64);

    (void)state;
    memset(longest, 'x', sizeof(longest));
    struct slice fits = slice_of(longest, sizeof(longest) - 1);
    struct slice too_long = slice_of(longest, sizeof(longest));
    struct slice beyond[] = {SLICE("a"), slice_of(longest, SIZE_MAX)};
    for (unsigned begin = 0; begin < 20; begin++) {
        struct slice record;

        assert_true(ring_put(ring, &fits, 1));
        assert_false(put(ring, ""));
        assert_true(ring_peek(ring, &record));
        assert_true(slice_equal(record, fits));
        ring_drop(ring);
        assert_true(put(ring, ""));
        expect_next(ring, "");
    }
    assert_false(ring_put(ring, &too_long, 1));
    assert_false(ring_put(ring, beyond, 2));
    assert_int_equal(ring_refused(ring), 22);
    ring_free(ring);
}

static void drop_nothing(void *ring)
{
    ring_drop(ring);
}

static void dropping_nothing_is_a_mistake(void **state)
{
    struct ring *ring = ring_new(64);

    (void)state;
    assert_true(breaks_promise(drop_nothing, ring));
    ring_free(ring);
}

enum { CROSSINGS = 200000, RECORD_MAX = 300 };

/* Record n is derived from n alone, so that the reader knows what to expect. */
static size_t record_make(uint64_t n, char room[RECORD_MAX])
{
    uint64_t seed = n;
    size_t len = (size_t)chance_below(&seed, RECORD_MAX);

    memset(room, (int)(chance(&seed) & 255), len);
    return len;
}

static void *write_all(void *with)
{
    struct ring *ring = with;
    char room[RECORD_MAX];

    for (uint64_t n = 0; n < CROSSINGS; n++) {
        size_t len = record_make(n, room);
        struct slice pieces[] = {slice_of(room, len / 3), slice_of(room + len / 3, len - len / 3)};

        while (!ring_put(ring, pieces, 2)) {
            sched_yield();
        }
    }
    return NULL;
}

static void two_threads(void **state)
{
    struct ring *ring = ring_new(1024);
    pthread_t writer;
    char room[RECORD_MAX];
    struct slice record;

    (void)state;
    assert_int_equal(pthread_create(&writer, NULL, write_all, ring), 0);
    for (uint64_t n = 0; n < CROSSINGS; n++) {
        while (!ring_peek(ring, &record)) {
            sched_yield();
        }
        size_t len = record_make(n, room);
        assert_true(slice_equal(record, slice_of(room, len)));
        ring_drop(ring);
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_false(ring_peek(ring, &record));
    ring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_and_in_order),
        cmocka_unit_test(full_is_refused_and_counted),
        cmocka_unit_test(the_longest_record_fits_wherever_it_begins),
        cmocka_unit_test(dropping_nothing_is_a_mistake),
        cmocka_unit_test(two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
