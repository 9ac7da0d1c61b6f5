/* The judgement of single packets, with an invented clock: MED-01 to MED-19 one by one. */
#include "media_scene.h"
#include "wire/media_quality.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SECOND = 1000000, FRAME = 20000 };

static const struct media_limits limits = {
    .streams = 8,
    .silence_s = 60,
    .held_silence_s = 300,
    .emergency_silence_s = 3600,
    .learn_ms = 5000,
};

/* A stream under judgement. */
struct court {
    struct gate_stream stream;
    struct media_order order;
    uint64_t now_us;
    char packet[2 * GATE_ROOM], room[GATE_ROOM];
    size_t len;
    struct gate_verdict verdict;
};

static const char carrier_a[] = "198.51.100.10:30000";
static const char carrier_b[] = "203.0.113.20:40000";

static void court_order(struct court *court)
{
    assert_int_equal(gate_stream_check(&court->stream, &court->order), GATE_TAKEN);
    gate_stream_open(&court->stream, &court->order, &limits, 0x1234567890abcdefU, court->now_us);
}

static void court_init(struct court *court)
{
    memset(court, 0, sizeof(*court));
    court->now_us = 1000 * (uint64_t)SECOND;
    court->order = plain_order("192.0.2.1:16384", carrier_a, "192.0.2.2:20000", carrier_b);
}

static struct court *court_open(void)
{
    struct court *court = calloc(1, sizeof(*court));

    assert_non_null(court);
    court_init(court);
    court_order(court);
    return court;
}

static enum media_reason judge_octets(struct court *court, unsigned side, const char *source,
                                      bool is_control, size_t len)
{
    struct gate_packet packet = {
        .at = court->packet,
        .len = len,
        .max = sizeof(court->packet),
        .is_control = is_control,
        .source = address_of(source),
        .now_us = court->now_us,
        .room = court->room,
    };

    court->len = len;
    media_judge(&court->stream, side, &packet, &court->verdict);
    return court->verdict.reason;
}

static enum media_reason judge(struct court *court, unsigned side, const char *source,
                               const struct sound *sound)
{
    return judge_octets(court, side, source, false, sound_write(court->packet, sound, 160));
}

/* The next packet of a well behaved sender, 20 ms later. */
static enum media_reason next(struct court *court, unsigned side, const char *source,
                              struct sound *sound)
{
    enum media_reason reason = judge(court, side, source, sound);

    sound->sequence++;
    sound->timestamp += 160;
    court->now_us += FRAME;
    return reason;
}

static uint64_t dropped(const struct court *court, unsigned side, enum media_reason reason)
{
    return court->stream.sides[side].counts.dropped[reason];
}

/* MED-01 */

static void test_passes_between_parties(void **state)
{
    struct court *court = court_open();
    struct sound sound = {.ssrc = 7, .sequence = 65530};

    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
        assert_int_equal(court->verdict.bytes.len, 172);
        assert_true(address_equal(court->verdict.to, &court->order.sides[1].remote));
        assert_false(court->verdict.is_control);
    }
    assert_int_equal(next(court, 1, carrier_b, &sound), MEDIA_PASSED);
    assert_true(address_equal(court->verdict.to, &court->order.sides[0].remote));
    assert_int_equal(court->stream.sides[0].counts.packets, 20);
    assert_int_equal(court->stream.sides[0].counts.octets, 20 * 172);
    assert_int_equal(court->stream.sides[0].counts.lost, 0);
    assert_int_equal(court->stream.sides[1].counts.packets, 1);
    free(court);
}

static void test_strangers(void **state)
{
    struct court *court = court_open();
    struct sound sound = {.ssrc = 7};

    (void)state;
    assert_int_equal(judge(court, 0, "198.51.100.11:30000", &sound), MEDIA_WRONG_SOURCE);
    assert_true(court->verdict.is_strange);
    assert_int_equal(judge(court, 0, "198.51.100.10:30002", &sound), MEDIA_WRONG_SOURCE);
    assert_false(court->verdict.is_strange); /* the party's host: no scan */
    assert_int_equal(judge(court, 0, carrier_b, &sound), MEDIA_WRONG_SOURCE);
    assert_int_equal(judge(court, 0, "[2001:db8::1]:30000", &sound), MEDIA_WRONG_SOURCE);
    assert_int_equal(dropped(court, 0, MEDIA_WRONG_SOURCE), 4);
    free(court);
}

static void test_no_answer_yet(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 7};

    (void)state;
    court_init(court);
    court->order.sides[1].remote = (struct address){.family = ADDRESS_NONE};
    court_order(court);
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_NO_TARGET);
    assert_int_equal(next(court, 1, carrier_b, &sound), MEDIA_UNLEARNED);
    assert_false(court->verdict.is_strange);
    court->order.sides[1].remote = address_of(carrier_b);
    court->order.epoch++;
    court_order(court);
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    assert_int_equal(next(court, 1, carrier_b, &sound), MEDIA_PASSED);
    free(court);
}

static void test_declared_prefixes(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 7}, other = {.ssrc = 8};

    (void)state;
    court_init(court);
    assert_true(prefix_read(&court->order.sides[0].prefixes[0], SLICE("198.51.100.64/26")));
    court->order.sides[0].prefix_count = 1;
    court_order(court);
    assert_int_equal(next(court, 0, "198.51.100.70:30000", &sound), MEDIA_PASSED);
    assert_int_equal(next(court, 0, "198.51.100.70:30004", &sound), MEDIA_WRONG_SOURCE);
    assert_int_equal(next(court, 0, "198.51.100.128:30000", &sound), MEDIA_WRONG_SOURCE);
    /* One speaks at a time; the next after a second of silence. */
    assert_int_equal(next(court, 0, "198.51.100.71:30000", &other), MEDIA_WRONG_SOURCE);
    court->now_us += SECOND;
    assert_int_equal(next(court, 0, "198.51.100.71:30000", &other), MEDIA_FOREIGN_SSRC);
    assert_int_equal(next(court, 0, "198.51.100.71:30000", &other), MEDIA_PASSED);
    assert_int_equal(next(court, 0, "198.51.100.70:30000", &sound), MEDIA_WRONG_SOURCE);
    /* What we send goes where the description says all the same. */
    assert_int_equal(next(court, 1, carrier_b, &sound), MEDIA_PASSED);
    assert_true(address_equal(court->verdict.to, &court->order.sides[0].remote));
    free(court);
}

static void test_asymmetric_port(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 7};

    (void)state;
    court_init(court);
    court->order.sides[0].has_asymmetric_port = true;
    court_order(court);
    assert_int_equal(next(court, 0, "198.51.100.10:5555", &sound), MEDIA_PASSED);
    assert_int_equal(next(court, 0, "198.51.100.10:5556", &sound), MEDIA_WRONG_SOURCE);
    assert_int_equal(next(court, 0, "198.51.100.11:5555", &sound), MEDIA_WRONG_SOURCE);
    free(court);
}

