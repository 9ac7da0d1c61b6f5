/*
 * What stands in a file is what is in the policy; what does not stand there follows from the class.
 */
#include "support.h"

static const char full[] =
    "site: vienna-1\n"
    "domains: [IMS.example.net, example.net]\n"
    "realms: ims.example.net\n"
    "emergency-numbers: [112, \"144\"]\n"
    "mask-numbers: false\n"
    "user: sipwarden\n"
    "journal: /var/log/sipwarden\n"
    "hep: {to: \"udp:[2001:db8::9]:9060\", id: 2001, key: a-word}\n"
    "timers: {t1: 250ms, call-max: 24h, drain: 0s, ringing: 3m}\n"
    "capacity: {dialogs: 64, workers: 2}\n"
    "controls:\n"
    "  CT-FW-02: observe\n"
    "  CT-FW-03: {mode: off, action: reject}\n"
    "zones:\n"
    "  core:\n"
    "    class: core\n"
    "    listeners: [tls:10.0.0.10, 'udp:[fd00::10]:5080', udp:10.0.0.11]\n"
    "    media: pass\n"
    "  net:\n"
    "    class: interconnect\n"
    "    layer: application\n"
    "    host: SBC.example.net\n"
    "    domain: example.net\n"
    "    listeners:\n"
    "      - {at: udp:198.51.100.10, advertise: 'Public.example.net:5062'}\n"
    "      - {at: tls:198.51.100.10}\n"
    "      - udp:198.51.100.11\n"
    "    media: [198.51.100.10:20000-20999, '[2001:db8::10]:20000-20999']\n"
    "    nat: true\n"
    "    hide: false\n"
    "    strict: true\n"
    "    methods: [MESSAGE, PUBLISH]\n"
    "    headers: [User-to-User, m]\n"
    "    limits: {body: 1000}\n"
    "  devices: {class: access-internet, listeners: udp:192.0.2.1, media: 192.0.2.1:1024-1039}\n"
    "peers:\n"
    "  cscf:\n"
    "    zone: core\n"
    "    addresses: [10.0.0.20, 10.0.0.21, 10.0.1.0/24, 'fd00::20']\n"
    "  carrier:\n"
    "    zone: net\n"
    "    addresses: 203.0.113.0/28\n"
    "    certificates: [SBC.carrier.example]\n"
    "    hops:\n"
    "      - {to: 'tls:203.0.113.2', priority: 2}\n"
    "      - tls:203.0.113.1:5071\n"
    "      - {to: sbc.carrier.example, weight: 7}\n"
    "    domains: [carrier.example]\n"
    "    numbers: [+1555, '+1556']\n"
    "    methods: [MESSAGE, REFER]\n"
    "    headers: [Diversion, X-Carrier, x-other]\n"
    "    rate: 7/s\n"
    "    calls: none\n"
    "    liveness: 1m\n"
    "    media: [203.0.113.64/26]\n"
    "    asymmetric-media: true\n"
    "    follow-redirects: true\n"
    "    observe: true\n"
    "routes:\n"
    "  - {from: [net, cscf], to: [carrier, carrier], numbers: ['+1'], domains: [A.example, "
    "'*.b.example', '*']}\n"
    "  - {to: cscf, emergency: true}\n"
    "  - {from: core, to: devices, methods: [INVITE, ACK]}\n";

static void expect_words(struct policy_slices words, const char *expected)
{
    char room[512];
    struct text text;

    text_init(&text, room, sizeof(room));
    for (uint32_t i = 0; i < words.count; i++) {
        text_put(&text, i == 0 ? SLICE("") : SLICE(" "));
        text_put(&text, words.at[i]);
    }
    expect_slice(text_slice(&text), expected);
}

