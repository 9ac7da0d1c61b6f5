/*
 * Writers of sets, addresses, sockets and hops.
 */
#include "policy/settings.h"
#include "policy/write.h"

void prefix_write(struct text *text, const struct prefix *prefix)
{
    address_write_host(text, &prefix->address, false);
    if (prefix->bits != (prefix->address.family == ADDRESS_V4 ? 32 : 128)) {
        text_put_octet(text, '/');
        text_put_number(text, prefix->bits);
    }
}

static void prefixes_write(struct text *text, const struct prefix *prefixes, uint32_t count)
{
    struct list_text list;

    list_begin(&list, text);
    for (uint32_t i = 0; i < count; i++) {
        bool is_v6 = prefixes[i].address.family == ADDRESS_V6;

        list_next(&list);
        text_put(text, is_v6 ? SLICE("\"") : SLICE(""));
        prefix_write(text, &prefixes[i]);
        text_put(text, is_v6 ? SLICE("\"") : SLICE(""));
    }
    list_end(&list);
}

void field_write_addresses(struct text *text, const struct policy *policy,
                           const struct setting *setting, const void *object)
{
    const struct policy_peer *peer = object;

    (void)policy;
    (void)setting;
    prefixes_write(text, peer->addresses, peer->address_count);
}

void field_write_media_from(struct text *text, const struct policy *policy,
                            const struct setting *setting, const void *object)
{
    const struct policy_peer *peer = object;

    (void)policy;
    (void)setting;
    prefixes_write(text, peer->media_prefixes, peer->media_prefix_count);
}

void field_write_transports(struct text *text, const struct policy *policy,
                            const struct setting *setting, const void *object)
{
    const uint8_t *transports = (const void *)((const char *)object + setting->at);
    struct list_text list;

    (void)policy;
    list_begin(&list, text);
    for (unsigned transport = 0; transport < TRANSPORT_COUNT; transport++) {
        if (*transports >> transport & 1) {
            text_put_string(list_next(&list), transport_name((enum transport)transport));
        }
    }
    list_end(&list);
}

/* The words of an octet's bits. */
static void bits_write(struct text *text, const struct setting *setting, const void *object,
                       const struct slice *words, unsigned count)
{
    const uint8_t *bits = (const void *)((const char *)object + setting->at);
    struct list_text list;

    list_begin(&list, text);
    for (unsigned bit = 1; bit < count; bit++) {
        if (*bits >> bit & 1) {
            text_put(list_next(&list), words[bit]);
        }
    }
    list_end(&list);
}

void field_write_srtp_keys(struct text *text, const struct policy *policy,
                           const struct setting *setting, const void *object)
{
    static const struct slice words[] = {
        [MEDIA_SDES] = SLICE_INIT("sdes"),
        [MEDIA_DTLS] = SLICE_INIT("dtls"),
    };

    (void)policy;
    bits_write(text, setting, object, words, MEDIA_PROTECTION_COUNT);
}

void field_write_suites(struct text *text, const struct policy *policy,
                        const struct setting *setting, const void *object)
{
    struct slice words[MEDIA_SUITE_COUNT];

    (void)policy;
    for (enum media_suite suite = MEDIA_SUITE_NONE; suite < MEDIA_SUITE_COUNT; suite++) {
        words[suite] = media_suite_written(suite);
    }
    bits_write(text, setting, object, words, MEDIA_SUITE_COUNT);
}

void methods_write(struct text *text, uint32_t methods)
{
    struct list_text list;

    list_begin(&list, text);
    for (unsigned method = 0; method < SIP_METHOD_COUNT; method++) {
        if (methods >> method & 1) {
            text_put(list_next(&list), sip_method_token((enum sip_method)method));
        }
    }
    list_end(&list);
}

void field_write_methods(struct text *text, const struct policy *policy,
                         const struct setting *setting, const void *object)
{
    const uint32_t *methods = (const void *)((const char *)object + setting->at);

    (void)policy;
    methods_write(text, *methods);
}

void field_write_headers(struct text *text, const struct policy *policy,
                         const struct setting *setting, const void *object)
{
    const uint64_t *bits = (const void *)((const char *)object + setting->at);
    struct list_text list;

    (void)policy;
    list_begin(&list, text);
    for (unsigned header = 1; header < SIP_HEADER_COUNT; header++) {
        if (bits[header / 64] >> (header % 64) & 1) {
            text_put(list_next(&list), sip_header_spelling((enum sip_header_name)header));
        }
    }
    if (setting->section == SECTION_PEER) {
        const struct policy_slices *extra = &((const struct policy_peer *)object)->extra_headers;

        for (uint32_t i = 0; i < extra->count; i++) {
            scalar_write(list_next(&list), extra->at[i]);
        }
    }
    list_end(&list);
}

