#include "policy/check.h"

static const char *zone_name(const struct policy_zone *zone, struct shown *shown)
{
    *shown = show(zone->name);
    return shown->text;
}

uint16_t zone_listener(const struct policy *policy, uint16_t zone, enum transport transport,
                       enum address_family family)
{
    const uint16_t *usual = policy->zones[zone].listeners[transport];

    if (family == ADDRESS_V4 || (family == ADDRESS_NONE && usual[0] != POLICY_NONE)) {
        return usual[0];
    }
    return usual[1];
}

/* Only devices come from where nobody knows; everybody else has a contract. */
static void check_strangers(struct draft *draft, uint32_t index)
{
    const struct policy *policy = draft->policy;
    const struct policy_zone *zone = &policy->zones[index];
    bool registers = zone->accepts_unknown ||
                     (zone->class == ZONE_ENTERPRISE && (zone->methods >> SIP_REGISTER & 1) != 0);
    struct shown name;

    if (zone->accepts_unknown && !zone_class_is_access(zone->class)) {
        draft_complain(draft, item_place(draft->zones[index], "accept-unknown"),
                       "zone '%s' of class %s would take packets from unknown sources; expected "
                       "that only in access classes; remove it and list the neighbours as peers",
                       zone_name(zone, &name), zone_class_written(zone->class));
    } else if (registers && zone_class_is_access(zone->class) && policy->realms.count == 0) {
        draft_complain(draft, draft->zones[index]->key->place,
                       "devices of zone '%s' register, but no realm is named; expected the digest "
                       "realm their passwords are for; add 'realms: [ims.example.net]' at the top "
                       "level",
                       zone_name(zone, &name));
    }
}

/* UDP beside a stream on one port is two sockets; two streams, or UDP twice, is one. */
static bool listeners_collide(const struct policy_listener *a, const struct policy_listener *b)
{
    return address_equal(&a->address, &b->address) && a->address.family != ADDRESS_NONE &&
           transport_is_stream(a->transport) == transport_is_stream(b->transport);
}

static void check_listeners(struct draft *draft)
{
    const struct policy *policy = draft->policy;

    for (uint32_t i = 0; i < policy->listener_count; i++) {
        if (policy->listeners[i].transport == TRANSPORT_WS &&
            policy->listeners[i].address.family != ADDRESS_NONE &&
            !address_is_loopback(&policy->listeners[i].address)) {
            draft_complain(draft, draft->listeners[i]->place,
                           "ws is in clear and leaves this machine; expected it on a loopback "
                           "address, behind a proxy; write 'wss' instead");
        }
        for (uint32_t k = 0; k < i; k++) {
            if (listeners_collide(&policy->listeners[i], &policy->listeners[k])) {
                draft_complain(draft, draft->listeners[i]->place,
                               "this socket is already that of line %u; expected one zone and one "
                               "transport for each address and port; use another port or address",
                               draft->listeners[k]->place.line);
                break;
            }
        }
    }
}

static bool ranges_overlap(const struct policy_zone *a, const struct policy_zone *b)
{
    bool is_same_host =
        (a->media_v4.family != ADDRESS_NONE && address_same_host(&a->media_v4, &b->media_v4)) ||
        (a->media_v6.family != ADDRESS_NONE && address_same_host(&a->media_v6, &b->media_v6));

    return is_same_host && a->media_port_min <= b->media_port_max &&
           b->media_port_min <= a->media_port_max;
}

static bool range_has(const struct policy_zone *zone, const struct address *address)
{
    bool is_same_host =
        address_same_host(&zone->media_v4, address) || address_same_host(&zone->media_v6, address);

    return is_same_host && address->port >= zone->media_port_min &&
           address->port <= zone->media_port_max;
}

static void check_media(struct draft *draft, uint32_t index)
{
    const struct policy *policy = draft->policy;
    const struct policy_zone *zone = &policy->zones[index];
    struct place place = item_place(draft->zones[index], "media");
    struct shown name;

    for (uint32_t i = 0; i < index; i++) {
        if (ranges_overlap(zone, &policy->zones[i])) {
            draft_complain(draft, place,
                           "the media ports overlap those of zone '%s' at the same address; "
                           "expected ranges apart, so that a stream's zone is certain; choose "
                           "another range or address",
                           zone_name(&policy->zones[i], &name));
        }
    }
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        const struct policy_listener *listener = &policy->listeners[i];

        if (listener->transport == TRANSPORT_UDP && listener->address.family != ADDRESS_NONE &&
            range_has(zone, &listener->address)) {
            draft_complain(draft, place,
                           "the media ports include port %u, which is a listener in line %u; "
                           "expected media ports of their own; choose another range",
                           listener->address.port, draft->listeners[i]->place.line);
        }
    }
}

static void check_timers(struct draft *draft)
{
    const struct policy_timers *timers = &draft->policy->timers;
    const struct item *map = item_find(draft->root, SLICE("timers"));
    const struct {
        const char *less, *more;
        uint32_t less_ms, more_ms;
    } pairs[] = {
        {"t1", "t2", timers->t1, timers->t2},
        {"ringing", "ringing-max", timers->ringing, timers->ringing_max},
        {"session-min", "session", timers->session_min, timers->session},
        {"failover", "transaction", timers->failover, timers->transaction},
    };

    for (unsigned i = 0; map != NULL && i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (pairs[i].less_ms > pairs[i].more_ms) {
            draft_complain(draft, item_place(map, pairs[i].less),
                           "'%s' is longer than '%s'; expected it shorter; lower the one or raise "
                           "the other",
                           pairs[i].less, pairs[i].more);
        }
    }
}

void check_zones(struct draft *draft)
{
    for (uint32_t zone = 0; zone < draft->policy->zone_count; zone++) {
        check_strangers(draft, zone);
        check_media(draft, zone);
    }
    check_listeners(draft);
    check_timers(draft);
}
