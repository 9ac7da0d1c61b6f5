/* From the frame to the message: link layers, tags and labels, IPv6's headers, tunnels. */
#include "capture_kit.h"

#include "io/capture/ip.h"
#include "io/capture/link.h"
#include "io/capture/sniff.h"

static struct slice datagram(void)
{
    static struct kit_room room;

    return kit_datagram(&room, SLICE(KIT_OPTIONS));
}

static struct slice datagram_v6(void)
{
    static struct kit_room room, inner;

    return kit_v6(&room, (struct kit_ip){1, 2, 17, 0, 0},
                  kit_udp(&inner, 5060, 5061, SLICE(KIT_OPTIONS)));
}

static struct kit_result *frame_read(uint32_t link, struct slice head, struct slice rest)
{
    static struct kit_room room;
    struct kit kit = kit_open(link);

    kit_frame(&kit, kit_join(&room, head, rest));
    return kit_done(&kit);
}

#define MACS "\1\2\3\4\5\6\1\2\3\4\5\7"

struct layer_case {
    uint32_t link;
    struct slice head;
};

static const struct layer_case v4_cases[] = {
    {1, SLICE_INIT(MACS "\x08\x00")},
    {1, SLICE_INIT(MACS "\x81\x00\x00\x05\x08\x00")},
    {1, SLICE_INIT(MACS "\x88\xA8\x00\x05\x81\x00\x00\x06\x08\x00")},
    {1, SLICE_INIT(MACS "\x91\x00\x00\x05\x92\x00\x00\x06\x08\x00")},
    {1, SLICE_INIT(MACS "\x88\x47\x00\x01\x01\x40")},
    {1, SLICE_INIT(MACS "\x88\x48\x00\x01\x00\x40\x00\x02\x01\x40")},
    {1, SLICE_INIT(MACS "\x88\x64\x11\x00\x00\x01\x00\x20\x00\x21")},
    {1, SLICE_INIT(MACS "\x88\x64\x11\x00\x00\x01\x00\x20\x21")},
    {1, SLICE_INIT(MACS "\x81\x00\x00\x05\x88\x64\x11\x00\x00\x01\x00\x20\x00\x21")},
    {1, SLICE_INIT(MACS "\x01\x00\xAA\xAA\x03\0\0\0\x08\x00")},
    {9, SLICE_INIT("\xFF\x03\x00\x21")},
    {50, SLICE_INIT("\x21")},
    {101, SLICE_INIT("")},
    {12, SLICE_INIT("")},
    {14, SLICE_INIT("")},
    {228, SLICE_INIT("")},
    {0, SLICE_INIT("\2\0\0\0")},
    {0, SLICE_INIT("\0\0\0\2")},
    {108, SLICE_INIT("\0\0\0\2")},
    {113, SLICE_INIT("\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x08\x00")},
    {276, SLICE_INIT("\x08\x00\0\0\0\0\0\2\0\1\0\6\1\2\3\4\5\6\0\0")},
};

static void link_layers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(v4_cases); i++) {
        struct kit_result *result = frame_read(v4_cases[i].link, v4_cases[i].head, datagram());

        if (result->count != 1) {
            fail_msg("case %zu: no message", i);
        }
        expect_slice(result->seen[0].bytes, KIT_OPTIONS);
        const struct packet *packet = &result->seen[0].packet;
        assert_int_equal(packet->flow.remote.bytes[3], 1);
        assert_int_equal(packet->flow.remote.port, 5060);
        assert_int_equal(packet->local.bytes[3], 2);
        assert_int_equal(packet->flow.listener, LISTENER_NONE);
        assert_int_equal(packet->flow.transport, TRANSPORT_UDP);
        kit_free(result);
    }
}

/* Cut anywhere, a frame is short or cut, never a message. */
static void every_prefix_of_a_frame(void **state)
{
    static struct kit_room room;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(v4_cases); i++) {
        struct slice frame = kit_join(&room, v4_cases[i].head, datagram());

        for (size_t len = 0; len < frame.len; len++) {
            struct kit kit = kit_open(v4_cases[i].link);

            kit_frame(&kit, slice_head(frame, len));
            struct kit_result *result = kit_done(&kit);
            assert_int_equal(result->count, 0);
            assert_int_equal(result->counts.of[CAPTURE_FRAMES], 1);
            kit_free(result);
        }
    }
}

/* The readers of heads never look behind the frame's last octet. */
static void every_prefix_at_a_guard(void **state)
{
    static struct kit_room room;
    struct guarded guarded = guarded_open();

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_COUNT(v4_cases); i++) {
        const struct layer_case *layer = &v4_cases[i / 2];
        struct slice frame = kit_join(&room, layer->head, i % 2 == 0 ? datagram() : datagram_v6());

        for (size_t len = 0; len <= frame.len; len++) {
            struct ip_packet packet;
            struct slice ip;

            if (link_read(layer->link, guarded_copy(&guarded, slice_head(frame, len)), &ip) ==
                    LINK_IP &&
                ip_read(&packet, ip)) {
                (void)sniff_datagram(slice_skip(packet.payload, 8));
            }
        }
    }
    guarded_close(&guarded);
}