static void top_level(void **state)
{
    struct policy *policy = policy_of(full);

    (void)state;
    expect_slice(policy->site, "vienna-1");
    expect_words(policy->domains, "ims.example.net example.net");
    expect_words(policy->realms, "ims.example.net");
    expect_words(policy->emergency_numbers, "112 144");
    assert_false(policy->masks_numbers);
    expect_slice(policy->user, "sipwarden");
    expect_slice(policy->journal, "/var/log/sipwarden");
    assert_int_equal(policy->hep.to.family, ADDRESS_V6);
    assert_int_equal(policy->hep.to.port, 9060);
    assert_int_equal(policy->hep.id, 2001);
    expect_slice(policy->hep.key, "a-word");
    assert_int_equal(policy->timers.t1, 250);
    assert_int_equal(policy->timers.t2, 4000);
    assert_int_equal(policy->timers.call_max, 86400000);
    assert_int_equal(policy->timers.drain, 0);
    assert_int_equal(policy->timers.ringing, 180000);
    assert_int_equal(policy->capacity.dialogs, 64);
    assert_int_equal(policy->capacity.workers, 2);
    assert_int_equal(policy->capacity.exchanges, 20000);
    assert_int_equal(policy->control_count, 3);
    assert_int_equal(policy->controls[0].mode, MODE_ENFORCE);
    assert_int_equal(policy->controls[0].action, ACTION_DEFAULT);
    assert_int_equal(policy->controls[1].mode, MODE_OBSERVE);
    assert_int_equal(policy->controls[2].mode, MODE_OFF);
    assert_int_equal(policy->controls[2].action, ACTION_REJECT);
    expect_words(policy->names, "sbc.carrier.example");
    policy_free(policy);
}

static void zones(void **state)
{
    struct policy *policy = policy_of(full);
    const struct policy_zone *core = &policy->zones[0], *net = &policy->zones[1];
    const struct policy_zone *devices = &policy->zones[2];

    (void)state;
    assert_int_equal(policy->zone_count, 3);
    assert_int_equal(policy->listener_count, 7);
    expect_slice(core->name, "core");
    assert_int_equal(core->layer, LAYER_APPLICATION);
    assert_int_equal(core->media, MEDIA_PASS);
    assert_false(core->hides || core->accepts_unknown || core->is_nat || core->is_strict);
    expect_slice(core->host, "10.0.0.10");
    assert_int_equal(core->listeners[TRANSPORT_TLS][0], 0);
    assert_int_equal(core->listeners[TRANSPORT_TLS][1], POLICY_NONE);
    assert_int_equal(core->listeners[TRANSPORT_UDP][0], 2);
    assert_int_equal(core->listeners[TRANSPORT_UDP][1], 1);
    assert_int_equal(core->limits.body, 98304);

    assert_int_equal(net->class, ZONE_INTERCONNECT);
    assert_int_equal(net->layer, LAYER_APPLICATION);
    expect_slice(net->host, "sbc.example.net");
    expect_slice(net->domain, "example.net");
    assert_true(net->is_nat && net->is_strict && !net->hides);
    assert_int_equal(net->methods, 1u << SIP_MESSAGE | 1u << SIP_PUBLISH);
    assert_true(net->headers[SIP_HEADER_CONTACT / 64] >> (SIP_HEADER_CONTACT % 64) & 1);
    assert_true(net->headers[SIP_HEADER_USER_TO_USER / 64] >> (SIP_HEADER_USER_TO_USER % 64) & 1);
    assert_int_equal(net->limits.body, 1000);
    assert_int_equal(net->limits.vias, 32);
    assert_int_equal(net->media, MEDIA_ANCHOR);
    assert_int_equal(net->media_v4.family, ADDRESS_V4);
    assert_int_equal(net->media_v6.family, ADDRESS_V6);
    assert_int_equal(net->media_port_min, 20000);
    assert_int_equal(net->media_port_max, 20999);

    assert_true(devices->accepts_unknown && devices->is_nat && devices->hides);
    assert_int_equal(devices->layer, LAYER_DEVICE);
    assert_int_equal(devices->limits.vias, 8);
    assert_int_equal(devices->media_port_max, 1039);
    policy_free(policy);
}

static void listeners(void **state)
{
    struct policy *policy = policy_of(full);
    static const char *const sent_by[] = {
        "10.0.0.10:5061",       "[fd00::10]:5080",      "10.0.0.11:5060", "Public.example.net:5062",
        "sbc.example.net:5061", "sbc.example.net:5060", "192.0.2.1:5060",
    };

    (void)state;
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        expect_slice(policy->listeners[i].sent_by, sent_by[i]);
    }
    assert_int_equal(policy->listeners[1].address.port, 5080);
    assert_int_equal(policy->listeners[1].address.family, ADDRESS_V6);
    assert_int_equal(policy->listeners[4].transport, TRANSPORT_TLS);
    assert_int_equal(policy->listeners[6].zone, 2);
    policy_free(policy);
}