/* MED-02, MED-03 */

static struct court *court_behind_nat(void)
{
    struct court *court = calloc(1, sizeof(*court));

    court_init(court);
    court->order.sides[0].remote = address_of("192.168.1.7:4000");
    court->order.sides[0].learns = true;
    court->order.sides[0].learn_host = address_of("203.0.113.99:5060");
    court_order(court);
    return court;
}

static void test_learns_port(void **state)
{
    struct court *court = court_behind_nat();
    struct sound sound = {.ssrc = 7}, back = {.ssrc = 9};

    (void)state;
    assert_int_equal(next(court, 1, carrier_b, &back), MEDIA_NO_TARGET);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(next(court, 0, "203.0.113.99:61000", &sound), MEDIA_UNLEARNED);
    }
    assert_int_equal(next(court, 0, "203.0.113.99:61000", &sound), MEDIA_PASSED);
    assert_true(court->verdict.was_learned);
    assert_int_equal(next(court, 1, carrier_b, &back), MEDIA_PASSED);
    assert_int_equal(court->verdict.to->port, 61000);
    /* Locked: another port of the same host is not the party any more, nor can it become it. */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(next(court, 0, "203.0.113.99:61001", &back), MEDIA_WRONG_SOURCE);
    }
    assert_int_equal(next(court, 0, "203.0.113.99:61000", &sound), MEDIA_PASSED);
    struct media_report report;
    gate_report_write(&report, &court->stream, MEDIA_REPORT_CLOSED);
    assert_int_equal(report.sides[0].learned.port, 61000);
    assert_int_equal(report.sides[1].learned.family, ADDRESS_NONE);
    free(court);
}

static void test_learns_at_signalling_host_only(void **state)
{
    struct court *court = court_behind_nat();
    struct sound sound = {.ssrc = 7};

    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(next(court, 0, "203.0.113.98:61000", &sound), MEDIA_WRONG_SOURCE);
        assert_true(court->verdict.is_strange);
    }
    free(court);
}

static void test_learning_ends(void **state)
{
    struct court *court = court_behind_nat();
    struct sound sound = {.ssrc = 7};

    (void)state;
    court->now_us += 5 * (uint64_t)SECOND;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(next(court, 0, "203.0.113.99:61000", &sound), MEDIA_UNLEARNED);
    }
    /* The order sent again opens nothing, a new answer does. */
    court_order(court);
    assert_int_equal(next(court, 0, "203.0.113.99:61000", &sound), MEDIA_UNLEARNED);
    court->order.epoch++;
    court_order(court);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(next(court, 0, "203.0.113.99:61000", &sound), MEDIA_UNLEARNED);
    }
    assert_int_equal(next(court, 0, "203.0.113.99:61000", &sound), MEDIA_PASSED);
    free(court);
}

static void test_learning_needs_a_row(void **state)
{
    struct court *court = court_behind_nat();
    struct sound one = {.ssrc = 7}, two = {.ssrc = 8}, wild = {.ssrc = 9, .sequence = 5};

    (void)state;
    /* Two sources taking turns never make four in a row. */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(next(court, 0, "203.0.113.99:61000", &one), MEDIA_UNLEARNED);
        assert_int_equal(next(court, 0, "203.0.113.99:61001", &two), MEDIA_UNLEARNED);
    }
    /* Neither do numbers that do not rise. */
    for (int i = 0; i < 10; i++) {
        wild.sequence = 5;
        assert_int_equal(next(court, 0, "203.0.113.99:61000", &wild), MEDIA_UNLEARNED);
    }
    /* Nor types that were not negotiated. */
    wild.type = 18;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(next(court, 0, "203.0.113.99:61000", &wild), MEDIA_WRONG_TYPE);
    }
    assert_int_equal(court->stream.sides[0].from.family, ADDRESS_NONE);
    free(court);
}

static void test_described_where_it_signals(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 7}, back = {.ssrc = 8};

    (void)state;
    court_init(court);
    court->order.sides[0].remote = address_of("203.0.113.99:4000");
    court->order.sides[0].learns = true;
    court->order.sides[0].learn_host = address_of("203.0.113.99:5060");
    court_order(court);
    assert_int_equal(next(court, 1, carrier_b, &back), MEDIA_PASSED);
    assert_int_equal(court->verdict.to->port, 4000);
    assert_int_equal(next(court, 0, "203.0.113.99:4000", &sound), MEDIA_PASSED);
    /* Proven right: nothing is learned beside it. */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(next(court, 0, "203.0.113.99:61000", &sound), MEDIA_WRONG_SOURCE);
    }
    free(court);
}

static void test_new_epoch_keeps_what_was_learned(void **state)
{
    struct court *court = court_behind_nat();
    struct sound sound = {.ssrc = 7}, moved = {.ssrc = 7, .sequence = 500};

    (void)state;
    for (int i = 0; i < 4; i++) {
        next(court, 0, "203.0.113.99:61000", &sound);
    }
    court->order.epoch++;
    court_order(court);
    assert_int_equal(next(court, 0, "203.0.113.99:61000", &sound), MEDIA_PASSED);
    /* A further offer: now the client comes through another port. */
    court->order.epoch++;
    court_order(court);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(next(court, 0, "203.0.113.99:61002", &moved), MEDIA_UNLEARNED);
    }
    assert_int_equal(next(court, 0, "203.0.113.99:61002", &moved), MEDIA_PASSED);
    assert_int_equal(court->stream.sides[0].to.port, 61002);
    free(court);
}

static void test_ipv6_learns_within_64(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 7};

    (void)state;
    court_init(court);
    court->order.sides[0].local = address_of("[2001:db8::1]:16384");
    court->order.sides[0].remote = address_of("[fd00::5]:4000");
    court->order.sides[0].learns = true;
    court->order.sides[0].learn_host = address_of("[2001:db8:1:2::5]:5060");
    court_order(court);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(next(court, 0, "[2001:db8:1:3::5]:61000", &sound), MEDIA_WRONG_SOURCE);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(next(court, 0, "[2001:db8:1:2::77]:61000", &sound), MEDIA_UNLEARNED);
    }
    assert_int_equal(next(court, 0, "[2001:db8:1:2::77]:61000", &sound), MEDIA_PASSED);
    assert_int_equal(next(court, 0, "[2001:db8:1:2::5]:61000", &sound), MEDIA_WRONG_SOURCE);
    free(court);
}

