/* Messages out of TCP, whatever happens to its segments. */
#include "capture_kit.h"

enum { SYN = SEGMENT_SYN, ACK = SEGMENT_ACK, FIN = SEGMENT_FIN, RST = SEGMENT_RST };

static void data(struct kit *kit, uint32_t sequence, struct slice octets)
{
    kit_segment(kit, (struct kit_tcp){0, sequence, ACK}, octets);
}

static void data_back(struct kit *kit, uint32_t sequence, struct slice octets)
{
    kit_segment(kit, (struct kit_tcp){1, sequence, ACK}, octets);
}

/* SYN and its answer; the first octets are 1001 and 5001. */
static struct kit connected(void)
{
    struct kit kit = kit_open(101);

    kit_segment(&kit, (struct kit_tcp){0, 1000, SYN}, SLICE_NONE);
    kit_segment(&kit, (struct kit_tcp){1, 5000, SYN | ACK}, SLICE_NONE);
    return kit;
}

static struct slice part(struct slice whole, size_t from, size_t to)
{
    return slice_head(slice_skip(whole, from), to - from);
}

static void expect_messages(const struct kit_result *result, const char *const *messages)
{
    unsigned count = 0;

    while (messages[count] != NULL) {
        if (count < result->count) {
            expect_slice(result->seen[count].bytes, messages[count]);
        }
        count++;
    }
    assert_int_equal(result->count, count);
}

#define expect(result, ...) expect_messages(result, (const char *const[]){__VA_ARGS__, NULL})

static void both_directions(void **state)
{
    struct kit kit = connected();

    (void)state;
    data(&kit, 1001, SLICE(KIT_OPTIONS));
    data_back(&kit, 5001, SLICE(KIT_OK));
    data(&kit, 1001 + sizeof(KIT_OPTIONS) - 1, SLICE(KIT_MESSAGE));
    struct kit_result *result = kit_done(&kit);
    expect(result, KIT_OPTIONS, KIT_OK, KIT_MESSAGE);
    const struct packet *there = &result->seen[0].packet, *back = &result->seen[1].packet;
    assert_int_equal(there->flow.remote.port, 40000);
    assert_int_equal(there->local.port, 5060);
    assert_int_equal(there->flow.transport, TRANSPORT_TCP);
    assert_int_equal(there->flow.connection, 1);
    assert_true(address_equal(&there->flow.remote, &back->local));
    assert_true(address_equal(&there->local, &back->flow.remote));
    assert_int_equal(back->flow.connection, 1);
    assert_int_equal(there->number, 3);
    assert_int_equal(back->number, 4);
    assert_int_equal(result->counts.of[CAPTURE_TCP_CONNECTIONS], 1);
    kit_free(result);
}

/* Two messages cut into two segments at every place, in both orders, and near the end of numbers.
 */
static void cut_anywhere(void **state)
{
    struct slice whole = SLICE(KIT_MESSAGE KIT_OPTIONS);
    uint32_t first = UINT32_MAX - 60;

    (void)state;
    for (size_t at = 1; at < whole.len; at++) {
        for (unsigned late = 0; late < 2; late++) {
            struct kit kit = kit_open(101);

            kit_segment(&kit, (struct kit_tcp){0, first - 1, SYN}, SLICE_NONE);
            for (unsigned i = 0; i < 2; i++) {
                size_t from = i == late ? 0 : at, to = i == late ? at : whole.len;

                data(&kit, first + (uint32_t)from, part(whole, from, to));
            }
            struct kit_result *result = kit_done(&kit);
            expect(result, KIT_MESSAGE, KIT_OPTIONS);
            assert_int_equal(result->counts.of[CAPTURE_TCP_REORDERED], late);
            kit_free(result);
        }
    }
}

