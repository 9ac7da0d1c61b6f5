#include "../corpus.h"

#include "wire/sdp/sdp.h"
#include "wire/sdp/tables.h"

static struct sdp sdp;

#define HEAD "v=0\r\no=- 38 42 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n"
#define AUDIO "m=audio 49170 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"

static enum sdp_reading read_text(const char *text)
{
    return sdp_read(&sdp, slice_string(text));
}

static void a_volte_offer(void **state)
{
    const struct sdp_media *audio = &sdp.media[0];
    struct address address;

    (void)state;
    assert_int_equal(read_text("v=0\r\n"
                               "o=alice 3870294711 3870294712 IN IP4 192.0.2.20\r\n"
                               "s=-\r\n"
                               "c=IN IP4 192.0.2.20\r\n"
                               "t=0 0\r\n"
                               "a=sendonly\r\n"
                               "m=audio 49170 RTP/AVP 104 102 8 101\r\n"
                               "b=AS:49\r\n"
                               "a=rtpmap:104 EVS/16000\r\n"
                               "a=fmtp:104 br=5.9-24.4; bw=nb-swb\r\n"
                               "a=rtpmap:102 AMR-WB/16000/1\r\n"
                               "a=rtpmap:101 telephone-event/8000\r\n"
                               "a=ptime:20\r\n"
                               "a=maxptime:240\r\n"
                               "a=rtcp:53020 IN IP4 192.0.2.21\r\n"
                               "m=video 0 RTP/AVPF 97\r\n"
                               "a=recvonly\r\n"),
                     SDP_READ);
    assert_int_equal(sdp.oddities, 0);
    expect_slice(sdp_slice(&sdp, sdp.origin.username), "alice");
    assert_true(sdp.origin.session_id == 3870294711 && sdp.origin.session_version == 3870294712);
    assert_int_equal(sdp.origin.connection.kind, SDP_CONNECTION_LITERAL);
    assert_int_equal(sdp.media_count, 2);
    assert_int_equal(audio->type, SDP_AUDIO);
    assert_int_equal(audio->protocol, SDP_RTP_AVP);
    assert_int_equal(audio->port, 49170);
    assert_int_equal(audio->port_count, 1);
    assert_int_equal(audio->format_count, 4);
    expect_slice(sdp_slice(&sdp, audio->formats), "104 102 8 101");
    assert_true(audio->payload_types[0] == 1 << 8);
    assert_true(audio->payload_types[1] ==
                (UINT64_C(1) << 40 | UINT64_C(1) << 38 | UINT64_C(1) << 37));
    assert_true(audio->mapped[1] == audio->payload_types[1] && audio->mapped[0] == 0);
    assert_true(sdp_media_has_payload_type(audio, 8) && !sdp_media_has_payload_type(audio, 9) &&
                !sdp_media_has_payload_type(audio, 136));
    assert_int_equal(audio->level.ptime, 20);
    assert_int_equal(audio->level.max_ptime, 240);
    assert_int_equal(audio->level.first_line, 6);
    assert_int_equal(audio->level.line_count, 9);
    assert_int_equal(sdp.session.line_count, 6);

    assert_true(sdp_media_address(&sdp, audio, &address));
    assert_int_equal(address.port, 49170);
    assert_true(sdp_media_rtcp_address(&sdp, audio, &address));
    assert_int_equal(address.port, 53020);
    assert_int_equal(address.bytes[3], 21);
    assert_int_equal(sdp_media_direction(&sdp, audio), SDP_SENDONLY);
    assert_int_equal(sdp_media_direction(&sdp, &sdp.media[1]), SDP_RECVONLY);
    assert_true(sdp_media_is_held(&sdp, audio) && !sdp_media_is_held(&sdp, &sdp.media[1]));
    assert_true(!sdp_media_is_refused(audio) && sdp_media_is_refused(&sdp.media[1]));

    expect_slice(sdp_attribute_value(&sdp, &audio->level, SDP_ATTRIBUTE_FMTP),
                 "104 br=5.9-24.4; bw=nb-swb");
    expect_slice(sdp_attribute_value(&sdp, &audio->level, SDP_ATTRIBUTE_CRYPTO), "");
    const struct sdp_line *line =
        sdp_attribute_next(&sdp, &audio->level, SDP_ATTRIBUTE_RTPMAP, NULL);
    line = sdp_attribute_next(&sdp, &audio->level, SDP_ATTRIBUTE_RTPMAP, line);
    expect_slice(sdp_line_text(&sdp, line), "a=rtpmap:102 AMR-WB/16000/1");
    expect_slice(sdp_line_name(&sdp, line), "rtpmap");
    expect_slice(sdp_line_value(&sdp, line), "102 AMR-WB/16000/1");
    line = sdp_attribute_next(&sdp, &audio->level, SDP_ATTRIBUTE_RTPMAP, line);
    assert_null(sdp_attribute_next(&sdp, &audio->level, SDP_ATTRIBUTE_RTPMAP, line));
    expect_slice(sdp_line_text(&sdp, &sdp.lines[sdp.longest_line]),
                 "o=alice 3870294711 3870294712 IN IP4 192.0.2.20");
}

