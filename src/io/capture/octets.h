/*
 * Numbers out of octets and into them, in the order of the network or of whoever wrote the file.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline uint8_t octets_u8(const char *at)
{
    return (uint8_t)*at;
}

static inline uint16_t octets_u16(const char *at)
{
    return (uint16_t)(octets_u8(at) << 8 | octets_u8(at + 1));
}

static inline uint32_t octets_u32(const char *at)
{
    return (uint32_t)octets_u16(at) << 16 | octets_u16(at + 2);
}

static inline uint16_t octets_u16_of(const char *at, bool is_little)
{
    uint16_t number = octets_u16(at);

    return is_little ? __builtin_bswap16(number) : number;
}

static inline uint32_t octets_u32_of(const char *at, bool is_little)
{
    uint32_t number = octets_u32(at);

    return is_little ? __builtin_bswap32(number) : number;
}

static inline void octets_put_u16(char *at, uint16_t number)
{
    at[0] = (char)(number >> 8);
    at[1] = (char)(number & 0xFF);
}

static inline void octets_put_u32(char *at, uint32_t number)
{
    octets_put_u16(at, (uint16_t)(number >> 16));
    octets_put_u16(at + 2, (uint16_t)(number & 0xFFFF));
}