/* By chance: cut, shuffled a little, sent again, overlapping; always the same messages. */
static void shuffled(void **state)
{
    static const char *const three[] = {KIT_MESSAGE, KIT_OPTIONS, KIT_MESSAGE, NULL};
    struct slice whole = SLICE(KIT_MESSAGE KIT_OPTIONS KIT_MESSAGE);
    uint64_t seed = 7;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        struct kit kit = connected();
        size_t froms[64], count = 0;

        for (size_t from = 0; from < whole.len && count < 64; count++) {
            froms[count] = from;
            from += 1 + chance_below(&seed, 20);
        }
        for (size_t i = 0; i + 1 < count; i++) {
            size_t other = i + chance_below(&seed, count - i < 8 ? count - i : 8);
            size_t from = froms[i];

            froms[i] = froms[other];
            froms[other] = from;
        }
        for (size_t i = 0; i < count; i++) {
            size_t to = froms[i] + 20 + chance_below(&seed, 30);

            data(&kit, 1001 + (uint32_t)froms[i],
                 part(whole, froms[i], to < whole.len ? to : whole.len));
        }
        struct kit_result *result = kit_done(&kit);
        if (froms[count - 1] + 20 <= whole.len) {
            assert_int_equal(result->counts.of[CAPTURE_TCP_CONFLICTING], 0);
        }
        expect_messages(result, three);
        assert_int_equal(result->counts.of[CAPTURE_TCP_GAPS], 0);
        kit_free(result);
    }
}

static void sent_again(void **state)
{
    struct kit kit = connected();
    uint32_t end = 1001 + sizeof(KIT_OPTIONS) - 1;

    (void)state;
    kit_segment(&kit, (struct kit_tcp){0, 1000, SYN}, SLICE_NONE);
    data(&kit, 1001, SLICE(KIT_OPTIONS));
    data(&kit, 1001, SLICE(KIT_OPTIONS));
    data(&kit, end - 1, SLICE("\n")); /* a TCP keep-alive */
    data(&kit, end - 4, SLICE("\r\n\r\n" KIT_MESSAGE));
    struct kit_result *result = kit_done(&kit);
    expect(result, KIT_OPTIONS, KIT_MESSAGE);
    assert_int_equal(result->counts.of[CAPTURE_TCP_REPEATED], 2);
    assert_int_equal(result->counts.of[CAPTURE_TCP_OVERLAPPED], 1);
    kit_free(result);
}

/* What came first stays, though it waited for its turn. */
static void first_wins(void **state)
{
    struct slice whole = SLICE(KIT_MESSAGE);
    struct kit kit = connected();

    (void)state;
    data(&kit, 1001 + (uint32_t)whole.len - 10, SLICE("0123456789"));
    data(&kit, 1001 + (uint32_t)whole.len - 10, SLICE("9876543210"));
    data(&kit, 1001, part(whole, 0, whole.len - 10));
    uint32_t next = 1001 + (uint32_t)whole.len;
    data(&kit, next + 40, part(whole, 40, whole.len));
    static char forged[512];
    memcpy(forged, whole.at, whole.len);
    memset(forged + 40, 'X', whole.len - 40);
    data(&kit, next, slice_of(forged, whole.len));
    struct kit_result *result = kit_done(&kit);
    expect(result, KIT_MESSAGE, KIT_MESSAGE);
    assert_int_equal(result->counts.of[CAPTURE_TCP_CONFLICTING], 2);
    assert_int_equal(result->seen[1].packet.number, 6);
    kit_free(result);
}

static void picked_up_in_the_middle(void **state)
{
    struct kit kit = kit_open(101);

    (void)state;
    data(&kit, 77, SLICE("the end of something\r\nthat was\r\n\r\n" KIT_OPTIONS KIT_MESSAGE));
    struct kit_result *result = kit_done(&kit);
    expect(result, KIT_OPTIONS, KIT_MESSAGE);
    assert_int_equal(result->counts.of[CAPTURE_TCP_PICKED_UP], 1);
    assert_int_equal(result->counts.of[CAPTURE_TCP_PASSED_OVER], 34);
    kit_free(result);

    /* A status line in a body (message/sipfrag) is no message. */
    kit = kit_open(101);
    data(&kit, 77, SLICE("Content-Length: 16\r\n\r\nSIP/2.0 200 OK\r\n" KIT_OPTIONS));
    result = kit_done(&kit);
    expect(result, KIT_OPTIONS);
    kit_free(result);

    /* Octet by octet from within the headers of one message to the next. */
    kit = kit_open(101);
    struct slice tail = SLICE("sip:x SIP/2.0\r\nVia: SIP/2.0/TCP b\r\n\r\n" KIT_OK KIT_MESSAGE);
    for (size_t i = 0; i < tail.len; i++) {
        data(&kit, (uint32_t)i, part(tail, i, i + 1));
    }
    result = kit_done(&kit);
    expect(result, KIT_OK, KIT_MESSAGE);
    kit_free(result);
}