static void test_blocked_is_not_learned(void **state)
{
    struct court *court = court_behind_nat();
    struct strangers *strangers = calloc(1, sizeof(*strangers));
    struct sound sound = {.ssrc = 7};

    (void)state;
    strangers->block_ports = 10;
    strangers->block_packets = 50;
    strangers->block_s = 300;
    struct address source = address_of("203.0.113.99:61000");
    for (uint32_t port = 0; port < 9; port++) {
        assert_int_equal(strangers_note(strangers, &source, port, court->now_us), STRANGER_NOTED);
    }
    assert_int_equal(strangers_note(strangers, &source, 9, court->now_us), STRANGER_BLOCKED_NOW);
    for (int i = 0; i < 8; i++) {
        struct gate_packet packet = {
            .at = court->packet,
            .len = sound_write(court->packet, &sound, 160),
            .source = source,
            .now_us = court->now_us,
            .room = court->room,
            .strangers = strangers,
        };

        media_judge(&court->stream, 0, &packet, &court->verdict);
        assert_int_equal(court->verdict.reason, MEDIA_BLOCKED);
        sound.sequence++;
    }
    free(strangers);
    free(court);
}

/* MED-07 */

static void test_form(void **state)
{
    struct court *court = court_open();
    struct sound sound = {.ssrc = 7};
    size_t len = sound_write(court->packet, &sound, 160);

    (void)state;
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 0), MEDIA_WRONG_FORM);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 1), MEDIA_WRONG_FORM);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 11), MEDIA_WRONG_FORM);
    court->packet[0] = (char)0x8F; /* fifteen sources, but no room for them */
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 40), MEDIA_WRONG_FORM);
    court->packet[0] = (char)0x90; /* an extension of 0x5555 words */
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_WRONG_FORM);
    court->packet[0] = (char)0xA0; /* padding of 0x55 octets: there are 160 */
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_PASSED);
    court->packet[len - 1] = (char)0xFF;
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_WRONG_FORM);
    court->packet[0] = 0x40; /* version 1 */
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_NOT_ALLOWED);
    court->packet[0] = (char)0xC0; /* version 3 */
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_WRONG_FORM);
    free(court);
}

static void test_length(void **state)
{
    struct court *court = court_open();
    struct sound sound = {.ssrc = 7};

    (void)state;
    sound_write(court->packet, &sound, 1500);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 1401), MEDIA_TOO_LONG);
    court->order.sides[0].payload_max = 160;
    court_order(court);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 12 + 160 + 64), MEDIA_PASSED);
    put_16(court->packet + 2, 1);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 12 + 160 + 65), MEDIA_TOO_LONG);
    free(court);
}

static void test_payload_type(void **state)
{
    struct court *court = court_open();
    struct sound sound = {.ssrc = 7, .type = 3};

    (void)state;
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_WRONG_TYPE);
    sound.type = 8;
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    court->order.sides[0].payload_types[0] = 0;
    court->order.sides[0].payload_types[1] = 1ULL << (101 - 64);
    court_order(court);
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_WRONG_TYPE);
    sound.type = 101;
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    court->order.sides[0].payload_types[1] = 0; /* not checked: but RTCP's numbers never */
    court_order(court);
    sound.type = 72;
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_WRONG_TYPE);
    free(court);
}

static void extension_put(char *at, uint16_t profile, const char *octets, uint16_t words)
{
    at[0] = (char)(at[0] | 0x10);
    memmove(at + 12 + 4 + 4 * words, at + 12, 160);
    put_16(at + 12, profile);
    put_16(at + 14, words);
    memcpy(at + 16, octets, 4 * (size_t)words);
}

static void test_extensions(void **state)
{
    struct court *court = court_open();
    struct sound sound = {.ssrc = 7};

    (void)state;
    /* None was negotiated: it goes whole, the payload stays. */
    sound_write(court->packet, &sound, 160);
    extension_put(court->packet, 0xBEDE, "\x10\xAA\x21\xBB\xBB\x00\x00\x00", 2);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 172 + 12), MEDIA_PASSED);
    assert_int_equal(court->verdict.bytes.len, 172);
    assert_int_equal((uint8_t)court->verdict.bytes.at[0], 0x80);
    assert_int_equal(court->verdict.bytes.at[12], 0x55);
    assert_int_equal(octets_32(court->verdict.bytes.at + 8), 7);
    /* The second was: the first becomes padding. */
    court->order.sides[0].extensions = 1 << 2;
    court_order(court);
    sound.sequence++;
    sound_write(court->packet, &sound, 160);
    extension_put(court->packet, 0xBEDE, "\x10\xAA\x21\xBB\xBB\x00\x00\x00", 2);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 172 + 12), MEDIA_PASSED);
    assert_int_equal(court->verdict.bytes.len, 172 + 12);
    assert_memory_equal(court->verdict.bytes.at + 16, "\x00\x00\x21\xBB\xBB\x00\x00\x00", 8);
    /* The same in the long form, the last element lies about its length. */
    sound.sequence++;
    sound_write(court->packet, &sound, 160);
    extension_put(court->packet, 0x1000, "\x01\x01\xAA\x02\x01\xBB\x02\x40", 2);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 172 + 12), MEDIA_PASSED);
    assert_memory_equal(court->verdict.bytes.at + 16, "\x00\x00\x00\x02\x01\xBB\x00\x00", 8);
    /* A form we do not know. */
    sound.sequence++;
    sound_write(court->packet, &sound, 160);
    extension_put(court->packet, 0xABCD, "\x01\x01\xAA\x02\x01\xBB\x02\x40", 2);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 172 + 12), MEDIA_PASSED);
    assert_int_equal(court->verdict.bytes.len, 172);
    free(court);
}

/* MED-08, MED-09 */

static void test_ssrc_changes(void **state)
{
    struct court *court = court_open();
    struct sound sound = {.ssrc = 1}, flood = {.sequence = 100};

    (void)state;
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    for (uint32_t ssrc = 2; ssrc <= 4; ssrc++) {
        struct sound change = {.ssrc = ssrc, .sequence = 77};

        assert_int_equal(next(court, 0, carrier_a, &change), MEDIA_FOREIGN_SSRC);
        assert_int_equal(next(court, 0, carrier_a, &change), MEDIA_PASSED);
    }
    for (int i = 0; i < 40; i++) {
        flood.ssrc = 1000 + (uint32_t)i % 2;
        assert_int_equal(next(court, 0, carrier_a, &flood), MEDIA_FOREIGN_SSRC);
        flood.ssrc = 2000;
        assert_int_equal(next(court, 0, carrier_a, &flood), MEDIA_FOREIGN_SSRC);
    }
    /* Who was heard before goes on being heard. */
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    assert_int_equal(court->stream.sides[0].counts.ssrc_changes, 3);
    court->order.epoch++;
    court_order(court);
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    flood.ssrc = 2000;
    assert_int_equal(next(court, 0, carrier_a, &flood), MEDIA_FOREIGN_SSRC);
    assert_int_equal(next(court, 0, carrier_a, &flood), MEDIA_PASSED);
    free(court);
}

