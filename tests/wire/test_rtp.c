#include "../expect.h"

#include "wire/rtp/rtcp.h"

static void classes_by_first_octet(void **state)
{
    static const struct {
        uint8_t first, last;
        enum rtp_class wanted;
    } ranges[] = {
        {0, 3, RTP_CLASS_STUN},    {4, 15, RTP_CLASS_UNKNOWN},       {16, 19, RTP_CLASS_ZRTP},
        {20, 63, RTP_CLASS_DTLS},  {64, 79, RTP_CLASS_TURN_CHANNEL}, {80, 127, RTP_CLASS_UNKNOWN},
        {128, 191, RTP_CLASS_RTP}, {192, 255, RTP_CLASS_UNKNOWN},
    };
    unsigned octet = 0;

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(ranges); i++) {
        for (; octet <= ranges[i].last; octet++) {
            char bytes[2] = {(char)octet, 0};

            assert_in_range(octet, ranges[i].first, ranges[i].last);
            assert_int_equal(rtp_classify(slice_of(bytes, 2)), ranges[i].wanted);
        }
    }
    assert_int_equal(octet, 256);
    for (unsigned type = 0; type < 256; type++) {
        char bytes[2] = {(char)0x80, (char)type};

        assert_int_equal(rtp_classify(slice_of(bytes, 2)),
                         type >= 192 && type <= 223 ? RTP_CLASS_RTCP : RTP_CLASS_RTP);
    }
    assert_int_equal(rtp_classify(SLICE("\x80")), RTP_CLASS_UNKNOWN);
    assert_int_equal(rtp_classify(SLICE_NONE), RTP_CLASS_UNKNOWN);
}

static void fields_of_rtp(void **state)
{
    struct slice bytes = SLICE("\xb2\xe8\x12\x34\x00\x01\x02\x03\xde\xad\xbe\xef"
                               "\x00\x00\x00\x01\x00\x00\x00\x02"
                               "\xbe\xde\x00\x01\x10\xff\x00\x00"
                               "voice\x00\x00\x03");
    struct rtp_packet packet;

    (void)state;
    assert_int_equal(rtp_read(&packet, bytes), RTP_READ);
    assert_true(packet.has_marker && packet.has_extension);
    assert_int_equal(packet.payload_type, 104);
    assert_int_equal(packet.sequence, 0x1234);
    assert_true(packet.timestamp == 0x00010203 && packet.ssrc == 0xdeadbeef);
    assert_int_equal(packet.csrc_count, 2);
    assert_int_equal(rtp_csrc(bytes, 0), 1);
    assert_int_equal(rtp_csrc(bytes, 1), 2);
    assert_int_equal(packet.extension_profile, 0xbede);
    assert_int_equal(packet.extension.len, 4);
    assert_int_equal(packet.padding_len, 3);
    expect_slice(packet.payload, "voice");
}

static enum rtp_reading read_rtp(struct slice bytes)
{
    struct rtp_packet packet;

    return rtp_read(&packet, bytes);
}

#define FIXED "\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02"

static void rtp_that_is_not_whole(void **state)
{
    (void)state;
    assert_int_equal(read_rtp(SLICE("\x80\x00" FIXED)), RTP_READ);
    assert_int_equal(read_rtp(SLICE("\x40\x00" FIXED)), RTP_BAD_VERSION);
    assert_int_equal(read_rtp(SLICE("\xc0\x00" FIXED)), RTP_BAD_VERSION);
    assert_int_equal(read_rtp(SLICE("\x81\x00" FIXED)), RTP_SHORT);
    assert_int_equal(read_rtp(SLICE("\x81\x00" FIXED "\x00\x00\x00\x01")), RTP_READ);
    assert_int_equal(read_rtp(SLICE("\x90\x00" FIXED "\xbe\xde\x00")), RTP_SHORT);
    assert_int_equal(read_rtp(SLICE("\x90\x00" FIXED "\xbe\xde\x00\x01\x00\x00\x00")), RTP_SHORT);
    assert_int_equal(read_rtp(SLICE("\x90\x00" FIXED "\xbe\xde\x00\x00")), RTP_READ);
    assert_int_equal(read_rtp(SLICE("\x90\x00" FIXED "\xbe\xde\xff\xff\x00\x00\x00\x00")),
                     RTP_SHORT);
    assert_int_equal(read_rtp(SLICE("\xa0\x00" FIXED)), RTP_BAD_PADDING);
    assert_int_equal(read_rtp(SLICE("\xa0\x00" FIXED "\x00")), RTP_BAD_PADDING);
    assert_int_equal(read_rtp(SLICE("\xa0\x00" FIXED "\x01")), RTP_READ);
    assert_int_equal(read_rtp(SLICE("\xa0\x00" FIXED "\x00\x03")), RTP_BAD_PADDING);
    assert_int_equal(read_rtp(SLICE("\xa0\x00" FIXED "\x00\xff")), RTP_BAD_PADDING);
}

