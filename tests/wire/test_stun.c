/* STUN: RFC 5769 2.1, every prefix of it, and our answers. */
#include "wire/rtp/stun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char request[] =
    "\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
    "\x80\x22\x00\x10STUN test client"
    "\x00\x24\x00\x04\x6e\x00\x01\xff"
    "\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36"
    "\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20"
    "\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71"
    "\xa2"
    "\x80\x28\x00\x04\xe5\x7a\x3b\xcf";

static void test_check(void **state)
{
    struct stun_check check;

    (void)state;
    assert_true(stun_check_read(&check, SLICE(request)));
    assert_true(slice_equal(check.username, SLICE("evtj:h6vY")));
    assert_int_equal(check.proven.len, 76);
    assert_non_null(check.proof);
    assert_false(check.nominates);
    for (size_t len = 0; len < sizeof(request) - 1; len++) {
        assert_false(stun_check_read(&check, slice_of(request, len)));
    }
}

static void test_not_for_us(void **state)
{
    char copy[sizeof(request)];
    struct stun_check check;

    (void)state;
    memcpy(copy, request, sizeof(copy));
    copy[1] = 3; /* another method */
    assert_false(stun_check_read(&check, slice_of(copy, sizeof(copy) - 1)));
    memcpy(copy, request, sizeof(copy));
    copy[0] = 1; /* an answer */
    assert_false(stun_check_read(&check, slice_of(copy, sizeof(copy) - 1)));
    memcpy(copy, request, sizeof(copy));
    copy[20] = 0; /* something one has to know */
    assert_false(stun_check_read(&check, slice_of(copy, sizeof(copy) - 1)));
    memcpy(copy, request, sizeof(copy));
    copy[101] = 0x24; /* behind the proof, so not proven */
    assert_false(stun_check_read(&check, slice_of(copy, sizeof(copy) - 1)));
}

/* RFC 5769 2.2: the address 192.0.2.1:32853 as it is shown. */
static void test_answer(void **state)
{
    struct address source;
    char room[STUN_ANSWER_MAX];
    uint8_t proof[STUN_PROOF_LEN] = {0};
    size_t len;

    (void)state;
    assert_true(address_read_port(&source, SLICE("192.0.2.1:32853")));
    len = stun_answer_write(room, request + 8, &source);
    assert_int_equal(len, 32);
    assert_memory_equal(room + 20, "\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43", 12);
    len = stun_answer_prove(room, len, proof);
    assert_int_equal(len, 64);
    assert_int_equal(room[3], 44);
    assert_true(address_read_port(&source, SLICE("[2001:db8:1234:5678:11:2233:4455:6677]:32853")));
    len = stun_answer_write(room, request + 8, &source);
    assert_memory_equal(room + 24,
                        "\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2"
                        "\xb9\xd9",
                        20);
    assert_int_equal(stun_answer_prove(room, len, proof), STUN_ANSWER_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_not_for_us),
        cmocka_unit_test(test_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
