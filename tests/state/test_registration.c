/* Registrations by the connection they came on. */
#include "store.h"

static struct registration *take(struct store *store, uint32_t connection, uint32_t token)
{
    struct registration *registration = registration_new(store->state);
    struct slice texts[REGISTRATION_TEXT_COUNT] = {
        [REGISTRATION_AOR] = SLICE("sip:a@b"), [REGISTRATION_CONTACT] = SLICE("sip:a@c")};
    struct flow flow = {.transport = TRANSPORT_TCP, .connection = connection};

    assert_non_null(registration);
    registration->token = token;
    assert_true(registration_set_texts(store->state, registration, texts));
    registration_set_flow(store->state, registration, &flow);
    return registration;
}

static void all_of_a_connection_are_cut_off(void **context)
{
    struct store store;
    struct registration *first, *second, *third, *other;

    (void)context;
    store_open(&store);
    first = take(&store, 7, 1);
    second = take(&store, 7, 2);
    third = take(&store, 7, 3);
    other = take(&store, 8, 4);
    registrations_cut_off(store.state, 7);
    assert_true(first->is_cut_off && second->is_cut_off && third->is_cut_off);
    assert_false(other->is_cut_off);
    assert_int_equal(first->flow.connection, 0);
    assert_int_equal(store.state->by_stream.used, 1);
    registrations_cut_off(store.state, 0);
    registrations_cut_off(store.state, 9);
    assert_false(other->is_cut_off);
    store_close(&store);
}

/* Whichever of them goes first, the others are still found. */
static void one_that_leaves_takes_nobody_along(void **context)
{
    (void)context;
    for (unsigned gone = 0; gone < 3; gone++) {
        struct store store;
        struct registration *registrations[3];

        store_open(&store);
        for (uint32_t i = 0; i < 3; i++) {
            registrations[i] = take(&store, 7, i + 1);
        }
        registration_end(store.state, registrations[gone]);
        registrations_cut_off(store.state, 7);
        for (unsigned i = 0; i < 3; i++) {
            assert_true(i == gone || registrations[i]->is_cut_off);
        }
        assert_int_equal(store.state->by_stream.used, 0);
        store_close(&store);
    }
}

static void a_device_moves_to_another_connection(void **context)
{
    struct store store;
    struct registration *first, *second;
    struct flow flow = {.transport = TRANSPORT_TCP, .connection = 9};

    (void)context;
    store_open(&store);
    first = take(&store, 7, 1);
    second = take(&store, 7, 2);
    registration_set_flow(store.state, first, &flow);
    registrations_cut_off(store.state, 7);
    assert_false(first->is_cut_off);
    assert_true(second->is_cut_off);
    registration_set_flow(store.state, second, &flow);
    assert_false(second->is_cut_off);
    registrations_cut_off(store.state, 9);
    assert_true(first->is_cut_off && second->is_cut_off);
    store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_connection_are_cut_off),
        cmocka_unit_test(one_that_leaves_takes_nobody_along),
        cmocka_unit_test(a_device_moves_to_another_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
