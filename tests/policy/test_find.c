/*
 * Look-ups against a reader of the rules that is slow and plain.
 */
#include "support.h"

static const char two_carriers[] =
    "site: lab\n"
    "domains: [own.example]\n"
    "zones:\n"
    "  core: {class: core, host: border.own.example, listeners: [udp:10.0.0.1, tcp:10.0.0.1:5070], "
    "media: 10.0.0.9:20000-20999}\n"
    "  net: {class: interconnect, domain: shown.example, listeners: ['tls:[2001:db8::1]', "
    "tls:198.51.100.1, {at: udp:198.51.100.1, advertise: nat.own.example}], media: pass}\n"
    "peers:\n"
    "  cscf: {zone: core, addresses: [10.0.0.0/24], hops: [udp:10.0.0.2]}\n"
    "  app: {zone: core, addresses: [10.0.0.8/29, 10.0.0.3], hops: [udp:10.0.0.8]}\n"
    "  one: {zone: net, addresses: [203.0.113.0/28, '2001:db8:1::/48'], certificates: "
    "[one.example, two.one.example], hops: [tls:203.0.113.1], domains: [one.example]}\n"
    "  two: {zone: net, addresses: [203.0.113.4], transports: [udp], domains: [two.example]}\n"
    "routes:\n"
    "  - {to: cscf, emergency: true}\n"
    "  - {from: two, to: app, methods: [MESSAGE]}\n"
    "  - {from: net, to: cscf}\n"
    "  - {from: core, to: one, numbers: ['+1', '+155']}\n"
    "  - {from: core, to: two, numbers: ['+1555']}\n"
    "  - {from: core, to: two, numbers: ['+1'], domains: [special.example]}\n"
    "  - {from: core, to: one, domains: ['*.far.example', 203.0.113.77]}\n"
    "  - {from: core, to: two, domains: ['*.very.far.example']}\n"
    "  - {from: core, to: one, domains: ['*'], methods: [OPTIONS]}\n";

static uint16_t peer_at(const struct policy *policy, const char *zone, const char *source,
                        enum transport transport, const char *name)
{
    struct address address = address_of(source);

    return policy_peer_find(policy, zone_of(policy, zone), &address, transport, slice_string(name));
}

static void peers(void **state)
{
    struct policy *policy = policy_of(two_carriers);
    uint16_t one = peer_of(policy, "one"), two = peer_of(policy, "two");

    (void)state;
    assert_int_equal(peer_at(policy, "core", "10.0.0.77", TRANSPORT_UDP, ""),
                     peer_of(policy, "cscf"));
    assert_int_equal(peer_at(policy, "core", "10.0.0.9:1234", TRANSPORT_WS, ""),
                     peer_of(policy, "app"));
    assert_int_equal(peer_at(policy, "core", "10.0.0.3", TRANSPORT_UDP, ""),
                     peer_of(policy, "app"));
    assert_int_equal(peer_at(policy, "core", "10.0.1.3", TRANSPORT_UDP, ""), POLICY_NONE);
    assert_int_equal(peer_at(policy, "net", "10.0.0.3", TRANSPORT_UDP, ""), POLICY_NONE);

    /* Address, transport and certificate must all agree. */
    assert_int_equal(peer_at(policy, "net", "203.0.113.1", TRANSPORT_TLS, "one.example"), one);
    assert_int_equal(peer_at(policy, "net", "203.0.113.1", TRANSPORT_WSS, "TWO.one.example"), one);
    assert_int_equal(peer_at(policy, "net", "[2001:db8:1::5]", TRANSPORT_TLS, "one.example"), one);
    assert_int_equal(peer_at(policy, "net", "203.0.113.1", TRANSPORT_TLS, "x.one.example"),
                     POLICY_NONE);
    assert_int_equal(peer_at(policy, "net", "203.0.113.1", TRANSPORT_TLS, ""), POLICY_NONE);
    assert_int_equal(peer_at(policy, "net", "203.0.113.1", TRANSPORT_TCP, "one.example"),
                     POLICY_NONE);
    assert_int_equal(peer_at(policy, "net", "203.0.113.4", TRANSPORT_UDP, ""), two);

    /* The longest prefix decides, even when a shorter one would agree. */
    assert_int_equal(peer_at(policy, "net", "203.0.113.4", TRANSPORT_TLS, "one.example"),
                     POLICY_NONE);
    struct address source = address_of("203.0.113.1");
    assert_int_equal(policy_peer_find(policy, POLICY_NONE, &source, TRANSPORT_UDP, SLICE_NONE),
                     POLICY_NONE);
    policy_free(policy);
}

