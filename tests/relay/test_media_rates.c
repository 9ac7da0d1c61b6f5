/* What descriptions promise: rates, events, extensions, class of service. */
#include "relay/media_rates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct media_side hear_with(const char *media_lines, const char *session_lines,
                                   struct media_side *hearer)
{
    static struct sdp sdp;
    struct media_side sender = {.dscp = 0};
    char room[2048];
    struct text text;

    text_init(&text, room, sizeof(room));
    text_put_format(&text,
                    "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\n"
                    "t=0 0\r\n%s%s",
                    session_lines, media_lines);
    assert_int_equal(sdp_read(&sdp, text_slice(&text)), SDP_READ);
    assert_int_equal(sdp.media_count, 1);
    media_rates_hear(&sdp, &sdp.media[0], &sender, hearer);
    return sender;
}

static struct media_side hear(const char *media_lines)
{
    struct media_side hearer = {.dscp = 0};

    return hear_with(media_lines, "", &hearer);
}

static void test_static_types(void **state)
{
    struct media_side side = hear("m=audio 4000 RTP/AVP 0 8\r\n");

    (void)state;
    assert_int_equal(side.packets_per_second, 100);
    assert_int_equal(side.bytes_per_second, 100 * (80 + 16 + 60));
    assert_int_equal(side.clock_rate, 8000);
    assert_int_equal(side.event_type, 0);
    assert_int_equal(side.payload_max, 0);
    assert_int_equal(side.dscp, MEDIA_DSCP_AUDIO);
}

static void test_volte(void **state)
{
    struct media_side side = hear("m=audio 4000 RTP/AVP 102 100 101\r\n"
                                  "a=rtpmap:102 AMR-WB/16000/1\r\n"
                                  "a=rtpmap:100 AMR/8000/1\r\n"
                                  "a=rtpmap:101 telephone-event/8000\r\n"
                                  "a=ptime:20\r\na=maxptime:240\r\n");

    (void)state;
    assert_int_equal(side.packets_per_second, 100);
    assert_int_equal(side.bytes_per_second, 100 * (31 + 16 + 60));
    assert_int_equal(side.clock_rate, 0); /* two of them */
    assert_int_equal(side.event_type, 101);
    assert_int_equal(side.payload_max, 62 * 12);
}

static void test_short_packets(void **state)
{
    struct media_side side = hear("m=audio 4000 RTP/AVP 8\r\na=ptime:5\r\n");

    (void)state;
    assert_int_equal(side.packets_per_second, 200);
    assert_int_equal(side.bytes_per_second, 200 * (40 + 16 + 60));
}

static void test_unknown_codec(void **state)
{
    struct media_side side = hear("m=audio 4000 RTP/AVP 97\r\nb=AS:900\r\n"
                                  "a=rtpmap:97 L16/48000/2\r\na=maxptime:40\r\n");
    struct media_side known = hear("m=audio 4000 RTP/AVP 8\r\nb=AS:900\r\n");

    (void)state;
    assert_int_equal(side.bytes_per_second, 112500);
    assert_int_equal(side.payload_max, 0);
    assert_int_equal(known.bytes_per_second, 100 * (80 + 16 + 60)); /* a claim changes no codec */
}

static void test_video(void **state)
{
    struct media_side hearer = {.dscp = 0};
    struct media_side side =
        hear_with("m=video 4000 RTP/AVP 99\r\nb=AS:2000\r\n"
                  "a=rtpmap:99 H264/90000\r\n"
                  "a=extmap:4/sendonly urn:3gpp:video-orientation\r\n",
                  "a=extmap:1 urn:ietf:params:rtp-hdrext:toffset\r\n", &hearer);

    (void)state;
    assert_int_equal(side.bytes_per_second, 250000);
    assert_int_equal(side.packets_per_second, 1050);
    assert_int_equal(side.clock_rate, 90000);
    assert_int_equal(side.dscp, MEDIA_DSCP_VIDEO);
    assert_int_equal(hearer.dscp, MEDIA_DSCP_VIDEO);
    assert_int_equal(side.extensions, 1 << 4 | 1 << 1);
    side = hear("m=video 4000 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n");
    assert_int_equal(side.bytes_per_second, 96000);
    side = hear("m=video 4000 RTP/AVP 99\r\nb=TIAS:800000\r\na=rtpmap:99 H264/90000\r\n");
    assert_int_equal(side.bytes_per_second, 125000);
    side = hear("m=video 4000 RTP/AVP 99\r\nb=AS:4294967296\r\na=rtpmap:99 H264/90000\r\n");
    assert_int_equal(side.bytes_per_second, 96000);
}

static void test_text_and_fax(void **state)
{
    struct media_side side = hear("m=text 4000 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n");

    (void)state;
    assert_int_equal(side.packets_per_second, 10);
    side = hear("m=image 4000 udptl t38\r\n");
    assert_int_equal(side.packets_per_second, 0);
    assert_int_equal(side.bytes_per_second, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_static_types),  cmocka_unit_test(test_volte),
        cmocka_unit_test(test_short_packets), cmocka_unit_test(test_unknown_codec),
        cmocka_unit_test(test_video),         cmocka_unit_test(test_text_and_fax),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
