#include "../expect.h"

#include "base/address.h"

static struct address literal(const char *string)
{
    struct address address;

    if (!address_read(&address, slice_string(string))) {
        fail_msg("%s is not read", string);
    }
    return address;
}

static void expect_written(const struct address *address, const char *expected)
{
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    text_init(&text, room, sizeof(room));
    address_write(&text, address);
    assert_false(text.is_full);
    expect_slice(text_slice(&text), expected);
}

static void v4_is_four_decimal_parts(void **state)
{
    static const char *const read[] = {"0.0.0.0", "192.0.2.1", "255.255.255.255", "1.10.100.0"};
    struct address address = literal("192.0.2.33");

    (void)state;
    assert_int_equal(address.family, ADDRESS_V4);
    assert_int_equal(address.port, 0);
    assert_memory_equal(address.bytes, "\xc0\x00\x02\x21", 4);
    for (size_t i = 0; i < ARRAY_COUNT(read); i++) {
        address = literal(read[i]);
        expect_written(&address, read[i]);
    }
}

static void v6_is_written_as_rfc_5952_wants(void **state)
{
    static const struct {
        const char *read, *written;
    } pairs[] = {
        {"::", "[::]"},
        {"::1", "[::1]"},
        {"1::", "[1::]"},
        {"[2001:DB8::1]", "[2001:db8::1]"},
        {"2001:db8:0:0:0:0:2:1", "[2001:db8::2:1]"},
        {"2001:db8::1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]"},
        {"2001:0:0:1:0:0:0:1", "[2001:0:0:1::1]"},
        {"2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]"},
        {"0001:0020:0300:4000:abcd:ef01:0:00f0", "[1:20:300:4000:abcd:ef01:0:f0]"},
        {"1:2:3:4:5:6:7::", "[1:2:3:4:5:6:7:0]"},
        {"::2:3:4:5:6:7:8", "[0:2:3:4:5:6:7:8]"},
        {"0:0:0:0:0:0:0:0", "[::]"},
        {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]"},
        {"::ffff:c000:201", "[::ffff:192.0.2.1]"},
        {"::ffff:0.0.0.0", "[::ffff:0.0.0.0]"},
        {"64:ff9b::192.0.2.33", "[64:ff9b::c000:221]"},
        {"1:2:3:4:5:6:1.2.3.4", "[1:2:3:4:5:6:102:304]"},
        {"1:2:3:4:5::1.2.3.4", "[1:2:3:4:5:0:102:304]"},
        {"fe80::ffff:ffff:ffff:ffff", "[fe80::ffff:ffff:ffff:ffff]"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
        struct address address = literal(pairs[i].read);

        assert_int_equal(address.family, ADDRESS_V6);
        expect_written(&address, pairs[i].written);
    }
}

// clang-format off
static const char *const no_literals[] = {
    /* What inet_aton, resolvers and browsers are known to accept. */
    "127.1", "127.0.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "017700000001",
    "127.0.0.01", "127.0.0.00", "00.0.0.0", "127.0.0.1.", "127.0.0.1 ", " 127.0.0.1",
    "127.0.0.1\n", "127..0.1", ".127.0.0.1", "127.0.0.", "1.2.3", "1.2.3.4.5", "1.2.3.256",
    "1.2.3.-4", "1.2.3.+4", "1.2.3.4e0", "1.2.3.4/24", "1.2.3.4:5060", "[127.0.0.1]",
    "1.2.3.99999999999999999999", "１.2.3.4",
    /* Colons. */
    "", ":", ":::", "::::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
    "::1::", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:::2", ":1::", "::1:", "12345::",
    "::00001", "g::", "::0x1", "::-1", "1:2:3:4::5:6:7:8:9",
    /* A zone is a matter of one host. */
    "fe80::1%eth0", "fe80::1%25eth0", "[fe80::1%251]",
    /* Dotted parts where they do not belong. */
    "::1.2.3", "::1.2.3.4.5", "::01.2.3.4", "1.2.3.4::", "1.2.3.4::1", "::1.2.3.4:1",
    "1:2:3:4:5:6:7:1.2.3.4", "::1:2:3:4:5:6:7:1.2.3.4", "::ffff:127.1", "::ffff:0x7f.0.0.1",
    /* Brackets, names. */
    "[]", "[", "]", "[::1", "::1]", "[[::1]]", "[::1]x", "[::1] ", "[v1.fe80::a]", "localhost",
    "example.com", "::1/128",
};
// clang-format on

static void all_else_is_refused(void **state)
{
    struct address address;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(no_literals); i++) {
        if (address_read(&address, slice_string(no_literals[i]))) {
            fail_msg("\"%s\" was read", no_literals[i]);
        }
        assert_int_equal(address.family, ADDRESS_NONE);
    }
    assert_false(address_read(&address, SLICE("1.2.3.4\0")));
    assert_false(address_read(&address, SLICE("::1\0")));
    assert_false(address_read(&address, SLICE_NONE));
}