static uint16_t route_line(const struct policy *policy, uint16_t zone, uint16_t peer,
                           enum sip_method method, const char *number, const char *domain)
{
    const struct policy_call call = {
        .zone = zone,
        .peer = peer,
        .method = method,
        .number = slice_string(number),
        .domain = slice_string(domain),
    };
    uint16_t route = policy_route_find(policy, &call);

    return route == POLICY_NONE ? 0 : policy->routes[route].line;
}

static void routes(void **state)
{
    struct policy *policy = policy_of(two_carriers);
    uint16_t core = zone_of(policy, "core"), net = zone_of(policy, "net");
    uint16_t one = peer_of(policy, "one"), two = peer_of(policy, "two"), none = POLICY_NONE;
    enum { FIRST = 11 }; /* line of the emergency route */

    (void)state;
    assert_int_equal(policy->routes[0].line, FIRST + 1);
    assert_int_equal(route_line(policy, net, one, SIP_INVITE, "", "own.example"), FIRST + 3);
    assert_int_equal(route_line(policy, net, two, SIP_MESSAGE, "", "OWN.example"), FIRST + 2);
    assert_int_equal(route_line(policy, net, two, SIP_INVITE, "+4366", ""), FIRST + 3);
    assert_int_equal(route_line(policy, net, one, SIP_INVITE, "", "border.own.example"), FIRST + 3);
    assert_int_equal(route_line(policy, net, one, SIP_INVITE, "", "shown.example"), FIRST + 3);
    assert_int_equal(route_line(policy, net, one, SIP_INVITE, "", "nat.own.example"), FIRST + 3);
    assert_int_equal(route_line(policy, net, one, SIP_INVITE, "", "198.51.100.1"), FIRST + 3);
    assert_int_equal(route_line(policy, net, one, SIP_INVITE, "", "[2001:db8:0::1]"), FIRST + 3);

    /* Nobody may be reached that is not ours or agreed on. */
    assert_int_equal(route_line(policy, net, one, SIP_INVITE, "", "other.example"), 0);
    assert_int_equal(route_line(policy, net, one, SIP_INVITE, "+1555", "two.example"), 0);
    assert_int_equal(route_line(policy, net, none, SIP_INVITE, "", "203.0.113.9"), 0);

    /* The longest number, then the narrowest domain, then the order. */
    assert_int_equal(route_line(policy, core, none, SIP_INVITE, "+1", "own.example"), FIRST + 4);
    assert_int_equal(route_line(policy, core, none, SIP_INVITE, "+155", "own.example"), FIRST + 4);
    assert_int_equal(route_line(policy, core, none, SIP_INVITE, "+15551", ""), FIRST + 5);
    assert_int_equal(route_line(policy, core, none, SIP_INVITE, "+1555", "one.example"), FIRST + 4);
    assert_int_equal(route_line(policy, core, none, SIP_INVITE, "+1555", "two.example"), FIRST + 5);
    assert_int_equal(route_line(policy, core, none, SIP_INVITE, "+17", "special.example"),
                     FIRST + 6);
    assert_int_equal(route_line(policy, core, none, SIP_INVITE, "+2", "own.example"), 0);
    assert_int_equal(route_line(policy, core, none, SIP_INVITE, "", "a.far.example"), FIRST + 7);
    assert_int_equal(route_line(policy, core, none, SIP_INVITE, "", "far.example"), 0);
    assert_int_equal(route_line(policy, core, none, SIP_INVITE, "", "A.B.very.FAR.example"),
                     FIRST + 8);
    assert_int_equal(route_line(policy, core, none, SIP_INVITE, "", "203.0.113.77"), FIRST + 7);
    assert_int_equal(route_line(policy, core, none, SIP_OPTIONS, "", "who.knows"), FIRST + 9);
    policy_free(policy);
}

