#include "guard/occasions.h"

#include "base/must.h"
#include "guard/control.h"

_Static_assert((int)SIP_HEADER_COUNT <= (int)OCCASION_METHODS, "headers come first");
_Static_assert((int)OCCASION_METHODS + (int)SIP_METHOD_COUNT < (int)OCCASION_BODY, "then methods");

// clang-format off
#define H(header) SIP_HEADER_##header
#define M(method) OCCASION_METHODS + SIP_##method
#define O(occasion) OCCASION_##occasion
#define OCCASIONS(control, ...) static const uint8_t of_##control[] = {__VA_ARGS__};
#include "guard/occasions.def"
#undef OCCASIONS

static const struct {
    const uint8_t *at;
    size_t count;
} wanted[CONTROL_INDEX_COUNT] = {
#define OCCASIONS(control, ...) \
    [CONTROL_INDEX_##control] = {of_##control, ARRAY_COUNT(of_##control)},
#include "guard/occasions.def"
#undef OCCASIONS
};
#undef H
#undef M
#undef O
// clang-format on

struct occasions occasions_wanted(uint32_t control)
{
    struct occasions occasions = {.bits = {0}};

    must(control < CONTROL_INDEX_COUNT);
    if (wanted[control].count == 0) {
        occasion_add(&occasions, OCCASION_ALWAYS);
    }
    for (size_t i = 0; i < wanted[control].count; i++) {
        occasion_add(&occasions, wanted[control].at[i]);
    }
    return occasions;
}

struct occasions occasions_of(const struct sip_message *message, enum sip_reading reading)
{
    struct occasions occasions = {.bits = {0}};

    occasion_add(&occasions, OCCASION_ALWAYS);
    if (reading != SIP_READ) {
        return occasions;
    }
    for (unsigned i = 0; i < message->header_count; i++) {
        occasion_add(&occasions, message->headers[i].id);
    }
    if (message->body.len > 0) {
        occasion_add(&occasions, OCCASION_BODY);
        occasion_add(&occasions, OCCASION_KEYS);
    }
    if (message->is_request) {
        occasion_add(&occasions, OCCASION_METHODS + message->method);
    } else if (message->status == 401 || message->status == 407) {
        occasion_add(&occasions, OCCASION_CHALLENGE);
    } else if (message->status / 100 == 3) {
        occasion_add(&occasions, OCCASION_REDIRECTION);
    }
    return occasions;
}

/* The lowest occasion in set that is not below from, or OCCASION_COUNT. */
static unsigned occasion_next(const struct occasions *set, unsigned from)
{
    for (unsigned word = from / 64; word < OCCASION_WORDS; word++) {
        uint64_t bits = set->bits[word] & (word == from / 64 ? ~0ULL << (from % 64) : ~0ULL);

        if (bits != 0) {
            return word * 64 + (unsigned)__builtin_ctzll(bits);
        }
    }
    return OCCASION_COUNT;
}

uint64_t interests_in(const struct interests *interests, const struct occasions *occasions)
{
    struct occasions both;
    uint64_t found = 0;

    for (unsigned i = 0; i < OCCASION_WORDS; i++) {
        both.bits[i] = occasions->bits[i] & interests->wanted.bits[i];
    }
    for (unsigned i = occasion_next(&both, 0); i < OCCASION_COUNT;
         i = occasion_next(&both, i + 1)) {
        found |= 1ULL << interests->bits[i];
    }
    return found;
}

uint64_t interests_add(struct interests *interests, const struct occasions *occasions)
{
    for (unsigned i = occasion_next(occasions, 0); i < OCCASION_COUNT;
         i = occasion_next(occasions, i + 1)) {
        if (!occasion_is(&interests->wanted, i)) {
            occasion_add(&interests->wanted, i);
            interests->bits[i] = interests->count;
            interests->count = (uint8_t)(interests->count + (interests->count < 63));
        }
    }
    return interests_in(interests, occasions);
}
