#include "../corpus.h"

#include "wire/sdp/write.h"

static struct sdp sdp, again;
static char room[1 << 17];

static struct address address_of(const char *literal)
{
    struct address address;

    assert_true(address_read_port(&address, slice_string(literal)));
    return address;
}

static struct slice write_read(const struct sdp_rewrite *rewrite)
{
    struct text text;

    text_init(&text, room, sizeof(room));
    assert_true(sdp_write(&text, &sdp, rewrite));
    assert_int_equal(sdp_read(&again, text_slice(&text)), SDP_READ);
    return text_slice(&text);
}

#define OURS "v=0\r\no=- 7 8 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\n"

/* Two media at most, ours at ports 20000 and 20002. */
static struct sdp_media_rewrite our_media[2];
static struct sdp_rewrite ours;

static int set_up(void **state)
{
    (void)state;
    memset(our_media, 0, sizeof(our_media));
    our_media[0].address = address_of("198.51.100.1:20000");
    our_media[1].address = address_of("198.51.100.1:20002");
    ours = (struct sdp_rewrite){.address = address_of("198.51.100.1"),
                                .session_id = 7,
                                .session_version = 8,
                                .media = our_media};
    return 0;
}

#define expect_written(text, wanted) expect_written_at(SLICE(text), wanted, __FILE__, __LINE__)
static void expect_written_at(struct slice text, const char *wanted, const char *file, int line)
{
    sdp_read(&sdp, text);
    expect_slice_at(write_read(&ours), wanted, file, line);
    assert_int_equal(again.media_count, sdp.media_count);
}

static void nothing_of_the_endpoint_is_left(void **state)
{
    (void)state;
    expect_written("v=0\r\n"
                   "o=alice 3870294711 3870294712 IN IP4 10.1.1.20\r\n"
                   "s=Phone 1.2.3\r\ni=secret\r\nu=http://10.1.1.20/\r\ne=a@b.c\r\np=+1\r\n"
                   "c=IN IP4 10.1.1.20\r\nb=CT:99\r\nb=AS:80\r\nt=0 0\r\nk=clear:1\r\n"
                   "a=tool:Phone\r\na=cat:x\r\na=keywds:y\r\na=X-nat:0\r\na=x-other\r\n"
                   "a=group:BUNDLE 1\r\na=ice-lite\r\n"
                   "m=audio 49170 RTP/AVP 104 0 101\r\ni=mic\r\nc=IN IP4 10.1.1.21\r\n"
                   "b=AS:49\r\nb=TIAS:49000\r\n"
                   "a=rtpmap:104 EVS/16000\r\na=fmtp:104 br=5.9-24.4; bw=nb-swb\r\n"
                   "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
                   "a=rtcp:49999 IN IP4 10.1.1.22\r\n"
                   "a=candidate:1 1 UDP 1 10.1.1.23 5004 typ host\r\n"
                   "a=remote-candidates:1 10.1.1.24 5004\r\na=end-of-candidates\r\n"
                   "a=ice-ufrag:u\r\na=ice-pwd:p\r\na=ssrc:1 cname:alice@10.1.1.20\r\n"
                   "a=alt:1 1 : 10.1.1.25 5004\r\na=crypto:1 A inline:k\r\n"
                   "a=curr:qos local none\r\na=visited-realm:1 x IN IP4 10.1.1.26\r\n"
                   "a=unknown:10.1.1.27\r\na=ptime:20\r\na=sendonly\r\n",
                   OURS "b=AS:80\r\nt=0 0\r\n"
                        "m=audio 20000 RTP/AVP 104 0 101\r\nb=AS:49\r\nb=TIAS:49000\r\n"
                        "a=rtpmap:104 EVS/16000\r\na=fmtp:104 br=5.9-24.4; bw=nb-swb\r\n"
                        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
                        "a=ptime:20\r\na=sendonly\r\n");
    assert_int_equal(again.oddities, 0);
}

#define HEAD "v=0\r\no=- 1 1 IN IP4 10.1.1.20\r\ns=-\r\nc=IN IP4 10.1.1.20\r\nt=0 0\r\n"

