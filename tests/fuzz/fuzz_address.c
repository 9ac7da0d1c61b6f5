/*
 * Whatever is read as an address, with or without port or bits, is written so that it reads as the
 * same again.
 */
#include "base/address.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice literal = slice_of((const char *)octets, len);
    struct address address, again;
    struct prefix prefix;
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    if (prefix_read(&prefix, literal)) {
        must(prefix_has(&prefix, &prefix.address));
    }
    if (address_read_port(&address, literal)) {
        text_init(&text, room, sizeof(room));
        address_write(&text, &address);
        must(!text.is_full && address_read_port(&again, text_slice(&text)));
        must(address_equal(&address, &again));
    }
    must(!address_read(&again, literal) || (address_same_host(&address, &again)));
    return 0;
}
