/* Where the border may have connections opened to. */
#include "../expect.h"
#include "app/run/doors.h"
#include "guard/control.h"

#include <stdlib.h>

static const char policy_text[] = "site: doors\n"
                                  "domains: [ours.example]\n"
                                  "zones:\n"
                                  "  inside:\n"
                                  "    class: core\n"
                                  "    listeners: [udp:10.0.0.10, tcp:10.0.0.10]\n"
                                  "    media: pass\n"
                                  "  carriers:\n"
                                  "    class: interconnect\n"
                                  "    listeners: [tcp:198.51.100.1, udp:198.51.100.1]\n"
                                  "    media: pass\n"
                                  "peers:\n"
                                  "  switch: {zone: inside, hops: [tcp:10.0.0.20:5080]}\n"
                                  "  quiet: {zone: inside, addresses: [10.0.1.0/24]}\n"
                                  "  carrier:\n"
                                  "    zone: carriers\n"
                                  "    addresses: [192.0.2.0/28]\n"
                                  "    hops: [tcp:192.0.2.1, tcp:gw.carrier.example]\n"
                                  "routes:\n"
                                  "  - {emergency: true, to: switch}\n"
                                  "  - {from: carriers, to: switch}\n"
                                  "  - {from: inside, to: carrier}\n";

static struct policy *policy_here(void)
{
    struct policy_complaints *complaints = policy_complaints_new();
    struct policy *policy =
        policy_read(slice_string(policy_text), SLICE("doors"), control_names(), complaints);

    assert_non_null(policy);
    policy_complaints_free(complaints);
    return policy;
}

static uint32_t listener_of(const struct policy *policy, const char *address)
{
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        struct address wanted;

        assert_true(address_read_port(&wanted, slice_string(address)));
        if (policy->listeners[i].transport == TRANSPORT_TCP &&
            address_equal(&policy->listeners[i].address, &wanted)) {
            return i;
        }
    }
    fail();
    return 0;
}

static bool opens(const struct doors *doors, const struct policy *policy, const char *listener,
                  const char *remote)
{
    struct address address;

    assert_true(address_read_port(&address, slice_string(remote)));
    return doors_may_open(doors, policy, listener_of(policy, listener), &address);
}

static void only_ports_that_are_named(void **context)
{
    struct policy *policy = policy_here();
    struct doors doors = {.count = 0};

    (void)context;
    assert_true(doors_change(&doors, NULL, policy));
    assert_true(opens(&doors, policy, "10.0.0.10:5060", "10.0.0.20:5080"));
    assert_false(opens(&doors, policy, "10.0.0.10:5060", "10.0.0.20:5060"));
    assert_false(opens(&doors, policy, "10.0.0.10:5060", "10.0.0.20:22"));
    assert_false(opens(&doors, policy, "10.0.0.10:5060", "10.0.0.21:5080"));
    /* Who names no hop has the usual port. */
    assert_true(opens(&doors, policy, "10.0.0.10:5060", "10.0.1.7:5060"));
    assert_false(opens(&doors, policy, "10.0.0.10:5060", "10.0.1.7:5432"));
    /* From his own zone only. */
    assert_false(opens(&doors, policy, "198.51.100.1:5060", "10.0.0.20:5080"));
    doors_close(&doors);
    policy_free(policy);
}

static void what_a_lookup_found(void **context)
{
    struct policy *policy = policy_here(), *again = policy_here();
    struct doors doors = {.count = 0};
    struct name_answer answer = {.count = 1, .targets = {{.transport = TRANSPORT_TCP}}};

    (void)context;
    assert_true(doors_change(&doors, NULL, policy));
    assert_int_equal(policy->names.count, 1);
    /* Nothing was found yet. */
    assert_true(opens(&doors, policy, "198.51.100.1:5060", "192.0.2.2:7070"));
    assert_true(address_read_port(&answer.targets[0].address, SLICE("192.0.2.2:7071")));
    doors_hear(&doors, &answer);
    assert_true(opens(&doors, policy, "198.51.100.1:5060", "192.0.2.2:7071"));
    assert_true(opens(&doors, policy, "198.51.100.1:5060", "192.0.2.1:5060"));
    assert_false(opens(&doors, policy, "198.51.100.1:5060", "192.0.2.2:7070"));
    assert_false(opens(&doors, policy, "198.51.100.1:5060", "192.0.2.99:7071"));
    /* A name that stays keeps what was found; what is no name of ours changes nothing. */
    assert_true(doors_change(&doors, policy, again));
    answer.name = 9;
    doors_hear(&doors, &answer);
    answer.name = 0;
    answer.count = NAME_TARGETS_MAX + 1;
    doors_hear(&doors, &answer);
    answer.count = 0;
    doors_hear(&doors, &answer);
    assert_true(opens(&doors, again, "198.51.100.1:5060", "192.0.2.2:7071"));
    assert_false(opens(&doors, again, "198.51.100.1:5060", "192.0.2.2:7070"));
    doors_close(&doors);
    policy_free(policy);
    policy_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_ports_that_are_named),
        cmocka_unit_test(what_a_lookup_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