static void what_a_caller_may_decide(void **state)
{
    static const char text[] = HEAD "m=audio 49170 RTP/SAVP 0 96\r\nb=AS:200\r\nb=RS:900\r\n"
                                    "a=crypto:1 A inline:k\r\na=curr:qos local none\r\n"
                                    "a=rtpmap:96 opus/48000\r\na=fmtp:96 x=1\r\n"
                                    "a=rtcp-fb:96 nack\r\na=rtcp-fb:* nack\r\na=rtcp-mux\r\n"
                                    "a=unknown:1\r\na=X-secret:1\r\na=mid:1\r\n";

    (void)state;
    ours.keeps_keys = ours.keeps_unknown = true;
    ours.added = SLICE("a=ice-lite\r\n");
    sdp_attribute_set_add(&ours.kept, SDP_ATTRIBUTE_CURR);
    sdp_attribute_set_add(&ours.stripped, SDP_ATTRIBUTE_RTCP_MUX);
    our_media[0].bandwidth_max = 64;
    our_media[0].rtcp_port = 20011;
    our_media[0].dropped_types[1] = UINT64_C(1) << (96 - 64);
    our_media[0].address = address_of("198.51.100.9:20000");
    our_media[0].added = SLICE("a=ice-ufrag:ours\r\n");
    expect_written(text, OURS "t=0 0\r\na=ice-lite\r\n"
                              "m=audio 20000 RTP/SAVP 0\r\nc=IN IP4 198.51.100.9\r\n"
                              "b=AS:64\r\nb=RS:900\r\na=crypto:1 A inline:k\r\n"
                              "a=curr:qos local none\r\na=rtcp-fb:* nack\r\na=unknown:1\r\n"
                              "a=mid:1\r\na=rtcp:20011\r\na=ice-ufrag:ours\r\n");
    assert_int_equal(again.oddities, 0);

    /* The next port is not said, nor the same one. */
    our_media[0].rtcp_port = 20001;
    sdp_read(&sdp, SLICE(text));
    assert_false(slice_has(write_read(&ours), SLICE("a=rtcp:")));
    our_media[0].rtcp_port = 20000;
    assert_false(slice_has(write_read(&ours), SLICE("a=rtcp:")));
}

static void what_is_left_of_nothing_is_refused(void **state)
{
    (void)state;
    our_media[0].dropped_types[0] = 1;
    our_media[1].address.port = 0;
    expect_written(HEAD "m=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
                        "m=video 49172 RTP/AVP 34\r\n",
                   OURS "t=0 0\r\nm=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
                        "m=video 0 RTP/AVP 34\r\n");
}

static void a_hold_stays_a_hold(void **state)
{
    (void)state;
    expect_written("v=0\r\no=- 1 1 IN IP4 10.1.1.20\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
                   "m=audio 49170 RTP/AVP 0\r\nm=video 49172 RTP/AVP 34\r\n"
                   "c=IN IP4 10.1.1.20\r\n",
                   OURS "t=0 0\r\nm=audio 20000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"
                        "m=video 20002 RTP/AVP 34\r\n");
    assert_true(sdp_media_is_held(&again, &again.media[0]));
    assert_false(sdp_media_is_held(&again, &again.media[1]));
    /* From IPv6 to IPv4, as ours is. */
    expect_written("v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 ::\r\nt=0 0\r\n"
                   "m=audio 49170 RTP/AVP 0\r\n",
                   OURS "t=0 0\r\nm=audio 20000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n");
    ours.address = address_of("2001:db8:9::1");
    our_media[0].address = address_of("[2001:db8:9::2]:20000");
    expect_written(HEAD "m=audio 49170 RTP/AVP 0\r\n",
                   "v=0\r\no=- 7 8 IN IP6 2001:db8:9::1\r\ns=-\r\nc=IN IP6 2001:db8:9::1\r\n"
                   "t=0 0\r\nm=audio 20000 RTP/AVP 0\r\nc=IN IP6 2001:db8:9::2\r\n");
}

