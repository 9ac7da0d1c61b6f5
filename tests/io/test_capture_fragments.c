/* Datagrams out of fragments, and what HYG-F19 does not let through. */
#include "capture_kit.h"

#include "io/capture/fragments.h"

enum { MORE = 0x2000 };

static struct slice payload(void)
{
    static struct kit_room room;
    static char text[4096];
    int len = snprintf(text, sizeof(text),
                       "MESSAGE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n"
                       "Content-Length: 1500\r\n\r\n%01500d",
                       7);

    return kit_udp(&room, 5060, 5060, slice_of(text, (size_t)len));
}

/* The part of a datagram between two places, as a fragment of it. */
static void fragment(struct kit *kit, uint16_t id, size_t from, size_t to)
{
    static struct kit_room room;
    struct slice whole = payload();
    struct slice part = slice_head(slice_skip(whole, from), to - from);
    uint16_t flags = (uint16_t)((to < whole.len ? MORE : 0) | from / 8);

    kit_frame(kit, kit_v4(&room, (struct kit_ip){1, 2, 17, id, flags}, part));
}

static void expect_whole(const struct kit_result *result, unsigned number)
{
    assert_int_equal(result->count, 1);
    assert_true(slice_equal(result->seen[0].bytes, slice_skip(payload(), 8)));
    assert_int_equal(result->seen[0].packet.number, number);
    assert_int_equal(result->counts.of[CAPTURE_REASSEMBLED], 1);
}

static void in_any_order(void **state)
{
    static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    size_t end = payload().len;

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct kit kit = kit_open(101);

        for (unsigned k = 0; k < 3; k++) {
            unsigned part = orders[i][k];

            fragment(&kit, 5, part * 600, part == 2 ? end : (part + 1) * 600);
        }
        struct kit_result *result = kit_done(&kit);
        expect_whole(result, 3);
        kit_free(result);
    }
}

/* One that comes twice is no harm; each of two datagrams has its own. */
static void repeated_and_interleaved(void **state)
{
    struct kit kit = kit_open(101);
    size_t end = payload().len;

    (void)state;
    fragment(&kit, 1, 0, 800);
    fragment(&kit, 2, 0, 800);
    fragment(&kit, 1, 0, 800);
    fragment(&kit, 2, 800, end);
    fragment(&kit, 1, 800, end);
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->count, 2);
    assert_int_equal(result->counts.of[CAPTURE_FRAGMENT_REPEATED], 1);
    assert_int_equal(result->counts.of[CAPTURE_FRAGMENTS], 5);
    kit_free(result);
}

/* A fragment cut out of a larger one, its content changed. */
static void overlaps(void **state)
{
    static struct kit_room room;
    size_t end = payload().len;

    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct kit kit = kit_open(101);

        fragment(&kit, 1, 0, 800);
        if (kind == 0) { /* reaches into what is there */
            fragment(&kit, 1, 400, 1200);
        } else if (kind == 1) { /* the same place, other octets */
            kit_frame(&kit,
                      kit_v4(&room, (struct kit_ip){1, 2, 17, 1, MORE | 5}, SLICE("12345678")));
        } else if (kind == 2) { /* an end before what is there */
            kit_frame(&kit, kit_v4(&room, (struct kit_ip){1, 2, 17, 1, 5}, SLICE("12345678")));
        } else { /* two ends */
            fragment(&kit, 1, 1200, end);
            kit_frame(&kit, kit_v4(&room, (struct kit_ip){1, 2, 17, 1, 5000}, SLICE("12345678")));
        }
        /* Whatever else comes of it, the datagram stays dropped. */
        fragment(&kit, 1, 800, end);
        fragment(&kit, 1, 0, 800);
        struct kit_result *result = kit_done(&kit);
        assert_int_equal(result->count, 0);
        assert_int_equal(result->counts.of[CAPTURE_FRAGMENT_OVERLAP], 1);
        assert_int_equal(result->counts.of[CAPTURE_FRAGMENT_AFTER], 2);
        kit_free(result);
    }
}

static void limits(void **state)
{
    size_t end = payload().len;
    struct kit kit = kit_open(101);

    (void)state;
    for (size_t i = 0; i < FRAGMENTS_MAX; i++) {
        fragment(&kit, 1, i * 8, i * 8 + 8);
    }
    fragment(&kit, 1, FRAGMENTS_MAX * 8, end);
    /* Exactly so many are allowed. */
    for (size_t i = 0; i + 1 < FRAGMENTS_MAX; i++) {
        fragment(&kit, 2, i * 8, i * 8 + 8);
    }
    fragment(&kit, 2, (FRAGMENTS_MAX - 1) * 8, end);
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->count, 1);
    assert_int_equal(result->counts.of[CAPTURE_FRAGMENT_MANY], 1);
    kit_free(result);

    kit = kit_open(101);
    fragment(&kit, 1, 0, 800);
    kit.when_us += FRAGMENTS_WAIT_US - 1000;
    fragment(&kit, 1, 800, end);
    fragment(&kit, 2, 0, 800);
    kit.when_us += FRAGMENTS_WAIT_US;
    fragment(&kit, 2, 800, end);
    result = kit_done(&kit);
    assert_int_equal(result->count, 1);
    assert_int_equal(result->counts.of[CAPTURE_FRAGMENT_LATE], 1);
    kit_free(result);
}

