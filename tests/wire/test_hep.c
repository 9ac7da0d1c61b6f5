#include "../expect.h"

#include "wire/hep/hep.h"

#define CHUNK(type, len) "\0\0\0" type "\0" len
#define FAMILY CHUNK("\x01", "\x07") "\x02"
#define PROTOCOL CHUNK("\x02", "\x07") "\x11"
#define FROM CHUNK("\x03", "\x0a") "\xc0\x00\x02\x01"
#define TO CHUNK("\x04", "\x0a") "\xc0\x00\x02\x02"
#define FROM_PORT CHUNK("\x07", "\x08") "\x13\xc4"
#define TO_PORT CHUNK("\x08", "\x08") "\x13\xc5"
#define SECONDS CHUNK("\x09", "\x0a") "\x65\x53\xf1\x00"
#define MICROSECONDS CHUNK("\x0a", "\x0a") "\x00\x00\x00\x05"
#define CONTENT CHUNK("\x0b", "\x07") "\x01"
#define AGENT CHUNK("\x0c", "\x0a") "\x00\x00\x07\xd1"
#define KEY CHUNK("\x0e", "\x09") "key"
#define PAYLOAD CHUNK("\x0f", "\x0a") "what"
#define CORRELATION CHUNK("\x11", "\x08") "c1"
#define OF_OTHERS "\x00\x01\x00\x0f\x00\x08xx"
#define ALL                                                                                        \
    FAMILY PROTOCOL FROM TO FROM_PORT TO_PORT SECONDS MICROSECONDS CONTENT AGENT KEY OF_OTHERS     \
        PAYLOAD CORRELATION

/* Its head in front; the answer is valid until the next. */
static struct slice packet_of(struct slice chunks)
{
    static char room[HEP_MAX];
    size_t len = chunks.len + HEP_HEAD;

    assert_true(len <= sizeof(room));
    memcpy(room, "HEP3", 4);
    room[4] = (char)(len >> 8);
    room[5] = (char)(len & 0xFF);
    memcpy(room + HEP_HEAD, chunks.at, chunks.len);
    return slice_of(room, len);
}

static enum hep_reading reading_of(struct slice chunks)
{
    struct hep_packet packet;

    return hep_read(&packet, packet_of(chunks));
}

static void what_agents_send(void **state)
{
    struct hep_packet packet;

    (void)state;
    assert_int_equal(hep_read(&packet, packet_of(SLICE(ALL))), HEP_READ);
    assert_int_equal(packet.from.family, ADDRESS_V4);
    assert_memory_equal(packet.from.bytes, "\xc0\x00\x02\x01", 4);
    assert_int_equal(packet.from.port, 5060);
    assert_memory_equal(packet.to.bytes, "\xc0\x00\x02\x02", 4);
    assert_int_equal(packet.to.port, 5061);
    assert_true(packet.when_us == UINT64_C(1700000000) * 1000000 + 5);
    assert_int_equal(packet.agent, 2001);
    assert_int_equal(packet.protocol, HEP_PROTOCOL_UDP);
    assert_int_equal(packet.content, HEP_CONTENT_SIP);
    assert_false(packet.is_compressed);
    expect_slice(packet.key, "key");
    expect_slice(packet.payload, "what");
    expect_slice(packet.correlation, "c1");
}

static void addresses_by_family(void **state)
{
#define SIXTEEN "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define FROM_V6 CHUNK("\x05", "\x16") SIXTEEN
#define TO_V6 CHUNK("\x06", "\x16") SIXTEEN
    struct hep_packet packet;

    (void)state;
    struct slice six = SLICE("\0\0\0\x01\0\x07\x0a" FROM_V6 TO_V6);
    assert_int_equal(hep_read(&packet, packet_of(six)), HEP_READ);
    assert_int_equal(packet.from.family, ADDRESS_V6);
    assert_memory_equal(packet.to.bytes, SIXTEEN, 16);
    struct slice both = SLICE("\0\0\0\x01\0\x07\x0a" FROM TO FROM_V6 TO_V6);
    assert_int_equal(hep_read(&packet, packet_of(both)), HEP_READ);
    assert_int_equal(packet.from.family, ADDRESS_V6);
    assert_int_equal(hep_read(&packet, packet_of(SLICE(FAMILY FROM FROM_PORT TO_PORT))), HEP_READ);
    assert_int_equal(packet.from.family, ADDRESS_V4);
    assert_int_equal(packet.to.family, ADDRESS_NONE);
    assert_int_equal(packet.to.port, 0);
}

