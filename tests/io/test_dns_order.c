#include "../expect.h"

#include "io/dns_order.h"

static uint64_t seed;

static uint32_t by_seed(uint32_t below)
{
    return (uint32_t)chance_below(&seed, below);
}

static uint32_t always_first(uint32_t below)
{
    (void)below;
    return 0;
}

static void naptrs_by_order_then_preference(void **state)
{
    struct dns_naptr naptrs[] = {
        {20, 10, SLICE("s"), SLICE("SIP+D2U"), SLICE("_sip._udp.b")},
        {10, 50, SLICE("S"), SLICE("sip+d2t"), SLICE("_sip._tcp.a")},
        {10, 20, SLICE("s"), SLICE("SIPS+D2T"), SLICE("_sips._tcp.a")},
        {5, 1, SLICE("u"), SLICE("E2U+sip"), SLICE("")},             /* ENUM: not for us */
        {5, 1, SLICE("s"), SLICE("SIP+D2S"), SLICE("_sip._sctp.a")}, /* SCTP: not spoken */
        {5, 1, SLICE("a"), SLICE("SIP+D2U"), SLICE("host.a")},       /* no SRV behind it */
    };
    struct dns_service services[DNS_SERVICES_MAX];

    (void)state;
    assert_int_equal(dns_order_naptrs(naptrs, ARRAY_COUNT(naptrs), services), 3);
    assert_string_equal(services[0].name, "_sips._tcp.a");
    assert_int_equal(services[0].transport, TRANSPORT_TLS);
    assert_string_equal(services[1].name, "_sip._tcp.a");
    assert_int_equal(services[1].transport, TRANSPORT_TCP);
    assert_string_equal(services[2].name, "_sip._udp.b");
    assert_int_equal(services[2].transport, TRANSPORT_UDP);
}

static void too_long_names_are_left_out(void **state)
{
    char host[DNS_NAME_MAX + 40];
    struct dns_service services[DNS_SERVICES_MAX];

    (void)state;
    memset(host, 'a', sizeof(host));
    struct dns_naptr naptr = {1, 1, SLICE("s"), SLICE("SIP+D2U"), slice_of(host, sizeof(host))};
    assert_int_equal(dns_order_naptrs(&naptr, 1, services), 0);
    naptr.replacement = slice_of(host, DNS_NAME_MAX);
    assert_int_equal(dns_order_naptrs(&naptr, 1, services), 1);
    assert_int_equal(dns_guess_services(slice_of(host, DNS_NAME_MAX), TRANSPORT_UDP, services), 0);
}

static void services_are_guessed_by_transport(void **state)
{
    struct dns_service services[DNS_SERVICES_MAX];

    (void)state;
    assert_int_equal(dns_guess_services(SLICE("a.example"), TRANSPORT_TLS, services), 1);
    assert_string_equal(services[0].name, "_sips._tcp.a.example");
    assert_int_equal(dns_guess_services(SLICE("a.example"), TRANSPORT_COUNT, services), 3);
    assert_string_equal(services[2].name, "_sip._udp.a.example");
    assert_int_equal(dns_guess_services(SLICE("a.example"), TRANSPORT_WSS, services), 1);
    assert_string_equal(services[0].name, "_sips._ws.a.example");
}

static struct dns_srv srv(uint8_t service, uint16_t priority, uint16_t weight, uint16_t port)
{
    return (
        struct dns_srv){.service = service, .priority = priority, .weight = weight, .port = port};
}

static void srvs_by_service_then_priority(void **state)
{
    struct dns_srv srvs[] = {srv(1, 1, 1, 5), srv(0, 20, 1, 4), srv(0, 10, 1, 3)};

    (void)state;
    dns_order_srvs(srvs, 3, always_first);
    assert_int_equal(srvs[0].port, 3);
    assert_int_equal(srvs[1].port, 4);
    assert_int_equal(srvs[2].port, 5);
}

/* How often each is first follows its weight; those without are tried, too, last as a rule. */
static void weights_share_the_load(void **state)
{
    enum { ROUNDS = 20000 };
    unsigned first[4] = {0};
    unsigned last_is_weightless = 0;

    (void)state;
    seed = 42;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct dns_srv srvs[] = {srv(0, 1, 60, 1), srv(0, 1, 30, 2), srv(0, 1, 10, 3),
                                 srv(0, 1, 0, 0)};

        dns_order_srvs(srvs, 4, by_seed);
        first[srvs[0].port]++;
        last_is_weightless += srvs[3].port == 0;
        assert_int_equal(srvs[0].port + srvs[1].port + srvs[2].port + srvs[3].port, 6);
    }
    assert_in_range(first[1], ROUNDS * 57 / 100, ROUNDS * 63 / 100);
    assert_in_range(first[2], ROUNDS * 27 / 100, ROUNDS * 33 / 100);
    assert_in_range(first[3], ROUNDS * 8 / 100, ROUNDS * 12 / 100);
    assert_in_range(first[0], 1, ROUNDS * 3 / 100);
    assert_true(last_is_weightless > ROUNDS / 2);
}

static void all_without_weight_are_all_there(void **state)
{
    struct dns_srv srvs[] = {srv(0, 1, 0, 1), srv(0, 1, 0, 2), srv(0, 1, 0, 3)};

    (void)state;
    seed = 7;
    dns_order_srvs(srvs, 3, by_seed);
    assert_int_equal(srvs[0].port + srvs[1].port + srvs[2].port, 6);
    dns_order_srvs(srvs, 0, by_seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(naptrs_by_order_then_preference),
        cmocka_unit_test(too_long_names_are_left_out),
        cmocka_unit_test(services_are_guessed_by_transport),
        cmocka_unit_test(srvs_by_service_then_priority),
        cmocka_unit_test(weights_share_the_load),
        cmocka_unit_test(all_without_weight_are_all_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