static void no_octet_behind_is_read(void **state)
{
    static const char *const literals[] = {
        "[1:2:3:4:5:6:255.255.255.255]:65535",
        "255.255.255.255:65535",
        "[::1]",
        "::ffff:1.2.3.4",
    };
    struct guarded guarded = guarded_open();
    struct address address;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(literals); i++) {
        for (size_t len = 0; len <= strlen(literals[i]); len++) {
            struct slice part = guarded_copy(&guarded, slice_of(literals[i], len));

            address_read(&address, part);
            address_read_port(&address, part);
        }
    }
    guarded_close(&guarded);
}

static void ports_stand_behind(void **state)
{
    struct address address;

    (void)state;
    assert_true(address_read_port(&address, SLICE("192.0.2.1:5060")));
    assert_int_equal(address.port, 5060);
    expect_written(&address, "192.0.2.1:5060");
    assert_true(address_read_port(&address, SLICE("[2001:db8::1]:65535")));
    assert_int_equal(address.port, 65535);
    expect_written(&address, "[2001:db8::1]:65535");
    assert_true(address_read_port(&address, SLICE("2001:db8::1:5060")));
    assert_int_equal(address.port, 0);
    expect_written(&address, "[2001:db8::1:5060]");
    assert_true(address_read_port(&address, SLICE("[::1]")));
    assert_int_equal(address.port, 0);
    assert_true(address_read_port(&address, SLICE("192.0.2.1")));
    assert_int_equal(address.port, 0);
}

static void ports_that_are_none(void **state)
{
    static const char *const refused[] = {
        "192.0.2.1:",
        "192.0.2.1:0",
        "192.0.2.1:65536",
        "192.0.2.1:05060",
        "192.0.2.1:-1",
        "192.0.2.1:+1",
        "192.0.2.1: 1",
        "192.0.2.1:5060 ",
        "192.0.2.1:sip",
        "[::1]:",
        "[::1]5060",
        "[::1]:0",
        "[::1]:65536",
        "[::1:5060",
        "[192.0.2.1]:5060",
        ":5060",
        "",
        "192.0.2.1:1:2",
        "[::1]:1:2",
        "[::1]]:1",
    };
    struct address address;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        if (address_read_port(&address, slice_string(refused[i]))) {
            fail_msg("\"%s\" was read", refused[i]);
        }
        assert_int_equal(address.family, ADDRESS_NONE);
        assert_int_equal(address.port, 0);
    }
}

static void hosts_with_and_without_brackets(void **state)
{
    struct address address = literal("2001:db8::1");
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    (void)state;
    address.port = 5061;
    text_init(&text, room, sizeof(room));
    address_write_host(&text, &address, false);
    expect_slice(text_slice(&text), "2001:db8::1");
    text_init(&text, room, sizeof(room));
    address_write_host(&text, &address, true);
    expect_slice(text_slice(&text), "[2001:db8::1]");
    text_init(&text, room, sizeof(room));
    address_write_host(&text, &(struct address){0}, true);
    expect_slice(text_slice(&text), "");
}

static void written_then_read_is_the_same(void **state)
{
    uint64_t seed = 17;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        struct address address = {.family = i % 2 == 0 ? ADDRESS_V4 : ADDRESS_V6};
        struct address again;
        char room[ADDRESS_TEXT_MAX];
        struct text text;

        for (size_t b = 0; b < (i % 2 == 0 ? 4U : 16U); b++) {
            address.bytes[b] = chance_below(&seed, 3) == 0 ? (uint8_t)chance(&seed) : 0;
        }
        address.port = (uint16_t)chance_below(&seed, 65536);
        text_init(&text, room, sizeof(room));
        address_write(&text, &address);
        assert_false(text.is_full);
        assert_true(address_read_port(&again, text_slice(&text)));
        assert_true(address_equal(&address, &again));
    }
}