/* A segment the capture never saw: the message around it is lost, the ones behind it are not. */
static void gaps(void **state)
{
    struct slice whole = SLICE(KIT_MESSAGE KIT_MESSAGE KIT_OPTIONS);
    size_t one = sizeof(KIT_MESSAGE) - 1;

    (void)state;
    for (unsigned waits = 0; waits < 2; waits++) {
        struct kit kit = connected();

        data(&kit, 1001, part(whole, 0, one + 20));
        data(&kit, 1001 + (uint32_t)one + 40, part(whole, one + 40, whole.len));
        kit.when_us += waits == 0 ? 0 : STREAM_GAP_WAIT_US;
        /* A frame of anybody's lets the time pass. */
        kit_segment(&kit, (struct kit_tcp){1, 5001, ACK}, SLICE_NONE);
        data_back(&kit, 5001, SLICE(KIT_OK));
        struct kit_result *result = kit_done(&kit);
        if (waits == 0) {
            expect(result, KIT_MESSAGE, KIT_OK, KIT_OPTIONS);
        } else {
            expect(result, KIT_MESSAGE, KIT_OPTIONS, KIT_OK);
            assert_int_equal(result->seen[1].packet.number, 4);
        }
        assert_int_equal(result->counts.of[CAPTURE_TCP_GAPS], 1);
        assert_int_equal(result->counts.of[CAPTURE_TCP_GAP_OCTETS], 20);
        assert_int_equal(result->counts.of[CAPTURE_TCP_UNFINISHED], 1);
        kit_free(result);
    }
}

/* A stream does not wait for ever: so many segments behind a gap and it goes on. */
static void gap_by_count(void **state)
{
    struct kit kit = connected();
    uint32_t sequence = 1001 + 50;

    (void)state;
    for (unsigned i = 0; i < STREAM_HELD_MAX + 1; i++) {
        data(&kit, sequence, SLICE(KIT_OPTIONS));
        sequence += sizeof(KIT_OPTIONS) - 1;
        kit.when_us -= 1000;
    }
    kit_segment(&kit, (struct kit_tcp){1, 5001, ACK}, SLICE(KIT_OK));
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->count, STREAM_HELD_MAX + 2);
    expect_slice(result->seen[STREAM_HELD_MAX + 1].bytes, KIT_OK);
    assert_int_equal(result->counts.of[CAPTURE_TCP_GAPS], 1);
    kit_free(result);
}

/* Segments that would blind an observer who trusts one of them. */
static void not_to_be_blinded(void **state)
{
    struct slice whole = SLICE(KIT_MESSAGE KIT_OPTIONS);
    struct kit kit = connected();

    (void)state;
    data(&kit, 1001, part(whole, 0, 30));
    kit_segment(&kit, (struct kit_tcp){0, 2000000, SYN}, SLICE_NONE);
    kit_segment(&kit, (struct kit_tcp){0, 1, RST}, SLICE_NONE);
    kit_segment(&kit, (struct kit_tcp){0, 1031, RST}, SLICE_NONE);
    kit_segment(&kit, (struct kit_tcp){0, 1031, FIN | ACK}, SLICE_NONE);
    for (unsigned i = 0; i < STREAM_STRAYS_MAX - 1; i++) {
        data(&kit, 1001 + 0x40000000, SLICE("X"));
    }
    data(&kit, 1031, part(whole, 30, 60));
    data(&kit, 1001 + 0x40000000, SLICE("X"));
    data(&kit, 1061, part(whole, 60, whole.len));
    struct kit_result *result = kit_done(&kit);
    expect(result, KIT_MESSAGE, KIT_OPTIONS);
    assert_int_equal(result->counts.of[CAPTURE_TCP_STRAY], STREAM_STRAYS_MAX);
    kit_free(result);
}

/* But a run of them is believed: the capture lost more than a window. */
static void far_away_for_long(void **state)
{
    struct kit kit = connected();
    uint32_t sequence = 0x50000000;

    (void)state;
    data(&kit, 1001, SLICE(KIT_OPTIONS));
    for (unsigned i = 0; i < STREAM_STRAYS_MAX + 1; i++) {
        data(&kit, sequence, SLICE(KIT_OPTIONS));
        sequence += sizeof(KIT_OPTIONS) - 1;
    }
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->count, 3);
    assert_int_equal(result->counts.of[CAPTURE_TCP_STRAY], STREAM_STRAYS_MAX - 1);
    kit_free(result);
}

