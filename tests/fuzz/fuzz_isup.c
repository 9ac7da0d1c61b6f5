/* The reader of messages of the telephone network: within its octets, and within its digits. */
#include <stdint.h>

#include "base/must.h"
#include "wire/isup/isup.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct isup isup;

    if (isup_read(&isup, slice_of((const char *)octets, len))) {
        must(isup.called.len <= ISUP_DIGITS_MAX && isup.calling.len <= ISUP_DIGITS_MAX);
        must(isup.kind == ISUP_SETUP || !isup.called.is_there);
    }
    return 0;
}