static void test_sequence(void **state)
{
    struct court *court = court_open();
    struct sound sound = {.ssrc = 1, .sequence = 60000};

    (void)state;
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    sound.sequence = 60005; /* four are missing */
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    assert_int_equal(court->stream.sides[0].counts.lost, 4);
    sound.sequence = 60003; /* one comes late */
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    assert_int_equal(court->stream.sides[0].counts.lost, 3);
    assert_int_equal(court->stream.sides[0].counts.reordered, 1);
    sound.sequence = 60005 + 2999;
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    sound.sequence = (uint16_t)(sound.sequence + 3000);
    assert_int_equal(judge(court, 0, carrier_a, &sound), MEDIA_WRONG_SEQUENCE);
    sound.sequence = 20000;
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_WRONG_SEQUENCE);
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED); /* the sender began anew */
    sound.sequence = 20001 - 101;
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_WRONG_SEQUENCE);
    free(court);
}

static void test_time_jumps(void **state)
{
    struct court *court = court_open();
    struct sound sound = {.ssrc = 1};

    (void)state;
    court->order.sides[0].clock_rate = 8000;
    court_order(court);
    next(court, 0, carrier_a, &sound);
    sound.timestamp += 90000;
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    sound.timestamp += 90000;
    sound.has_marker = true;
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    assert_int_equal(court->stream.sides[0].counts.time_jumps, 1);
    free(court);
}

/* MED-10 */

static void test_rate(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 1};
    unsigned passed = 0, alarms = 0, runaways = 0;

    (void)state;
    court_init(court);
    court->order.sides[0].packets_per_second = 50;
    court->order.sides[0].bytes_per_second = 10000;
    court_order(court);
    for (int i = 0; i < 250; i++) { /* five seconds as agreed */
        assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    }
    for (int i = 0; i < 4000; i++) { /* twenty seconds at four times that */
        passed += judge(court, 0, carrier_a, &sound) == MEDIA_PASSED;
        alarms += court->verdict.fast == MEDIA_REPORT_FAST;
        runaways += court->verdict.fast == MEDIA_REPORT_RUNAWAY;
        sound.sequence++;
        sound.timestamp += 160;
        court->now_us += 5000;
    }
    assert_in_range(passed, 20 * 60 - 20, 20 * 60 + 30);
    assert_int_equal(dropped(court, 0, MEDIA_TOO_FAST), 4000 - passed);
    assert_int_equal(alarms, 1);
    assert_int_equal(runaways, 1);
    for (int i = 0; i < 100; i++) {
        next(court, 0, carrier_a, &sound);
    }
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    free(court);
}

static void test_octets_rate(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 1};
    uint64_t passed = 0;

    (void)state;
    court_init(court);
    court->order.sides[0].packets_per_second = 50;
    court->order.sides[0].bytes_per_second = 10000;
    court_order(court);
    for (int i = 0; i < 500; i++) { /* few packets, but large ones */
        size_t len = sound_write(court->packet, &sound, 1300);

        passed += judge_octets(court, 0, carrier_a, false, len) == MEDIA_PASSED ? len + 28 : 0;
        sound.sequence++;
        court->now_us += FRAME;
    }
    assert_in_range(passed, 10 * 12500 - 2000, 10 * 12500 + 5000);
    free(court);
}

/* MED-11 */

static size_t compound(struct court *court, uint32_t ssrc, uint32_t about)
{
    size_t len = report_write(court->packet, ssrc, about);

    len += names_write(court->packet + len, ssrc);
    return len + goodbye_write(court->packet + len, ssrc);
}

static void test_control(void **state)
{
    struct court *court = court_open();

    (void)state;
    assert_int_equal(judge_octets(court, 0, "198.51.100.10:30001", true, compound(court, 5, 6)),
                     MEDIA_PASSED);
    assert_true(court->verdict.is_control);
    assert_int_equal(court->verdict.to->port, 40001);
    /* Only the name is left of the names, and no reason of the goodbye. */
    assert_int_equal(court->verdict.bytes.len, 32 + 20 + 8);
    assert_int_equal(octets_32(court->verdict.bytes.at + 36), 5);
    assert_memory_equal(court->verdict.bytes.at + 40, "\1\011alice@pbx\0", 12);
    assert_int_equal(judge_octets(court, 0, carrier_a, true, compound(court, 5, 6)),
                     MEDIA_WRONG_SOURCE);
    assert_int_equal(judge_octets(court, 0, "203.0.113.77:30001", true, compound(court, 5, 6)),
                     MEDIA_WRONG_SOURCE);
    assert_true(court->verdict.is_strange);
    assert_int_equal(court->stream.sides[0].counts.control_packets, 1);
    free(court);
}

static void test_control_form(void **state)
{
    struct court *court = court_open();
    const char *source = "198.51.100.10:30001";
    size_t len = compound(court, 5, 6);
    struct sound sound = {.ssrc = 5};

    (void)state;
    assert_int_equal(judge_octets(court, 0, source, true, 4), MEDIA_WRONG_CONTROL);
    for (size_t cut = 2; cut < len; cut++) {
        if (cut != 32 && cut != 60) {
            compound(court, 5, 6);
            assert_int_equal(judge_octets(court, 0, source, true, cut), MEDIA_WRONG_CONTROL);
        }
    }
    goodbye_write(court->packet, 5); /* a goodbye alone is no compound */
    assert_int_equal(judge_octets(court, 0, source, true, 16), MEDIA_WRONG_CONTROL);
    len = sound_write(court->packet, &sound, 160);
    assert_int_equal(judge_octets(court, 0, source, true, len), MEDIA_WRONG_CONTROL);
    free(court);
}

static void test_control_strips(void **state)
{
    struct court *court = court_open();
    const char *source = "198.51.100.10:30001";
    size_t len = report_write(court->packet, 5, 6);

    (void)state;
    memcpy(court->packet + len, "\x81\xCC\0\3\0\0\0\5NAMEdata", 16); /* APP */
    assert_int_equal(judge_octets(court, 0, source, true, len + 16), MEDIA_PASSED);
    assert_int_equal(court->verdict.bytes.len, len);
    report_write(court->packet, 5, 6);
    memcpy(court->packet + len, "\x80\xCF\0\4\0\0\0\5\4\0\0\2timetime", 20); /* XR */
    assert_int_equal(judge_octets(court, 0, source, true, len + 20), MEDIA_PASSED);
    assert_int_equal(court->verdict.bytes.len, len + 20);
    report_write(court->packet, 5, 6);
    memcpy(court->packet + len, "\x81\xCE\0\2\0\0\0\5\0\0\0\6", 12); /* picture loss */
    assert_int_equal(judge_octets(court, 0, source, true, len + 12), MEDIA_PASSED);
    assert_int_equal(court->verdict.bytes.len, len + 12);
    report_write(court->packet, 5, 6);
    memcpy(court->packet + len, "\x9D\xCE\0\2\0\0\0\5\0\0\0\6", 12); /* feedback nobody knows */
    assert_int_equal(judge_octets(court, 0, source, true, len + 12), MEDIA_PASSED);
    assert_int_equal(court->verdict.bytes.len, len);
    free(court);
}

