/*
 * What a change of policy changes: settings first, then who may do what.
 *
 * Both policies are compared by names, since indexes mean nothing outside one policy.  A line is
 * written whole and taken back when it turns out that nothing changed.
 */
#include "policy/reach.h"
#include "policy/report.h"
#include "policy/settings.h"
#include "policy/tables.h"
#include "policy/write.h"

struct difference {
    struct text *text;
    const struct policy *before, *after;
    uint32_t count;
};

static uint16_t zone_named(const struct policy *policy, struct slice name)
{
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        if (slice_equal(policy->zones[i].name, name)) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

static uint16_t peer_named(const struct policy *policy, struct slice name)
{
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        if (slice_equal(policy->peers[i].name, name)) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

/* One setting of two objects: "  peers.acme.rate: 5/s -> 10/s". */
static void setting_compare(struct difference *difference, const char *place, struct slice name,
                            const struct setting *setting, const void *before, const void *after)
{
    struct text *text = difference->text;
    size_t start = text->len;

    text_put_format(text, "  %s%.*s%s%s: ", place, (int)name.len, name.at, name.len > 0 ? "." : "",
                    setting->key);
    size_t old_at = text->len;
    kind_writer(setting->kind)(text, difference->before, setting, before);
    size_t old_len = text->len - old_at;
    text_put(text, old_len == 0 ? SLICE("(nothing) -> ") : SLICE(" -> "));
    size_t new_at = text->len;
    kind_writer(setting->kind)(text, difference->after, setting, after);
    if (slice_equal(slice_of(text->at + old_at, old_len),
                    slice_of(text->at + new_at, text->len - new_at))) {
        text->len = start;
        return;
    }
    text_put(text, text->len == new_at ? SLICE("(nothing)\n") : SLICE("\n"));
    difference->count++;
}

static void section_compare(struct difference *difference, enum section section, const char *place,
                            struct slice name, const void *before, const void *after)
{
    uint32_t count;
    const struct setting *rows = settings_of(section, &count);

    for (uint32_t i = 0; i < count; i++) {
        setting_compare(difference, place, name, &rows[i], before, after);
    }
}

/* A zone or peer that is only in one of the two. */
static void only_write(struct difference *difference, char sign, const char *what,
                       struct slice name)
{
    text_put_format(difference->text, "  %c %s '%.*s'\n", sign, what, (int)name.len, name.at);
    difference->count++;
}

static void zones_compare(struct difference *difference)
{
    const struct policy *before = difference->before, *after = difference->after;

    for (uint32_t i = 0; i < after->zone_count; i++) {
        uint16_t old = zone_named(before, after->zones[i].name);

        if (old == POLICY_NONE) {
            only_write(difference, '+', "zone", after->zones[i].name);
        } else {
            section_compare(difference, SECTION_ZONE, "zones.", after->zones[i].name,
                            &before->zones[old], &after->zones[i]);
        }
    }
    for (uint32_t i = 0; i < before->zone_count; i++) {
        if (zone_named(after, before->zones[i].name) == POLICY_NONE) {
            only_write(difference, '-', "zone", before->zones[i].name);
        }
    }
}

static void peers_compare(struct difference *difference)
{
    const struct policy *before = difference->before, *after = difference->after;

    for (uint32_t i = 0; i < after->peer_count; i++) {
        uint16_t old = peer_named(before, after->peers[i].name);

        if (old == POLICY_NONE) {
            only_write(difference, '+', "peer", after->peers[i].name);
        } else {
            section_compare(difference, SECTION_PEER, "peers.", after->peers[i].name,
                            &before->peers[old], &after->peers[i]);
        }
    }
    for (uint32_t i = 0; i < before->peer_count; i++) {
        if (peer_named(after, before->peers[i].name) == POLICY_NONE) {
            only_write(difference, '-', "peer", before->peers[i].name);
        }
    }
}

static void controls_compare(struct difference *difference,
                             const struct policy_control_names *controls)
{
    uint32_t count = difference->before->control_count < difference->after->control_count
                         ? difference->before->control_count
                         : difference->after->control_count;

    for (uint32_t i = 0; controls != NULL && i < count; i++) {
        section_compare(difference, SECTION_CONTROL, "controls.", slice_string(controls->ids[i]),
                        &difference->before->controls[i], &difference->after->controls[i]);
    }
}

static const struct {
    const char *now, *how, *before;
} crossing_words[] = {
    [CROSSING_ALLOWED] = {"may now", "", "yes"},
    [CROSSING_IN_DIALOG] = {"may now", " within a dialog only", "within a dialog only"},
    [CROSSING_REFUSED] = {"may no longer", "", "no"},
    [CROSSING_DROPPED] = {"may no longer", ", and is not answered", "no, and was not answered"},
};

static void crossing_compare(struct difference *difference, const char *what, struct slice name,
                             enum sip_method method, const enum policy_crossing *old,
                             const enum policy_crossing *new)
{
    static const char *const verbs[] = {"send", "be sent"};
    struct slice token = sip_method_token(method);

    for (unsigned i = 0; i < 2; i++) {
        if (old[i] != new[i]) {
            text_put_format(difference->text, "  %c %s '%.*s' %s %s %.*s%s (before: %s)\n",
                            new[i] < old[i] ? '+' : '-', what, (int)name.len, name.at,
                            crossing_words[new[i]].now, verbs[i], (int)token.len, token.at,
                            crossing_words[new[i]].how, crossing_words[old[i]].before);
            difference->count++;
        }
    }
}

static void crossings_of(const struct policy *policy, uint16_t zone, uint16_t peer,
                         enum sip_method method, enum policy_crossing *crossings)
{
    crossings[0] = policy_method_in(policy, zone, peer, method);
    crossings[1] = policy_method_out(policy, zone, peer, method);
}

static void methods_compare(struct difference *difference)
{
    const struct policy *before = difference->before, *after = difference->after;
    enum policy_crossing old[2], new[2];

    for (unsigned method = 0; method < SIP_METHOD_COUNT; method++) {
        for (uint32_t i = 0; i < after->zone_count; i++) {
            uint16_t zone = zone_named(before, after->zones[i].name);

            if (zone != POLICY_NONE) {
                crossings_of(before, zone, POLICY_NONE, (enum sip_method)method, old);
                crossings_of(after, (uint16_t)i, POLICY_NONE, (enum sip_method)method, new);
                crossing_compare(difference, "zone", after->zones[i].name, (enum sip_method)method,
                                 old, new);
            }
        }
        for (uint32_t i = 0; i < after->peer_count; i++) {
            uint16_t peer = peer_named(before, after->peers[i].name);

            if (peer != POLICY_NONE && before->peers[peer].methods != after->peers[i].methods) {
                crossings_of(before, before->peers[peer].zone, peer, (enum sip_method)method, old);
                crossings_of(after, after->peers[i].zone, (uint16_t)i, (enum sip_method)method,
                             new);
                crossing_compare(difference, "peer", after->peers[i].name, (enum sip_method)method,
                                 old, new);
            }
        }
    }
}

/* Where the routes of one key lead, in their order. */
static void chain_write(struct text *text, const struct policy *policy, uint32_t at)
{
    const struct route_table *routes = &policy->tables->routes;

    for (bool is_first = true; at != 0; at = routes->entries[at].next, is_first = false) {
        const struct policy_route *route = &policy->routes[routes->entries[at].route];

        text_put(text, is_first ? SLICE("") : SLICE(", then "));
        route_to_write(text, policy, route);
        if (route->methods != 0) {
            text_put(text, SLICE(" for "));
            methods_write(text, route->methods);
        }
    }
}

static void key_write(struct text *text, const struct policy *policy,
                      const struct route_entry *entry)
{
    static const char *const reaches[] = {" at ", " below ", "", " at any domain"};

    route_from_write(text, policy, &policy->routes[entry->route]);
    text_put_format(text, " to %s%.*s%s%.*s", entry->number.len == 0 ? "anybody" : "",
                    (int)entry->number.len, entry->number.at, reaches[entry->reach],
                    (int)entry->domain.len, entry->domain.at);
}

/* The same key in the other policy; 0 when it has none, or not its sender. */
static uint32_t key_elsewhere(const struct policy *policy, const struct route_entry *entry,
                              const struct policy *other)
{
    const struct policy_route *route = &policy->routes[entry->route];
    struct route_entry key = *entry;
    uint16_t zone = POLICY_NONE, peer = POLICY_NONE;

    if (route->from_peer != POLICY_NONE) {
        peer = peer_named(other, policy->peers[route->from_peer].name);
    } else if (route->from != POLICY_NONE) {
        zone = zone_named(other, policy->zones[route->from].name);
    }
    key.scope = scope_of(zone, peer);
    if (key.scope == 0 && (route->from != POLICY_NONE || route->from_peer != POLICY_NONE)) {
        return 0;
    }
    return route_entry_find(&other->tables->routes, &key);
}

/* New keys and changed ones. */
static void routes_compare_after(struct difference *difference)
{
    const struct route_table *routes = &difference->after->tables->routes;
    struct text *text = difference->text;

    for (uint32_t i = 1; i <= routes->count; i++) {
        const struct route_entry *entry = &routes->entries[i];
        size_t start = text->len;

        if (route_entry_find(routes, entry) != i) {
            continue;
        }
        uint32_t old = key_elsewhere(difference->after, entry, difference->before);
        text_put(text, old == 0 ? SLICE("  + ") : SLICE("  ~ "));
        key_write(text, difference->after, entry);
        text_put(text, SLICE(": now over "));
        size_t new_at = text->len;
        chain_write(text, difference->after, i);
        size_t new_len = text->len - new_at;
        text_put(text, old == 0 ? SLICE("") : SLICE(", before over "));
        size_t old_at = text->len;
        chain_write(text, difference->before, old);
        if (old != 0 && slice_equal(slice_of(text->at + new_at, new_len),
                                    slice_of(text->at + old_at, text->len - old_at))) {
            text->len = start;
            continue;
        }
        text_put_octet(text, '\n');
        difference->count++;
    }
}

static void routes_compare_before(struct difference *difference)
{
    const struct route_table *routes = &difference->before->tables->routes;
    struct text *text = difference->text;

    for (uint32_t i = 1; i <= routes->count; i++) {
        const struct route_entry *entry = &routes->entries[i];

        if (route_entry_find(routes, entry) == i &&
            key_elsewhere(difference->before, entry, difference->after) == 0) {
            text_put(text, SLICE("  - "));
            key_write(text, difference->before, entry);
            text_put(text, SLICE(": no longer over "));
            chain_write(text, difference->before, i);
            text_put_octet(text, '\n');
            difference->count++;
        }
    }
}

static void emergency_write(struct text *text, const struct policy *policy)
{
    const struct route_table *routes = &policy->tables->routes;

    for (uint32_t i = 0; i < routes->emergency_count; i++) {
        const struct policy_route *route = &policy->routes[routes->emergency[i]];

        text_put(text, i == 0 ? SLICE("") : SLICE(", "));
        route_from_write(text, policy, route);
        text_put(text, SLICE(" over "));
        route_to_write(text, policy, route);
    }
    text_put(text, routes->emergency_count == 0 ? SLICE("nowhere") : SLICE(""));
}

static void emergency_compare(struct difference *difference)
{
    struct text *text = difference->text;
    size_t start = text->len;

    text_put(text, SLICE("  ~ emergency calls: now "));
    size_t new_at = text->len;
    emergency_write(text, difference->after);
    size_t new_len = text->len - new_at;
    text_put(text, SLICE("; before "));
    size_t old_at = text->len;
    emergency_write(text, difference->before);
    if (slice_equal(slice_of(text->at + new_at, new_len),
                    slice_of(text->at + old_at, text->len - old_at))) {
        text->len = start;
        return;
    }
    text_put_octet(text, '\n');
    difference->count++;
}

/* A heading with nothing under it is taken back. */
static void part_write(struct difference *difference, const char *heading,
                       void (*compare)(struct difference *))
{
    struct text *text = difference->text;
    size_t start = text->len;

    text_put_format(text, "%s%s\n", start == 0 ? "" : "\n", heading);
    size_t empty = text->len;
    compare(difference);
    if (text->len == empty) {
        text->len = start;
    }
}

static void effects_compare(struct difference *difference)
{
    methods_compare(difference);
    emergency_compare(difference);
    routes_compare_after(difference);
    routes_compare_before(difference);
}

static void objects_compare(struct difference *difference)
{
    section_compare(difference, SECTION_ROOT, "", SLICE_NONE, difference->before,
                    difference->after);
    zones_compare(difference);
    peers_compare(difference);
}

uint32_t policy_diff_write(struct text *text, const struct policy *before,
                           const struct policy *after, const struct policy_control_names *controls)
{
    struct difference difference = {.text = text, .before = before, .after = after};

    part_write(&difference, "Who may do what", effects_compare);
    part_write(&difference, "Settings", objects_compare);
    controls_compare(&difference, controls);
    if (difference.count == 0) {
        text_put_string(text, "No difference.\n");
    }
    return difference.count;
}
