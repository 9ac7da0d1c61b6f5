/* Messages in tunnels: each kind once, cut anywhere, nested, and what only looks like one. */
#include "capture_kit.h"

struct tunnel_case {
    const char *name;
    uint8_t protocol; /* 17: from port to port */
    uint16_t port;
    struct slice head;
    enum capture_count count;
    bool is_v6;
};

#define MACS "\1\2\3\4\5\6\1\2\3\4\5\7"
#define ETHER_V4 MACS "\x08\x00"

static const struct tunnel_case tunnels[] = {
    {"gtp", 17, 2152, SLICE_INIT("\x30\xFF\xFF\xFF\0\0\0\1"), CAPTURE_TUNNEL_GTP, false},
    {"gtp v6", 17, 2152, SLICE_INIT("\x30\xFF\xFF\xFF\0\0\0\1"), CAPTURE_TUNNEL_GTP, true},
    {"gtp sequence", 17, 2152, SLICE_INIT("\x32\xFF\xFF\xFF\0\0\0\1\0\7\0\0"), CAPTURE_TUNNEL_GTP,
     false},
    {"gtp extensions", 17, 2152,
     SLICE_INIT("\x34\xFF\xFF\xFF\0\0\0\1\0\0\0\x85\1\x10\x09\xC0\2\0\0\0\0\0\0\0"),
     CAPTURE_TUNNEL_GTP, false},
    {"vxlan", 17, 4789, SLICE_INIT("\x08\0\0\0\0\0\5\0" ETHER_V4), CAPTURE_TUNNEL_VXLAN, false},
    {"vxlan of linux", 17, 8472, SLICE_INIT("\x08\0\0\0\0\0\5\0" MACS "\x81\0\0\5\x08\0"),
     CAPTURE_TUNNEL_VXLAN, false},
    {"vxlan-gpe v4", 17, 4790, SLICE_INIT("\x0C\0\0\1\0\0\5\0"), CAPTURE_TUNNEL_VXLAN, false},
    {"vxlan-gpe ethernet", 17, 4790, SLICE_INIT("\x0C\0\0\3\0\0\5\0" ETHER_V4),
     CAPTURE_TUNNEL_VXLAN, false},
    {"gre", 47, 0, SLICE_INIT("\0\0\x08\0"), CAPTURE_TUNNEL_GRE, false},
    {"gre v6", 47, 0, SLICE_INIT("\0\0\x86\xDD"), CAPTURE_TUNNEL_GRE, true},
    {"gre checksum, key, sequence", 47, 0, SLICE_INIT("\xB0\0\x08\0\0\0\0\0\0\0\0\1\0\0\0\2"),
     CAPTURE_TUNNEL_GRE, false},
    {"gre ethernet", 47, 0, SLICE_INIT("\0\0\x65\x58" ETHER_V4), CAPTURE_TUNNEL_GRE, false},
    {"gre mpls", 47, 0, SLICE_INIT("\0\0\x88\x47\0\1\1\x40"), CAPTURE_TUNNEL_GRE, false},
    {"pptp", 47, 0, SLICE_INIT("\x30\x81\x88\x0B\0\x40\0\7\0\0\0\1\0\0\0\2\xFF\3\0\x21"),
     CAPTURE_TUNNEL_GRE, false},
    {"erspan 1", 47, 0, SLICE_INIT("\0\0\x88\xBE" ETHER_V4), CAPTURE_TUNNEL_ERSPAN, false},
    {"erspan 2", 47, 0, SLICE_INIT("\x10\0\x88\xBE\0\0\0\1\x10\5\0\7\0\0\0\1" ETHER_V4),
     CAPTURE_TUNNEL_ERSPAN, false},
    {"erspan 3", 47, 0,
     SLICE_INIT("\x10\0\x22\xEB\0\0\0\1\x20\5\0\7\0\0\0\1\0\0\0\0" MACS "\x81\0\0\6\x08\0"),
     CAPTURE_TUNNEL_ERSPAN, false},
    {"erspan 3, more", 47, 0,
     SLICE_INIT("\x10\0\x22\xEB\0\0\0\1\x20\5\0\7\0\0\0\1\0\0\0\1\1\2\3\4\5\6\7\x08" ETHER_V4),
     CAPTURE_TUNNEL_ERSPAN, false},
    {"ip in ip", 4, 0, SLICE_INIT(""), CAPTURE_IP, false},
    {"v6 in ip", 41, 0, SLICE_INIT(""), CAPTURE_IP, true},
};

/* The packet with the tunnel's head in front, in an IP packet of others. */
static struct slice wrap(const struct tunnel_case *tunnel, struct kit_room rooms[3],
                         struct slice inner)
{
    struct slice payload = kit_join(&rooms[0], tunnel->head, inner);

    if (tunnel->protocol == 17) {
        payload = kit_udp(&rooms[1], 40001, tunnel->port, payload);
    }
    return kit_v4(&rooms[2], (struct kit_ip){77, 78, tunnel->protocol, 0, 0}, payload);
}

static struct slice inner_packet(bool is_v6)
{
    static struct kit_room rooms[2];