static void other_media(void **state)
{
    (void)state;
    expect_written(HEAD "m=image 4000 UDPTL t38\r\na=T38FaxVersion:0\r\n"
                        "a=T38FaxUdpEC:t38UDPRedundancy\r\na=T38VendorInfo:1 2 3\r\n"
                        "m=message 2855 tcp/msrp *\r\na=accept-types:message/cpim *\r\n"
                        "a=path:msrp://relay.example.com:2855/r1;tcp "
                        "msrp://10.1.1.20:7394/2s93i9ek2a;tcp\r\na=setup:actpass\r\n",
                   OURS "t=0 0\r\nm=image 20000 udptl t38\r\na=T38FaxVersion:0\r\n"
                        "a=T38FaxUdpEC:t38UDPRedundancy\r\n"
                        "m=message 20002 TCP/MSRP *\r\na=accept-types:message/cpim *\r\n"
                        "a=path:msrp://198.51.100.1:20002/2s93i9ek2a;tcp\r\na=setup:actpass\r\n");
    expect_written(HEAD "a=path:msrp://10.1.1.20:1/x;tcp\r\n"
                        "m=application 9 TCP/TLS/BFCP *\r\na=floorctrl:c-only\r\n"
                        "a=connection:new\r\na=path:http://10.1.1.20/\r\na=path:msrp://10\r\n"
                        "m=application 5006 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:5\r\n",
                   OURS "t=0 0\r\nm=application 20000 TCP/TLS/BFCP *\r\na=floorctrl:c-only\r\n"
                        "a=connection:new\r\n"
                        "m=application 20002 UDP/DTLS/SCTP webrtc-datachannel\r\n");
}

static void what_is_odd_is_written_canonical_or_not_at_all(void **state)
{
    (void)state;
    expect_written("s=x\nv=1\no=a\nt=1 2\nt=x\nt=3 4 \nq=1\njunk\nb=AS:x\nb=X-A:1\na=RecvOnly\n"
                   "m=AUDIO 049170/3 rtp/avp 08 0 8  128 x 0 \n"
                   "a=ptime:20\na=ptime:30\na=setup:no\na=fmtp:99 1\na=rtpmap:8 a\n"
                   "a=inactive\na=sendrecv\na=label:1\x01\na=mid:a\rb\na=FMTP:8 x\n"
                   "c=IN IP4 nowhere/1",
                   OURS "t=1 2\r\na=recvonly\r\nm=audio 20000 RTP/AVP 8 0\r\n"
                        "a=ptime:20\r\na=inactive\r\na=fmtp:8 x\r\n");
    expect_written(HEAD "m=audio 4000 RTP/AVP 0\r\n\r\nm=audio 4002 RTP/AVP 0\r\na=ptime:20\r\n",
                   OURS "t=0 0\r\nm=audio 20000 RTP/AVP 0\r\n");
    expect_written(HEAD "m=smell 4000 X/Y a  b\r\n", OURS "t=0 0\r\nm=smell 20000 X/Y a b\r\n");
    expect_written("v=0\r\nm=audio 4000 RTP/AVP 0\r\n",
                   OURS "t=0 0\r\nm=audio 20000 RTP/AVP 0\r\n");
}

static void where_the_media_pass_us_by_they_stay(void **state)
{
    (void)state;
    ours.media = NULL;
    expect_written("v=0\r\no=alice 1 1 IN IP4 10.1.1.20\r\ns=x\r\nc=IN IP4 10.1.1.20/127\r\n"
                   "t=0 0\r\na=ice-lite\r\na=tool:x\r\n"
                   "m=audio 49170 RTP/AVP 0\r\na=rtcp:53020 IN IP4 10.1.1.21\r\n"
                   "a=candidate:1 1 UDP 1 10.1.1.23 5004 typ host\r\na=crypto:1 A inline:k\r\n"
                   "m=audio 49172 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\na=rtcp:49173\r\n"
                   "m=message 2855 TCP/MSRP *\r\nc=IN IP4 host.example.com\r\n"
                   "a=path:msrp://10.1.1.20:7394/2s93i9ek2a;tcp\r\n",
                   "v=0\r\no=- 7 8 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 10.1.1.20\r\n"
                   "t=0 0\r\na=ice-lite\r\n"
                   "m=audio 49170 RTP/AVP 0\r\n"
                   "a=candidate:1 1 UDP 1 10.1.1.23 5004 typ host\r\n"
                   "a=rtcp:53020 IN IP4 10.1.1.21\r\n"
                   "m=audio 49172 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n"
                   "m=message 2855 TCP/MSRP *\r\nc=IN IP4 host.example.com\r\n"
                   "a=path:msrp://10.1.1.20:7394/2s93i9ek2a;tcp\r\n");
}