static void emergencies(void **state)
{
    struct policy *policy =
        policy_of("site: lab\n"
                  "realms: r\n"
                  "zones:\n"
                  "  core: {class: core, listeners: udp:10.0.0.1, media: pass}\n"
                  "  a: {class: access-internet, listeners: udp:10.0.0.2, media: pass}\n"
                  "  b: {class: access-internet, listeners: udp:10.0.0.3, media: pass}\n"
                  "peers:\n"
                  "  p: {zone: core, addresses: 10.0.0.4}\n"
                  "  q: {zone: core, addresses: 10.0.0.5}\n"
                  "routes:\n"
                  "  - {from: a, to: p, emergency: true}\n"
                  "  - {from: a, to: q}\n");
    struct policy_call call = {.zone = zone_of(policy, "a"),
                               .peer = POLICY_NONE,
                               .method = SIP_INVITE,
                               .number = SLICE("+1"),
                               .domain = SLICE("anywhere.example"),
                               .is_emergency = true};

    (void)state;
    assert_int_equal(policy_route_find(policy, &call), 0);
    call.method = SIP_METHOD_UNKNOWN;
    assert_int_equal(policy_route_find(policy, &call), 0);
    call.zone = zone_of(policy, "b");
    assert_int_equal(policy_route_find(policy, &call), POLICY_NONE);
    call.zone = zone_of(policy, "a");
    call.method = SIP_INVITE;
    call.is_emergency = false;
    assert_int_equal(policy_route_find(policy, &call), POLICY_NONE);
    call.domain = SLICE_NONE;
    assert_int_equal(policy_route_find(policy, &call), 1);

    assert_true(policy_is_emergency_number(policy, SLICE("112")));
    assert_true(policy_is_emergency_number(policy, SLICE("911")));
    assert_false(policy_is_emergency_number(policy, SLICE("1")));
    assert_false(policy_is_emergency_number(policy, SLICE("+112")));
    assert_false(policy_is_emergency_number(policy, SLICE("")));
    assert_true(policy_is_emergency_service(SLICE("sos")));
    assert_true(policy_is_emergency_service(SLICE("SOS.police")));
    assert_false(policy_is_emergency_service(SLICE("sospolice")));
    assert_false(policy_is_emergency_service(SLICE("test.sos")));
    assert_true(policy_is_emergency_test(SLICE("test.sos.ecall")));
    assert_false(policy_is_emergency_test(SLICE("test")));
    policy_free(policy);
}

static void own(void **state)
{
    struct policy *policy = policy_of(two_carriers);
    static const char *const ours[] = {"own.example",   "OWN.EXAMPLE",  "border.own.example",
                                       "shown.example", "10.0.0.1",     "nat.own.example",
                                       "10.0.0.9",      "[2001:db8::1]"};
    static const char *const theirs[] = {"",         "example",     "x.own.example",
                                         "10.0.0.2", "one.example", "own.example."};
    static const struct {
        const char *address;
        bool is_ours;
    } addresses[] = {
        {"10.0.0.1", true},        {"10.0.0.1:5060", true},      {"10.0.0.1:5070", true},
        {"10.0.0.1:5080", false},  {"10.0.0.9", true},           {"10.0.0.9:20999", true},
        {"10.0.0.9:21000", false}, {"[2001:db8::1]:5061", true}, {"[2001:db8::2]", false},
        {"198.51.100.1", true},    {"198.51.100.1:5059", false},
    };
    char longest[300];

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(ours); i++) {
        assert_true(policy_is_own_domain(policy, slice_string(ours[i])));
    }
    for (unsigned i = 0; i < ARRAY_COUNT(theirs); i++) {
        assert_false(policy_is_own_domain(policy, slice_string(theirs[i])));
    }
    memset(longest, 'a', sizeof(longest));
    assert_false(policy_is_own_domain(policy, slice_of(longest, sizeof(longest))));
    for (unsigned i = 0; i < ARRAY_COUNT(addresses); i++) {
        struct address address = address_of(addresses[i].address);

        assert_int_equal(policy_is_own_address(policy, &address), addresses[i].is_ours);
    }
    policy_free(policy);
}

/*
 * The rules of routing once more, as they are told in docs/policy.md, over every route.
 */
static int domain_rank(const struct policy *policy, const struct policy_route *route,
                       struct slice domain)
{
    int best = -1;
    bool is_own = domain.len == 0 || policy_is_own_domain(policy, domain);