static void media_write(struct list_text *list, const struct policy_zone *zone,
                        const struct address *address)
{
    if (address->family == ADDRESS_NONE) {
        return;
    }
    list_next(list);
    text_put_octet(list->text, '"');
    address_write_host(list->text, address, true);
    text_put_format(list->text, ":%u-%u\"", zone->media_port_min, zone->media_port_max);
}

void field_write_media(struct text *text, const struct policy *policy,
                       const struct setting *setting, const void *object)
{
    const struct policy_zone *zone = object;
    struct list_text list;

    (void)policy;
    (void)setting;
    if (zone->media == MEDIA_PASS) {
        text_put(text, SLICE("pass"));
        return;
    }
    list_begin(&list, text);
    media_write(&list, zone, &zone->media_v4);
    media_write(&list, zone, &zone->media_v6);
    list_end(&list);
}

void field_write_zone(struct text *text, const struct policy *policy, const struct setting *setting,
                      const void *object)
{
    const struct policy_peer *peer = object;

    (void)setting;
    scalar_write(text, policy->zones[peer->zone].name);
}

void field_write_endpoint(struct text *text, const struct policy *policy,
                          const struct setting *setting, const void *object)
{
    const struct policy_listener *listener = object;

    (void)policy;
    (void)setting;
    text_put_format(text, "\"%s:", transport_name(listener->transport));
    address_write(text, &listener->address);
    text_put_octet(text, '"');
}

/* What its sent_by says is always written: it is what neighbours see. */
void field_write_listeners(struct text *text, const struct policy *policy,
                           const struct setting *setting, const void *object)
{
    uint16_t zone = (uint16_t)((const struct policy_zone *)object - policy->zones);
    struct list_text list;

    list_begin(&list, text);
    for (uint32_t i = 0; i < policy->listener_count; i++) {
        const struct policy_listener *listener = &policy->listeners[i];

        if (listener->zone == zone) {
            text_put(list_next(&list), SLICE("{at: "));
            field_write_endpoint(text, policy, setting, listener);
            text_put(text, SLICE(", advertise: "));
            text_put_json(text, listener->sent_by);
            text_put_octet(text, '}');
        }
    }
    list_end(&list);
}

void hop_write(struct text *text, const struct policy_hop *hop)
{
    if (hop->transport < TRANSPORT_COUNT) {
        text_put_format(text, "%s:", transport_name((enum transport)hop->transport));
    }
    if (hop->address.family != ADDRESS_NONE) {
        address_write(text, &hop->address);
        return;
    }
    text_put(text, hop->host);
    if (hop->port != 0) {
        text_put_format(text, ":%u", hop->port);
    }
}

void field_write_target(struct text *text, const struct policy *policy,
                        const struct setting *setting, const void *object)
{
    (void)policy;
    (void)setting;
    text_put_octet(text, '"');
    hop_write(text, object);
    text_put_octet(text, '"');
}

void field_write_hops(struct text *text, const struct policy *policy, const struct setting *setting,
                      const void *object)
{
    const struct policy_peer *peer = object;
    struct list_text list;

    list_begin(&list, text);
    for (uint32_t i = 0; i < peer->hop_count; i++) {
        const struct policy_hop *hop = &peer->hops[i];

        text_put(list_next(&list), SLICE("{to: "));
        field_write_target(text, policy, setting, hop);
        text_put_format(text, ", priority: %u, weight: %u}", hop->priority, hop->weight);
    }
    list_end(&list);
}

/* Only what differs from its default is written. */
static void figures_write(struct text *text, enum kind kind, const void *base, bool is_network)
{
    struct figures figures = figures_of(kind);
    uint32_t count = 0;

    for (uint32_t i = 0; i < figures.count; i++) {
        const struct figure *figure = &figures.list[i];
        const uint32_t *value = (const void *)((const char *)base + figure->at);

        if (*value == (is_network ? figure->network : figure->fallback)) {
            continue;
        }
        text_put_format(text, "%s%s: ", count++ == 0 ? "{" : ", ", figure->key);
        if (kind == KIND_TIMERS) {
            duration_write(text, *value);
        } else {
            text_put_number(text, *value);
        }
    }
    text_put(text, count == 0 ? SLICE("") : SLICE("}"));
}

void field_write_figures(struct text *text, const struct policy *policy,
                         const struct setting *setting, const void *object)
{
    (void)policy;
    figures_write(text, setting->kind, (const char *)object + setting->at, false);
}

void field_write_limits(struct text *text, const struct policy *policy,
                        const struct setting *setting, const void *object)
{
    const struct policy_zone *zone = object;

    (void)policy;
    figures_write(text, setting->kind, &zone->limits, !zone_class_is_access(zone->class));
}

void field_write_rates(struct text *text, const struct policy *policy,
                       const struct setting *setting, const void *object)
{
    const struct policy_zone *zone = object;

    (void)policy;
    figures_write(text, setting->kind, &zone->rates, !zone_class_is_access(zone->class));
}