static void lengths_that_cannot_be(void **state)
{
    (void)state;
    assert_int_equal(reading_of(SLICE_NONE), HEP_READ);
    assert_int_equal(reading_of(SLICE(PAYLOAD)), HEP_READ);
    assert_int_equal(reading_of(SLICE(PAYLOAD PAYLOAD)), HEP_BROKEN);
    assert_int_equal(reading_of(SLICE(OF_OTHERS OF_OTHERS)), HEP_READ);
    assert_int_equal(reading_of(SLICE(CHUNK("\x0f", "\x05") "what")), HEP_BROKEN);
    assert_int_equal(reading_of(SLICE(CHUNK("\x0f", "\x00"))), HEP_BROKEN);
    assert_int_equal(reading_of(SLICE(CHUNK("\x0f", "\x06"))), HEP_READ);
    assert_int_equal(reading_of(SLICE("\0\0\0\x0f\xff\xffwhat")), HEP_BROKEN);
    assert_int_equal(reading_of(SLICE(PAYLOAD "\0\0\0\x0f\0")), HEP_BROKEN);
    assert_int_equal(reading_of(SLICE(CHUNK("\x02", "\x08") "\x11\x11")), HEP_BROKEN);
    assert_int_equal(reading_of(SLICE(CHUNK("\x03", "\x09") "\xc0\x00\x02")), HEP_BROKEN);
    assert_int_equal(reading_of(SLICE(CHUNK("\x0d", "\x07") "x")), HEP_READ);
    assert_int_equal(reading_of(SLICE("\0\0\xff\xff\0\x07x")), HEP_READ);
}

static void frames_of_a_stream(void **state)
{
    struct hep_packet packet;
    size_t len = 0;

    (void)state;
    assert_int_equal(hep_frame(SLICE("HEP3\0\x06HEP3"), &len), HEP_READ);
    assert_int_equal(len, 6);
    assert_int_equal(hep_frame(SLICE("HEP3\0\x07"), &len), HEP_PARTIAL);
    assert_int_equal(hep_frame(SLICE("HEP3\0\x05"), &len), HEP_BROKEN);
    assert_int_equal(hep_frame(SLICE("HEP2\0\x06"), &len), HEP_FOREIGN);
    assert_int_equal(hep_frame(SLICE("HX"), &len), HEP_FOREIGN);
    assert_int_equal(hep_frame(SLICE("HE"), &len), HEP_PARTIAL);
    assert_int_equal(hep_frame(SLICE_NONE, &len), HEP_PARTIAL);
    assert_int_equal(hep_read(&packet, SLICE("HEP3\0\x06" OF_OTHERS)), HEP_BROKEN);
}

static void every_prefix_is_read_within_its_octets(void **state)
{
    struct guarded guarded = guarded_open();
    struct slice whole = packet_of(SLICE(ALL));
    char copy[512];

    (void)state;
    assert_true(whole.len <= sizeof(copy));
    for (size_t len = 0; len < whole.len; len++) {
        struct hep_packet packet;

        assert_int_equal(hep_read(&packet, guarded_copy(&guarded, slice_head(whole, len))),
                         HEP_PARTIAL);
        if (len < HEP_HEAD) {
            continue;
        }
        /* The same, with a head that says so: whole only between two chunks. */
        memcpy(copy, whole.at, len);
        copy[4] = 0;
        copy[5] = (char)len;
        enum hep_reading reading = hep_read(&packet, guarded_copy(&guarded, slice_of(copy, len)));
        assert_true(reading == HEP_READ || reading == HEP_BROKEN);
    }
    guarded_close(&guarded);
}

static void what_is_written_is_read(void **state)
{
    static char room[HEP_MAX + HEP_AROUND_MAX], large[HEP_MAX];
    struct hep_packet packet = {
        .when_us = UINT64_C(4294967295) * 1000000 + 999999,
        .agent = UINT32_MAX,
        .protocol = HEP_PROTOCOL_TCP,
        .content = HEP_CONTENT_LOG,
        .key = SLICE("secret"),
        .payload = SLICE("{}"),
        .correlation = SLICE("call@example.com"),
    };
    struct hep_packet again;
    struct text text;

    (void)state;
    assert_true(address_read_port(&packet.from, SLICE("[2001:db8::1]:5060")));
    assert_true(address_read_port(&packet.to, SLICE("[2001:db8::2]:65535")));
    text_init(&text, room, sizeof(room));
    hep_write(&text, &packet);
    assert_false(text.is_full);
    assert_true(text.len <=
                HEP_AROUND_MAX + packet.key.len + packet.payload.len + packet.correlation.len);
    assert_int_equal(hep_read(&again, text_slice(&text)), HEP_READ);
    assert_true(address_equal(&again.from, &packet.from) && address_equal(&again.to, &packet.to));
    assert_true(again.when_us == packet.when_us && again.agent == packet.agent);
    assert_int_equal(again.protocol, HEP_PROTOCOL_TCP);
    assert_int_equal(again.content, HEP_CONTENT_LOG);
    expect_slice(again.key, "secret");
    expect_slice(again.payload, "{}");
    expect_slice(again.correlation, "call@example.com");

    packet.payload = slice_of(large, sizeof(large));
    text_init(&text, room, sizeof(room));
    hep_write(&text, &packet);
    assert_true(text.is_full);
    packet.payload.len -= HEP_AROUND_MAX + 64;
    text_init(&text, room, sizeof(room));
    hep_write(&text, &packet);
    assert_false(text.is_full);
    assert_int_equal(hep_read(&again, text_slice(&text)), HEP_READ);
    text_init(&text, room, 100);
    hep_write(&text, &packet);
    assert_true(text.is_full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_agents_send),
        cmocka_unit_test(addresses_by_family),
        cmocka_unit_test(lengths_that_cannot_be),
        cmocka_unit_test(frames_of_a_stream),
        cmocka_unit_test(every_prefix_is_read_within_its_octets),
        cmocka_unit_test(what_is_written_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