static void other_media(void **state)
{
    struct address address;

    (void)state;
    read_text("v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\n"
              "m=image 4000 udptl t38\r\na=T38FaxVersion:0\r\n"
              "m=message 2855 TCP/TLS/MSRP *\r\na=path:msrps://[2001:db8::1]:2855/k3;tcp\r\n"
              "m=application 9 TCP/BFCP *\r\na=floorctrl:c-only\r\na=setup:actpass\r\n"
              "m=audio 5004 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
              "a=rtcp-mux\r\na=ice-ufrag:x\r\na=fingerprint:sha-256 4A:AD:B9\r\n"
              "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc|2^20\r\n"
              "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\r\n"
              "m=application 5006 UDP/DTLS/SCTP webrtc-datachannel\r\n");
    assert_int_equal(sdp.oddities, 0);
    assert_int_equal(sdp_protocol_carries((enum sdp_protocol)sdp.media[0].protocol),
                     SDP_CARRIES_UDPTL);
    assert_int_equal(sdp.media[0].type, SDP_IMAGE);
    assert_int_equal(sdp_protocol_carries((enum sdp_protocol)sdp.media[1].protocol),
                     SDP_CARRIES_MSRP);
    assert_true(sdp_protocol_is_tcp((enum sdp_protocol)sdp.media[1].protocol) &&
                sdp_protocol_is_secure((enum sdp_protocol)sdp.media[1].protocol));
    assert_int_equal(sdp.media[2].level.setup, SDP_SETUP_ACTPASS);
    assert_int_equal(sdp.media[3].level.fingerprint_count, 1);
    assert_int_equal(sdp.media[3].level.crypto_count, 1);
    assert_int_equal(sdp.media[3].level.candidate_count, 1);
    assert_true(sdp_has(&sdp.media[3].level, SDP_ATTRIBUTE_ICE_UFRAG));
    assert_true(sdp_media_rtcp_address(&sdp, &sdp.media[3], &address));
    assert_int_equal(address.port, 5004);
    assert_int_equal(address.family, ADDRESS_V6);
    assert_true(sdp_media_rtcp_address(&sdp, &sdp.media[0], &address));
    assert_int_equal(address.port, 4001);
}

static void hold_by_address(void **state)
{
    (void)state;
    read_text("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n" AUDIO
              "m=audio 49180 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n");
    assert_int_equal(sdp.oddities, 0);
    assert_true(sdp_media_is_held(&sdp, &sdp.media[0]));
    assert_false(sdp_media_is_held(&sdp, &sdp.media[1]));
    read_text("v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 ::\r\nt=0 0\r\n" AUDIO);
    assert_int_equal(sdp.oddities, 0);
    assert_true(sdp_media_is_held(&sdp, &sdp.media[0]));
}

