/*
 * The request that opens a WebSocket: what is one, and what is not.
 */
#include "../expect.h"

#include "wire/http/upgrade.h"

#define LINE "GET /sip?a=b HTTP/1.1\r\n"
#define HOST "Host: sbc.example.net:443\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define SIP "Sec-WebSocket-Protocol: msrp, SIP\r\n"
#define ORIGIN "Origin: https://phone.example.net\r\n"
#define END "\r\n"
#define WHOLE LINE HOST UPGRADE KEY VERSION SIP ORIGIN END

static enum http_reading reading_of(const char *text)
{
    struct http_upgrade upgrade;
    size_t len = 0;

    return http_upgrade_read(slice_string(text), &upgrade, &len);
}

static void what_a_browser_sends(void **state)
{
    struct http_upgrade upgrade;
    size_t len = 0;

    (void)state;
    assert_int_equal(http_upgrade_read(SLICE(WHOLE "rest"), &upgrade, &len), HTTP_UPGRADE);
    assert_int_equal(len, sizeof(WHOLE) - 1);
    expect_slice(upgrade.path, "/sip?a=b");
    expect_slice(upgrade.host, "sbc.example.net:443");
    expect_slice(upgrade.origin, "https://phone.example.net");
    expect_slice(upgrade.key, "dGhlIHNhbXBsZSBub25jZQ==");
    assert_true(upgrade.has_sip);
    assert_int_equal(http_upgrade_read(SLICE(LINE HOST UPGRADE KEY VERSION END), &upgrade, &len),
                     HTTP_UPGRADE);
    assert_false(upgrade.has_sip);
    assert_int_equal(upgrade.origin.len, 0);
}

/* Every part of it is the beginning of something, and nothing behind its end is looked at. */
static void every_prefix(void **state)
{
    struct guarded guarded = guarded_open();

    (void)state;
    for (size_t len = 0; len < sizeof(WHOLE) - 1; len++) {
        struct http_upgrade upgrade;
        size_t taken = 0;

        assert_int_equal(http_upgrade_read(guarded_copy(&guarded, slice_of(WHOLE, len)), &upgrade,
                                           &taken),
                         HTTP_MORE);
    }
    guarded_close(&guarded);
}

static void what_is_malformed(void **state)
{
    static const char *const texts[] = {
        "GET  /sip HTTP/1.1\r\n" HOST UPGRADE KEY VERSION SIP END,
        "GET /sip HTTP/1.0\r\n" HOST UPGRADE KEY VERSION SIP END,
        "GET sip HTTP/1.1\r\n" HOST UPGRADE KEY VERSION SIP END,
        LINE UPGRADE KEY VERSION SIP END,
        LINE HOST HOST UPGRADE KEY VERSION SIP END,
        LINE HOST UPGRADE KEY KEY VERSION SIP END,
        LINE HOST UPGRADE VERSION SIP END,
        LINE HOST UPGRADE "Sec-WebSocket-Key: short\r\n" VERSION SIP END,
        LINE HOST UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZZ==\r\n" VERSION SIP END,
        LINE HOST UPGRADE KEY VERSION SIP "Content-Length: 0\r\n" END,
        LINE HOST UPGRADE KEY VERSION SIP "Transfer-Encoding: chunked\r\n" END,
        LINE HOST UPGRADE KEY VERSION SIP " folded\r\n" END,
        LINE HOST UPGRADE KEY VERSION SIP "Bare: x\ny: z\r\n" END,
        LINE HOST UPGRADE KEY VERSION SIP "Name : value\r\n" END,
        LINE HOST UPGRADE KEY VERSION SIP "No colon\r\n" END,
        "\r\n" WHOLE,
        "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n",
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(texts); i++) {
        if (reading_of(texts[i]) != HTTP_MALFORMED) {
            fail_msg("taken: %s", texts[i]);
        }
    }
}

static void what_is_something_else(void **state)
{
    (void)state;
    assert_int_equal(reading_of(LINE HOST END), HTTP_OTHER);
    assert_int_equal(reading_of("POST /sip HTTP/1.1\r\n" HOST UPGRADE KEY VERSION END), HTTP_OTHER);
    assert_int_equal(reading_of(LINE HOST UPGRADE KEY "Sec-WebSocket-Version: 8\r\n" SIP END),
                     HTTP_OTHER);
    assert_int_equal(reading_of(LINE HOST
                                "Upgrade: h2c\r\nConnection: upgrade\r\n" KEY VERSION END),
                     HTTP_OTHER);
}

static void what_is_too_long(void **state)
{
    static char text[HTTP_UPGRADE_MAX + 1];
    struct http_upgrade upgrade;
    size_t len = 0;

    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text, LINE "X: ", sizeof(LINE "X: ") - 1);
    assert_int_equal(http_upgrade_read(slice_of(text, HTTP_UPGRADE_MAX - 1), &upgrade, &len),
                     HTTP_MORE);
    assert_int_equal(http_upgrade_read(slice_of(text, HTTP_UPGRADE_MAX), &upgrade, &len),
                     HTTP_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_browser_sends), cmocka_unit_test(every_prefix),
        cmocka_unit_test(what_is_malformed),    cmocka_unit_test(what_is_something_else),
        cmocka_unit_test(what_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
