/*
 * Header sets per pair of zones: rules 2.3 on both sides, Appendix A between networks.
 *
 * Zones of one class and one set of options share a profile, so that sixty access zones cost no
 * more than one.
 */
#include "base/must.h"
#include "policy/rules.h"
#include "policy/tables.h"

static bool zones_share(const struct policy_zone *a, const struct policy_zone *b)
{
    return a->class == b->class && memcmp(a->headers, b->headers, sizeof(a->headers)) == 0;
}

/* The zone that stands for each profile; returns how many there are. */
static uint32_t profiles_find(struct policy *policy, uint8_t *zone_of)
{
    uint32_t count = 0;

    for (uint32_t zone = 0; zone < policy->zone_count; zone++) {
        uint32_t profile = 0;

        while (profile < count &&
               !zones_share(&policy->zones[zone], &policy->zones[zone_of[profile]])) {
            profile++;
        }
        if (profile == count) {
            zone_of[count++] = (uint8_t)zone;
        }
        policy->tables->profiles[zone] = (uint8_t)profile;
    }
    return count;
}

/* What a side makes of a header: pass, option, or neither. */
static enum policy_treatment side_of(const struct policy_zone *zone, bool is_inward,
                                     bool is_request, enum sip_header_name header)
{
    enum policy_treatment treatment = header_treatment(zone->class, is_inward, is_request, header);

    switch (treatment) {
    case TREAT_STRIP:
    case TREAT_GENERATE:
        return TREAT_STRIP;
    case TREAT_OPTION:
        return (zone->headers[header / 64] >> (header % 64)) & 1 ? TREAT_PASS : TREAT_OPTION;
    case TREAT_PASS:
    case TREAT_VALIDATE:
    case TREAT_REWRITE:
    case TREAT_PRIVACY:
        return TREAT_PASS;
    }
    return TREAT_STRIP;
}

/* An agreement is stronger than Appendix A: what an option opens need not be listed. */
static void header_add(struct policy_header_set *set, const struct policy_zone *in,
                       const struct policy_zone *out, bool is_request, enum sip_method method,
                       enum sip_header_name header)
{
    enum policy_treatment inward = side_of(in, true, is_request, header);
    enum policy_treatment outward = side_of(out, false, is_request, header);
    bool is_between_networks = class_is_network(in->class) || class_is_network(out->class);
    bool is_agreed = header_treatment(in->class, true, is_request, header) == TREAT_OPTION ||
                     header_treatment(out->class, false, is_request, header) == TREAT_OPTION;
    uint64_t bit = 1ULL << (header % 64);

    if (inward == TREAT_STRIP || outward == TREAT_STRIP || sip_header_is_hop(header) ||
        (is_between_networks && !is_agreed && !header_is_listed(header, is_request, method))) {
        return;
    }
    if (inward == TREAT_OPTION) {
        set->in_option[header / 64] |= bit;
    }
    if (outward == TREAT_OPTION) {
        set->out_option[header / 64] |= bit;
    }
    if (inward == TREAT_PASS && outward == TREAT_PASS) {
        set->bits[header / 64] |= bit;
    }
}

static size_t set_index(const struct policy_tables *tables, uint32_t in, uint32_t out,
                        bool is_request, uint32_t method)
{
    size_t pair = (size_t)in * tables->profile_count + out;

    return (pair * 2 + (is_request ? 0 : 1)) * SIP_METHOD_COUNT + method;
}

static void sets_fill(struct policy *policy, const uint8_t *zone_of, uint32_t in, uint32_t out)
{
    struct policy_tables *tables = policy->tables;
    const struct policy_zone *from = &policy->zones[zone_of[in]];
    const struct policy_zone *to = &policy->zones[zone_of[out]];

    for (unsigned method = 0; method < SIP_METHOD_COUNT; method++) {
        for (unsigned header = 1; header < SIP_HEADER_COUNT; header++) {
            for (unsigned is_request = 0; is_request < 2; is_request++) {
                header_add(&tables->header_sets[set_index(tables, in, out, is_request, method)],
                           from, to, is_request, (enum sip_method)method,
                           (enum sip_header_name)header);
            }
        }
    }
}

bool tables_compile_headers(struct policy *policy)
{
    struct policy_tables *tables = policy->tables;
    uint8_t zone_of[POLICY_ZONES_MAX] = {0};

    _Static_assert(SIP_HEADER_COUNT <= 256, "policy_header_set has 256 bits");
    tables->profile_count = profiles_find(policy, zone_of);
    tables->header_sets =
        memory_take(&tables->memory, set_index(tables, tables->profile_count, 0, true, 0),
                    sizeof(struct policy_header_set));
    if (tables->header_sets == NULL) {
        return false;
    }
    for (uint32_t in = 0; in < tables->profile_count; in++) {
        for (uint32_t out = 0; out < tables->profile_count; out++) {
            sets_fill(policy, zone_of, in, out);
        }
    }
    return true;
}

const struct policy_header_set *policy_headers(const struct policy *policy, uint16_t zone_in,
                                               uint16_t zone_out, bool is_request,
                                               enum sip_method method)
{
    static const struct policy_header_set nothing;
    const struct policy_tables *tables = policy->tables;

    if (zone_in >= policy->zone_count || zone_out >= policy->zone_count ||
        method >= SIP_METHOD_COUNT) {
        return &nothing;
    }
    return &tables->header_sets[set_index(tables, tables->profiles[zone_in],
                                          tables->profiles[zone_out], is_request, method)];
}

static bool side_names(const struct policy *policy, uint16_t zone, uint16_t peer, struct slice name)
{
    if (zone < policy->zone_count && policy->zones[zone].class == ZONE_CORE) {
        return true;
    }
    if (peer >= policy->peer_count) {
        return false;
    }
    const struct policy_slices *extra = &policy->peers[peer].extra_headers;
    for (uint32_t i = 0; i < extra->count; i++) {
        if (slice_equal_nocase(extra->at[i], name)) {
            return true;
        }
    }
    return false;
}

/* Between two zones of the core nothing was agreed with anybody: stripped all the same (GEN-02). */
bool policy_extra_header_passes(const struct policy *policy, uint16_t zone_in, uint16_t peer_in,
                                uint16_t zone_out, uint16_t peer_out, struct slice name)
{
    bool is_inside = zone_in < policy->zone_count && zone_out < policy->zone_count &&
                     policy->zones[zone_in].class == ZONE_CORE &&
                     policy->zones[zone_out].class == ZONE_CORE;

    return !is_inside && side_names(policy, zone_in, peer_in, name) &&
           side_names(policy, zone_out, peer_out, name);
}