static void the_longest_fits(void **state)
{
    struct address address = literal("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");

    (void)state;
    address.port = 65535;
    expect_written(&address, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void equal_and_same_host(void **state)
{
    struct address a = literal("192.0.2.1"), b = literal("192.0.2.1");
    struct address mapped = literal("::ffff:192.0.2.1");

    (void)state;
    assert_true(address_equal(&a, &b));
    b.port = 5060;
    assert_false(address_equal(&a, &b));
    assert_true(address_same_host(&a, &b));
    assert_false(address_same_host(&a, &mapped));
    /* Octets that IPv4 does not use are nobody's. */
    b.bytes[9] = 7;
    assert_true(address_same_host(&a, &b));
    b.bytes[3] = 2;
    assert_false(address_same_host(&a, &b));
    a = b = (struct address){0};
    assert_true(address_same_host(&a, &b));
}

struct purpose {
    const char *address;
    bool loopback, unspecified, link_local, multicast, is_private, mapped;
};

static void what_addresses_are_for(void **state)
{
    static const struct purpose purposes[] = {
        {.address = "127.0.0.1", .loopback = true},
        {.address = "127.255.255.255", .loopback = true},
        {.address = "128.0.0.1"},
        {.address = "::1", .loopback = true},
        {.address = "::2"},
        {.address = "1::1"},
        {.address = "0.0.0.0", .unspecified = true},
        {.address = "0.1.2.3", .unspecified = true},
        {.address = "::", .unspecified = true},
        {.address = "169.254.0.1", .link_local = true},
        {.address = "169.253.0.1"},
        {.address = "fe80::1", .link_local = true},
        {.address = "febf::1", .link_local = true},
        {.address = "fec0::1"},
        {.address = "224.0.1.75", .multicast = true},
        {.address = "239.255.255.255", .multicast = true},
        {.address = "240.0.0.1"},
        {.address = "255.255.255.255", .multicast = true},
        {.address = "255.255.255.254"},
        {.address = "ff02::1", .multicast = true},
        {.address = "10.0.0.0", .is_private = true},
        {.address = "11.0.0.0"},
        {.address = "172.15.255.255"},
        {.address = "172.16.0.0", .is_private = true},
        {.address = "172.31.255.255", .is_private = true},
        {.address = "172.32.0.0"},
        {.address = "192.168.1.1", .is_private = true},
        {.address = "192.169.0.0"},
        {.address = "fc00::1", .is_private = true},
        {.address = "fdff::1", .is_private = true},
        {.address = "fe00::1"},
        {.address = "2001:db8::1"},
        {.address = "::ffff:127.0.0.1", .loopback = true, .mapped = true},
        {.address = "::ffff:0.0.0.0", .unspecified = true, .mapped = true},
        {.address = "::ffff:169.254.1.1", .link_local = true, .mapped = true},
        {.address = "::ffff:224.0.0.1", .multicast = true, .mapped = true},
        {.address = "::ffff:10.1.2.3", .is_private = true, .mapped = true},
        {.address = "::ffff:192.0.2.1", .mapped = true},
        {.address = "::fffe:127.0.0.1"},
        {.address = "1::ffff:127.0.0.1"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(purposes); i++) {
        const struct purpose *purpose = &purposes[i];
        struct address address = literal(purpose->address);

        assert_int_equal(address_is_loopback(&address), purpose->loopback);
        assert_int_equal(address_is_unspecified(&address), purpose->unspecified);
        assert_int_equal(address_is_link_local(&address), purpose->link_local);
        assert_int_equal(address_is_multicast(&address), purpose->multicast);
        assert_int_equal(address_is_private(&address), purpose->is_private);
        assert_int_equal(address_is_mapped(&address), purpose->mapped);
    }
}

static void no_address_is_for_nothing(void **state)
{
    struct address none = {0};

    (void)state;
    assert_false(address_is_loopback(&none));
    assert_false(address_is_unspecified(&none));
    assert_false(address_is_link_local(&none));
    assert_false(address_is_multicast(&none));
    assert_false(address_is_private(&none));
    assert_false(address_is_mapped(&none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4_is_four_decimal_parts),
        cmocka_unit_test(v6_is_written_as_rfc_5952_wants),
        cmocka_unit_test(all_else_is_refused),
        cmocka_unit_test(no_octet_behind_is_read),
        cmocka_unit_test(ports_stand_behind),
        cmocka_unit_test(ports_that_are_none),
        cmocka_unit_test(hosts_with_and_without_brackets),
        cmocka_unit_test(written_then_read_is_the_same),
        cmocka_unit_test(the_longest_fits),
        cmocka_unit_test(equal_and_same_host),
        cmocka_unit_test(what_addresses_are_for),
        cmocka_unit_test(no_address_is_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