static void test_control_reduced(void **state)
{
    struct court *court = court_open();
    const char *source = "198.51.100.10:30001";

    (void)state;
    memcpy(court->packet, "\x81\xCE\0\2\0\0\0\5\0\0\0\6", 12);
    assert_int_equal(judge_octets(court, 0, source, true, 12), MEDIA_WRONG_CONTROL);
    court->order.sides[0].has_reduced_rtcp = true;
    court_order(court);
    assert_int_equal(judge_octets(court, 0, source, true, 12), MEDIA_PASSED);
    assert_int_equal(court->verdict.bytes.len, 12);
    memcpy(court->packet, "\x9D\xCE\0\2\0\0\0\5\0\0\0\6", 12); /* nothing is left of it */
    assert_int_equal(judge_octets(court, 0, source, true, 12), MEDIA_WRONG_CONTROL);
    free(court);
}

static void test_control_rate(void **state)
{
    struct court *court = court_open();
    unsigned passed = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        passed += judge_octets(court, 0, "198.51.100.10:30001", true,
                               report_write(court->packet, 5, 6)) == MEDIA_PASSED;
        court->now_us += 10000;
    }
    assert_in_range(passed, 50, 61);
    assert_int_equal(dropped(court, 0, MEDIA_CONTROL_TOO_FAST), 1000 - passed);
    free(court);
}

static void test_control_mux(void **state)
{
    struct court *court = calloc(1, sizeof(*court));

    (void)state;
    court_init(court);
    court->order.sides[0].has_rtcp_mux = true;
    court->order.sides[1].remote_rtcp_port = 45001;
    court_order(court);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, report_write(court->packet, 5, 6)),
                     MEDIA_PASSED);
    assert_true(court->verdict.is_control);
    assert_int_equal(court->verdict.to->port, 45001);
    assert_int_equal(judge_octets(court, 1, "203.0.113.20:45001", true,
                                  report_write(court->packet, 6, 5)),
                     MEDIA_PASSED);
    assert_false(court->verdict.is_control);
    assert_int_equal(court->verdict.to->port, 30000);
    free(court);
}

static void test_control_learned(void **state)
{
    struct court *court = court_behind_nat();
    struct sound sound = {.ssrc = 7};
    const char *control = "203.0.113.99:61777";

    (void)state;
    assert_int_equal(judge_octets(court, 0, control, true, report_write(court->packet, 7, 9)),
                     MEDIA_UNLEARNED);
    for (int i = 0; i < 4; i++) {
        next(court, 0, "203.0.113.99:61000", &sound);
    }
    assert_int_equal(judge_octets(court, 0, control, true, report_write(court->packet, 66, 9)),
                     MEDIA_UNLEARNED);
    assert_int_equal(judge_octets(court, 0, control, true, report_write(court->packet, 7, 9)),
                     MEDIA_PASSED);
    assert_int_equal(judge_octets(court, 0, "203.0.113.99:61778", true,
                                  report_write(court->packet, 7, 9)),
                     MEDIA_WRONG_SOURCE);
    assert_int_equal(court->stream.sides[0].control_to.port, 61777);
    free(court);
}

/* MED-08: hiding */

static void test_hides(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 7}, back = {.ssrc = 9};
    uint32_t shown;

    (void)state;
    court_init(court);
    court->order.sides[1].hides = true;
    court_order(court);
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    shown = octets_32(court->verdict.bytes.at + 8);
    assert_int_not_equal(shown, 7);
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    assert_int_equal(octets_32(court->verdict.bytes.at + 8), shown);
    assert_int_equal(next(court, 1, carrier_b, &back), MEDIA_PASSED);
    assert_int_equal(octets_32(court->verdict.bytes.at + 8), 9);
    /* Reports out: the sender is hidden, and so is its name. */
    assert_int_equal(judge_octets(court, 0, "198.51.100.10:30001", true, compound(court, 7, 9)),
                     MEDIA_PASSED);
    assert_int_equal(octets_32(court->verdict.bytes.at + 4), shown);
    assert_int_equal(octets_32(court->verdict.bytes.at + 8), 9);
    assert_int_equal(octets_32(court->verdict.bytes.at + 36), shown);
    assert_null(memmem(court->verdict.bytes.at, court->verdict.bytes.len, "alice", 5));
    /* Reports back: about what it was shown, turned into what is real. */
    assert_int_equal(judge_octets(court, 1, "203.0.113.20:40001", true,
                                  report_write(court->packet, 9, shown)),
                     MEDIA_PASSED);
    assert_int_equal(octets_32(court->verdict.bytes.at + 8), 7);
    /* About what it cannot know: the report goes without it. */
    assert_int_equal(judge_octets(court, 1, "203.0.113.20:40001", true,
                                  report_write(court->packet, 9, 7)),
                     MEDIA_PASSED);
    assert_int_equal(court->verdict.bytes.len, 8);
    free(court);
}

static void test_hides_contributors(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 7};

    (void)state;
    court_init(court);
    court->order.sides[1].hides = true;
    court_order(court);
    sound_write(court->packet, &sound, 160);
    court->packet[0] = (char)0x82;
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 172), MEDIA_PASSED);
    assert_int_equal(court->verdict.bytes.len, 164);
    assert_int_equal((uint8_t)court->verdict.bytes.at[0], 0x80);
    free(court);
}

/* CT-ENC-12: between a side that seals and one that does not. */

static struct media_key key_of(uint8_t first, uint8_t suite)
{
    struct media_key key = {.suite = suite};

    for (unsigned i = 0; i < media_suite_key_len((enum media_suite)suite); i++) {
        key.octets[i] = (uint8_t)(first + i);
    }
    return key;
}

static struct court *secure_court(uint8_t suite)
{
    struct court *court = calloc(1, sizeof(*court));

    assert_non_null(court);
    court_init(court);
    court->order.sides[0].protection = MEDIA_SDES;
    court->order.sides[0].receive = key_of(1, suite);
    court->order.sides[0].send = key_of(100, suite);
    court_order(court);
    return court;
}

static void court_close(struct court *court)
{
    gate_stream_end(&court->stream);
    free(court);
}

static enum media_reason judge_sealed(struct court *court, struct cipher *phone,
                                      const struct sound *sound)
{
    size_t len = sound_write(court->packet, sound, 160);

    assert_true(cipher_seal(phone, false, court->packet, &len));
    return judge_octets(court, 0, carrier_a, false, len);
}

