/* Copies for a collector: what arrives, and what is known to be lost. */
#include "../expect.h"

#include "app/run/mirror.h"
#include "io/socket.h"
#include "wire/hep/hep.h"

#include <sys/socket.h>

struct scene {
    int collector, fd;
    struct mirror *mirror;
    struct policy_hep hep;
};

static struct scene scene_open(void)
{
    struct scene scene = {.hep = {.id = 2001, .key = SLICE("word")}};
    struct fault fault;

    assert_true(address_read(&scene.hep.to, SLICE("127.0.0.1")));
    scene.collector = socket_open_udp(&scene.hep.to, false, &fault);
    assert_true(scene.collector >= 0);
    assert_true(socket_local(scene.collector, &scene.hep.to));
    scene.fd = socket_open_udp_to(&scene.hep.to, &fault);
    assert_true(scene.fd >= 0);
    scene.mirror = mirror_new(scene.fd);
    assert_non_null(scene.mirror);
    return scene;
}

static void scene_close(struct scene *scene)
{
    mirror_free(scene->mirror);
    close(scene->fd);
    close(scene->collector);
}

static struct mirrored mirrored_of(struct slice bytes)
{
    struct mirrored mirrored = {.transport = TRANSPORT_TLS, .when_us = 1000001, .bytes = bytes};

    assert_true(address_read_port(&mirrored.from, SLICE("192.0.2.1:5060")));
    assert_true(address_read_port(&mirrored.to, SLICE("192.0.2.2:5061")));
    return mirrored;
}

/* The next copy; false when there is none. */
static bool received(const struct scene *scene, struct hep_packet *packet)
{
    static char room[HEP_MAX];
    ssize_t got = recv(scene->collector, room, sizeof(room), 0);

    return got > 0 && hep_read(packet, slice_of(room, (size_t)got)) == HEP_READ;
}

/* CT-ENC-10: whoever collects copies gets no keys. */
static void keys_are_masked(void **state)
{
    struct scene scene = scene_open();
    struct mirrored mirrored = mirrored_of(
        SLICE("INVITE ...\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 INLINE:c2VjcmV0|2^31\r\n"
              "a=ice-pwd:secretsecret\r\na=ptime:20\r\nx:inline:"));
    struct hep_packet packet;

    (void)state;
    mirror_message(scene.mirror, &scene.hep, &mirrored);
    mirror_flush(scene.mirror);
    assert_true(received(&scene, &packet));
    assert_true(slice_equal(
        packet.payload,
        SLICE("INVITE ...\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 INLINE:xxxxxxxx|2^31\r\n"
              "a=ice-pwd:xxxxxxxxxxxx\r\na=ptime:20\r\nx:inline:")));
    scene_close(&scene);
}

static void messages_and_events(void **state)
{
    struct scene scene = scene_open();
    struct mirrored mirrored = mirrored_of(SLICE("OPTIONS ..."));
    struct hep_packet packet;

    (void)state;
    mirror_message(scene.mirror, &scene.hep, &mirrored);
    mirrored.bytes = SLICE("{}");
    mirror_event(scene.mirror, &scene.hep, &mirrored, SLICE("call-1"));
    assert_false(received(&scene, &packet)); /* the turn is not over */
    mirror_flush(scene.mirror);
    assert_true(received(&scene, &packet));
    assert_int_equal(packet.content, HEP_CONTENT_SIP);
    assert_int_equal(packet.protocol, HEP_PROTOCOL_TCP);
    assert_int_equal(packet.agent, 2001);
    assert_true(packet.when_us == 1000001);
    assert_true(address_equal(&packet.from, &mirrored.from));
    assert_true(address_equal(&packet.to, &mirrored.to));
    expect_slice(packet.key, "word");
    expect_slice(packet.payload, "OPTIONS ...");
    assert_int_equal(packet.correlation.len, 0);
    assert_true(received(&scene, &packet));
    assert_int_equal(packet.content, HEP_CONTENT_LOG);
    expect_slice(packet.payload, "{}");
    expect_slice(packet.correlation, "call-1");
    assert_false(received(&scene, &packet));
    assert_int_equal(mirror_sent(scene.mirror), 2);
    assert_int_equal(mirror_lost(scene.mirror), 0);
    scene_close(&scene);
}

/* Taken as they come, as from a collector with a small buffer. */
static unsigned drained(const struct scene *scene, size_t len)
{
    struct hep_packet packet;
    unsigned count = 0;

    while (received(scene, &packet)) {
        assert_int_equal(packet.payload.len, len);
        count++;
    }
    return count;
}

/* Neither the room nor the batch is the end of a turn. */
static void more_than_one_batch_in_a_turn(void **state)
{
    static char large[60000];
    struct scene scene = scene_open();
    struct mirrored mirrored = mirrored_of(slice_of(large, sizeof(large)));
    unsigned count = 0;

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        mirror_message(scene.mirror, &scene.hep, &mirrored);
    }
    mirror_flush(scene.mirror);
    assert_int_equal(mirror_sent(scene.mirror) + mirror_lost(scene.mirror), 20);
    (void)drained(&scene, sizeof(large));
    mirrored.bytes.len = 100;
    for (unsigned i = 0; i < 200; i++) {
        mirror_message(scene.mirror, &scene.hep, &mirrored);
        count += drained(&scene, 100);
    }
    assert_int_equal(count, 192); /* three batches of 64 */
    mirror_flush(scene.mirror);
    assert_int_equal(count + drained(&scene, 100), 200);
    scene_close(&scene);
}

static void what_cannot_be_sent_is_counted(void **state)
{
    static char longest[HEP_MAX];
    struct scene scene = scene_open();
    struct mirrored mirrored = mirrored_of(slice_of(longest, sizeof(longest)));
    struct hep_packet packet;

    (void)state;
    mirror_message(scene.mirror, &scene.hep, &mirrored);
    assert_int_equal(mirror_lost(scene.mirror), 1);
    mirrored.bytes.len = 65500; /* HEP, but no datagram */
    mirror_message(scene.mirror, &scene.hep, &mirrored);
    assert_int_equal(mirror_lost(scene.mirror), 2);
    mirrored.bytes.len = 10;
    mirrored.from.family = ADDRESS_NONE;
    mirror_message(scene.mirror, &scene.hep, &mirrored);
    mirror_flush(scene.mirror);
    assert_int_equal(mirror_lost(scene.mirror), 3);
    assert_false(received(&scene, &packet));

    /* Nobody is there: the first goes, the kernel hears of it, and nothing waits. */
    close(scene.collector);
    scene.collector = -1;
    mirrored = mirrored_of(SLICE("x"));
    for (unsigned i = 0; i < 100; i++) {
        mirror_message(scene.mirror, &scene.hep, &mirrored);
        mirror_flush(scene.mirror);
    }
    assert_true(mirror_lost(scene.mirror) > 3);
    assert_int_equal(mirror_lost(scene.mirror) + mirror_sent(scene.mirror), 103);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_masked),
        cmocka_unit_test(messages_and_events),
        cmocka_unit_test(more_than_one_batch_in_a_turn),
        cmocka_unit_test(what_cannot_be_sent_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
