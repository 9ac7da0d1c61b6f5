#include "wire/token.h"

bool octet_is_token(char octet)
{
    static const struct slice marks = SLICE_INIT("-.!%*_+`'~");

    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
           (octet >= '0' && octet <= '9') || slice_find(marks, octet) < marks.len;
}

bool slice_is_token(struct slice slice)
{
    for (size_t i = 0; i < slice.len; i++) {
        if (!octet_is_token(slice.at[i])) {
            return false;
        }
    }
    return slice.len > 0;
}