/* The same addresses and ports once more, with and without an end in between. */
static void same_name_again(void **state)
{
    (void)state;
    for (unsigned ends = 0; ends < 2; ends++) {
        struct kit kit = connected();

        data(&kit, 1001, SLICE(KIT_OPTIONS));
        data_back(&kit, 5001, SLICE(KIT_OK));
        if (ends == 1) {
            kit_segment(&kit, (struct kit_tcp){0, 1001 + sizeof(KIT_OPTIONS) - 1, FIN | ACK},
                        SLICE_NONE);
            kit_segment(&kit, (struct kit_tcp){1, 5001 + sizeof(KIT_OK) - 1, RST}, SLICE_NONE);
        }
        kit_segment(&kit, (struct kit_tcp){0, 90000, SYN}, SLICE_NONE);
        kit_segment(&kit, (struct kit_tcp){1, 3000, SYN | ACK}, SLICE_NONE);
        data(&kit, 90001, SLICE(KIT_MESSAGE));
        data_back(&kit, 3001, SLICE(KIT_OK));
        struct kit_result *result = kit_done(&kit);
        expect(result, KIT_OPTIONS, KIT_OK, KIT_MESSAGE, KIT_OK);
        assert_int_equal(result->seen[0].packet.flow.connection, 1);
        assert_int_equal(result->seen[1].packet.flow.connection, 1);
        assert_int_equal(result->seen[2].packet.flow.connection, 2);
        assert_int_equal(result->seen[3].packet.flow.connection, 2);
        kit_free(result);
    }
}

static void keepalives(void **state)
{
    struct kit kit = connected();

    (void)state;
    data(&kit, 1001, SLICE("\r\n\r\n"));
    data_back(&kit, 5001, SLICE("\r\n"));
    data(&kit, 1005, SLICE(KIT_OPTIONS "\r\n\r\n\r\n"));
    struct kit_result *result = kit_done(&kit);
    expect(result, KIT_OPTIONS);
    assert_int_equal(result->counts.of[CAPTURE_KEEPALIVE], 3);
    assert_int_equal(result->counts.of[CAPTURE_TCP_UNFINISHED], 0);
    kit_free(result);
}

/* A stream of something else costs its first octets only. */
static void other_protocols(void **state)
{
    static const struct {
        struct slice first;
        enum capture_count count;
    } cases[] = {
        {SLICE_INIT("\x16\x03\x01\0\5hello"), CAPTURE_TCP_TLS},
        {SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), CAPTURE_TCP_HTTP},
        {SLICE_INIT("HTTP/1.1 200 OK\r\n\r\n"), CAPTURE_TCP_HTTP},
        {SLICE_INIT("OPTIONS * HTTP/1.1\r\n\r\n"), CAPTURE_TCP_HTTP},
        {SLICE_INIT("SSH-2.0-OpenSSH\r\n"), CAPTURE_TCP_OTHER},
        {SLICE_INIT("\0\1\2\3"), CAPTURE_TCP_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct kit kit = connected();

        data(&kit, 1001, cases[i].first);
        struct kit_result *result = kit_done(&kit);
        assert_int_equal(result->count, 0);
        assert_int_equal(result->counts.of[cases[i].count], 1);
        kit_free(result);
    }
    struct kit kit = connected();
    data(&kit, 1001, SLICE("GET / HTTP/1.1\r\n\r\n"));
    data(&kit, 1019, SLICE(KIT_OPTIONS)); /* a body, perhaps */
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->count, 0);
    assert_int_equal(result->counts.of[CAPTURE_TCP_FOREIGN], 1);
    kit_free(result);
}

/* After so many octets without a start line a stream is no SIP. */
static void search_ends(void **state)
{
    static char junk[1400];
    struct kit kit = kit_open(101);
    uint32_t sequence = 1;

    (void)state;
    memset(junk, 'x', sizeof(junk));
    for (size_t sent = 0; sent <= STREAM_SEARCH_MAX + 8192; sent += sizeof(junk)) {
        data(&kit, sequence, slice_of(junk, sizeof(junk)));
        sequence += sizeof(junk);
    }
    data(&kit, sequence, SLICE(KIT_OPTIONS));
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->count, 0);
    assert_int_equal(result->counts.of[CAPTURE_TCP_OTHER], 1);
    kit_free(result);
}

