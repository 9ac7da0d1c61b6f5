/*
 * Zones, their sockets and their media.
 */
#include "policy/defaults.h"
#include "policy/host.h"
#include "policy/settings.h"

enum {
    MEDIA_PORT_MIN = 1024, /* below are the ports of others */
    MEDIA_PORTS_MIN = 16,  /* eight streams: less is a slip */
};

static void listener_refuse_wildcard(struct draft *draft, const struct item *item)
{
    draft_complain(draft, item->place,
                   "'%s' listens on every address; expected one address, so that a packet's zone "
                   "is certain; write the address of the interface of this zone",
                   show(item->text).text);
}

void setting_read_ENDPOINT(struct draft *draft, const struct item *item,
                           const struct setting *setting, void *object)
{
    struct policy_listener *listener = object;
    struct slice rest = item->text;
    struct host host;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (!host_take_transport(&rest, &listener->transport) || !host_read(&host, rest) ||
        host.address.family == ADDRESS_NONE) {
        setting_refuse(draft, setting, item->place, "'%s' is no socket of ours",
                       show(item->text).text);
        return;
    }
    if (address_is_unspecified(&host.address)) {
        listener_refuse_wildcard(draft, item);
        return;
    }
    if (address_is_multicast(&host.address) || address_is_mapped(&host.address)) {
        setting_refuse(draft, setting, item->place, "'%s' is no address one can listen on",
                       show(item->text).text);
        return;
    }
    listener->address = host.address;
    listener->address.port = host.port != 0 ? host.port : transport_port(listener->transport);
}

/* A socket alone may stand for the map that has only "at". */
static void listener_read(struct draft *draft, const struct item *item, uint16_t zone)
{
    struct policy *policy = draft->policy;

    if (policy->listener_count == POLICY_LISTENERS_MAX) {
        draft_complain(draft, item->place,
                       "too many listeners; expected at most %d; remove some or split the site",
                       POLICY_LISTENERS_MAX);
        return;
    }
    struct policy_listener *listener = &policy->listeners[policy->listener_count];
    *listener = (struct policy_listener){.zone = zone};
    draft->listeners[policy->listener_count++] = item;
    if (item->kind == ITEM_SCALAR) {
        setting_read_ENDPOINT(draft, item, setting_find(SECTION_LISTENER, "at"), listener);
    } else {
        section_read(draft, SECTION_LISTENER, item, listener);
    }
}

void setting_read_LISTENERS(struct draft *draft, const struct item *item,
                            const struct setting *setting, void *object)
{
    uint16_t zone = (uint16_t)((struct policy_zone *)object - draft->policy->zones);
    struct values values;
    const struct item *value;

    if (!values_begin(draft, item, setting, &values)) {
        return;
    }
    while ((value = values_next(&values)) != NULL) {
        listener_read(draft, value, zone);
    }
}

/* "20000-29999": even, odd, not below 1024, enough.  Complains. */
static bool ports_read(struct draft *draft, const struct item *item, const struct setting *setting,
                       struct slice text, struct policy_zone *zone)
{
    struct slice first = SLICE_NONE, rest = text;
    uint64_t min, max;

    if (!slice_cut(&rest, '-', &first) || !slice_number(first, UINT16_MAX, &min) ||
        !slice_number(rest, UINT16_MAX, &max)) {
        setting_refuse(draft, setting, item->place, "'%s' has no range of ports",
                       show(item->text).text);
        return false;
    }
    const char *problem = min < MEDIA_PORT_MIN              ? "begins below 1024"
                          : min % 2 != 0                    ? "begins with an odd port"
                          : max % 2 == 0                    ? "ends with an even port"
                          : max < min + MEDIA_PORTS_MIN - 1 ? "has fewer than 16 ports"
                                                            : NULL;
    if (problem != NULL) {
        draft_complain(draft, item->place,
                       "the range of ports of '%s' %s; expected pairs for RTP and RTCP, from an "
                       "even port at or above 1024 to an odd one; write for example "
                       "'media: 198.51.100.10:20000-29999'",
                       show(item->text).text, problem);
        return false;
    }
    if (zone->media_port_max != 0 && (zone->media_port_min != min || zone->media_port_max != max)) {
        draft_complain(draft, item->place,
                       "'%s' has other ports than the address before; expected one range for both "
                       "families; write the same ports",
                       show(item->text).text);
        return false;
    }
    zone->media_port_min = (uint16_t)min;
    zone->media_port_max = (uint16_t)max;
    return true;
}

static void media_read(struct draft *draft, const struct item *item, const struct setting *setting,
                       struct policy_zone *zone)
{
    size_t colon = slice_find_last(item->text, ':');
    struct address address;

