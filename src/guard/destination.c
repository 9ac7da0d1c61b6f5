/*
 * Where a number leads: another country, or where calls cost more than they say (FRD-04).
 */
#include "guard/steps.h"
#include "guard/traffic.h"

// clang-format off
static const struct slice risky[] = {
#define HIGH_RISK(digits, what) SLICE_INIT("+" digits),
#include "guard/high_risk.def"
#undef HIGH_RISK
};
// clang-format on

bool destination_is_risky(struct slice number)
{
    for (size_t i = 0; i < sizeof(risky) / sizeof(risky[0]); i++) {
        if (slice_starts(number, risky[i])) {
            return true;
        }
    }
    return false;
}

/* Digits of the country code behind "+" (E.164): one of zones 1 and 7, two of these, else three. */
static size_t code_length(struct slice number)
{
    static const char two[] =
        "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 "
        "56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";

    if (number.len < 4 || number.at[1] == '1' || number.at[1] == '7') {
        return 1;
    }
    for (const char *at = two; *at != '\0'; at += 3) {
        if (number.at[1] == at[0] && number.at[2] == at[1]) {
            return 2;
        }
    }
    return 3;
}

bool destination_is_abroad(const struct plan *plan, struct slice number)
{
    const struct plan_inside *inside = &plan->inside;

    if (inside->number_count == 0 || number.len < 4 || number.at[0] != '+') {
        return false; /* whose country is ours is not known, or the number is a local one */
    }
    size_t len = 1 + code_length(number);
    for (uint32_t i = 0; i < inside->number_count; i++) {
        if (inside->numbers[i].len >= len &&
            slice_equal(slice_head(inside->numbers[i], len), slice_head(number, len))) {
            return false;
        }
    }
    return true;
}