static void every_prefix_is_read_within_its_octets(void **state)
{
    struct guarded guarded = guarded_open();
    struct slice rtp = SLICE("\xb2\xe8" FIXED "\x00\x00\x00\x01\x00\x00\x00\x02"
                             "\xbe\xde\x00\x01\x10\xff\x00\x00voice\x00\x00\x03");
    struct slice rtcp = SLICE("\x81\xc9\x00\x07\x00\x00\x00\x01\x00\x00\x00\x02"
                              "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                              "\x00\x00\x00\x00"
                              "\x81\xca\x00\x03\x00\x00\x00\x01\x01\x04"
                              "abcd\x00\x00");

    (void)state;
    for (size_t len = 0; len <= rtp.len; len++) {
        struct slice prefix = guarded_copy(&guarded, slice_head(rtp, len));

        assert_true(rtp_classify(prefix) == (len < 2 ? RTP_CLASS_UNKNOWN : RTP_CLASS_RTP));
        assert_int_equal(len < 28 ? read_rtp(prefix) : RTP_SHORT, RTP_SHORT);
        assert_false(rtp_is_stun(prefix));
    }
    for (size_t len = 0; len <= rtcp.len; len++) {
        struct slice prefix = guarded_copy(&guarded, slice_head(rtcp, len));
        bool is_whole = len == 32 || len == rtcp.len;

        assert_int_equal(rtcp_check(prefix, false), is_whole ? RTCP_END : RTCP_SHORT);
    }
    guarded_close(&guarded);
}

static void stun(void **state)
{
    char request[28] = {0x00, 0x01, 0x00, 0x08, 0x21, 0x12, (char)0xA4, 0x42};

    (void)state;
    assert_true(rtp_is_stun(slice_of(request, 28)));
    assert_false(rtp_is_stun(slice_of(request, 27)));
    assert_false(rtp_is_stun(slice_of(request, 24)));
    request[0] = 0x40;
    assert_false(rtp_is_stun(slice_of(request, 28)));
    request[0] = 0;
    request[7] = 0x43;
    assert_false(rtp_is_stun(slice_of(request, 28)));
    request[7] = 0x42;
    request[3] = 0x07;
    assert_false(rtp_is_stun(slice_of(request, 27)));
}

#define SENDER_REPORT                                                                              \
    "\x81\xc8\x00\x0c\x00\x00\x00\x09"                                                             \
    "\x00\x00\x00\x01\x80\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x05\x00\x00\x03\x20"             \
    "\x00\x00\x00\x07\x10\xff\xff\xfe\x00\x01\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00"     \
    "\x00\x05"
#define GOODBYE "\x82\xcb\x00\x02\x00\x00\x00\x09\x00\x00\x00\x0a"
#define NAMES                                                                                      \
    "\x82\xca\x00\x05\x00\x00\x00\x09\x01\x02hi\x06\x01t\x00\x00\x00\x00\x0a\x00\x00\x00\x00"
#define APPLICATION "\x80\xcc\x00\x02\x00\x00\x00\x09MCPT"

static void a_compound(void **state)
{
    struct rtcp_walk walk;
    struct rtcp_packet packet;
    struct rtcp_sender sender;
    struct rtcp_report report;
    struct rtcp_items items = {.at = 0};
    uint32_t ssrc;

    (void)state;
    rtcp_walk_init(&walk, SLICE(SENDER_REPORT NAMES APPLICATION GOODBYE), false);
    assert_int_equal(rtcp_walk_next(&walk, &packet), RTCP_READ);
    assert_true(packet.type == RTCP_SR && packet.count == 1 && packet.ssrc == 9);
    assert_true(rtcp_sender(&packet, &sender));
    assert_true(sender.ntp == (UINT64_C(1) << 32 | 0x80000000) && sender.rtp_timestamp == 0x1000);
    assert_true(sender.packets == 5 && sender.octets == 800);
    assert_true(rtcp_report(&packet, 0, &report));
    assert_true(report.ssrc == 7 && report.fraction_lost == 16 && report.lost == 0xfffffe &&
                report.highest == 0x10002 && report.jitter == 3 && report.last_sr == 4 &&
                report.delay == 5);
    assert_false(rtcp_report(&packet, 1, &report));
    assert_false(rtcp_bye(&packet, 0, &ssrc));

    assert_int_equal(rtcp_walk_next(&walk, &packet), RTCP_READ);
    assert_true(packet.type == RTCP_SDES && packet.ssrc == 0);
    assert_true(rtcp_item_next(&packet, &items));
    assert_true(items.ssrc == 9 && items.type == RTCP_ITEM_CNAME);
    expect_slice(items.text, "hi");
    assert_true(rtcp_item_next(&packet, &items));
    assert_int_equal(items.type, RTCP_ITEM_TOOL);
    expect_slice(items.text, "t");
    assert_false(rtcp_item_next(&packet, &items));
    assert_true(!items.is_bad && items.chunks == 2 && items.ssrc == 10);

    assert_int_equal(rtcp_walk_next(&walk, &packet), RTCP_READ);
    expect_slice(rtcp_app_name(&packet), "MCPT");
    assert_int_equal(rtcp_walk_next(&walk, &packet), RTCP_READ);
    assert_true(rtcp_bye(&packet, 1, &ssrc) && ssrc == 10);
    assert_false(rtcp_bye(&packet, 2, &ssrc));
    assert_int_equal(rtcp_app_name(&packet).len, 0);
    assert_int_equal(rtcp_walk_next(&walk, &packet), RTCP_END);
}

