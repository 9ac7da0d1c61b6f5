#include "../expect.h"

#include "base/pool.h"

struct record {
    struct pool_slot slot;
    uint64_t value;
    char name[24];
};

enum { RECORDS = 100 };

struct store {
    struct pool pool;
    void *memory;
};

static struct store store_open(void)
{
    struct store store = {.memory = calloc(1, pool_size(sizeof(struct record), RECORDS))};

    assert_non_null(store.memory);
    pool_init(&store.pool, store.memory, sizeof(struct record), RECORDS);
    return store;
}

static void store_close(struct store *store)
{
    free(store->memory);
}

static void store_fill(struct store *store, struct record *records[RECORDS])
{
    for (size_t i = 0; i < RECORDS; i++) {
        records[i] = pool_take(&store->pool);
        assert_non_null(records[i]);
        records[i]->value = i;
    }
}

/* What a new worker does over the memory that a former one left. */
static void store_inherit(struct store *store)
{
    memset(&store->pool, 0x5a, sizeof(store->pool));
    pool_init(&store->pool, store->memory, sizeof(struct record), RECORDS);
}

static void filled_to_the_brim_and_again(void **state)
{
    struct store store = store_open();
    struct record *records[RECORDS];

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        store_fill(&store, records);
        assert_int_equal(store.pool.used, RECORDS);
        assert_null(pool_take(&store.pool));
        assert_int_equal(store.pool.refused, round + 1);
        for (size_t i = 0; i < RECORDS; i++) {
            assert_int_equal(records[i]->value, i);
            pool_give(&store.pool, records[i]);
        }
        assert_int_equal(store.pool.used, 0);
        assert_int_equal(store.pool.most_used, RECORDS);
    }
    store_close(&store);
}

static void taken_records_are_zero(void **state)
{
    struct store store = store_open();
    struct record *record = pool_take(&store.pool);

    (void)state;
    memset(record->name, 'x', sizeof(record->name));
    record->value = 9;
    pool_give(&store.pool, record);
    struct record *again = pool_take(&store.pool);
    assert_ptr_equal(again, record);
    assert_int_equal(again->value, 0);
    for (size_t i = 0; i < sizeof(again->name); i++) {
        assert_int_equal(again->name[i], 0);
    }
    store_close(&store);
}

static void handles_go_stale(void **state)
{
    struct store store = store_open();
    struct record *record = pool_take(&store.pool);
    struct handle handle = pool_handle(&store.pool, record);

    (void)state;
    assert_int_equal(handle.index, 1);
    assert_ptr_equal(pool_find(&store.pool, handle), record);
    pool_give(&store.pool, record);
    assert_null(pool_find(&store.pool, handle));
    assert_ptr_equal(pool_take(&store.pool), record);
    assert_null(pool_find(&store.pool, handle));
    assert_ptr_equal(pool_find(&store.pool, pool_handle(&store.pool, record)), record);
    store_close(&store);
}

static void handles_from_nowhere(void **state)
{
    struct store store = store_open();

    (void)state;
    assert_true(handle_is_none((struct handle){0}));
    assert_null(pool_find(&store.pool, (struct handle){0}));
    assert_null(pool_find(&store.pool, (struct handle){1, 0}));
    assert_null(pool_find(&store.pool, (struct handle){1, 1}));
    assert_non_null(pool_take(&store.pool));
    assert_non_null(pool_find(&store.pool, (struct handle){1, 1}));
    assert_null(pool_find(&store.pool, (struct handle){0, UINT32_MAX}));
    assert_null(pool_find(&store.pool, (struct handle){RECORDS, 1}));
    assert_null(pool_find(&store.pool, (struct handle){RECORDS + 1, 1}));
    assert_null(pool_find(&store.pool, (struct handle){UINT32_MAX, 1}));
    /* A given slot has an even generation, and a handle that names it names nothing. */
    struct record *record = pool_take(&store.pool);
    pool_give(&store.pool, record);
    assert_null(pool_find(&store.pool, (struct handle){2, record->slot.generation}));
    store_close(&store);
}