/* What stands behind HEAD unless the text begins with v=, and the oddity's octets. */
static const struct {
    enum sdp_oddity oddity;
    const char *text, *octets;
} odd[] = {
    {SDP_ODD_BARE_LF, AUDIO "a=sendrecv\n", "a=sendrecv"},
    {SDP_ODD_BARE_CR, AUDIO "a=x\ry\r\n", "\r"},
    {SDP_ODD_CONTROL_OCTET, AUDIO "a=x\x01\r\n", "\x01"},
    {SDP_ODD_NO_END, AUDIO "a=sendrecv", "a=sendrecv"},
    {SDP_ODD_EMPTY_LINE, AUDIO "\r\n", ""},
    {SDP_ODD_BAD_LINE, AUDIO "junk\r\n", "junk"},
    {SDP_ODD_BAD_LINE, AUDIO "A=sendrecv\r\n", "A=sendrecv"},
    {SDP_ODD_BAD_LINE, AUDIO "a\r\n", "a"},
    {SDP_ODD_EMPTY_VALUE, AUDIO "a=\r\n", "a="},
    {SDP_ODD_UNKNOWN_LETTER, AUDIO "x=1\r\n", "x=1"},
    {SDP_ODD_LINE_ORDER, AUDIO "b=AS:64\r\n", "b=AS:64"},
    {SDP_ODD_LINE_ORDER, AUDIO "t=0 0\r\n", "t=0 0"},
    {SDP_ODD_LINE_ORDER, "s=-\r\n" AUDIO, "s=-"},
    {SDP_ODD_REPEATED_LINE, "v=0\r\nv=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n", "v=0"},
    {SDP_ODD_REPEATED_LINE, "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\no=- 2 2 IN IP4 192.0.2.2\r\n",
     "o=- 2 2 IN IP4 192.0.2.2"},
    {SDP_ODD_REPEATED_LINE, AUDIO "c=IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.2\r\n",
     "c=IN IP4 192.0.2.2"},
    {SDP_ODD_MISSING_VERSION, "s=-\r\n", NULL},
    {SDP_ODD_MISSING_ORIGIN, "v=0\r\ns=-\r\n", NULL},
    {SDP_ODD_MISSING_NAME, "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n", NULL},
    {SDP_ODD_MISSING_TIME, "v=0\r\n", NULL},
    {SDP_ODD_BAD_VERSION, "v=1\r\n", "v=1"},
    {SDP_ODD_BAD_VERSION, "v=00\r\n", "v=00"},
    {SDP_ODD_BAD_ORIGIN, "v=0\r\no=- x 1 IN IP4 192.0.2.1\r\n", "o=- x 1 IN IP4 192.0.2.1"},
    {SDP_ODD_BAD_ORIGIN, "v=0\r\no=-  1 1 IN IP4 192.0.2.1\r\n", NULL},
    {SDP_ODD_BAD_ORIGIN, "v=0\r\no=- 1 18446744073709551616 IN IP4 192.0.2.1\r\n", NULL},
    {SDP_ODD_BAD_ORIGIN, "v=0\r\no=-\r\n", "o=-"},
    {SDP_ODD_BAD_ORIGIN_ADDRESS, "v=0\r\no=- 1 1 IN IP4 192.0.2.256\r\n", NULL},
    {SDP_ODD_BAD_ORIGIN_ADDRESS, "v=0\r\no=- 1 1 IN IP6 192.0.2.1\r\n", NULL},
    {SDP_ODD_BAD_TIME, "v=0\r\nt=0\r\n", "t=0"},
    {SDP_ODD_BAD_TIME, "v=0\r\nt=0 0 \r\n", "t=0 0 "},
    {SDP_ODD_BAD_CONNECTION, AUDIO "c=IN IP4 192.0.2.01\r\n", "c=IN IP4 192.0.2.01"},
    {SDP_ODD_BAD_CONNECTION, AUDIO "c=IN IP5 192.0.2.1\r\n", NULL},
    {SDP_ODD_BAD_CONNECTION, AUDIO "c=IN IP6 [2001:db8::1]\r\n", NULL},
    {SDP_ODD_BAD_CONNECTION, AUDIO "c=IN IP6 192.0.2.1\r\n", NULL},
    {SDP_ODD_BAD_CONNECTION, AUDIO "c=IN IP4 192.0.2.1 \r\n", NULL},
    {SDP_ODD_BAD_CONNECTION, AUDIO "c=IN  IP4 192.0.2.1\r\n", NULL},
    {SDP_ODD_BAD_CONNECTION, AUDIO "c=IN IP4 \r\n", NULL},
    {SDP_ODD_BAD_CONNECTION, AUDIO "c=\r\n", "c="},
    {SDP_ODD_CONNECTION_NAME, AUDIO "c=IN IP4 media.example.com\r\n", NULL},
    {SDP_ODD_CONNECTION_TTL, AUDIO "c=IN IP4 192.0.2.1/127\r\n", "192.0.2.1/127"},
    {SDP_ODD_MULTICAST, AUDIO "c=IN IP4 224.2.1.1\r\n", "224.2.1.1"},
    {SDP_ODD_MULTICAST, AUDIO "c=IN IP4 255.255.255.255\r\n", "255.255.255.255"},
    {SDP_ODD_MULTICAST, AUDIO "c=IN IP6 ff02::1\r\n", "ff02::1"},
    {SDP_ODD_LOOPBACK, AUDIO "c=IN IP4 127.0.0.1\r\n", "127.0.0.1"},
    {SDP_ODD_LOOPBACK, AUDIO "c=IN IP6 ::1\r\n", "::1"},
    {SDP_ODD_LINK_LOCAL, AUDIO "c=IN IP4 169.254.169.254\r\n", "169.254.169.254"},
    {SDP_ODD_LINK_LOCAL, AUDIO "c=IN IP6 fe80::1\r\n", "fe80::1"},
    {SDP_ODD_MAPPED, AUDIO "c=IN IP6 ::ffff:10.0.0.1\r\n", "::ffff:10.0.0.1"},
    {SDP_ODD_MIXED_FAMILIES, AUDIO "c=IN IP6 2001:db8::1\r\n", "2001:db8::1"},
    {SDP_ODD_NO_CONNECTION, "v=0\r\nm=audio 4000 RTP/AVP 0\r\n", "m=audio 4000 RTP/AVP 0"},
    {SDP_ODD_KEY_LINE, AUDIO "k=clear:secret\r\n", "k=clear:secret"},
    {SDP_ODD_BAD_BANDWIDTH, "b=AS:-1\r\n" AUDIO, "b=AS:-1"},
    {SDP_ODD_BAD_BANDWIDTH, "b=X-YZ:128\r\n" AUDIO, "b=X-YZ:128"},
    {SDP_ODD_BAD_BANDWIDTH, "b=AS:4294967296\r\n" AUDIO, NULL},
    {SDP_ODD_NO_MEDIA, "", NULL},
    {SDP_ODD_BAD_MEDIA, "m=audio  4000 RTP/AVP 0\r\n", NULL},
    {SDP_ODD_BAD_MEDIA, "m=audio 4000 RTP/AVP 0 \r\n", NULL},
    {SDP_ODD_BAD_MEDIA, "m=\r\n", "m="},
    {SDP_ODD_UNKNOWN_MEDIA, "m=smell 4000 RTP/AVP 0\r\n", NULL},
    {SDP_ODD_UNKNOWN_PROTOCOL, "m=audio 4000 RTP/XYZ 0\r\n", NULL},
    {SDP_ODD_BAD_PORT, "m=audio 65536 RTP/AVP 0\r\n", "65536"},
    {SDP_ODD_BAD_PORT, "m=audio 4294971296 RTP/AVP 0\r\n", NULL},
    {SDP_ODD_BAD_PORT, "m=audio -1 RTP/AVP 0\r\n", "-1"},
    {SDP_ODD_BAD_PORT, "m=audio 4000/ RTP/AVP 0\r\n", "4000/"},
    {SDP_ODD_BAD_PORT, "m=audio 4000/2/3 RTP/AVP 0\r\n", NULL},
    {SDP_ODD_LOW_PORT, "m=audio 25 RTP/AVP 0\r\n", "25"},
    {SDP_ODD_LOW_PORT, "m=audio 1023 RTP/AVP 0\r\n", "1023"},
    {SDP_ODD_LOW_PORT, "m=audio 9 RTP/AVP 0\r\n", "9"},
    {SDP_ODD_LOW_PORT, AUDIO "a=rtcp:53\r\n", "a=rtcp:53"},
    {SDP_ODD_PORT_COUNT, "m=audio 4000/2 RTP/AVP 0\r\n", "4000/2"},
    {SDP_ODD_NO_FORMATS, "m=audio 4000 RTP/AVP\r\n", NULL},
    {SDP_ODD_BAD_PAYLOAD_TYPE, "m=audio 4000 RTP/AVP 128\r\n", "128"},
    {SDP_ODD_BAD_PAYLOAD_TYPE, "m=audio 4000 RTP/AVP 0 4294967296\r\n", "4294967296"},
    {SDP_ODD_BAD_PAYLOAD_TYPE, "m=audio 4000 RTP/AVP 0 x\r\n", "x"},
    {SDP_ODD_REPEATED_PAYLOAD_TYPE, "m=audio 4000 RTP/AVP 0 8 0\r\n", "0"},
    {SDP_ODD_BAD_RTPMAP, AUDIO "a=rtpmap:0 PCMU\r\n", NULL},
    {SDP_ODD_BAD_RTPMAP, AUDIO "a=rtpmap:300 x/8000\r\n", NULL},
    {SDP_ODD_BAD_RTPMAP, AUDIO "a=rtpmap:0 PCMU/x\r\n", NULL},
    {SDP_ODD_BAD_RTPMAP, AUDIO "a=rtpmap:0 PCMU/8000/\r\n", NULL},
    {SDP_ODD_BAD_RTPMAP, AUDIO "a=rtpmap:0 PCMU/8000/1/1\r\n", NULL},
    {SDP_ODD_BAD_RTPMAP, AUDIO "a=rtpmap:0  PCMU/8000\r\n", NULL},
    {SDP_ODD_BAD_RTPMAP, AUDIO "a=rtpmap:0 /8000\r\n", NULL},
    {SDP_ODD_BAD_RTPMAP, AUDIO "a=rtpmap:\r\n", NULL},
    {SDP_ODD_REPEATED_RTPMAP, AUDIO "a=rtpmap:101 EVS/16000\r\n", NULL},
    {SDP_ODD_STRAY_FORMAT, AUDIO "a=rtpmap:99 EVS/16000\r\n", NULL},
    {SDP_ODD_STRAY_FORMAT, AUDIO "a=fmtp:99 x=1\r\n", NULL},
    {SDP_ODD_BAD_FMTP, AUDIO "a=fmtp:101\r\n", NULL},
    {SDP_ODD_BAD_FMTP, AUDIO "a=fmtp:128 x\r\n", NULL},
    {SDP_ODD_BAD_FMTP, AUDIO "a=fmtp:18446744073709551716 x\r\n", NULL},
    {SDP_ODD_NO_RTPMAP, "m=audio 4000 RTP/AVP 0 96\r\n", NULL},
    {SDP_ODD_BAD_ATTRIBUTE, AUDIO "a=:x\r\n", "a=:x"},
    {SDP_ODD_BAD_ATTRIBUTE, AUDIO "a=a b\r\n", "a=a b"},
    {SDP_ODD_BAD_ATTRIBUTE, AUDIO "a=ptime\t20\r\n", "a=ptime\t20"},
    {SDP_ODD_ATTRIBUTE_CASE, AUDIO "a=SendRecv\r\n", "a=SendRecv"},
    {SDP_ODD_REPEATED_ATTRIBUTE, AUDIO "a=ptime:20\r\na=ptime:40\r\n", "a=ptime:40"},
    {SDP_ODD_TWO_DIRECTIONS, AUDIO "a=sendrecv\r\na=inactive\r\n", "a=inactive"},
    {SDP_ODD_BAD_RTCP, AUDIO "a=rtcp:x\r\n", NULL},
    {SDP_ODD_BAD_RTCP, AUDIO "a=rtcp:65536\r\n", NULL},
    {SDP_ODD_BAD_RTCP, AUDIO "a=rtcp:4001 IN IP4 host.example.com\r\n", NULL},
    {SDP_ODD_BAD_RTCP, AUDIO "a=rtcp:4001x\r\n", NULL},
    {SDP_ODD_BAD_PTIME, AUDIO "a=ptime:20ms\r\n", NULL},
    {SDP_ODD_BAD_PTIME, AUDIO "a=maxptime:\r\n", NULL},
    {SDP_ODD_BAD_SETUP, AUDIO "a=setup:maybe\r\n", NULL},
    {SDP_ODD_BAD_FINGERPRINT, AUDIO "a=fingerprint:sha-256 4A:AD:B\r\n", NULL},
    {SDP_ODD_BAD_FINGERPRINT, AUDIO "a=fingerprint:sha-256\r\n", NULL},
    {SDP_ODD_BAD_FINGERPRINT, AUDIO "a=fingerprint:sha-256 4A-AD\r\n", NULL},
    {SDP_ODD_BAD_CRYPTO, AUDIO "a=crypto:x AES_CM_128_HMAC_SHA1_80 inline:a\r\n", NULL},
    {SDP_ODD_BAD_CRYPTO, AUDIO "a=crypto:1 AES_CM_128_HMAC_SHA1_80 clear:a\r\n", NULL},
    {SDP_ODD_BAD_CRYPTO, AUDIO "a=crypto:1234567890 AES inline:a\r\n", NULL},
    {SDP_ODD_BAD_CANDIDATE, AUDIO "a=candidate:1 1 UDP 1 192.0.2.1 70000 typ host\r\n", NULL},
    {SDP_ODD_BAD_CANDIDATE, AUDIO "a=candidate:1 1 UDP\r\n", NULL},
};

