/*
 * What is worth knowing about zones, and about the policy as a whole.
 */
#include "policy/posture.h"
#include "policy/tables.h"

static void find_clear(struct review *review, const struct policy_listener *listener)
{
    const struct policy_zone *zone = &review->policy->zones[listener->zone];
    uint32_t line = review->policy->tables->zone_lines[listener->zone];
    char room[ADDRESS_TEXT_MAX + 1];
    struct text address;

    if (transport_is_secure(listener->transport)) {
        return;
    }
    text_init(&address, room, sizeof(room));
    address_write(&address, &listener->address);
    enum posture_name name = POSTURE_OF_clear_private;
    if (address_is_public(&listener->address)) {
        name = POSTURE_OF_clear_public;
    } else if (zone->class == ZONE_CORE && !address_is_loopback(&listener->address)) {
        name = POSTURE_OF_clear_core;
    }
    review_find(review, name, line, "zone '%.*s', %s:%.*s", (int)zone->name.len, zone->name.at,
                transport_name(listener->transport), (int)address.len, room);
}

static void find_shared(struct review *review, const struct policy_listener *listener)
{
    const struct policy *policy = review->policy;

    for (const struct policy_listener *other = policy->listeners; other < listener; other++) {
        if (other->zone != listener->zone &&
            address_same_host(&other->address, &listener->address)) {
            const struct policy_zone *a = &policy->zones[other->zone];
            const struct policy_zone *b = &policy->zones[listener->zone];

            review_find(review, POSTURE_OF_shared_address,
                        policy->tables->zone_lines[listener->zone], "zones '%.*s' and '%.*s'",
                        (int)a->name.len, a->name.at, (int)b->name.len, b->name.at);
            return;
        }
    }
}

static bool zone_signals(const struct policy_zone *zone, unsigned family)
{
    for (unsigned transport = 0; transport < TRANSPORT_COUNT; transport++) {
        if (zone->listeners[transport][family] != POLICY_NONE) {
            return true;
        }
    }
    return false;
}

static void find_media(struct review *review, const struct policy_zone *zone, uint32_t line)
{
    uint32_t pairs = ((uint32_t)zone->media_port_max - zone->media_port_min + 1) / 2;
    bool lacks = (zone_signals(zone, 0) && zone->media_v4.family == ADDRESS_NONE) ||
                 (zone_signals(zone, 1) && zone->media_v6.family == ADDRESS_NONE);

    if (zone->media == MEDIA_PASS) {
        review_find(review, POSTURE_OF_media_passes, line, "zone '%.*s'", (int)zone->name.len,
                    zone->name.at);
        return;
    }
    if (lacks) {
        review_find(review, POSTURE_OF_media_family, line, "zone '%.*s'", (int)zone->name.len,
                    zone->name.at);
    }
    if (pairs < review->policy->capacity.media_sessions) {
        review_find(review, POSTURE_OF_few_ports, line, "zone '%.*s', %u streams",
                    (int)zone->name.len, zone->name.at, pairs);
    }
}

static bool zone_is_used(const struct policy *policy, uint32_t zone)
{
    for (uint32_t i = 0; i < policy->route_count; i++) {
        if (policy->routes[i].to == zone || policy->routes[i].from == zone ||
            (policy->routes[i].from == POLICY_NONE && !policy->routes[i].is_emergency)) {
            return true;
        }
    }
    return false;
}

static void find_zone(struct review *review, uint32_t index)
{
    const struct policy_zone *zone = &review->policy->zones[index];
    uint32_t line = review->policy->tables->zone_lines[index];

    if (!zone->hides && zone->class != ZONE_CORE) {
        review_find(review, POSTURE_OF_not_hidden, line, "zone '%.*s'", (int)zone->name.len,
                    zone->name.at);
    }
    if (zone->shows_keys) {
        review_find(review, POSTURE_OF_keys_shown, line, "zone '%.*s'", (int)zone->name.len,
                    zone->name.at);
    }
    if (!zone_is_used(review->policy, index)) {
        review_find(review, POSTURE_OF_unused_zone, line, "zone '%.*s'", (int)zone->name.len,
                    zone->name.at);
    }
    find_media(review, zone, line);
}

void review_zones(struct review *review)
{
    const struct policy *policy = review->policy;
    uint32_t passing = 0;

    for (uint32_t i = 0; i < policy->listener_count; i++) {
        find_clear(review, &policy->listeners[i]);
        find_shared(review, &policy->listeners[i]);
    }
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        find_zone(review, i);
        passing += policy->zones[i].media == MEDIA_PASS ? 1 : 0;
    }
    if (passing > 0 && passing < policy->zone_count) {
        review_find(review, POSTURE_OF_media_mixed, 0, "%u of %u zones", passing,
                    policy->zone_count);
    }
    if (policy->zone_count == 1) {
        review_find(review, POSTURE_OF_one_zone, policy->tables->zone_lines[0], "zone '%.*s'",
                    (int)policy->zones[0].name.len, policy->zones[0].name.at);
    }
}

static void find_control(struct review *review, uint32_t index)
{
    const struct policy_control *control = &review->policy->controls[index];
    const char *id = review->controls->ids[index];

    if (control->mode == MODE_OFF) {
        review_find(review, POSTURE_OF_control_off, 0, "%s", id);
    } else if (control->mode == MODE_OBSERVE) {
        review_find(review, POSTURE_OF_control_observed, 0, "%s", id);
    } else if (control->action == ACTION_PASS) {
        review_find(review, POSTURE_OF_control_passes, 0, "%s", id);
    }
}

void review_rest(struct review *review)
{
    const struct policy *policy = review->policy;

    for (uint32_t i = 0; review->controls != NULL && i < policy->control_count; i++) {
        find_control(review, i);
    }
    if (policy->user.len == 0) {
        review_find(review, POSTURE_OF_no_user, 0, "processes");
    }
}