    for (uint32_t i = 0; i < route->domains.count; i++) {
        struct slice wanted = route->domains.at[i];
        int rank = -1;

        if (slice_equal(wanted, SLICE("*"))) {
            rank = 0;
        } else if (slice_starts(wanted, SLICE("*."))) {
            rank = domain.len > wanted.len - 1 && slice_ends_nocase(domain, slice_skip(wanted, 1))
                       ? (int)wanted.len
                       : -1;
        } else if (domain.len > 0 && slice_equal_nocase(wanted, domain)) {
            rank = 1000;
        }
        best = rank > best ? rank : best;
    }
    for (uint32_t i = 0; route->domains.count == 0 && i < route->hop_count; i++) {
        const struct policy_slices *domains = &policy->peers[route->hops[i].peer].domains;

        for (uint32_t k = 0; k < domains->count; k++) {
            if (domain.len > 0 && slice_equal_nocase(domains->at[k], domain)) {
                best = 1000;
            }
        }
    }
    return route->domains.count == 0 && best < 0 && is_own ? 1 : best;
}

static int number_rank(const struct policy_route *route, struct slice number)
{
    int best = route->numbers.count == 0 ? 0 : -1;

    for (uint32_t i = 0; i < route->numbers.count; i++) {
        if (slice_starts(number, route->numbers.at[i]) && (int)route->numbers.at[i].len > best) {
            best = (int)route->numbers.at[i].len;
        }
    }
    return best;
}

/* Of a route with several numbers, a shorter one may have the better domain: never here, where all
 * numbers of a route go with all its domains. */
static uint16_t naive_route(const struct policy *policy, const struct policy_call *call)
{
    uint16_t best = POLICY_NONE;
    int best_number = -1, best_domain = -1;

    for (uint32_t i = 0; i < policy->route_count; i++) {
        const struct policy_route *route = &policy->routes[i];
        int number = number_rank(route, call->number);
        int domain = domain_rank(policy, route, call->domain);

        if (route->is_emergency || number < 0 || domain < 0 ||
            (route->from_peer != POLICY_NONE && route->from_peer != call->peer) ||
            (route->from_peer == POLICY_NONE && route->from != POLICY_NONE &&
             route->from != call->zone) ||
            (route->methods != 0 && (route->methods >> call->method & 1) == 0)) {
            continue;
        }
        if (number > best_number || (number == best_number && domain > best_domain)) {
            best = (uint16_t)i;
            best_number = number;
            best_domain = domain;
        }
    }
    return best;
}

static const char *const domains[] = {"own.example",   "a.example",  "b.a.example",
                                      "c.b.a.example", "p1.example", "other.example",
                                      "d.a.example"};
static const char *const reaches[] = {"own.example", "a.example",   "*.a.example", "*.b.a.example",
                                      "*",           "b.a.example", "p1.example"};
static const char *const numbers[] = {"+", "+1", "+15", "+155", "+1555", "1", "15", "+2"};

/* Routes of every shape from few words, so that they meet. */
static void random_policy(struct text *text, uint64_t *seed)
{
    text_put_string(text, "site: lab\ndomains: [own.example]\nzones:\n");
    for (unsigned i = 0; i < 3; i++) {
        text_put_format(text, "  z%u: {class: core, listeners: udp:10.0.%u.1, media: pass}\n", i,
                        i);
    }
    text_put_string(text, "peers:\n");
    for (unsigned i = 0; i < 6; i++) {
        text_put_format(text, "  p%u: {zone: z%u, addresses: 10.0.%u.%u, domains: p%u.example}\n",
                        i, i / 2, i / 2, 10 + i, i);
    }
    text_put_string(text, "routes:\n");
    for (uint64_t i = 0, count = 1 + chance_below(seed, 12); i < count; i++) {
        static const char *const senders[] = {"any", "z0", "z1", "p0", "p1", "p3"};

        text_put_format(text, "  - {from: %s, to: p%u", senders[chance_below(seed, 6)],
                        (unsigned)chance_below(seed, 6));
        if (chance_below(seed, 3) > 0) {
            text_put_format(text, ", numbers: ['%s']", numbers[chance_below(seed, 8)]);
        }
        if (chance_below(seed, 2) > 0) {
            text_put_format(text, ", domains: ['%s']", reaches[chance_below(seed, 7)]);
        }
        text_put_string(text, chance_below(seed, 4) == 0 ? ", methods: [MESSAGE]}\n" : "}\n");
    }
}

