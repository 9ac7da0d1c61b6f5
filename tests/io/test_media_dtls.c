/* Handshakes of DTLS-SRTP and ICE checks, without sockets (rules SRT-06, MED-16). */
#include "io/media/handshake.h"
#include "media_scene.h"
#include "wire/rtp/stun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { SECOND = 1000000, TURNS = 8 };

static struct media_certificate ours, theirs;
static struct dtls_setup *our_setup, *their_setup;

static const struct media_limits limits = {
    .streams = 8, .silence_s = 60, .held_silence_s = 300, .learn_ms = 5000};

static struct dtls *phone_new(bool is_client, uint8_t suites)
{
    const struct dtls_wish wish = {
        .is_client = is_client,
        .suites = suites,
        .fingerprint = media_certificate_fingerprint(&ours),
        .cookie = 5,
    };
    struct dtls *phone = dtls_new(their_setup, &wish);

    assert_non_null(phone);
    return phone;
}

static void carry(struct dtls *from, struct dtls *to)
{
    struct slice datagram;

    while (dtls_next(from, &datagram)) {
        dtls_take(to, datagram);
    }
}

static void test_keys_agree(void **state)
{
    (void)state;
    for (uint8_t suite = MEDIA_SUITE_NONE + 1; suite < MEDIA_SUITE_COUNT; suite++) {
        const struct dtls_wish wish = {
            .suites = MEDIA_SUITES_ALL,
            .fingerprint = media_certificate_fingerprint(&theirs),
        };
        struct dtls *gate = dtls_new(our_setup, &wish);
        struct dtls *phone = phone_new(true, (uint8_t)(1U << suite));
        struct dtls_keys a, b;

        for (unsigned i = 0; i < TURNS; i++) {
            carry(phone, gate);
            carry(gate, phone);
        }
        assert_int_equal(dtls_state(gate), DTLS_AGREED);
        assert_int_equal(dtls_state(phone), DTLS_AGREED);
        a = dtls_keys_take(gate);
        b = dtls_keys_take(phone);
        assert_int_equal(a.send.suite, suite);
        assert_true(media_key_equal(&a.send, &b.receive));
        assert_true(media_key_equal(&a.receive, &b.send));
        assert_false(media_key_equal(&a.send, &a.receive));
        a = dtls_keys_take(gate); /* they are handed out once */
        assert_int_equal(a.send.suite, MEDIA_SUITE_NONE);
        dtls_free(gate);
        dtls_free(phone);
    }
}

/* TH-MIM-10: another certificate than the description's. */
static void test_wrong_certificate(void **state)
{
    struct dtls_wish wish = {
        .suites = MEDIA_SUITES_ALL,
        .fingerprint = media_certificate_fingerprint(&theirs),
    };
    struct dtls *gate, *phone = phone_new(true, MEDIA_SUITES_ALL);

    (void)state;
    wish.fingerprint.octets[7] ^= 1;
    gate = dtls_new(our_setup, &wish);
    for (unsigned i = 0; i < TURNS; i++) {
        carry(phone, gate);
        carry(gate, phone);
    }
    assert_int_equal(dtls_state(gate), DTLS_FAILED);
    assert_int_equal(dtls_keys_take(gate).send.suite, MEDIA_SUITE_NONE);
    dtls_free(gate);
    dtls_free(phone);
}

/* A first answer is shorter than its question until the cookie came back: nobody is flooded by us.
 */
static void test_cookie_first(void **state)
{
    const struct dtls_wish wish = {.suites = MEDIA_SUITES_ALL,
                                   .fingerprint = media_certificate_fingerprint(&theirs)};
    struct dtls *gate = dtls_new(our_setup, &wish), *phone = phone_new(true, MEDIA_SUITES_ALL);
    struct slice hello, answer;

    (void)state;
    assert_true(dtls_next(phone, &hello));
    dtls_take(gate, hello);
    assert_true(dtls_next(gate, &answer));
    assert_true(answer.len < hello.len);
    assert_false(dtls_next(gate, &answer));
    dtls_free(gate);
    dtls_free(phone);
}

/*
 * A stream whose first side has DTLS, and perhaps ICE.
 */

