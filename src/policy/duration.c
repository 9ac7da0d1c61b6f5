#include "base/must.h"
#include "policy/settings.h"

static const struct {
    struct slice name;
    uint64_t ms;
} units[] = {
    {SLICE_INIT("d"), 86400000}, {SLICE_INIT("h"), 3600000}, {SLICE_INIT("m"), 60000},
    {SLICE_INIT("s"), 1000},     {SLICE_INIT("ms"), 1},
};

bool duration_read(struct slice text, uint64_t *ms)
{
    size_t digits = 0;
    uint64_t number;

    while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9') {
        digits++;
    }
    if (digits == 0 || (digits > 1 && text.at[0] == '0') ||
        !slice_number(slice_head(text, digits), UINT32_MAX, &number)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        if (slice_equal(slice_skip(text, digits), units[i].name)) {
            *ms = number * units[i].ms;
            return true;
        }
    }
    return false;
}

/* In the largest unit that leaves no rest; days only when there is more than one. */
void duration_write(struct text *text, uint64_t ms)
{
    size_t unit = ms < 2 * units[0].ms ? 1 : 0;

    while (unit + 1 < ARRAY_COUNT(units) && (ms % units[unit].ms != 0 || ms == 0)) {
        unit++;
    }
    text_put_number(text, ms / units[unit].ms);
    text_put(text, units[unit].name);
}