static void compare_calls(const struct policy *policy, struct slice text, uint64_t *seed)
{
    for (unsigned i = 0; i < 300; i++) {
        uint16_t peer = (uint16_t)chance_below(seed, 7);
        struct policy_call call = {
            .zone = peer == 6 ? (uint16_t)chance_below(seed, 3) : policy->peers[peer].zone,
            .peer = peer == 6 ? (uint16_t)POLICY_NONE : peer,
            .method = chance_below(seed, 2) == 0 ? SIP_INVITE : SIP_MESSAGE,
        };

        if (chance_below(seed, 5) > 0) {
            call.number = slice_string(numbers[chance_below(seed, 8)]);
        }
        if (chance_below(seed, 5) > 0) {
            call.domain = slice_string(domains[chance_below(seed, 7)]);
        }
        if (policy_route_find(policy, &call) != naive_route(policy, &call)) {
            print_error("%.*s\nzone %u peer %u number %.*s domain %.*s: %u, not %u\n",
                        (int)text.len, text.at, call.zone, call.peer, (int)call.number.len,
                        call.number.at, (int)call.domain.len, call.domain.at,
                        policy_route_find(policy, &call), naive_route(policy, &call));
            fail();
        }
    }
}

static void routes_like_naive(void **state)
{
    static char room[8192];
    uint64_t seed = 20261125;
    unsigned read = 0;

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        struct text text;

        text_init(&text, room, sizeof(room));
        random_policy(&text, &seed);
        struct policy *policy = policy_try(text_slice(&text), false);
        if (policy != NULL) {
            compare_calls(policy, text_slice(&text), &seed);
            read++;
        }
        policy_free(policy);
    }
    assert_true(read > 500);
}

/* Prefixes nested at random, against the longest of all that has the address. */
static void peers_like_naive(void **state)
{
    static char room[1 << 16];
    uint64_t seed = 7;

    (void)state;
    for (unsigned turn = 0; turn < 60; turn++) {
        struct text text;

        text_init(&text, room, sizeof(room));
        text_put_string(&text, "site: lab\nzones: {z: {class: core, listeners: udp:10.0.0.1, "
                               "media: pass}}\npeers:\n");
        for (unsigned i = 0; i < 40; i++) {
            unsigned bits = 8 + (unsigned)chance_below(&seed, 25);
            uint32_t host = 0x0a000000u | (uint32_t)chance_below(&seed, 1 << 12) << 12;

            host &= ~(uint32_t)(((uint64_t)1 << (32 - bits)) - 1);
            text_put_format(&text, "  p%u: {zone: z, addresses: %u.%u.%u.%u/%u, transports: udp}\n",
                            i, host >> 24, host >> 16 & 255, host >> 8 & 255, host & 255, bits);
        }
        struct policy *policy = policy_try(text_slice(&text), false);
        for (unsigned i = 0; policy != NULL && i < 500; i++) {
            uint32_t host = 0x0a000000u | (uint32_t)chance_below(&seed, 1 << 24);
            struct address address = {.family = ADDRESS_V4,
                                      .bytes = {(uint8_t)(host >> 24), (uint8_t)(host >> 16),
                                                (uint8_t)(host >> 8), (uint8_t)host}};
            uint16_t best = POLICY_NONE;

            for (uint32_t k = 0; k < policy->peer_count; k++) {
                if (prefix_has(&policy->peers[k].addresses[0], &address) &&
                    (best == POLICY_NONE ||
                     policy->peers[k].addresses[0].bits > policy->peers[best].addresses[0].bits)) {
                    best = (uint16_t)k;
                }
            }
            assert_int_equal(policy_peer_find(policy, 0, &address, TRANSPORT_UDP, SLICE_NONE),
                             best);
        }
        policy_free(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peers),
        cmocka_unit_test(routes),
        cmocka_unit_test(emergencies),
        cmocka_unit_test(own),
        cmocka_unit_test(routes_like_naive),
        cmocka_unit_test(peers_like_naive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