struct court {
    struct gate_stream stream;
    struct media_order order;
    struct gate_verdict verdict;
    uint64_t now_us;
    char packet[GATE_ROOM], room[GATE_ROOM];
};

static const char party[] = "198.51.100.10:30000", rival[] = "198.51.100.10:666",
                  stranger[] = "203.0.113.66:4000";

static void court_order(struct court *court)
{
    assert_int_equal(gate_stream_check(&court->stream, &court->order), GATE_TAKEN);
    gate_stream_open(&court->stream, &court->order, &limits, 77, court->now_us);
}

static struct court *court_open(void)
{
    struct court *court = calloc(1, sizeof(*court));

    assert_non_null(court);
    court->now_us = 1000 * (uint64_t)SECOND;
    court->order = plain_order("192.0.2.1:16384", party, "192.0.2.2:20000", "203.0.113.20:40000");
    court->order.sides[0].protection = MEDIA_DTLS;
    court->order.sides[0].suites = MEDIA_SUITES_ALL;
    court->order.sides[0].has_rtcp_mux = true;
    court->order.sides[0].fingerprint = media_certificate_fingerprint(&theirs);
    return court;
}

static void court_close(struct court *court)
{
    gate_stream_end(&court->stream);
    free(court);
}

static enum media_reason hear(struct court *court, const char *source, struct slice bytes)
{
    struct gate_packet packet = {
        .at = court->packet,
        .len = bytes.len,
        .max = sizeof(court->packet),
        .source = address_of(source),
        .now_us = court->now_us,
        .room = court->room,
        .dtls = our_setup,
    };

    memcpy(court->packet, bytes.at, bytes.len);
    media_judge(&court->stream, 0, &packet, &court->verdict);
    return court->verdict.reason;
}

/* All the phone has to say, and what it is answered. */
static enum media_reason talk(struct court *court, const char *source, struct dtls *phone)
{
    enum media_reason reason = MEDIA_PASSED;
    struct slice datagram;

    for (unsigned i = 0; i < TURNS; i++) {
        while (dtls_next(phone, &datagram)) {
            reason = hear(court, source, datagram);
        }
        while (court->stream.sides[0].secrets.dtls != NULL &&
               dtls_next(court->stream.sides[0].secrets.dtls, &datagram)) {
            dtls_take(phone, datagram);
        }
    }
    return reason;
}

static void test_media_after_handshake(void **state)
{
    struct court *court = court_open();
    struct dtls *phone = phone_new(true, MEDIA_SUITES_ALL);
    struct sound sound = {.ssrc = 7};
    struct dtls_keys keys;
    struct cipher *voice;
    char packet[256];
    size_t len = sound_write(packet, &sound, 160);

    (void)state;
    court_order(court);
    assert_int_equal(hear(court, party, slice_of(packet, len)), MEDIA_NO_KEYS);
    assert_int_equal(talk(court, party, phone), MEDIA_HANDSHAKE);
    keys = dtls_keys_take(phone);
    voice = cipher_new(&keys.send, true);
    assert_int_equal(hear(court, party, slice_of(packet, len)), MEDIA_FORGED);
    assert_true(cipher_seal(voice, false, packet, &len));
    assert_int_equal(hear(court, party, slice_of(packet, len)), MEDIA_PASSED);
    court_order(court); /* the same order again leaves the keys alone */
    sound.sequence++;
    len = sound_write(packet, &sound, 160);
    assert_true(cipher_seal(voice, false, packet, &len));
    assert_int_equal(hear(court, party, slice_of(packet, len)), MEDIA_PASSED);
    cipher_free(voice);
    dtls_free(phone);
    court_close(court);
}

