/* What is written is read again; where tshark is at hand it reads it too (compare_tshark.sh). */
#include "capture_kit.h"

#include "io/capture/write.h"

static bool put_text(void *to, struct slice octets)
{
    struct text *text = to;

    text_put(text, octets);
    return !text->is_full;
}

static struct packet packet_of(struct slice bytes, enum transport transport, bool is_v6)
{
    struct packet packet = {
        .bytes = bytes,
        .when_us = UINT64_C(1700000000123456),
        .flow = {.transport = (uint8_t)transport},
    };

    assert_true(address_read_port(&packet.flow.remote,
                                  is_v6 ? SLICE("[2001:db8::1]:5061") : SLICE("192.0.2.1:5061")));
    assert_true(address_read_port(&packet.local,
                                  is_v6 ? SLICE("[2001:db8::2]:5060") : SLICE("192.0.2.2:5060")));
    return packet;
}

static void packets_come_back(void **state)
{
    static char memory[1 << 16];
    struct capture_writer writer;
    struct text text;
    unsigned count = 0;

    (void)state;
    text_init(&text, memory, sizeof(memory));
    assert_true(capture_write_start(&writer, put_text, &text, SLICE("sipwarden"),
                                    SLICE("evidence of a test")));
    for (enum transport transport = TRANSPORT_UDP; transport <= TRANSPORT_WSS; transport++) {
        for (unsigned v6 = 0; v6 < 2; v6++) {
            struct packet packet = packet_of(SLICE(KIT_MESSAGE), transport, v6 == 1);

            assert_true(capture_write_packet(&writer, &packet, SLICE("CT-IDN-02: a finding")));
            packet = packet_of(SLICE("INVITE sip:a SIP/9\r\nl: 0\r\n\r\n"), transport, v6 == 1);
            assert_true(capture_write_packet(&writer, &packet, SLICE_NONE));
            count += 2;
        }
    }
    struct kit_result *result = kit_read(text_slice(&text));
    assert_string_equal(result->fault.text, "");
    assert_int_equal(result->count, count);
    for (unsigned i = 0; i < count; i++) {
        const struct packet *packet = &result->seen[i].packet;
        struct packet wanted = packet_of(SLICE_NONE, TRANSPORT_UDP, i / 2 % 2 == 1);

        expect_slice(packet->bytes,
                     i % 2 == 0 ? KIT_MESSAGE : "INVITE sip:a SIP/9\r\nl: 0\r\n\r\n");
        assert_true(address_equal(&packet->flow.remote, &wanted.flow.remote));
        assert_true(address_equal(&packet->local, &wanted.local));
        assert_int_equal(packet->when_us, wanted.when_us);
        assert_int_equal(packet->flow.transport, i < 4 ? TRANSPORT_UDP : TRANSPORT_TCP);
    }
    kit_free(result);
}

/* Too long for one segment, and for a comment. */
static void long_messages_and_comments(void **state)
{
    static char memory[1 << 20], message[150000], comment[100000];
    struct capture_writer writer;
    struct text text;
    int head = snprintf(message, sizeof(message),
                        "MESSAGE sip:b@example.com SIP/2.0\r\nVia: a\r\nl: 140000\r\n\r\n");

    (void)state;
    memset(message + head, 'b', 140000);
    memset(comment, 'c', sizeof(comment));
    struct packet packet =
        packet_of(slice_of(message, (size_t)head + 140000), TRANSPORT_TCP, false);
    text_init(&text, memory, sizeof(memory));
    assert_true(capture_write_start(&writer, put_text, &text, SLICE_NONE, SLICE_NONE));
    assert_true(capture_write_packet(&writer, &packet, slice_of(comment, sizeof(comment))));
    struct kit_result *result = kit_read(text_slice(&text));
    assert_string_equal(result->fault.text, "");
    assert_int_equal(result->count, 1);
    assert_true(slice_equal(result->seen[0].bytes, packet.bytes));
    kit_free(result);
}

static void frames_of_several_links(void **state)
{
    static struct kit_room room, ethernet;
    static char memory[4096];
    struct capture_writer writer;
    struct text text;
    struct slice raw = kit_datagram(&room, SLICE(KIT_OPTIONS));
    struct slice tagged = kit_join(&ethernet, SLICE("\1\2\3\4\5\6\1\2\3\4\5\7\x08\x00"), raw);

    (void)state;
    text_init(&text, memory, sizeof(memory));
    assert_true(capture_write_start(&writer, put_text, &text, SLICE_NONE, SLICE_NONE));
    for (unsigned i = 0; i < 4; i++) {
        assert_true(i % 2 == 0 ? capture_write_frame(&writer, 101, i, raw, SLICE("raw"))
                               : capture_write_frame(&writer, 1, i, tagged, SLICE_NONE));
    }
    assert_int_equal(writer.link_count, 2);
    struct kit_result *result = kit_read(text_slice(&text));
    assert_string_equal(result->fault.text, "");
    assert_int_equal(result->count, 4);
    assert_int_equal(result->seen[3].packet.when_us, 3);
    kit_free(result);
}

/* Wherever writing fails the writer says so, and keeps saying so. */
static void writing_that_fails(void **state)
{
    static char memory[1024];
    struct packet packet = packet_of(SLICE(KIT_OPTIONS), TRANSPORT_TCP, false);

    (void)state;
    for (size_t max = 0; max < 420; max++) {
        struct capture_writer writer;
        struct text text;

        text_init(&text, memory, max);
        bool is_started = capture_write_start(&writer, put_text, &text, SLICE("p"), SLICE("c"));
        assert_int_equal(is_started, max >= 48);
        if (!capture_write_packet(&writer, &packet, SLICE("c"))) {
            size_t len = text.len;

            assert_false(capture_write_packet(&writer, &packet, SLICE("c")));
            assert_int_equal(text.len, len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_come_back),
        cmocka_unit_test(long_messages_and_comments),
        cmocka_unit_test(frames_of_several_links),
        cmocka_unit_test(writing_that_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