    if (!is_v6) {
        return kit_datagram(&rooms[0], SLICE(KIT_OPTIONS));
    }
    return kit_v6(&rooms[1], (struct kit_ip){1, 2, 17, 0, 0},
                  kit_udp(&rooms[0], 5060, 5060, SLICE(KIT_OPTIONS)));
}

static struct kit_result *packet_read(struct slice packet)
{
    struct kit kit = kit_open(101);

    kit_frame(&kit, packet);
    return kit_done(&kit);
}

static void each_tunnel(void **state)
{
    static struct kit_room rooms[3];

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(tunnels); i++) {
        struct kit_result *result =
            packet_read(wrap(&tunnels[i], rooms, inner_packet(tunnels[i].is_v6)));

        if (result->count != 1) {
            fail_msg("%s: no message", tunnels[i].name);
        }
        expect_slice(result->seen[0].bytes, KIT_OPTIONS);
        assert_int_equal(result->seen[0].packet.local.port, 5060); /* of the inner packet */
        assert_true(result->counts.of[tunnels[i].count] >= 1);
        kit_free(result);
    }
}

/* Cut anywhere there is no message, and nothing is read that is not there (each frame ends the
 * capture's memory). */
static void every_prefix(void **state)
{
    static struct kit_room rooms[3];

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(tunnels); i++) {
        struct slice whole = wrap(&tunnels[i], rooms, inner_packet(tunnels[i].is_v6));

        for (size_t len = 0; len < whole.len; len++) {
            struct kit_result *result = packet_read(slice_head(whole, len));

            assert_int_equal(result->count, 0);
            kit_free(result);
        }
    }
}

/* Each in each other; and one more than may be. */
static void nested(void **state)
{
    static struct kit_room rooms[8][3];

    (void)state;
    for (size_t outer = 0; outer < ARRAY_COUNT(tunnels); outer++) {
        for (size_t inner = 0; inner < ARRAY_COUNT(tunnels); inner++) {
            if (tunnels[outer].is_v6) {
                continue; /* what wraps is IPv4 here */
            }
            struct slice packet =
                wrap(&tunnels[inner], rooms[0], inner_packet(tunnels[inner].is_v6));
            struct kit_result *result = packet_read(wrap(&tunnels[outer], rooms[1], packet));

            if (result->count != 1) {
                fail_msg("%s in %s: no message", tunnels[inner].name, tunnels[outer].name);
            }
            kit_free(result);
        }
    }
    struct slice packet = inner_packet(false);
    for (unsigned depth = 0; depth < 8; depth++) {
        packet = wrap(&tunnels[depth % 2 == 0 ? 8 : 0], rooms[depth], packet);
    }
    struct kit_result *result = packet_read(packet);
    assert_int_equal(result->count, 0);
    assert_int_equal(result->counts.of[CAPTURE_IP_NESTED], 1);
    kit_free(result);
}

/* SIP sent to a tunnel's port is SIP; what only resembles a tunnel is passed over. */
static void not_tunnels(void **state)
{
    static struct kit_room rooms[3];
    static const struct tunnel_case others[] = {
        {"gtp echo", 17, 2152, SLICE_INIT("\x30\x01\xFF\xFF\0\0\0\1"), 0, false},
        {"gtp prime", 17, 2152, SLICE_INIT("\x20\xFF\xFF\xFF\0\0\0\1"), 0, false},
        {"gtp endless extensions", 17, 2152,
         SLICE_INIT("\x34\xFF\xFF\xFF\0\0\0\1\0\0\0\x85\0\x10\x09\x85"), 0, false},
        {"gtp at another port", 17, 2153, SLICE_INIT("\x30\xFF\xFF\xFF\0\0\0\1"), 0, false},
        {"vxlan without identifier", 17, 4789, SLICE_INIT("\0\0\0\0\0\0\5\0" ETHER_V4), 0, false},
        {"gre with routes", 47, 0, SLICE_INIT("\x40\0\x08\0"), 0, false},
        {"gre version 2", 47, 0, SLICE_INIT("\0\2\x08\0"), 0, false},
        {"gre arp", 47, 0, SLICE_INIT("\0\0\x08\x06"), 0, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        struct kit_result *result = packet_read(wrap(&others[i], rooms, inner_packet(false)));

        if (result->count != 0) {
            fail_msg("%s: a message", others[i].name);
        }
        kit_free(result);
    }
    const struct tunnel_case sip = {"sip", 17, 2152, SLICE_INIT(""), 0, false};
    struct kit_result *result = packet_read(wrap(&sip, rooms, SLICE(KIT_OPTIONS)));
    assert_int_equal(result->count, 1);
    assert_int_equal(result->seen[0].packet.local.port, 2152);
    kit_free(result);
}

/* A wire of Ethernet below labels, with its control word. */
static void ethernet_below_labels(void **state)
{
    static struct kit_room room;
    struct kit kit = kit_open(1);

    (void)state;
    kit_frame(&kit, kit_join(&room, SLICE(MACS "\x88\x47\0\1\1\x40\0\0\0\0" ETHER_V4),
                             inner_packet(false)));
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->count, 1);
    kit_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tunnel),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(nested),
        cmocka_unit_test(not_tunnels),
        cmocka_unit_test(ethernet_below_labels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