static void test_opens_and_seals(void **state)
{
    (void)state;
    for (uint8_t suite = MEDIA_SUITE_NONE + 1; suite < MEDIA_SUITE_COUNT; suite++) {
        struct court *court = secure_court(suite);
        struct media_key in = key_of(1, suite), out = key_of(100, suite);
        struct cipher *phone = cipher_new(&in, true), *ear = cipher_new(&out, false);
        struct sound sound = {.ssrc = 7, .sequence = 65530}, back = {.ssrc = 9};

        for (int i = 0; i < 20; i++) {
            assert_int_equal(judge_sealed(court, phone, &sound), MEDIA_PASSED);
            assert_int_equal(court->verdict.bytes.len, 172);
            assert_int_equal((uint8_t)court->verdict.bytes.at[171], 0x55);
            sound.sequence++;
            court->now_us += FRAME;
        }
        for (int i = 0; i < 20; i++) {
            char copy[256];
            size_t len;

            assert_int_equal(judge(court, 1, carrier_b, &back), MEDIA_PASSED);
            len = court->verdict.bytes.len;
            assert_in_range(len, 173, 172 + CIPHER_TRAILER_MAX);
            memcpy(copy, court->verdict.bytes.at, len);
            assert_int_not_equal((uint8_t)copy[20], 0x55);
            assert_int_equal(cipher_open(ear, false, copy, &len), CIPHER_OPENED);
            assert_int_equal(len, 172);
            assert_int_equal((uint8_t)copy[171], 0x55);
            back.sequence++;
            court->now_us += FRAME;
        }
        cipher_free(phone);
        cipher_free(ear);
        court_close(court);
    }
}

/* A number that went back would show two packets under one key stream: it goes on instead. */
static void test_seals_no_number_twice(void **state)
{
    struct court *court = secure_court(MEDIA_SUITE_AES_128_GCM);
    struct media_key out = key_of(100, MEDIA_SUITE_AES_128_GCM);
    struct cipher *ear = cipher_new(&out, false);
    struct sound back = {.ssrc = 9, .sequence = 40000};
    char copy[256];
    size_t len;

    (void)state;
    assert_int_equal(next(court, 1, carrier_b, &back), MEDIA_PASSED);
    back.sequence--;
    assert_int_equal(judge(court, 1, carrier_b, &back), MEDIA_REPLAYED);
    back.sequence = 20000;
    assert_int_equal(next(court, 1, carrier_b, &back), MEDIA_WRONG_SEQUENCE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(next(court, 1, carrier_b, &back), MEDIA_PASSED);
        len = court->verdict.bytes.len;
        memcpy(copy, court->verdict.bytes.at, len);
        assert_int_equal(cipher_open(ear, false, copy, &len), CIPHER_OPENED);
        assert_int_equal((uint8_t)copy[2] << 8 | (uint8_t)copy[3], 40001 + i);
    }
    cipher_free(ear);
    court_close(court);
}

static void test_forged_and_replayed(void **state)
{
    struct court *court = secure_court(MEDIA_SUITE_AES_128_CM);
    struct media_key in = key_of(1, MEDIA_SUITE_AES_128_CM);
    struct cipher *phone = cipher_new(&in, true);
    struct sound sound = {.ssrc = 7, .sequence = 100}, forged = sound;
    char before[200];
    size_t len;

    (void)state;
    for (int i = 0; i < 200; i++) { /* in the clear, from the right place: nothing of it counts */
        assert_int_equal(next(court, 0, carrier_a, &forged), MEDIA_FORGED);
    }
    assert_int_equal(court->stream.sides[0].ssrc_count, 0);
    assert_int_equal(judge_sealed(court, phone, &sound), MEDIA_PASSED);
    sound.sequence++;
    len = sound_write(court->packet, &sound, 160);
    assert_true(cipher_seal(phone, false, court->packet, &len));
    memcpy(before, court->packet, len);
    court->packet[len - 1] ^= 1;
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_FORGED);
    memcpy(court->packet, before, len);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_PASSED);
    memcpy(court->packet, before, len);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_REPLAYED);
    cipher_free(phone);
    court_close(court);
}

static void test_sealed_control(void **state)
{
    struct court *court = secure_court(MEDIA_SUITE_AES_256_GCM);
    struct media_key in = key_of(1, MEDIA_SUITE_AES_256_GCM),
                     out = key_of(100, MEDIA_SUITE_AES_256_GCM);
    struct cipher *phone = cipher_new(&in, true), *ear = cipher_new(&out, false);
    char copy[256];
    size_t len = report_write(court->packet, 7, 9);

    (void)state;
    assert_true(cipher_seal(phone, true, court->packet, &len));
    assert_int_equal(judge_octets(court, 0, "198.51.100.10:30001", true, len), MEDIA_PASSED);
    assert_int_equal(court->verdict.bytes.len, 32);
    len = report_write(court->packet, 9, 7);
    assert_int_equal(judge_octets(court, 1, "203.0.113.20:40001", true, len), MEDIA_PASSED);
    len = court->verdict.bytes.len;
    assert_true(len > 32);
    memcpy(copy, court->verdict.bytes.at, len);
    assert_int_equal(cipher_open(ear, true, copy, &len), CIPHER_OPENED);
    assert_int_equal(len, 32);
    report_write(court->packet, 7, 9);
    assert_int_equal(judge_octets(court, 0, "198.51.100.10:30001", true, 32), MEDIA_FORGED);
    cipher_free(phone);
    cipher_free(ear);
    court_close(court);
}

/* The same keys again keep what was counted; other keys begin anew; none: nothing passes. */
static void test_keys_of_orders(void **state)
{
    struct court *court = secure_court(MEDIA_SUITE_AES_128_GCM);
    struct media_key in = key_of(1, MEDIA_SUITE_AES_128_GCM);
    struct cipher *phone = cipher_new(&in, true);
    struct sound sound = {.ssrc = 7, .sequence = 100};
    char before[200];
    size_t len = sound_write(before, &sound, 160);

    (void)state;
    assert_int_equal(court->stream.sides[0].told.send.suite, MEDIA_SUITE_NONE); /* wiped */
    assert_true(cipher_seal(phone, false, before, &len));
    memcpy(court->packet, before, len);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_PASSED);
    court_order(court);
    memcpy(court->packet, before, len);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_REPLAYED);
    court->order.sides[0].receive = key_of(50, MEDIA_SUITE_AES_128_GCM);
    court_order(court);
    memcpy(court->packet, before, len);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_FORGED);
    court->order.sides[0].receive.suite = MEDIA_SUITE_NONE;
    court_order(court);
    memcpy(court->packet, before, len);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_NO_KEYS);
    cipher_free(phone);
    court_close(court);
}

static void test_quality(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 7};
    struct media_side_counts good = {.packets = 1000}, bad = {.packets = 950, .lost = 50};

    (void)state;
    court_init(court);
    court->order.sides[0].clock_rate = 8000;
    court_order(court);
    for (int i = 0; i < 200; i++) {
        court->now_us = 1000 * (uint64_t)SECOND + (uint64_t)i * FRAME + (i % 2 == 0 ? 5000 : 0);
        assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    }
    assert_in_range(court->stream.sides[0].counts.jitter_us, 4500, 5500);
    assert_in_range(media_mos(&good), 430, 445);
    assert_in_range(media_mos(&bad), 300, 420);
    bad.lost = 950;
    assert_in_range(media_mos(&bad), 100, 200);
    bad.packets = 0;
    assert_int_equal(media_mos(&bad), 0);
    free(court);
}