#define BROKEN "MESSAGE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n\r\n"

/* The head that breaks the framing is given to the judgement; the next message is found again. */
static void broken_framing(void **state)
{
    struct kit kit = connected();

    (void)state;
    data(&kit, 1001, SLICE(KIT_OPTIONS BROKEN "body\r\n" KIT_MESSAGE));
    struct kit_result *result = kit_done(&kit);
    expect(result, KIT_OPTIONS, BROKEN, KIT_MESSAGE);
    assert_int_equal(result->counts.of[CAPTURE_TCP_MALFORMED], 1);
    kit_free(result);

    /* At a guess it was only a wrong guess. */
    kit = kit_open(101);
    data(&kit, 1, SLICE(BROKEN "body\r\n" KIT_MESSAGE));
    result = kit_done(&kit);
    expect(result, KIT_MESSAGE);
    assert_int_equal(result->counts.of[CAPTURE_TCP_MALFORMED], 0);
    kit_free(result);

    /* A start line that is none, at the beginning of a connection. */
    kit = connected();
    data(&kit, 1001, SLICE("INVITE sip:a SIP/9.0\r\nl: 0\r\n\r\n"));
    result = kit_done(&kit);
    assert_int_equal(result->count, 1);
    kit_free(result);
}

/* A message longer than the longest is given as it stands, and the stream goes on. */
static void too_long(void **state)
{
    static char junk[50000];
    struct kit kit = connected();
    uint32_t sequence = 1001;
    struct slice head = SLICE("MESSAGE sip:b@example.com SIP/2.0\r\nVia: a\r\nX: ");

    (void)state;
    memset(junk, 'x', sizeof(junk));
    data(&kit, sequence, head);
    sequence += (uint32_t)head.len;
    for (unsigned i = 0; i < 2; i++) {
        data(&kit, sequence, slice_of(junk, sizeof(junk)));
        sequence += sizeof(junk);
    }
    data(&kit, sequence, SLICE("\r\n\r\n" KIT_OPTIONS));
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->count, 2);
    expect_slice(result->seen[1].bytes, KIT_OPTIONS);
    kit_free(result);
}

/* A body of some length, in many segments: it moves from a short room into a long one. */
static void long_body(void **state)
{
    static char whole[210000];
    struct kit kit = connected();
    int head = snprintf(whole, sizeof(whole),
                        "MESSAGE sip:b@example.com SIP/2.0\r\nVia: a\r\nl: 200000\r\n\r\n");
    size_t len = (size_t)head + 200000;

    (void)state;
    memset(whole + head, 'b', 200000);
    for (size_t at = 0; at < len; at += 1400) {
        data(&kit, 1001 + (uint32_t)at, slice_of(whole + at, len - at < 1400 ? len - at : 1400));
    }
    struct kit_result *result = kit_done(&kit);
    assert_int_equal(result->count, 1);
    assert_true(slice_equal(result->seen[0].bytes, slice_of(whole, len)));
    kit_free(result);
}

/* Cut by the capture: the stream goes on behind what is missing, at once. */
static void cut_by_the_capture(void **state)
{
    struct kit kit = connected();
    uint32_t next = 1001 + sizeof(KIT_MESSAGE) - 1;

    (void)state;
    data(&kit, 1001, SLICE(KIT_MESSAGE));
    data(&kit, next, SLICE(KIT_MESSAGE));
    data(&kit, next + sizeof(KIT_MESSAGE) - 1, SLICE(KIT_OPTIONS));
    /* The second message loses its last thirty octets; the frame behind it is put anew. */
    size_t frame = 16 + 40 + sizeof(KIT_OPTIONS) - 1;
    size_t lost = 30;
    char *at = kit.text.at + kit.text.len - frame;
    size_t cut_frame = 16 + 40 + sizeof(KIT_MESSAGE) - 1;
    struct text len;
    text_init(&len, at - cut_frame + 8, 4);
    kit_u32(&len, (uint32_t)(cut_frame - 16 - lost), true);
    memmove(at - lost, at, frame);
    kit.text.len -= lost;
    struct kit_result *result = kit_done(&kit);
    expect(result, KIT_MESSAGE, KIT_OPTIONS);
    assert_int_equal(result->counts.of[CAPTURE_IP_CUT], 1);
    assert_int_equal(result->counts.of[CAPTURE_TCP_GAP_OCTETS], lost);
    kit_free(result);
}