static void link_layers_of_v6(void **state)
{
    static const struct layer_case cases[] = {
        {1, SLICE_INIT(MACS "\x86\xDD")},
        {1, SLICE_INIT(MACS "\x88\x64\x11\x00\x00\x01\x00\x20\x00\x57")},
        {1, SLICE_INIT(MACS "\x88\x47\x00\x01\x01\x40")},
        {0, SLICE_INIT("\x1E\0\0\0")},
        {108, SLICE_INIT("\0\0\0\x1C")},
        {101, SLICE_INIT("")},
        {229, SLICE_INIT("")},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct kit_result *result = frame_read(cases[i].link, cases[i].head, datagram_v6());

        assert_int_equal(result->count, 1);
        assert_int_equal(result->seen[0].packet.flow.remote.family, ADDRESS_V6);
        assert_int_equal(result->seen[0].packet.flow.remote.bytes[15], 1);
        assert_int_equal(result->seen[0].packet.local.port, 5061);
        kit_free(result);
    }
}

static void frames_without_ip(void **state)
{
    static const struct {
        struct layer_case layer;
        enum capture_count count;
    } cases[] = {
        {{1, SLICE_INIT(MACS "\x08\x06")}, CAPTURE_LINK_OTHER},
        {{1, SLICE_INIT(MACS "\x88\xCC")}, CAPTURE_LINK_OTHER},
        {{1, SLICE_INIT(MACS "\x00\x26\x42\x42\x03")}, CAPTURE_LINK_OTHER},
        {{1, SLICE_INIT(MACS "\x88\x64\x11\x00\x00\x01\x00\x20\xC0\x21")}, CAPTURE_LINK_OTHER},
        {{1, SLICE_INIT(MACS "\x88\x47\x00\x01\x01\x40\0\0\0\0")}, CAPTURE_LINK_OTHER},
        {{105, SLICE_INIT("")}, CAPTURE_LINK_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct kit_result *result =
            frame_read(cases[i].layer.link, cases[i].layer.head, datagram());

        assert_int_equal(result->count, 0);
        assert_int_equal(result->counts.of[cases[i].count], 1);
        kit_free(result);
    }
    struct kit_result *result = frame_read(105, SLICE(""), datagram());
    assert_int_equal(result->counts.unknown_link, 105);
    kit_free(result);
}

/* A stack of labels or tags without end is not followed for ever. */
static void endless_tags(void **state)
{
    static struct kit_room tags, labels;
    struct text text;

    (void)state;
    text_init(&text, tags.at, sizeof(tags.at));
    text_put(&text, SLICE(MACS));
    for (unsigned i = 0; i < 1000; i++) {
        text_put(&text, SLICE("\x81\x00\x00\x05"));
    }
    text_put(&text, SLICE("\x08\x00"));
    struct kit_result *result = frame_read(1, text_slice(&text), datagram());
    assert_int_equal(result->counts.of[CAPTURE_LINK_OTHER], 1);
    kit_free(result);

    text_init(&text, labels.at, sizeof(labels.at));
    text_put(&text, SLICE(MACS "\x88\x47"));
    for (unsigned i = 0; i < 1000; i++) {
        text_put(&text, SLICE("\0\0\0\5"));
    }
    result = frame_read(1, text_slice(&text), datagram());
    assert_int_equal(result->counts.of[CAPTURE_LINK_OTHER], 1);
    kit_free(result);
}

/* The padding of short frames is no part of a message. */
static void padding_falls_away(void **state)
{
    static struct kit_room room;
    struct kit_result *result =
        frame_read(101, kit_join(&room, datagram(), SLICE("\0\0\0\0\0\0")), SLICE_NONE);

    (void)state;
    assert_int_equal(result->count, 1);
    expect_slice(result->seen[0].bytes, KIT_OPTIONS);
    kit_free(result);
}

static struct kit_result *v6_read(uint8_t next, struct slice extensions)
{
    static struct kit_room room, joined, inner;
    struct slice payload =
        kit_join(&joined, extensions, kit_udp(&inner, 5060, 5060, SLICE(KIT_OPTIONS)));

    return frame_read(101, kit_v6(&room, (struct kit_ip){1, 2, next, 0, 0}, payload), SLICE_NONE);
}

static void extension_headers(void **state)
{
    static const struct {
        uint8_t next;
        struct slice extensions;
    } good[] = {
        {0, SLICE_INIT("\x11\0\0\0\0\0\0\0")},
        {0, SLICE_INIT("\x2B\0\0\0\0\0\0\0\x3C\0\0\0\0\0\0\0\x11\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
        {51, SLICE_INIT("\x11\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
        {44, SLICE_INIT("\x11\0\0\0\0\0\0\7")}, /* an atomic fragment */
    };
    static const struct {
        uint8_t next;
        struct slice extensions;
        enum capture_count count;
    } bad[] = {
        {0, SLICE_INIT("\x11\xFF\0\0\0\0\0\0"), CAPTURE_IP_BROKEN},
        {50, SLICE_INIT("\0\0\0\1\0\0\0\1"), CAPTURE_IP_ESP},
        {59, SLICE_INIT(""), CAPTURE_IP_OTHER},
        {132, SLICE_INIT(""), CAPTURE_IP_SCTP},
        {60,
         SLICE_INIT("\x3C\0\0\0\0\0\0\0\x3C\0\0\0\0\0\0\0\x3C\0\0\0\0\0\0\0\x3C\0\0\0\0\0\0\0"
                    "\x3C\0\0\0\0\0\0\0\x3C\0\0\0\0\0\0\0\x3C\0\0\0\0\0\0\0\x3C\0\0\0\0\0\0\0"
                    "\x11\0\0\0\0\0\0\0"),
         CAPTURE_IP_BROKEN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        struct kit_result *result = v6_read(good[i].next, good[i].extensions);

        assert_int_equal(result->count, 1);
        expect_slice(result->seen[0].bytes, KIT_OPTIONS);
        kit_free(result);
    }
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct kit_result *result = v6_read(bad[i].next, bad[i].extensions);

        assert_int_equal(result->count, 0);
        assert_int_equal(result->counts.of[bad[i].count], 1);
        kit_free(result);
    }
}

static void tunnels(void **state)
{
    static struct kit_room a, b, c, d, e[3];
    struct slice once = kit_v4(&a, (struct kit_ip){9, 8, 4, 0, 0}, datagram());
    struct slice six = kit_v4(&b, (struct kit_ip){9, 8, 41, 0, 0}, datagram_v6());
    struct slice deep = kit_v4(&c, (struct kit_ip){7, 6, 4, 0, 0}, once);

    (void)state;
    struct kit_result *result = frame_read(101, once, SLICE_NONE);
    assert_int_equal(result->count, 1);
    assert_int_equal(result->seen[0].packet.flow.remote.bytes[3], 1);
    kit_free(result);
    result = frame_read(101, six, SLICE_NONE);
    assert_int_equal(result->count, 1);
    kit_free(result);
    deep = kit_v4(&d, (struct kit_ip){7, 6, 4, 0, 0}, deep);
    result = frame_read(101, deep, SLICE_NONE);
    assert_int_equal(result->count, 1);
    kit_free(result);
    for (unsigned i = 0; i < 3; i++) {
        deep = kit_v4(&e[i], (struct kit_ip){7, 6, 4, 0, 0}, deep);
    }
    result = frame_read(101, deep, SLICE_NONE);
    assert_int_equal(result->counts.of[CAPTURE_IP_NESTED], 1);
    kit_free(result);
}

/* Lengths left to the hardware, and lengths that lie. */
static void lengths_of_ip_and_udp(void **state)
{
    static struct kit_room room;
    struct slice frame = kit_join(&room, datagram(), SLICE_NONE);

    (void)state;
    octets_put_u16(room.at + 2, 0);
    struct kit_result *result = frame_read(101, frame, SLICE_NONE);
    assert_int_equal(result->count, 1);
    kit_free(result);

    octets_put_u16(room.at + 2, 19);
    result = frame_read(101, frame, SLICE_NONE);
    assert_int_equal(result->counts.of[CAPTURE_IP_BROKEN], 1);
    kit_free(result);

    octets_put_u16(room.at + 2, (uint16_t)frame.len);
    octets_put_u16(room.at + 24, 7);
    result = frame_read(101, frame, SLICE_NONE);
    assert_int_equal(result->counts.of[CAPTURE_UDP_BROKEN], 1);
    kit_free(result);

    octets_put_u16(room.at + 24, (uint16_t)frame.len);
    result = frame_read(101, frame, SLICE_NONE);
    assert_int_equal(result->counts.of[CAPTURE_UDP_BROKEN], 1);
    kit_free(result);

    octets_put_u16(room.at + 24, (uint16_t)(frame.len - 20));
    result = frame_read(101, slice_head(frame, frame.len - 1), SLICE_NONE);
    assert_int_equal(result->count, 0);
    assert_int_equal(result->counts.of[CAPTURE_IP_CUT], 1);
    kit_free(result);

    room.at[0] = 0x4F;
    result = frame_read(101, slice_head(frame, 40), SLICE_NONE);
    assert_int_equal(result->counts.of[CAPTURE_IP_BROKEN], 1);
    kit_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_layers),
        cmocka_unit_test(every_prefix_of_a_frame),
        cmocka_unit_test(every_prefix_at_a_guard),
        cmocka_unit_test(link_layers_of_v6),
        cmocka_unit_test(frames_without_ip),
        cmocka_unit_test(endless_tags),
        cmocka_unit_test(padding_falls_away),
        cmocka_unit_test(extension_headers),
        cmocka_unit_test(tunnels),
        cmocka_unit_test(lengths_of_ip_and_udp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