static void each_oddity_is_seen_where_it_stands(void **state)
{
    uint64_t seen = 0;

    (void)state;
    assert_int_equal(read_text(HEAD AUDIO), SDP_READ);
    assert_int_equal(sdp.oddities, 0);
    for (unsigned i = 0; i < ARRAY_COUNT(odd); i++) {
        char text[512];
        bool is_whole =
            strncmp(odd[i].text, "v=", 2) == 0 || odd[i].oddity == SDP_ODD_MISSING_VERSION;

        snprintf(text, sizeof(text), "%s%s", is_whole ? "" : HEAD, odd[i].text);
        assert_int_equal(read_text(text), SDP_READ);
        if (!sdp_is_odd(&sdp, odd[i].oddity)) {
            fail_msg("%s not seen in \"%s\"", sdp_oddity_name(odd[i].oddity), odd[i].text);
        }
        if (odd[i].octets != NULL) {
            expect_slice(sdp_odd_slice(&sdp, odd[i].oddity), odd[i].octets);
        }
        seen |= UINT64_C(1) << odd[i].oddity;
    }
    /* Those of size are elsewhere. */
    for (unsigned i = SDP_ODD_MANY_CRYPTO + 1; i < SDP_ODDITY_COUNT; i++) {
        if ((seen >> i & 1) == 0 && i != SDP_ODD_NUL) {
            fail_msg("%s has no example", sdp_oddity_name((enum sdp_oddity)i));
        }
        assert_true(strlen(sdp_oddity_seen((enum sdp_oddity)i)) > 0);
    }
    assert_int_equal(sdp_read(&sdp, SLICE(HEAD AUDIO "a=x\0y\r\n")), SDP_READ);
    assert_true(sdp_is_odd(&sdp, SDP_ODD_NUL));
    assert_true(sdp.lines[sdp.line_count - 1].is_odd);
}