static void peers(void **state)
{
    struct policy *policy = policy_of(full);
    const struct policy_peer *cscf = &policy->peers[0], *carrier = &policy->peers[1];

    (void)state;
    assert_int_equal(cscf->rate, 0);
    assert_int_equal(cscf->transports, 0);
    assert_int_equal(cscf->address_count, 4);
    assert_int_equal(cscf->hop_count, 3);
    assert_int_equal(cscf->hops[0].transport, TRANSPORT_TLS);
    assert_int_equal(cscf->hops[1].address.port, 5061);
    assert_int_equal(cscf->hops[2].transport, TRANSPORT_UDP);
    assert_int_equal(cscf->hops[2].port, 5060);
    expect_slice(cscf->hops[0].host, "10.0.0.20");
    expect_slice(cscf->hops[2].host, "[fd00::20]");
    expect_slice(carrier->hops[0].host, "203.0.113.1");
    assert_int_equal(carrier->transports, 1u << TRANSPORT_TLS | 1u << TRANSPORT_WSS);
    expect_words(carrier->certificates, "sbc.carrier.example");
    expect_words(carrier->numbers, "+1555 +1556");
    expect_words(carrier->extra_headers, "X-Carrier x-other");
    assert_int_equal(carrier->methods, 1u << SIP_MESSAGE | 1u << SIP_REFER);
    assert_int_equal(carrier->rate, 7);
    assert_int_equal(carrier->burst, 14);
    assert_int_equal(carrier->calls_max, 0);
    assert_int_equal(carrier->liveness_seconds, 60);
    assert_int_equal(carrier->media_prefix_count, 1);
    assert_int_equal(carrier->mode, MODE_OBSERVE);
    assert_true(carrier->has_asymmetric_port && carrier->follows_redirects);
    assert_int_not_equal(carrier->id, cscf->id);

    assert_int_equal(carrier->hop_count, 3);
    assert_int_equal(carrier->hops[0].port, 5071);
    expect_slice(carrier->hops[1].host, "sbc.carrier.example");
    assert_int_equal(carrier->hops[1].transport, TRANSPORT_TLS);
    assert_int_equal(carrier->hops[1].port, 0);
    assert_int_equal(carrier->hops[1].weight, 7);
    assert_int_equal(carrier->hops[1].name, 0);
    assert_int_equal(carrier->hops[2].priority, 2);
    assert_int_equal(carrier->hops[2].port, 5061);
    assert_int_equal(carrier->hops[2].name, POLICY_NONE);
    policy_free(policy);
}

static void routes(void **state)
{
    struct policy *policy = policy_of(full);
    const struct policy_route *route = policy->routes;

    (void)state;
    assert_int_equal(policy->route_count, 4);
    assert_int_equal(route[0].from, 1);
    assert_int_equal(route[0].from_peer, POLICY_NONE);
    assert_int_equal(route[1].from, 0);
    assert_int_equal(route[1].from_peer, 0);
    assert_int_equal(route[0].line, route[1].line);
    assert_int_equal(route[0].to, 1);
    assert_int_equal(route[1].hop_count, 6);
    assert_int_equal(route[1].hops[3].priority, 1000);
    assert_int_equal(route[1].hops[5].priority, 1002);
    expect_words(route[0].domains, "a.example *.b.example *");
    assert_true(route[2].is_emergency);
    assert_int_equal(route[2].from, POLICY_NONE);
    assert_true(route[3].is_registered);
    assert_int_equal(route[3].hop_count, 0);
    assert_int_equal(route[3].methods, 1u << SIP_INVITE | 1u << SIP_ACK);
    policy_free(policy);
}

/* An id is of the name alone: the same in any policy. */
static void ids(void **state)
{
    struct policy *a = policy_of(full);
    struct policy *b = policy_of("site: x\n"
                                 "zones: {z: {class: core, listeners: udp:10.0.0.1, media: pass}}\n"
                                 "peers: {other: {zone: z, addresses: 10.0.0.2}, "
                                 "carrier: {zone: z, addresses: 10.0.0.3}}\n");

    (void)state;
    assert_int_equal(a->peers[1].id, b->peers[1].id);
    policy_free(a);
    policy_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(top_level), cmocka_unit_test(zones),  cmocka_unit_test(listeners),
        cmocka_unit_test(peers),     cmocka_unit_test(routes), cmocka_unit_test(ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
