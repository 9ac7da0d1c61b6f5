/* The reader of a WebSocket's first request: within what it was given, and never a part of a whole
 * one for something else. */
#include <stdint.h>

#include "base/must.h"
#include "wire/http/upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice text = slice_of((const char *)octets, len);
    struct http_upgrade upgrade, again;
    size_t taken = 0, taken_again = 0;

    if (http_upgrade_read(text, &upgrade, &taken) == HTTP_UPGRADE) {
        must(taken <= len && taken <= HTTP_UPGRADE_MAX && upgrade.key.len == HTTP_KEY_LEN);
        must(http_upgrade_read(slice_head(text, taken), &again, &taken_again) == HTTP_UPGRADE);
        must(taken == taken_again && upgrade.has_sip == again.has_sip);
        must(http_upgrade_read(slice_head(text, taken - 1), &again, &taken_again) == HTTP_MORE);
    }
    return 0;
}