static void what_is_legal_is_not_odd(void **state)
{
    static const char *const texts[] = {
        HEAD "a=group:BUNDLE 1\r\n" AUDIO "a=mid:1\r\n",
        HEAD AUDIO "a=ptime:2.5\r\na=x-unknown:1\t2\r\na=fmtp:101 0-15\r\n",
        HEAD "r=604800 3600 0 90000\r\nt=1 2\r\nr=7d 1h 0 25h\r\nz=1 2\r\na=recvonly\r\n" AUDIO,
        "v=0\r\no=- 1 1 IN IP4 host.example.com\r\ns= \r\ni=info\r\nu=http://example.com\r\n"
        "e=a@example.com\r\np=+1\r\nc=IN IP4 192.0.2.1\r\nb=CT:128\r\nb=AS:1\r\nt=0 0\r\n" AUDIO
        "i=x\r\n",
        HEAD "m=audio 4000 rtp/avp 00 127\r\nc=IN IP4 10.0.0.1\r\nb=TIAS:1\r\nb=RS:0\r\n"
             "a=rtpmap:127 L16/44100/2\r\n",
        HEAD "m=audio 0 RTP/AVP 96\r\n",
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n",
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(texts); i++) {
        assert_int_equal(read_text(texts[i]), SDP_READ);
        for (unsigned odd_one = 0; odd_one < SDP_ODDITY_COUNT; odd_one++) {
            /* An i= stands behind a= in one of them, so that the test is seen to look. */
            if (sdp_is_odd(&sdp, (enum sdp_oddity)odd_one) && odd_one != SDP_ODD_LINE_ORDER) {
                fail_msg("%s in %s", sdp_oddity_name((enum sdp_oddity)odd_one), texts[i]);
            }
        }
    }
}

