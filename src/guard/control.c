#include "guard/control.h"

#include "base/must.h"
#include "guard/inspect.h"

enum {
    ZONES_ALL = (1 << ZONE_CLASS_COUNT) - 1,
    ZONES_OUTSIDE = ZONES_ALL & ~(1 << ZONE_CORE),
    // clang-format off
    ZONES_ACCESS = 0
#define ZONE_CLASS(name, code, written, trusted, access) | ((access) ? 1 << ZONE_##name : 0)
#include "policy/zones.def"
#undef ZONE_CLASS
    ,
    ZONES_UNTRUSTED = 0
#define ZONE_CLASS(name, code, written, trusted, access) | ((trusted) ? 0 : 1 << ZONE_##name)
#include "policy/zones.def"
#undef ZONE_CLASS
    ,
    // clang-format on
    ZONES_NETWORK = ZONES_OUTSIDE & ~ZONES_ACCESS,
};

enum { LOOKS_AT_EVERYTHING = LOOKS_AT_REQUESTS | LOOKS_AT_RESPONSES };
enum { NONE = 0, HARD = 1, SPARES = 2 };

// clang-format off
static const struct control controls[] = {
#define CONTROL(function_, id_, area_, layer_, severity_, action_, status_, zones_, looks_, flags,   \
                finds_, why_, rules_, reference_)                                                    \
    {.function = control_##function_, .id = (id_), .area = AREA_##area_, .layer = LAYER_##layer_,    \
     .severity = SEVERITY_##severity_, .action = ACTION_##action_, .status = (status_),              \
     .zones = ZONES_##zones_, .looks_at = LOOKS_AT_##looks_, .is_hard = ((flags) & HARD) != 0,       \
     .spares_emergency = ((flags) & SPARES) != 0, .finds = (finds_), .why = (why_),                  \
     .rules = (rules_), .reference = (reference_)},
#include "guard/controls.def"
#undef CONTROL
};

static const char *const ids[] = {
#define CONTROL(function, id, ...) id,
#include "guard/controls.def"
#undef CONTROL
};
// clang-format on

uint32_t control_count(void)
{
    return ARRAY_COUNT(controls);
}

const struct control *control_at(uint32_t index)
{
    must(index < ARRAY_COUNT(controls));
    return &controls[index];
}

uint32_t control_find(struct slice id)
{
    uint32_t index = 0;

    while (index < ARRAY_COUNT(controls) && !slice_equal(id, slice_string(controls[index].id))) {
        index++;
    }
    return index;
}

const struct policy_control_names *control_names(void)
{
    static const struct policy_control_names names = {ids, ARRAY_COUNT(ids)};

    return &names;
}

const char *control_area_name(enum control_area area)
{
    static const char *const names[AREA_COUNT] = {
        [AREA_SEGMENTATION] = "segmentation",
        [AREA_ENCRYPTION] = "encryption",
        [AREA_VALIDATION] = "message validation",
        [AREA_IDENTITY] = "identity",
        [AREA_PRIVACY] = "privacy",
        [AREA_FRAUD] = "fraud",
        [AREA_MESSAGING] = "messaging",
        [AREA_FLOODING] = "flooding and overload",
        [AREA_OPERATOR] = "operator's own rules",
    };
    return names[area];
}

const char *control_layer_name(enum control_layer layer)
{
    static const char *const names[LAYER_COUNT] = {
        [LAYER_ADMISSION] = "admission", [LAYER_FRAMING] = "framing",   [LAYER_LEXICAL] = "lexical",
        [LAYER_GRAMMAR] = "grammar",     [LAYER_MATCHING] = "matching", [LAYER_PROFILE] = "profile",
        [LAYER_IDENTITY] = "identity",   [LAYER_HIDING] = "hiding",
    };
    return names[layer];
}

const char *severity_name(enum severity severity)
{
    static const char *const names[SEVERITY_COUNT] = {
        [SEVERITY_LOW] = "low",
        [SEVERITY_MEDIUM] = "medium",
        [SEVERITY_HIGH] = "high",
        [SEVERITY_CRITICAL] = "critical",
    };
    return names[severity];
}

const char *policy_action_name(enum policy_action action)
{
    static const char *const names[] = {
        [ACTION_DEFAULT] = "default",   [ACTION_PASS] = "pass",     [ACTION_STRIP] = "strip",
        [ACTION_THROTTLE] = "throttle", [ACTION_REJECT] = "reject", [ACTION_DROP] = "drop",
        [ACTION_CLOSE] = "close",
    };
    return names[action];
}