    if (!setting_is_value(draft, item, setting)) {
        return;
    }
    if (colon == item->text.len || !address_read(&address, slice_head(item->text, colon))) {
        setting_refuse(draft, setting, item->place, "'%s' is no address with a range of ports",
                       show(item->text).text);
        return;
    }
    if (address_is_unspecified(&address) || address_is_multicast(&address) ||
        address_is_mapped(&address)) {
        setting_refuse(draft, setting, item->place, "'%s' is no address of an interface",
                       show(item->text).text);
        return;
    }
    struct address *field = address.family == ADDRESS_V4 ? &zone->media_v4 : &zone->media_v6;
    if (field->family != ADDRESS_NONE) {
        setting_refuse(draft, setting, item->place, "'%s' is the second address of its family",
                       show(item->text).text);
        return;
    }
    if (ports_read(draft, item, setting, slice_skip(item->text, colon + 1), zone)) {
        *field = address;
    }
}

void setting_read_MEDIA(struct draft *draft, const struct item *item, const struct setting *setting,
                        void *object)
{
    struct policy_zone *zone = object;
    struct values values;
    const struct item *value;

    if (item->kind == ITEM_SCALAR && slice_equal(item->text, SLICE("pass"))) {
        zone->media = MEDIA_PASS;
        return;
    }
    zone->media = MEDIA_ANCHOR;
    if (!values_begin(draft, item, setting, &values)) {
        return;
    }
    while ((value = values_next(&values)) != NULL) {
        media_read(draft, value, setting, zone);
    }
}

/* What Via and Contact show: what is advertised, else the host of the zone when one is written,
 * else the address of the socket itself. */
static void listener_show(struct draft *draft, struct policy_listener *listener)
{
    const struct item *zone = draft->zones[listener->zone];
    char room[DOMAIN_LEN_MAX + ADDRESS_TEXT_MAX];
    struct text text;
    struct host host = {.address = listener->address};
    uint16_t port = listener->address.port;

    if (listener->sent_by.len > 0 && host_read(&host, listener->sent_by)) {
        port = host.port != 0 ? host.port : port;
    } else if (item_find(zone, SLICE("host")) != NULL) {
        host_read(&host, draft->policy->zones[listener->zone].host);
    }
    text_init(&text, room, sizeof(room));
    if (host.address.family != ADDRESS_NONE) {
        address_write_host(&text, &host.address, true);
    } else {
        text_put(&text, host.name);
    }
    text_put_octet(&text, ':');
    text_put_number(&text, port);
    listener->sent_by = draft_keep(draft, text_slice(&text));
}

/* The first socket of a transport and family is what the zone sends from; the first of all gives
 * the zone its host when it has none. */
static void listener_finish(struct draft *draft, struct policy_listener *listener, uint16_t index)
{
    struct policy_zone *zone = &draft->policy->zones[listener->zone];
    uint16_t *usual =
        &zone->listeners[listener->transport][listener->address.family == ADDRESS_V6 ? 1 : 0];

    if (*usual == POLICY_NONE) {
        *usual = index;
    }
    if (zone->host.len == 0) {
        char room[ADDRESS_TEXT_MAX];
        struct text text;

        text_init(&text, room, sizeof(room));
        address_write_host(&text, &listener->address, true);
        zone->host = draft_keep(draft, text_slice(&text));
    }
    listener_show(draft, listener);
}

static void zone_init(struct policy_zone *zone)
{
    zone_become(zone, ZONE_INTERCONNECT_OPEN);
    for (unsigned transport = 0; transport < TRANSPORT_COUNT; transport++) {
        zone->listeners[transport][0] = POLICY_NONE;
        zone->listeners[transport][1] = POLICY_NONE;
    }
}

void setting_read_ZONES(struct draft *draft, const struct item *item, const struct setting *setting,
                        void *object)
{
    struct policy *policy = object;

    if (!section_map_begin(draft, item, setting)) {
        return;
    }
    policy->zones = memory_take(draft->kept, item->count, sizeof(struct policy_zone));
    policy->listeners =
        memory_take(draft->kept, POLICY_LISTENERS_MAX, sizeof(struct policy_listener));
    draft->zones = memory_take(&draft->scratch, item->count, sizeof(const struct item *));
    draft->listeners =
        memory_take(&draft->scratch, POLICY_LISTENERS_MAX, sizeof(const struct item *));
    if (policy->zones == NULL || policy->listeners == NULL || draft->zones == NULL ||
        draft->listeners == NULL) {
        return;
    }
    for (const struct item *value = item->first; value != NULL; value = value->next) {
        struct policy_zone *zone = &policy->zones[policy->zone_count];

        zone_init(zone);
        zone->tls = policy->tls;
        zone->name = section_name(draft, value);
        draft->zones[policy->zone_count++] = value;
        section_read(draft, SECTION_ZONE, value, zone);
    }
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        if (policy->listeners[i].address.family != ADDRESS_NONE) {
            listener_finish(draft, &policy->listeners[i], (uint16_t)i);
        }
    }
}