static void of_two_the_first_counts(void **state)
{
    struct address address;

    (void)state;
    read_text("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\no=- 2 2 IN IP4 192.0.2.2\r\ns=-\r\n"
              "c=IN IP4 192.0.2.3\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\n" AUDIO
              "a=sendonly\r\na=sendrecv\r\n");
    assert_int_equal(sdp.origin.session_id, 1);
    assert_true(sdp_media_address(&sdp, &sdp.media[0], &address));
    assert_int_equal(address.bytes[3], 3);
    assert_int_equal(sdp_media_direction(&sdp, &sdp.media[0]), SDP_SENDONLY);
}

static void foreign_texts(void **state)
{
    (void)state;
    assert_int_equal(read_text(""), SDP_FOREIGN);
    assert_int_equal(read_text("v"), SDP_FOREIGN);
    assert_int_equal(read_text("<?xml version='1.0'?>"), SDP_FOREIGN);
    assert_int_equal(read_text("\r\nv=0\r\n"), SDP_FOREIGN);
    assert_int_equal(sdp.media_count, 0);
    assert_int_equal(sdp.line_count, 0);
    assert_int_equal(sdp_read(&sdp, SLICE_NONE), SDP_FOREIGN);
}

static char big[SDP_MAX + 4096];

static struct slice repeated(const char *head, const char *line, unsigned times)
{
    struct text text;