static void rtcp_that_is_not_whole(void **state)
{
    (void)state;
    assert_int_equal(rtcp_check(SLICE(""), false), RTCP_SHORT);
    assert_int_equal(rtcp_check(SLICE(GOODBYE), false), RTCP_BAD_ORDER);
    assert_int_equal(rtcp_check(SLICE(GOODBYE), true), RTCP_END);
    assert_int_equal(rtcp_check(SLICE(SENDER_REPORT "\x40\xcb\x00\x00"), false), RTCP_BAD_VERSION);
    assert_int_equal(rtcp_check(SLICE(SENDER_REPORT "\x80\xcb\x00\x01"), false), RTCP_SHORT);
    assert_int_equal(rtcp_check(SLICE(SENDER_REPORT "\x80\xcb"), false), RTCP_SHORT);
    assert_int_equal(rtcp_check(SLICE(SENDER_REPORT "\x9f\xcb\x00\x00"), false), RTCP_SHORT);
    /* A count that its length does not hold. */
    assert_int_equal(rtcp_check(SLICE("\x81\xc9\x00\x01\x00\x00\x00\x01"), false), RTCP_SHORT);
    assert_int_equal(rtcp_check(SLICE("\x80\xc8\x00\x01\x00\x00\x00\x01"), false), RTCP_SHORT);
}

static void padding_of_rtcp(void **state)
{
    (void)state;
    assert_int_equal(rtcp_check(SLICE("\xa0\xc9\x00\x02\x00\x00\x00\x01\x00\x00\x00\x04"), false),
                     RTCP_END);
    assert_int_equal(rtcp_check(SLICE("\xa0\xc9\x00\x02\x00\x00\x00\x01\x00\x00\x00\x03"), false),
                     RTCP_BAD_PADDING);
    assert_int_equal(rtcp_check(SLICE("\xa0\xc9\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00"), false),
                     RTCP_BAD_PADDING);
    assert_int_equal(rtcp_check(SLICE("\xa0\xc9\x00\x02\x00\x00\x00\x01\x00\x00\x00\x0c"), false),
                     RTCP_BAD_PADDING);
    assert_int_equal(rtcp_check(SLICE("\xa0\xc9\x00\x02\x00\x00\x00\x01\x00\x00\x00\x08"), false),
                     RTCP_SHORT);
    assert_int_equal(rtcp_check(SLICE("\xa0\xc9\x00\x02\x00\x00\x00\x01\x00\x00\x00\x04" GOODBYE),
                                false),
                     RTCP_BAD_PADDING);
}

static void the_walk_is_bounded(void **state)
{
    static const char report[] = "\x80\xc9\x00\x01\x00\x00\x00\x01";
    char many[(RTCP_PACKETS_MAX + 1) * 8];

    (void)state;
    for (unsigned i = 0; i <= RTCP_PACKETS_MAX; i++) {
        memcpy(many + 8 * i, report, 8);
    }
    assert_int_equal(rtcp_check(slice_of(many, sizeof(many) - 8), false), RTCP_END);
    assert_int_equal(rtcp_check(slice_of(many, sizeof(many)), false), RTCP_MANY);
}

static void items_that_are_not_whole(void **state)
{
    static const struct slice bodies[] = {
        SLICE_INIT("\x00\x00\x00\x09\x01\x03hi"),
        SLICE_INIT("\x00\x00\x00\x09\x01\x02hi"),
        SLICE_INIT("\x00\x00\x00\x09\x01\x02hi\x01"),
        SLICE_INIT("\x00\x00\x00\x09\x01"),
        SLICE_INIT("\x00\x00\x00"),
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(bodies); i++) {
        struct rtcp_packet packet = {.body = bodies[i], .type = RTCP_SDES, .count = 1};
        struct rtcp_items items = {.at = 0};

        while (rtcp_item_next(&packet, &items)) {
            assert_int_equal(items.text.len, 2);
        }
        assert_true(items.is_bad);
        assert_false(rtcp_item_next(&packet, &items));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_by_first_octet),
        cmocka_unit_test(fields_of_rtp),
        cmocka_unit_test(rtp_that_is_not_whole),
        cmocka_unit_test(every_prefix_is_read_within_its_octets),
        cmocka_unit_test(stun),
        cmocka_unit_test(a_compound),
        cmocka_unit_test(rtcp_that_is_not_whole),
        cmocka_unit_test(padding_of_rtcp),
        cmocka_unit_test(the_walk_is_bounded),
        cmocka_unit_test(items_that_are_not_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
