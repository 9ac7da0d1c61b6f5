/* The check of JSON: what is sound with another value behind it is not. */
#include <stdint.h>

#include "base/must.h"
#include "wire/json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice text = slice_of((const char *)octets, len), at;
    static char twice[JSON_MAX];

    if (json_check(text, &at) == JSON_SOUND && len > 0 && 2 * len + 1 <= sizeof(twice)) {
        memcpy(twice, octets, len);
        twice[len] = ' ';
        memcpy(twice + len + 1, octets, len);
        must(json_check(slice_of(twice, 2 * len + 1), &at) != JSON_SOUND);
    }
    return 0;
}