    text_init(&text, big, sizeof(big));
    text_put_string(&text, head);
    for (unsigned i = 0; i < times; i++) {
        text_put_string(&text, line);
    }
    assert_false(text.is_full);
    return text_slice(&text);
}

static void limits_hold(void **state)
{
    static const struct {
        enum sdp_oddity oddity;
        const char *head, *line;
        unsigned max;
    } limits[] = {
        {SDP_ODD_MANY_LINES, HEAD, "a=x\r\n", SDP_LINES_MAX - 5},
        {SDP_ODD_MANY_MEDIA, HEAD, "m=audio 0 RTP/AVP 0\r\n", SDP_MEDIA_MAX},
        {SDP_ODD_MANY_ATTRIBUTES, HEAD, "a=x\r\n", SDP_SESSION_ATTRIBUTES_MAX},
        {SDP_ODD_MANY_ATTRIBUTES, HEAD AUDIO, "a=x\r\n", SDP_MEDIA_ATTRIBUTES_MAX - 1},
        {SDP_ODD_MANY_CANDIDATES, HEAD AUDIO, "a=candidate:1 1 UDP 1 192.0.2.1 5004 typ host\r\n",
         SDP_CANDIDATES_MAX},
        {SDP_ODD_MANY_CRYPTO, HEAD AUDIO, "a=crypto:1 A inline:a\r\n", SDP_CRYPTO_MAX},
        {SDP_ODD_MANY_FORMATS, HEAD "m=image 4000 udptl", " t38", SDP_FORMATS_MAX},
        {SDP_ODD_LONG_LINE, HEAD AUDIO "a=", "x", SDP_LINE_MAX - 2},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(limits); i++) {
        sdp_read(&sdp, repeated(limits[i].head, limits[i].line, limits[i].max));
        assert_false(sdp_is_odd(&sdp, limits[i].oddity));
        sdp_read(&sdp, repeated(limits[i].head, limits[i].line, limits[i].max + 1));
        assert_true(sdp_is_odd(&sdp, limits[i].oddity));
        sdp_read(&sdp, repeated(limits[i].head, limits[i].line, limits[i].max + 100));
        assert_true(sdp_is_odd(&sdp, limits[i].oddity));
    }
    memset(big, 'x', sizeof(big));
    memcpy(big, "v=", 2);
    sdp_read(&sdp, slice_of(big, SDP_MAX));
    assert_false(sdp_is_odd(&sdp, SDP_ODD_LONG_BODY));
    sdp_read(&sdp, slice_of(big, SDP_MAX + 1));
    assert_true(sdp_is_odd(&sdp, SDP_ODD_LONG_BODY));
    assert_int_equal(sdp.bytes.len, SDP_MAX);
}

static void expect_within(const struct slice part)
{
    assert_true(part.len == 0 ||
                (part.at >= sdp.base && part.at + part.len <= sdp.base + sdp.bytes.len));
}

static void expect_sound(void)
{
    unsigned lines = sdp.session.line_count;

    for (unsigned i = 0; i < sdp.line_count; i++) {
        expect_within(sdp_line_text(&sdp, &sdp.lines[i]));
        expect_within(sdp_line_value(&sdp, &sdp.lines[i]));
        expect_within(sdp_line_name(&sdp, &sdp.lines[i]));
    }
    for (unsigned i = 0; i < sdp.media_count; i++) {
        assert_int_equal(sdp.media[i].level.first_line, lines);
        lines += sdp.media[i].level.line_count;
        expect_within(sdp_slice(&sdp, sdp.media[i].formats));
    }
    assert_int_equal(lines, sdp.line_count);
    for (unsigned i = 0; i < SDP_ODDITY_COUNT; i++) {
        if (sdp_is_odd(&sdp, (enum sdp_oddity)i)) {
            expect_within(sdp_odd_slice(&sdp, (enum sdp_oddity)i));
        }
    }
}