/* ES2023-03: hellos of others, before, during and after, and a hello that is none. */
static void test_hello_race(void **state)
{
    struct court *court = court_open();
    struct dtls *phone = phone_new(true, MEDIA_SUITES_ALL);
    struct dtls *thief = phone_new(true, MEDIA_SUITES_ALL);
    struct slice hello, datagram;
    char broken[64] = "\x16\xFE\xFD\0\0\0\0\0\0\0\0\0\x20\1";

    (void)state;
    court_order(court);
    assert_true(dtls_next(thief, &hello));
    assert_int_equal(hear(court, stranger, hello), MEDIA_WRONG_SOURCE);
    assert_int_equal(hear(court, rival, hello), MEDIA_WRONG_SOURCE);
    assert_null(court->stream.sides[0].secrets.dtls);
    assert_int_equal(hear(court, party, slice_of(broken, sizeof(broken))), MEDIA_FORGED);
    assert_null(court->stream.sides[0].secrets.dtls);
    assert_true(dtls_next(phone, &datagram));
    assert_int_equal(hear(court, party, datagram), MEDIA_HANDSHAKE);
    assert_int_equal(hear(court, stranger, hello), MEDIA_WRONG_SOURCE);
    while (dtls_next(court->stream.sides[0].secrets.dtls, &datagram)) {
        dtls_take(phone, datagram);
    }
    assert_int_equal(talk(court, party, phone), MEDIA_HANDSHAKE);
    assert_int_equal(dtls_state(phone), DTLS_AGREED);
    assert_non_null(court->stream.sides[0].secrets.seal);
    for (int i = 0; i < 10; i++) {
        hear(court, party, hello); /* stray DTLS never ends a call */
    }
    assert_non_null(court->stream.sides[0].secrets.seal);
    dtls_free(thief);
    dtls_free(phone);
    court_close(court);
}

/* Behind NAT: the handshake proves the port, and a neighbour's does not. */
static void test_learned_by_handshake(void **state)
{
    struct court *court = court_open();
    struct dtls *phone = phone_new(true, MEDIA_SUITES_ALL);
    const struct dtls_wish other = {.is_client = true,
                                    .suites = MEDIA_SUITES_ALL,
                                    .fingerprint = media_certificate_fingerprint(&ours)};
    struct dtls *neighbour = dtls_new(our_setup, &other);
    struct address expected = address_of(party);

    (void)state;
    court->order.sides[0].remote = address_of("10.0.0.5:4000");
    court->order.sides[0].learns = true;
    court->order.sides[0].learn_host = address_of("198.51.100.10:5060");
    court_order(court);
    talk(court, rival, neighbour);
    assert_null(court->stream.sides[0].secrets.seal);
    court->now_us += 3 * (uint64_t)SECOND;
    assert_int_equal(talk(court, party, phone), MEDIA_HANDSHAKE);
    assert_true(address_equal(&court->stream.sides[0].to, &expected));
    dtls_free(neighbour);
    dtls_free(phone);
    court_close(court);
}

/* The gate begins when the party wants it to. */
static void test_gate_is_client(void **state)
{
    struct court *court = court_open();
    struct dtls *phone = phone_new(false, MEDIA_SUITES_ALL);
    struct gate_side *side = &court->stream.sides[0];
    struct slice datagram;

    (void)state;
    court->order.sides[0].is_dtls_client = true;
    court_order(court);
    gate_dtls_begin(side, our_setup, 77, court->now_us);
    assert_non_null(side->secrets.dtls);
    assert_true(dtls_next(side->secrets.dtls, &datagram));
    dtls_take(phone, datagram);
    assert_int_equal(talk(court, party, phone), MEDIA_HANDSHAKE);
    assert_int_equal(dtls_state(phone), DTLS_AGREED);
    assert_non_null(side->secrets.seal);
    court->now_us += 60 * (uint64_t)SECOND;
    gate_dtls_wait(side, court->now_us);
    assert_null(side->secrets.dtls); /* its memory is given back, the keys stay */
    assert_non_null(side->secrets.seal);
    dtls_free(phone);
    court_close(court);
}

/*
 * ICE.
 */