static void walked_in_order(void **state)
{
    struct store store = store_open();
    struct record *records[RECORDS];
    uint32_t index = 0, seen = 0;

    (void)state;
    assert_null(pool_next(&store.pool, &index));
    store_fill(&store, records);
    for (size_t i = 0; i < RECORDS; i += 2) {
        pool_give(&store.pool, records[i]);
    }
    index = 0;
    for (struct record *record; (record = pool_next(&store.pool, &index)) != NULL; seen++) {
        assert_int_equal(record->value, 2 * seen + 1);
        assert_ptr_equal(pool_at(&store.pool, index), record);
    }
    assert_int_equal(seen, RECORDS / 2);
    store_close(&store);
}

static void next_worker_keeps_what_is_in_use(void **state)
{
    struct store store = store_open();
    struct record *records[RECORDS];
    struct handle kept, given;

    (void)state;
    store_fill(&store, records);
    kept = pool_handle(&store.pool, records[41]);
    given = pool_handle(&store.pool, records[42]);
    for (size_t i = 42; i < RECORDS; i += 3) {
        pool_give(&store.pool, records[i]);
    }
    uint32_t used = store.pool.used;
    store_inherit(&store);
    assert_int_equal(store.pool.used, used);
    assert_int_equal(store.pool.most_used, used);
    assert_int_equal(((struct record *)pool_find(&store.pool, kept))->value, 41);
    assert_null(pool_find(&store.pool, given));
    for (uint32_t i = used; i < RECORDS; i++) {
        assert_non_null(pool_take(&store.pool));
    }
    assert_null(pool_take(&store.pool));
    assert_int_equal(((struct record *)pool_find(&store.pool, kept))->value, 41);
    store_close(&store);
}

static void next_worker_over_a_pool_never_full(void **state)
{
    struct store store = store_open();

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        assert_non_null(pool_take(&store.pool));
    }
    store_inherit(&store);
    assert_int_equal(store.pool.used, 5);
    assert_int_equal(store.pool.fresh, 6);
    for (unsigned i = 5; i < RECORDS; i++) {
        struct record *record = pool_take(&store.pool);

        assert_int_equal(pool_handle(&store.pool, record).index, i + 1);
    }
    assert_null(pool_take(&store.pool));
    store_close(&store);
}

static void a_corrupted_free_list_is_made_anew(void **state)
{
    struct store store = store_open();
    struct record *records[RECORDS];
    uint64_t seed = 1;

    (void)state;
    store_fill(&store, records);
    for (size_t i = 0; i < RECORDS; i += 2) {
        pool_give(&store.pool, records[i]);
    }
    for (size_t i = 0; i < RECORDS; i++) {
        records[i]->slot.next_free = (uint32_t)chance(&seed);
    }
    store_inherit(&store);
    assert_int_equal(store.pool.used, RECORDS / 2);
    for (size_t i = 0; i < RECORDS / 2; i++) {
        assert_non_null(pool_take(&store.pool));
    }
    assert_null(pool_take(&store.pool));
    for (size_t i = 1; i < RECORDS; i += 2) {
        assert_int_equal(records[i]->value, i);
    }
    store_close(&store);
}

static void a_corrupted_note_is_not_believed(void **state)
{
    static const struct pool_slot notes[] = {
        {1, 1}, {UINT32_MAX, 0}, {~(RECORDS + 2U), RECORDS + 2}, {0, 3}, {~3U, 4},
    };
    struct record *records[RECORDS];

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(notes); i++) {
        struct store store = store_open();

        store_fill(&store, records);
        memcpy(store.memory, &notes[i], sizeof(notes[i]));
        store_inherit(&store);
        assert_int_equal(store.pool.used, RECORDS);
        assert_null(pool_take(&store.pool));
        store_close(&store);
    }
}