/* Many connections, each with half a message: rooms run out and the newest still get through. */
static void rooms_run_out(void **state)
{
    struct hash_key key = {1, 2};
    struct capture_counts counts = {.of = {0}};
    struct streams *streams = streams_new(&key, &counts);
    struct slice whole = SLICE(KIT_MESSAGE);
    struct packet packet;
    unsigned messages = 0;

    (void)state;
    assert_non_null(streams);
    for (unsigned half = 0; half < 2; half++) {
        for (unsigned k = 0; k < ROOMS_SHORT + 100; k++) {
            /* The second halves come newest first: the other way each would take another's room. */
            unsigned i = half == 0 ? k : ROOMS_SHORT + 99 - k;
            struct segment segment = {
                .from = {.family = ADDRESS_V4, .port = (uint16_t)(1000 + i)},
                .to = {.family = ADDRESS_V4, .port = 5060, .bytes = {1}},
                .sequence = half == 0 ? 1 : 31,
                .payload = half == 0 ? part(whole, 0, 30) : part(whole, 30, whole.len),
            };

            streams_put(streams, &segment);
            while (streams_next(streams, &packet)) {
                expect_slice(packet.bytes, KIT_MESSAGE);
                messages++;
            }
        }
    }
    assert_in_range(messages, ROOMS_SHORT - 100, ROOMS_SHORT);
    assert_true(streams->rooms.classes[0].pool.used <= ROOMS_SHORT);
    streams_finish(streams);
    assert_int_equal(streams->rooms.classes[0].pool.used, 0);
    assert_int_equal(streams->conversations.used, 0);
    streams_free(streams);
}

/* More connections than are followed, and more waiting segments than there is memory for. */
static void tables_run_out(void **state)
{
    struct hash_key key = {1, 2};
    struct capture_counts counts = {.of = {0}};
    struct streams *streams = streams_new(&key, &counts);
    static char octets[60000];
    struct packet packet;

    (void)state;
    assert_non_null(streams);
    for (unsigned i = 0; i < STREAMS_CONVERSATIONS + 1000; i++) {
        struct segment segment = {
            .from = {.family = ADDRESS_V4, .port = (uint16_t)i, .bytes = {9, (uint8_t)(i >> 16)}},
            .to = {.family = ADDRESS_V4, .port = 5060, .bytes = {1}},
            .flags = SYN,
        };
        streams_put(streams, &segment);
        segment.flags = ACK;
        segment.sequence = 100;
        segment.payload = slice_of(octets, i % 16 == 0 ? sizeof(octets) : 1);
        streams_put(streams, &segment);
        while (streams_next(streams, &packet)) {
            fail();
        }
    }
    assert_int_equal(counts.of[CAPTURE_TCP_EVICTED], 1000);
    assert_true(counts.of[CAPTURE_TCP_FULL] > 0);
    while (streams_expire(streams, UINT64_MAX)) {
        assert_false(streams_next(streams, &packet));
    }
    streams_finish(streams);
    assert_int_equal(streams->chunks.used, 0);
    assert_null(streams->waiting.oldest);
    streams_free(streams);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(shuffled),
        cmocka_unit_test(sent_again),
        cmocka_unit_test(first_wins),
        cmocka_unit_test(picked_up_in_the_middle),
        cmocka_unit_test(gaps),
        cmocka_unit_test(gap_by_count),
        cmocka_unit_test(not_to_be_blinded),
        cmocka_unit_test(far_away_for_long),
        cmocka_unit_test(same_name_again),
        cmocka_unit_test(keepalives),
        cmocka_unit_test(other_protocols),
        cmocka_unit_test(search_ends),
        cmocka_unit_test(broken_framing),
        cmocka_unit_test(too_long),
        cmocka_unit_test(long_body),
        cmocka_unit_test(cut_by_the_capture),
        cmocka_unit_test(rooms_run_out),
        cmocka_unit_test(tables_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