static void every_prefix_is_read_within_its_octets(void **state)
{
    struct guarded guarded = guarded_open();
    struct slice whole =
        SLICE(HEAD "a=group:BUNDLE 1\r\n" AUDIO "b=AS:64\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
                   "a=rtcp:4001 IN IP6 2001:db8::1\r\na=setup:active\r\n"
                   "a=fingerprint:sha-256 4A:AD\r\na=rtcp-mux\r\n"
                   "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:a\r\n"
                   "a=candidate:1 1 UDP 1 192.0.2.1 5004 typ host\r\n"
                   "m=image 4000 udptl t38\r\nc=IN IP6 2001:db8::2\r\n");

    (void)state;
    for (size_t len = 0; len <= whole.len; len++) {
        struct slice prefix = guarded_copy(&guarded, slice_head(whole, len));

        assert_int_equal(sdp_read(&sdp, prefix), len < 2 ? SDP_FOREIGN : SDP_READ);
        expect_sound();
    }
    guarded_close(&guarded);
}

static void every_octet_anywhere_is_survived(void **state)
{
    static char text[] = HEAD AUDIO "a=rtcp:4001 IN IP4 192.0.2.9\r\na=ptime:20\r\n";

    (void)state;
    for (size_t at = 0; at < sizeof(text) - 1; at++) {
        char kept = text[at];

        for (unsigned octet = 0; octet < 256; octet++) {
            text[at] = (char)octet;
            sdp_read(&sdp, slice_of(text, sizeof(text) - 1));
            expect_sound();
        }
        text[at] = kept;
    }
}

static void every_name_is_found_and_only_whole(void **state)
{
    bool is_exact;

    (void)state;
    for (unsigned i = 1; i < SDP_ATTRIBUTE_COUNT; i++) {
        enum sdp_attribute attribute = (enum sdp_attribute)i;
        struct slice name = sdp_attribute_spelling(attribute);
        char other[SDP_NAME_ROOM + 1];

        assert_true(name.len > 0 && name.len < SDP_NAME_ROOM);
        assert_int_equal(sdp_attribute_find(name, &is_exact), attribute);
        assert_true(is_exact);
        memcpy(other, name.at, name.len);
        other[0] ^= 0x20;
        if (name.at[0] >= 'A') {
            assert_int_equal(sdp_attribute_find(slice_of(other, name.len), &is_exact), attribute);
            assert_false(is_exact);
        }
        memcpy(other, name.at, name.len);
        other[name.len] = 'x';
        assert_int_equal(sdp_attribute_find(slice_of(other, name.len + 1), &is_exact),
                         SDP_ATTRIBUTE_UNKNOWN);
        other[name.len - 1] = '~';
        assert_int_equal(sdp_attribute_find(slice_of(other, name.len), &is_exact),
                         SDP_ATTRIBUTE_UNKNOWN);
    }
    assert_int_equal(sdp_attribute_find(SLICE(""), &is_exact), SDP_ATTRIBUTE_UNKNOWN);
    assert_int_equal(sdp_attribute_find(SLICE("rtpmap\0\0"), &is_exact), SDP_ATTRIBUTE_UNKNOWN);
}

static unsigned read_count;

static void read_one(const char *name, struct slice bytes)
{
    (void)name;
    read_count += sdp_read(&sdp, bytes) == SDP_READ;
    expect_sound();
}

static void seeds_of_others_are_survived(void **state)
{
    (void)state;
    if (corpus_walk("fuzz-seeds/pjsip-sdp", "", read_one) +
            corpus_walk("fuzz-seeds/pjsip-sdes", "", read_one) ==
        0) {
        corpus_skip("fuzz-seeds");
    }
    print_message("%u descriptions\n", read_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_volte_offer),
        cmocka_unit_test(other_media),
        cmocka_unit_test(hold_by_address),
        cmocka_unit_test(each_oddity_is_seen_where_it_stands),
        cmocka_unit_test(what_is_legal_is_not_odd),
        cmocka_unit_test(of_two_the_first_counts),
        cmocka_unit_test(foreign_texts),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(every_prefix_is_read_within_its_octets),
        cmocka_unit_test(every_octet_anywhere_is_survived),
        cmocka_unit_test(every_name_is_found_and_only_whole),
        cmocka_unit_test(seeds_of_others_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
