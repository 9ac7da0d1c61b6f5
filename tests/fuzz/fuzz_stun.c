/* A check of ICE: whatever was read lies within the message. */
#include "base/must.h"
#include "wire/rtp/stun.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice bytes = slice_of((const char *)octets, len);
    struct stun_check check;

    if (!stun_check_read(&check, bytes)) {
        return 0;
    }
    must(check.username.len == 0 || (check.username.at >= bytes.at &&
                                     check.username.at + check.username.len <= bytes.at + len));
    must(check.proof == NULL ||
         (check.proof >= bytes.at && check.proof + STUN_PROOF_LEN <= bytes.at + len));
    must(check.proof == NULL || (check.proven.at == bytes.at && check.proven.len < len));
    return 0;
}
