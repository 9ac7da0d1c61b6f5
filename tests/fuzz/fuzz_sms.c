/* The reader of short messages: it stays within what it was given and says the same again. */
#include <stdint.h>

#include "base/must.h"
#include "wire/sms/sms.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice text = slice_of((const char *)octets, len);
    struct sms sms, again;

    must(sms_read(&sms, text) == sms_read(&again, text));
    must(sms.kind == again.kind && sms.port == again.port && sms.protocol == again.protocol);
    must(sms.port == SMS_NO_PORT || sms.port <= UINT16_MAX);
    must(sms_is_for_card(&sms) == sms_is_for_card(&again));
    return 0;
}