static size_t check_write(char *at, const char *username, const char *password, bool nominates)
{
    size_t len = 20, name = strlen(username), padded = (name + 3) & ~(size_t)3;
    unsigned proof_len = 0;

    memset(at, 0, 200);
    put_16(at, 1);
    put_32(at + 4, 0x2112A442);
    memcpy(at + 8, "twelveoctets", 12);
    put_16(at + len, 6);
    put_16(at + len + 2, (uint16_t)name);
    memcpy(at + len + 4, username, name);
    len += 4 + padded;
    put_16(at + len, 0x24);
    put_16(at + len + 2, 4);
    len += 8;
    if (nominates) {
        put_16(at + len, 0x25);
        len += 4;
    }
    put_16(at + 2, (uint16_t)(len + 24 - 20));
    put_16(at + len, 8);
    put_16(at + len + 2, 20);
    HMAC(EVP_sha1(), password, (int)strlen(password), (unsigned char *)at, len,
         (unsigned char *)at + len + 4, &proof_len);
    return len + 24;
}

static enum media_reason check(struct court *court, const char *source, const char *username,
                               const char *password, bool nominates)
{
    char packet[200];
    size_t len = check_write(packet, username, password, nominates);

    return hear(court, source, slice_of(packet, len));
}

static void test_ice(void **state)
{
    static const char password[] = "abcdefghijklmnopqrstuvwxyz";
    struct court *court = court_open();
    struct gate_side *side = &court->stream.sides[0];
    struct address at = address_of(party), moved = address_of(stranger);
    struct dtls *phone = phone_new(true, MEDIA_SUITES_ALL);
    struct slice hello;

    (void)state;
    court->order.sides[0].has_ice = true;
    court->order.sides[0].remote = address_of("10.0.0.5:4000");
    memcpy(court->order.sides[0].ice_ufrag, "oursname", 8);
    memcpy(court->order.sides[0].ice_password, password, 26);
    court_order(court);
    assert_int_equal(side->to.family, ADDRESS_NONE);
    assert_true(dtls_next(phone, &hello));
    assert_int_equal(hear(court, party, hello), MEDIA_WRONG_SOURCE); /* no check came from there */
    assert_int_equal(check(court, stranger, "oursname:x", "wrong", true), MEDIA_FORGED);
    assert_true(court->verdict.is_strange);
    assert_int_equal(check(court, stranger, "another:x", password, true), MEDIA_FORGED);
    assert_int_equal(check(court, stranger, "oursname", password, true), MEDIA_FORGED);
    assert_int_equal(side->to.family, ADDRESS_NONE);
    assert_int_equal(check(court, party, "oursname:x", password, false), MEDIA_HANDSHAKE);
    assert_true(court->verdict.answer.len > 60);
    assert_int_equal(octets_16(court->verdict.answer.at), 0x0101);
    assert_int_equal(octets_16(court->verdict.answer.at + 2) + 20, court->verdict.answer.len);
    assert_true(address_equal(&side->to, &at));
    assert_int_equal(check(court, stranger, "oursname:x", password, false), MEDIA_HANDSHAKE);
    assert_true(address_equal(&side->to, &at)); /* it was not nominated */
    assert_int_equal(hear(court, party, hello), MEDIA_HANDSHAKE);
    assert_int_equal(check(court, stranger, "oursname:x", password, true), MEDIA_HANDSHAKE);
    assert_true(address_equal(&side->to, &moved)); /* by who knows the password */
    for (int i = 0; i < 200; i++) {
        check(court, stranger, "oursname:x", password, false);
    }
    assert_true(side->counts.dropped[MEDIA_TOO_FAST] > 50);
    dtls_free(phone);
    court_close(court);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_agree),     cmocka_unit_test(test_wrong_certificate),
        cmocka_unit_test(test_cookie_first),   cmocka_unit_test(test_media_after_handshake),
        cmocka_unit_test(test_hello_race),     cmocka_unit_test(test_learned_by_handshake),
        cmocka_unit_test(test_gate_is_client), cmocka_unit_test(test_ice),
    };
    struct cipher *first = ciphers_begin();
    int failed;

    if (first == NULL || !media_certificate_make(&ours) || !media_certificate_make(&theirs)) {
        return 1;
    }
    our_setup = dtls_setup_new(&ours);
    their_setup = dtls_setup_new(&theirs);
    if (our_setup == NULL || their_setup == NULL) {
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dtls_setup_free(our_setup);
    dtls_setup_free(their_setup);
    cipher_free(first);
    return failed;
}