static void fragments_nobody_means(void **state)
{
    static struct kit_room room;
    struct kit kit = kit_open(101);

    (void)state;
    /* Not whole units, empty, and beyond what IP can number. */
    kit_frame(&kit, kit_v4(&room, (struct kit_ip){1, 2, 17, 1, MORE}, SLICE("123456789")));
    kit_frame(&kit, kit_v4(&room, (struct kit_ip){1, 2, 17, 2, MORE | 1}, SLICE("")));
    kit_frame(&kit, kit_v4(&room, (struct kit_ip){1, 2, 17, 3, 0x1FFF}, SLICE("12345678")));
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->counts.of[CAPTURE_FRAGMENT_BROKEN], 3);
    assert_int_equal(result->count, 0);
    kit_free(result);
}

/* A flood of beginnings: memory stays what it is and the newest datagram still gets through. */
static void flood(void **state)
{
    size_t end = payload().len;
    struct kit kit = kit_open(101);

    (void)state;
    for (unsigned i = 0; i < FRAGMENTS_DATAGRAMS + 100; i++) {
        fragment(&kit, (uint16_t)i, 0, 8);
        kit.when_us -= 1000;
    }
    fragment(&kit, 60000, 0, 800);
    fragment(&kit, 60000, 800, end);
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->count, 1);
    assert_int_equal(result->counts.of[CAPTURE_FRAGMENT_EVICTED], 101);
    kit_free(result);
}

/* Large fragments, so that the octets run out before the datagrams do. */
static void memory_runs_out(void **state)
{
    struct hash_key key = {1, 2};
    struct capture_counts counts = {.of = {0}};
    struct fragments *fragments = fragments_new(&key, &counts);
    static char octets[60000];

    (void)state;
    assert_non_null(fragments);
    for (uint32_t i = 0; i < 2000; i++) {
        struct ip_packet packet = {
            .from = {.family = ADDRESS_V4},
            .to = {.family = ADDRESS_V4},
            .protocol = 17,
            .is_fragment = true,
            .has_more = true,
            .fragment_id = i,
            .payload = slice_of(octets, sizeof(octets)),
        };

        assert_false(fragments_put(fragments, &packet, 0, i));
    }
    assert_true(fragments->chunks.used <= fragments->chunks.count - 1);
    assert_true(fragments->chunks.used > fragments->chunks.count * 9 / 10);
    assert_int_equal(fragments->chunks.refused, 0);
    assert_int_equal(counts.of[CAPTURE_FRAGMENT_EVICTED] + fragments->datagrams.used, 2000);
    fragments_free(fragments);
}

static void of_version_6(void **state)
{
    static struct kit_room room, joined;
    struct slice whole = payload();
    struct kit kit = kit_open(101);

    (void)state;
    /* The second says another next header, which does not matter (RFC 8200 4.5). */
    kit_frame(&kit,
              kit_v6(&room, (struct kit_ip){1, 2, 44, 0, 0},
                     kit_join(&joined, SLICE("\x3B\0\x03\x20\0\0\0\x09"), slice_skip(whole, 800))));
    kit_frame(&kit,
              kit_v6(&room, (struct kit_ip){1, 2, 44, 0, 0},
                     kit_join(&joined, SLICE("\x11\0\0\1\0\0\0\x09"), slice_head(whole, 800))));
    struct kit_result *result = kit_done(&kit);
    expect_whole(result, 2);
    assert_int_equal(result->seen[0].packet.flow.remote.family, ADDRESS_V6);
    kit_free(result);
}

/* Cut by the capture, a fragment is worth nothing. */
static void cut_short(void **state)
{
    static struct kit_room room;
    struct kit kit = kit_open(101);
    struct slice part = slice_head(payload(), 800);
    struct slice frame = kit_v4(&room, (struct kit_ip){1, 2, 17, 1, MORE}, part);

    (void)state;
    kit_frame(&kit, slice_head(frame, 400));
    fragment(&kit, 1, 800, payload().len);
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->count, 0);
    assert_int_equal(result->counts.of[CAPTURE_IP_CUT], 1);
    kit_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_any_order),
        cmocka_unit_test(repeated_and_interleaved),
        cmocka_unit_test(overlaps),
        cmocka_unit_test(limits),
        cmocka_unit_test(fragments_nobody_means),
        cmocka_unit_test(flood),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(of_version_6),
        cmocka_unit_test(cut_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
