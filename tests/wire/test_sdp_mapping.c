#include "../expect.h"

#include "wire/sdp/mapping.h"

static struct sdp sdp;

static void read_text(const char *text)
{
    assert_int_equal(sdp_read(&sdp, slice_string(text)), SDP_READ);
}

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

static void what_a_type_means(void **state)
{
    const struct sdp_media *media = &sdp.media[0];
    struct sdp_mapping mapping;

    (void)state;
    read_text(HEAD "m=audio 4000 RTP/AVP 0 10 96 97 35\r\na=rtpmap:96 opus/48000/2\r\n"
                   "a=rtpmap:97 broken\r\na=rtpmap:99 EVS/16000\r\n");
    assert_true(sdp_mapping_find(&sdp, media, 0, &mapping));
    expect_slice(mapping.name, "PCMU");
    assert_true(mapping.clock == 8000 && mapping.channels == 1 && mapping.type == 0);
    assert_true(sdp_mapping_find(&sdp, media, 10, &mapping));
    assert_true(mapping.clock == 44100 && mapping.channels == 2);
    assert_true(sdp_mapping_find(&sdp, media, 96, &mapping));
    expect_slice(mapping.name, "opus");
    assert_true(mapping.clock == 48000 && mapping.channels == 2 && mapping.type == 96);
    assert_false(sdp_mapping_find(&sdp, media, 97, &mapping)); /* odd */
    assert_false(sdp_mapping_find(&sdp, media, 35, &mapping)); /* nobody's */
    assert_false(sdp_mapping_find(&sdp, media, 99, &mapping)); /* not on the m= line */
    assert_false(sdp_mapping_find(&sdp, media, 8, &mapping));
    assert_false(sdp_mapping_find(&sdp, media, 255, &mapping));
}

static void a_rtpmap_of_its_own_type_counts_before_the_table(void **state)
{
    struct sdp_mapping mapping;

    (void)state;
    read_text(HEAD "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMA/8000\r\n");
    assert_true(sdp_mapping_find(&sdp, &sdp.media[0], 0, &mapping));
    expect_slice(mapping.name, "PCMA");
    assert_int_equal(sdp_mapping_check(&mapping), SDP_MAPPING_BAD_TYPE);
}

static void what_a_codec_may_say(void **state)
{
    static const struct {
        uint8_t type;
        const char *name;
        uint32_t clock;
        uint8_t channels;
        enum sdp_mapping_fault wanted;
    } rows[] = {
        {0, "PCMU", 8000, 1, SDP_MAPPING_GOOD},
        {0, "pcmu", 8000, 1, SDP_MAPPING_GOOD},
        {96, "PCMU", 8000, 1, SDP_MAPPING_GOOD},
        {0, "PCMU", 16000, 1, SDP_MAPPING_BAD_CLOCK},
        {0, "PCMU", 8000, 2, SDP_MAPPING_BAD_CHANNELS},
        {0, "PCMU", 8000, 0, SDP_MAPPING_BAD_CHANNELS},
        {8, "PCMU", 8000, 1, SDP_MAPPING_BAD_TYPE},
        {95, "H264", 90000, 1, SDP_MAPPING_BAD_TYPE},
        {34, "unheard", 90000, 1, SDP_MAPPING_BAD_TYPE},
        {96, "H264", 90000, 1, SDP_MAPPING_GOOD},
        {96, "H264", 8000, 1, SDP_MAPPING_BAD_CLOCK},
        {97, "unheard", 12345, 9, SDP_MAPPING_GOOD},
        {5, "DVI4", 8000, 1, SDP_MAPPING_GOOD},
        {6, "DVI4", 8000, 1, SDP_MAPPING_BAD_CLOCK},
        {100, "DVI4", 16000, 1, SDP_MAPPING_GOOD},
        {10, "L16", 44100, 2, SDP_MAPPING_GOOD},
        {101, "telephone-event", 48000, 1, SDP_MAPPING_GOOD},
        {101, "telephone-event", 90000, 1, SDP_MAPPING_BAD_CLOCK},
        {111, "opus", 48000, 2, SDP_MAPPING_GOOD},
        {111, "opus", 48000, 3, SDP_MAPPING_BAD_CHANNELS},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        struct sdp_mapping mapping = {.name = slice_string(rows[i].name),
                                      .clock = rows[i].clock,
                                      .channels = rows[i].channels,
                                      .type = rows[i].type};

        if (sdp_mapping_check(&mapping) != rows[i].wanted) {
            fail_msg("row %u: %d", i, (int)sdp_mapping_check(&mapping));
        }
    }
}

static void every_codec_that_owns_a_type_is_good_there(void **state)
{
    struct sdp_mapping mapping;
    unsigned owned = 0;
    char text[512];

    (void)state;
    for (unsigned type = 0; type <= SDP_PAYLOAD_TYPE_MAX; type++) {
        snprintf(text, sizeof(text), HEAD "m=audio 4000 RTP/AVP %u\r\n", type);
        read_text(text);
        if (sdp_mapping_find(&sdp, &sdp.media[0], type, &mapping)) {
            assert_int_equal(sdp_mapping_check(&mapping), SDP_MAPPING_GOOD);
            owned++;
        }
    }
    assert_int_equal(owned, 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_type_means),
        cmocka_unit_test(a_rtpmap_of_its_own_type_counts_before_the_table),
        cmocka_unit_test(what_a_codec_may_say),
        cmocka_unit_test(every_codec_that_owns_a_type_is_good_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
