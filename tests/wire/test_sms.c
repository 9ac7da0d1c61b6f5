#include "../expect.h"

#include "wire/sms/sms.h"

#define CENTRE "\x00\x07\x91\x34\x12\x00\x00\x00\xf0"
#define CALLED "\x0b\x91\x34\x12\x43\x65\x87\xf9"

static struct sms sms;

static void from_a_user(void **state)
{
    (void)state;
    assert_true(sms_read(&sms, SLICE("\x00\x01" CENTRE "\x0f\x01\x00" CALLED "\x00\x00\x02"
                                     "hi")));
    assert_int_equal(sms.kind, SMS_SUBMIT);
    assert_true(sms.is_from_user && !sms.has_originator && !sms.commands_card);
    assert_int_equal(sms.port, SMS_NO_PORT);
    assert_false(sms_is_for_card(&sms));
}

static void for_the_card(void **state)
{
    (void)state;
    assert_true(sms_read(&sms, SLICE("\x00\x01" CENTRE "\x13\x51\x00" CALLED "\x7f\xf6\xaa\x05"
                                     "\x02\x70\x00"
                                     "hi")));
    assert_int_equal(sms.protocol, 0x7f);
    assert_true(sms.commands_card && sms_is_for_card(&sms));
}

static void for_a_port(void **state)
{
    (void)state;
    assert_true(sms_read(&sms, SLICE("\x00\x01" CENTRE "\x14\x41\x00" CALLED "\x00\x04\x07"
                                     "\x06\x05\x04\x0b\x84\x23\xf0")));
    assert_int_equal(sms.port, 2948);
    assert_false(sms_is_for_card(&sms));
}

static void to_a_user(void **state)
{
    (void)state;
    assert_true(sms_read(&sms, SLICE("\x01\x01\x02\x91\x34\x00\x0f\x04\x02\x91\x34\x00\x00"
                                     "\x11\x11\x11\x11\x11\x11\x00\x01"
                                     "A")));
    assert_int_equal(sms.kind, SMS_DELIVER);
    assert_true(!sms.is_from_user && sms.has_originator);
    assert_true(sms_read(&sms, SLICE("\x02\x01")));
    assert_int_equal(sms.kind, SMS_REPORT);
}

static void classes(void **state)
{
    static const struct {
        uint8_t coding;
        bool is_for_card;
    } rows[] = {{0x00, false}, {0x12, true}, {0x11, false}, {0x02, false},
                {0x16, true},  {0xf2, true}, {0xf1, false}, {0xc2, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        sms.coding = rows[i].coding;
        assert_int_equal(sms_is_for_card(&sms), rows[i].is_for_card);
    }
}

static void broken(void **state)
{
    static const struct slice rows[] = {
        SLICE_INIT(""),
        SLICE_INIT("\x07\x01"),
        SLICE_INIT("\x00\x01\x00\x00\x00"),
        SLICE_INIT("\x00\x01" CENTRE "\x0e\x01\x00" CALLED "\x00\x00\x02hi!"),
        SLICE_INIT("\x00\x01" CENTRE "\x03\x01\x00\xff"),
        SLICE_INIT("\x00\x01" CENTRE "\x01\x03"),
        SLICE_INIT("\x00\x01" CENTRE "\x10\x41\x00" CALLED "\x00\x00\x03\x02\x70\x05"),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        assert_false(sms_read(&sms, rows[i]));
    }
}

static void every_prefix_is_read_within_its_octets(void **state)
{
    struct guarded guarded = guarded_open();
    struct slice whole = SLICE("\x00\x01" CENTRE "\x14\x41\x00" CALLED "\x00\x04\x07"
                               "\x06\x05\x04\x0b\x84\x23\xf0");

    (void)state;
    for (size_t len = 0; len <= whole.len; len++) {
        assert_int_equal(sms_read(&sms, guarded_copy(&guarded, slice_head(whole, len))),
                         len == whole.len);
    }
    guarded_close(&guarded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_a_user),
        cmocka_unit_test(for_the_card),
        cmocka_unit_test(for_a_port),
        cmocka_unit_test(to_a_user),
        cmocka_unit_test(classes),
        cmocka_unit_test(broken),
        cmocka_unit_test(every_prefix_is_read_within_its_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