static void what_cannot_be_written_whole_is_not_written(void **state)
{
    static const char *const texts[] = {
        HEAD,
        HEAD "m=audio x RTP/AVP 0\r\n",
        HEAD "m=audio 4000 RTP/AVP\r\n",
        HEAD "m=audio 4000 RTP/AVP 128\r\n",
        HEAD "m=audio 4000\r\n",
        HEAD "m=au(dio 4000 RTP/AVP 0\r\n",
        HEAD "m=audio 4000 RTP/ 0\r\n",
        HEAD "m=audio 4000 RTP//AVP 0\r\n",
        HEAD "m=audio 4000 RTP/AVP 0\x01\r\n",
    };
    struct text text;

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(texts); i++) {
        sdp_read(&sdp, slice_string(texts[i]));
        text_init(&text, room, sizeof(room));
        if (sdp_write(&text, &sdp, &ours)) {
            fail_msg("%s", texts[i]);
        }
        assert_int_equal(text.len, 0);
    }
    ours.media = NULL;
    sdp_read(&sdp, SLICE(HEAD "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 300.1.1.1\r\n"));
    text_init(&text, room, sizeof(room));
    assert_false(sdp_write(&text, &sdp, &ours));
}

static void running_out_of_room_is_told(void **state)
{
    struct text text;

    (void)state;
    sdp_read(&sdp, SLICE(HEAD "m=audio 4000 RTP/AVP 0 8\r\na=ptime:20\r\n"));
    size_t len = write_read(&ours).len;
    for (size_t max = 0; max < len; max++) {
        text_init(&text, room, max);
        assert_false(sdp_write(&text, &sdp, &ours));
        assert_true(text.len <= max);
    }
    text_init(&text, room, len);
    assert_true(sdp_write(&text, &sdp, &ours));
}

static unsigned written_count;

/* Written twice from the same it is the same, and the fields are those that were read. */
static void read_write_read(const char *name, struct slice bytes)
{
    static struct sdp_media_rewrite many[SDP_MEDIA_MAX];
    static char kept[sizeof(room)];
    struct sdp_rewrite rewrite = ours;
    struct text text;

    for (unsigned i = 0; i < SDP_MEDIA_MAX; i++) {
        many[i].address = address_of("198.51.100.1:20000");
    }
    rewrite.media = many;
    text_init(&text, room, sizeof(room));
    if (sdp_read(&sdp, bytes) != SDP_READ || !sdp_write(&text, &sdp, &rewrite)) {
        return;
    }
    written_count++;
    memcpy(kept, room, text.len);
    struct slice first = slice_of(kept, text.len);
    assert_int_equal(sdp_read(&again, first), SDP_READ);
    assert_int_equal(again.media_count, sdp.media_count);
    for (unsigned i = 0; i < sdp.media_count; i++) {
        assert_memory_equal(again.media[i].payload_types, sdp.media[i].payload_types,
                            sizeof(sdp.media[i].payload_types));
        assert_int_equal(sdp_media_direction(&again, &again.media[i]),
                         sdp_media_direction(&sdp, &sdp.media[i]));
        assert_int_equal(sdp_media_is_refused(&again.media[i]),
                         sdp_media_is_refused(&sdp.media[i]));
    }
    text_init(&text, room, sizeof(room));
    assert_true(sdp_write(&text, &again, &rewrite));
    if (!slice_equal(first, text_slice(&text))) {
        fail_msg("%s changes when it is written again", name);
    }
}

static void seeds_of_others_read_back(void **state)
{
    (void)state;
    if (corpus_walk("fuzz-seeds/pjsip-sdp", "", read_write_read) +
            corpus_walk("fuzz-seeds/pjsip-sdes", "", read_write_read) ==
        0) {
        corpus_skip("fuzz-seeds");
    }
    print_message("%u descriptions\n", written_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_of_the_endpoint_is_left, set_up),
        cmocka_unit_test_setup(what_a_caller_may_decide, set_up),
        cmocka_unit_test_setup(what_is_left_of_nothing_is_refused, set_up),
        cmocka_unit_test_setup(a_hold_stays_a_hold, set_up),
        cmocka_unit_test_setup(other_media, set_up),
        cmocka_unit_test_setup(what_is_odd_is_written_canonical_or_not_at_all, set_up),
        cmocka_unit_test_setup(where_the_media_pass_us_by_they_stay, set_up),
        cmocka_unit_test_setup(what_cannot_be_written_whole_is_not_written, set_up),
        cmocka_unit_test_setup(running_out_of_room_is_told, set_up),
        cmocka_unit_test_setup(seeds_of_others_read_back, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
