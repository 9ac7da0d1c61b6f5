/* Methods, status codes, oddities: facts by number. */
#include "wire/sip/message.h"

// clang-format off
static const struct slice methods[SIP_METHOD_COUNT] = {
#define METHOD(name, token, opens, refreshes) [SIP_##name] = SLICE_INIT(token),
#include "wire/sip/methods.def"
#undef METHOD
};

static const char *const oddity_names[SIP_ODDITY_COUNT] = {
#define ODDITY(name, seen) [SIP_ODD_##name] = #name,
#include "wire/sip/oddities.def"
#undef ODDITY
};

static const char *const oddities_seen[SIP_ODDITY_COUNT] = {
#define ODDITY(name, seen) [SIP_ODD_##name] = seen,
#include "wire/sip/oddities.def"
#undef ODDITY
};

_Static_assert(SIP_ODDITY_COUNT <= 128, "struct sip_oddities has no more bits");

static const struct {
    unsigned status;
    struct slice phrase;
} reasons[] = {
#define REASON(status, phrase) {status, SLICE_INIT(phrase)},
#include "wire/sip/reasons.def"
#undef REASON
};
// clang-format on

struct slice sip_method_token(enum sip_method method)
{
    return method < SIP_METHOD_COUNT ? methods[method] : SLICE_NONE;
}

/* Methods are told apart by case (HYG-R05). */
enum sip_method sip_method_find(struct slice token)
{
    for (unsigned i = 0; i < SIP_METHOD_COUNT; i++) {
        if (token.len == methods[i].len && memcmp(token.at, methods[i].at, token.len) == 0) {
            return (enum sip_method)i;
        }
    }
    return SIP_METHOD_UNKNOWN;
}

/* The phrase of the class when the code is nobody's: whoever receives it treats it as x00. */
struct slice sip_reason(unsigned status)
{
    unsigned class_status = status / 100 * 100;
    struct slice phrase = SLICE("Unknown");

    for (unsigned i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return reasons[i].phrase;
        }
        if (reasons[i].status == class_status) {
            phrase = reasons[i].phrase;
        }
    }
    return phrase;
}

bool sip_status_is_registered(unsigned status)
{
    for (unsigned i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return true;
        }
    }
    return false;
}

const char *sip_oddity_seen(enum sip_oddity oddity)
{
    return oddities_seen[oddity];
}

const char *sip_oddity_name(enum sip_oddity oddity)
{
    return oddity_names[oddity];
}