/* Killed between the note and the raised generation: the slot is free, and found. */
static void killed_while_taking(void **state)
{
    struct store store = store_open();
    struct record *record = pool_take(&store.pool);

    (void)state;
    record->slot.generation--;
    record->value = 5;
    store_inherit(&store);
    assert_int_equal(store.pool.used, 0);
    record = pool_take(&store.pool);
    assert_int_equal(pool_handle(&store.pool, record).index, 1);
    assert_int_equal(record->value, 0);
    store_close(&store);
}

static void generations_wrap(void **state)
{
    struct store store = store_open();
    struct record *record = pool_take(&store.pool);

    (void)state;
    record->slot.generation = UINT32_MAX;
    struct handle last = pool_handle(&store.pool, record);
    assert_ptr_equal(pool_find(&store.pool, last), record);
    pool_give(&store.pool, record);
    assert_int_equal(record->slot.generation, 0);
    assert_ptr_equal(pool_take(&store.pool), record);
    assert_int_equal(record->slot.generation, 1);
    assert_null(pool_find(&store.pool, last));
    store_close(&store);
}

static void give_twice(void *with)
{
    struct store *store = with;
    struct record *record = pool_take(&store->pool);

    pool_give(&store->pool, record);
    pool_give(&store->pool, record);
}

static void give_what_is_between(void *with)
{
    struct store *store = with;
    struct record *record = pool_take(&store->pool);

    pool_give(&store->pool, &record->value);
}

static void give_what_is_nobodys(void *with)
{
    struct store *store = with;

    pool_give(&store->pool, store->memory);
}

static void take_what_is_in_use(void *with)
{
    struct store *store = with;

    assert_non_null(pool_take(&store->pool));
    store->pool.first_free = 1;
    pool_take(&store->pool);
}

static void mistakes_stop_us(void **state)
{
    struct store store = store_open();

    (void)state;
    assert_true(breaks_promise(give_twice, &store));
    assert_true(breaks_promise(give_what_is_between, &store));
    assert_true(breaks_promise(give_what_is_nobodys, &store));
    assert_true(breaks_promise(take_what_is_in_use, &store));
    store_close(&store);
}

/* Random takes, gives and restarts against a plain array. */
static void against_a_plain_array(void **state)
{
    struct store store = store_open();
    uint64_t values[RECORDS + 1] = {0};
    struct handle handles[RECORDS + 1] = {{0}};
    uint64_t seed = 7;
    uint32_t used = 0;

    (void)state;
    for (uint64_t step = 1; step < 100000; step++) {
        uint32_t index = 1 + (uint32_t)chance_below(&seed, RECORDS);

        if (chance_below(&seed, 500) == 0) {
            store_inherit(&store);
        }
        if (chance_below(&seed, 2) == 0) {
            struct record *record = pool_take(&store.pool);

            assert_int_equal(record != NULL, used < RECORDS);
            if (record != NULL) {
                index = pool_handle(&store.pool, record).index;
                assert_int_equal(values[index], 0);
                record->value = values[index] = step;
                handles[index] = pool_handle(&store.pool, record);
                used++;
            }
        } else {
            struct record *record = pool_find(&store.pool, handles[index]);

            assert_int_equal(record != NULL, values[index] != 0);
            if (record != NULL) {
                assert_int_equal(record->value, values[index]);
                pool_give(&store.pool, record);
                values[index] = 0;
                used--;
            }
        }
        assert_int_equal(store.pool.used, used);
    }
    store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filled_to_the_brim_and_again),
        cmocka_unit_test(taken_records_are_zero),
        cmocka_unit_test(handles_go_stale),
        cmocka_unit_test(handles_from_nowhere),
        cmocka_unit_test(walked_in_order),
        cmocka_unit_test(next_worker_keeps_what_is_in_use),
        cmocka_unit_test(next_worker_over_a_pool_never_full),
        cmocka_unit_test(a_corrupted_free_list_is_made_anew),
        cmocka_unit_test(a_corrupted_note_is_not_believed),
        cmocka_unit_test(killed_while_taking),
        cmocka_unit_test(generations_wrap),
        cmocka_unit_test(mistakes_stop_us),
        cmocka_unit_test(against_a_plain_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
