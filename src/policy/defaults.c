#include "policy/defaults.h"

#include "policy/settings.h"

// clang-format off
static const struct class_default defaults[ZONE_CLASS_COUNT] = {
#define CLASS_DEFAULT(class, layer, strangers, nat, hidden, rate, calls, user_calls, rule)         \
    [ZONE_##class] = {LAYER_##layer, strangers, nat, hidden, rate, calls, user_calls, rule},
#include "policy/defaults.def"
#undef CLASS_DEFAULT
};
// clang-format on

const struct class_default *class_default(enum zone_class class)
{
    return &defaults[class];
}

static void figures_become(void *base, enum kind kind, bool is_access)
{
    struct figures figures = figures_of(kind);

    for (uint32_t i = 0; i < figures.count; i++) {
        const struct figure *figure = &figures.list[i];
        void *field = (char *)base + figure->at;

        *(uint32_t *)field = (uint32_t)(is_access ? figure->fallback : figure->network);
    }
}

void zone_become(struct policy_zone *zone, enum zone_class class)
{
    zone->class = class;
    zone->layer = defaults[class].layer;
    zone->accepts_unknown = defaults[class].accepts_unknown;
    zone->is_nat = defaults[class].is_nat;
    zone->hides = defaults[class].hides;
    zone->srtp_suites = MEDIA_SUITES_ALL;
    zone->user_calls_max = defaults[class].user_calls;
    figures_become(&zone->limits, KIND_LIMITS, zone_class_is_access(class));
    figures_become(&zone->rates, KIND_RATES, zone_class_is_access(class));
}

void peer_become(struct policy_peer *peer, enum zone_class class)
{
    peer->rate = defaults[class].rate;
    peer->calls_max = defaults[class].calls;
}