/* MED-02: one packet with the right tag is worth four without. */
static void test_proof_is_learned(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct media_key in = key_of(1, MEDIA_SUITE_AES_128_GCM);
    struct cipher *phone = cipher_new(&in, true);
    struct sound sound = {.ssrc = 7};
    size_t len;

    (void)state;
    court_init(court);
    court->order.sides[0].learns = true;
    court->order.sides[0].remote = address_of("10.0.0.5:4000");
    court->order.sides[0].learn_host = address_of("198.51.100.10:5060");
    court->order.sides[0].protection = MEDIA_SDES;
    court->order.sides[0].receive = in;
    court->order.sides[0].send = key_of(100, MEDIA_SUITE_AES_128_GCM);
    court_order(court);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(next(court, 0, "198.51.100.10:666", &sound), MEDIA_FORGED);
    }
    len = sound_write(court->packet, &sound, 160);
    assert_true(cipher_seal(phone, false, court->packet, &len));
    assert_int_equal(judge_octets(court, 0, carrier_a, false, len), MEDIA_PASSED);
    assert_true(court->verdict.was_learned);
    cipher_free(phone);
    court_close(court);
}

/* MED-13, MED-14, MED-16 */

static enum media_reason key(struct court *court, struct sound *sound, uint8_t event, bool is_end,
                             uint16_t duration)
{
    sound_write(court->packet, sound, 4);
    court->packet[12] = (char)event;
    court->packet[13] = is_end ? (char)0x8A : 0x0A;
    put_16(court->packet + 14, duration);
    sound->sequence++;
    court->now_us += FRAME;
    return judge_octets(court, 0, carrier_a, false, 16);
}

static void test_events(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 7, .type = 101, .timestamp = 1000};

    (void)state;
    court_init(court);
    court->order.sides[0].payload_types[1] = 1ULL << (101 - 64);
    court->order.sides[0].event_type = 101;
    court_order(court);
    assert_int_equal(key(court, &sound, 5, false, 160), MEDIA_PASSED);
    assert_int_equal(key(court, &sound, 5, false, 320), MEDIA_PASSED);
    assert_int_equal(key(court, &sound, 5, false, 160), MEDIA_WRONG_EVENT);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(key(court, &sound, 5, true, 400), MEDIA_PASSED);
    }
    assert_int_equal(key(court, &sound, 5, true, 400), MEDIA_WRONG_EVENT);
    sound.timestamp = 9000;
    assert_int_equal(key(court, &sound, 16, false, 160), MEDIA_PASSED);
    assert_int_equal(key(court, &sound, 17, false, 320), MEDIA_WRONG_EVENT);
    court->order.sides[0].bars_events = true;
    court_order(court);
    sound.timestamp = 19000;
    assert_int_equal(key(court, &sound, 1, false, 160), MEDIA_WRONG_EVENT);
    free(court);
}

static enum media_reason fax(struct court *court, const char *octets, size_t len)
{
    memcpy(court->packet, octets, len);
    court->now_us += FRAME;
    return judge_octets(court, 0, carrier_a, false, len);
}

static void test_fax(void **state)
{
    struct court *court = calloc(1, sizeof(*court));

    (void)state;
    court_init(court);
    court->order.media_kind = MEDIA_UDPTL;
    court_order(court);
    assert_int_equal(fax(court, "\0\1\3abc\0\0", 8), MEDIA_PASSED);
    assert_int_equal(fax(court, "\0\2\3abc\0\2\1x\2yz", 13), MEDIA_PASSED);
    assert_int_equal(fax(court, "\0\3\1a\x80\1\3\1\2pp", 11), MEDIA_PASSED);
    assert_int_equal(fax(court, "\0\4\3abc\0\4\1x\1x\1x\1x", 16), MEDIA_WRONG_FAX);
    assert_int_equal(fax(court,
                         "\0\4\x7F"
                         "abc\0\0",
                         8),
                     MEDIA_WRONG_FAX);
    assert_int_equal(fax(court, "\0\4\3abc\0\0more", 12), MEDIA_WRONG_FAX);
    assert_int_equal(fax(court, "\0\4\3abc\1\0", 8), MEDIA_WRONG_FAX);
    assert_int_equal(fax(court, "\0", 1), MEDIA_WRONG_FAX);
    free(court);
}

static void test_handshakes(void **state)
{
    struct court *court = court_open();
    static const char stun[] = "\0\1\0\0\x21\x12\xA4\x42twelveoctets";
    static const char dtls[] = "\x16\xFE\xFD\0\0\0\0\0\0\0\0\0\1x";

    (void)state;
    memcpy(court->packet, stun, 20);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 20), MEDIA_NOT_ALLOWED);
    memcpy(court->packet, dtls, 14);
    assert_int_equal(judge_octets(court, 0, carrier_a, false, 14), MEDIA_NOT_ALLOWED);
    assert_int_equal(judge_octets(court, 0, "198.51.100.10:30001", true, 14), MEDIA_NOT_ALLOWED);
    assert_int_equal(judge_octets(court, 0, "203.0.113.66:30000", false, 20), MEDIA_WRONG_SOURCE);
    free(court);
}

/* MED-15, MED-40 */

static void test_muted(void **state)
{
    struct court *court = calloc(1, sizeof(*court));
    struct sound sound = {.ssrc = 7};

    (void)state;
    court_init(court);
    court->order.sides[0].may_send = false;
    court_order(court);
    assert_int_equal(court->stream.silence_us, 300 * (uint64_t)SECOND);
    court->now_us += SECOND;
    assert_int_equal(judge(court, 0, carrier_a, &sound), MEDIA_MUTED);
    assert_int_equal(court->stream.heard_us, court->now_us);
    assert_int_equal(judge_octets(court, 0, "198.51.100.10:30001", true,
                                  report_write(court->packet, 7, 9)),
                     MEDIA_PASSED);
    court->order.sides[0].may_send = true;
    court->order.is_emergency = true;
    court_order(court);
    assert_int_equal(court->stream.silence_us, 3600 * (uint64_t)SECOND);
    assert_int_equal(next(court, 0, carrier_a, &sound), MEDIA_PASSED);
    free(court);
}

/* Orders */

static void test_orders_without_sense(void **state)
{
    static const char *const remotes[] = {
        "[::ffff:198.51.100.10]:30000", "224.0.0.5:30000", "127.0.0.1:30000", "198.51.100.10",
        "[2001:db8::5]:30000",          "192.0.2.1:16384"};
    struct gate_stream stream = {.is_open = false};
    struct media_order order;

    (void)state;
    for (size_t i = 0; i < sizeof(remotes) / sizeof(remotes[0]); i++) {
        order = plain_order("192.0.2.1:16384", carrier_a, "192.0.2.2:20000", carrier_b);
        order.sides[0].remote = address_of(remotes[i]);
        assert_int_equal(gate_stream_check(&stream, &order), GATE_REFUSED);
    }
    order = plain_order("192.0.2.1:16384", carrier_a, "192.0.2.2:20000", carrier_b);
    assert_int_equal(gate_stream_check(&stream, &order), GATE_TAKEN);
    order.sides[0].protection = MEDIA_SDES;
    assert_int_equal(gate_stream_check(&stream, &order), GATE_TAKEN);
    order.media_kind = MEDIA_UDPTL; /* a fax is carried in the clear or not at all */
    assert_int_equal(gate_stream_check(&stream, &order), GATE_REFUSED);
    order = plain_order("192.0.2.1:16384", carrier_a, "192.0.2.1:16384", carrier_b);
    assert_int_equal(gate_stream_check(&stream, &order), GATE_REFUSED);
    order = plain_order("192.0.2.1:16385", carrier_a, "192.0.2.2:20000", carrier_b);
    assert_int_equal(gate_stream_check(&stream, &order), GATE_REFUSED);
}

static void test_generations(void **state)
{
    struct court *court = court_open();
    struct sound sound = {.ssrc = 7};

    (void)state;
    next(court, 0, carrier_a, &sound);
    court_order(court); /* the same again: nothing changes */
    assert_int_equal(court->stream.sides[0].counts.packets, 1);
    assert_int_equal(court->stream.sides[0].ssrc_count, 1);
    court->order.generation = 3;
    court_order(court); /* another call on the same record */
    assert_int_equal(court->stream.sides[0].counts.packets, 0);
    assert_int_equal(court->stream.sides[0].ssrc_count, 0);
    court->order.generation = 1;
    assert_int_equal(gate_stream_check(&court->stream, &court->order), GATE_STALE);
    free(court);
}

/* Hold the old way: nobody sends to 0.0.0.0, and nobody is taken from there. */
static void test_unspecified_remote(void **state)
{
    struct court *court = court_open();
    struct sound sound = {.ssrc = 7};

    (void)state;
    court->order.sides[0].remote = address_of("0.0.0.0:30000");
    court->order.epoch++;
    court_order(court);
    assert_int_equal(next(court, 1, carrier_b, &sound), MEDIA_NO_TARGET);
    assert_int_equal(next(court, 0, "0.0.0.0:30000", &sound), MEDIA_WRONG_SOURCE);
    free(court);
}

static void test_strangers_table(void **state)
{
    struct strangers *strangers = calloc(1, sizeof(*strangers));
    struct address source = address_of("203.0.113.66:1000"), near = address_of("[2001:db8::1]:9"),
                   nearer = address_of("[2001:db8::2]:9");
    uint64_t now_us = 5 * (uint64_t)SECOND;

    (void)state;
    *strangers = (struct strangers){.block_ports = 10, .block_packets = 50, .block_s = 300};
    /* One port again and again, slowly: a misconfigured device, no scan. */
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(strangers_note(strangers, &source, 3, now_us), STRANGER_NOTED);
        now_us += 25000;
    }
    /* Ten ports, but over a long time. */
    for (uint32_t port = 0; port < 30; port++) {
        assert_int_equal(strangers_note(strangers, &source, port, now_us), STRANGER_NOTED);
        now_us += 2 * SECOND;
    }
    /* Fifty packets within a second. */
    for (int i = 0; i < 49; i++) {
        assert_int_equal(strangers_note(strangers, &source, 3, now_us), STRANGER_NOTED);
    }
    assert_int_equal(strangers_note(strangers, &source, 3, now_us), STRANGER_BLOCKED_NOW);
    assert_int_equal(strangers_note(strangers, &source, 3, now_us), STRANGER_BLOCKED);
    assert_true(strangers_is_blocked(strangers, &source, now_us + 299 * (uint64_t)SECOND));
    assert_false(strangers_is_blocked(strangers, &source, now_us + 300 * (uint64_t)SECOND));
    /* A /64 is one source. */
    for (uint32_t port = 0; port < 9; port++) {
        assert_int_equal(strangers_note(strangers, port % 2 == 0 ? &near : &nearer, port, now_us),
                         STRANGER_NOTED);
    }
    assert_int_equal(strangers_note(strangers, &near, 9, now_us), STRANGER_BLOCKED_NOW);
    assert_true(strangers_is_blocked(strangers, &nearer, now_us));
    /* A spoofed flood from everywhere evicts nobody who is blocked. */
    for (uint32_t i = 0; i < 100000; i++) {
        struct address spoofed = {.family = ADDRESS_V4};

        put_32((char *)spoofed.bytes, i);
        strangers_note(strangers, &spoofed, i, now_us + 1);
    }
    assert_true(strangers_is_blocked(strangers, &source, now_us + 1));
    free(strangers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes_between_parties),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_no_answer_yet),
        cmocka_unit_test(test_declared_prefixes),
        cmocka_unit_test(test_asymmetric_port),
        cmocka_unit_test(test_learns_port),
        cmocka_unit_test(test_learns_at_signalling_host_only),
        cmocka_unit_test(test_learning_ends),
        cmocka_unit_test(test_learning_needs_a_row),
        cmocka_unit_test(test_described_where_it_signals),
        cmocka_unit_test(test_new_epoch_keeps_what_was_learned),
        cmocka_unit_test(test_ipv6_learns_within_64),
        cmocka_unit_test(test_blocked_is_not_learned),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_payload_type),
        cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_ssrc_changes),
        cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_time_jumps),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_octets_rate),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_control_form),
        cmocka_unit_test(test_control_strips),
        cmocka_unit_test(test_control_reduced),
        cmocka_unit_test(test_control_rate),
        cmocka_unit_test(test_control_mux),
        cmocka_unit_test(test_control_learned),
        cmocka_unit_test(test_hides),
        cmocka_unit_test(test_hides_contributors),
        cmocka_unit_test(test_opens_and_seals),
        cmocka_unit_test(test_seals_no_number_twice),
        cmocka_unit_test(test_forged_and_replayed),
        cmocka_unit_test(test_sealed_control),
        cmocka_unit_test(test_keys_of_orders),
        cmocka_unit_test(test_proof_is_learned),
        cmocka_unit_test(test_quality),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_fax),
        cmocka_unit_test(test_handshakes),
        cmocka_unit_test(test_muted),
        cmocka_unit_test(test_orders_without_sense),
        cmocka_unit_test(test_generations),
        cmocka_unit_test(test_unspecified_remote),
        cmocka_unit_test(test_strangers_table),
    };

    struct cipher *first = ciphers_begin();
    int failed = first == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);

    cipher_free(first);
    return failed;
}
