/*
 * What a copied text shows of the inside.
 */
#include "guard/steps.h"

static bool is_host_octet(char octet)
{
    return (octet >= '0' && octet <= '9') || (octet >= 'a' && octet <= 'z') ||
           (octet >= 'A' && octet <= 'Z') || octet == '-' || octet == '.' || octet == ':';
}

static struct slice parent_of(struct slice name)
{
    return slice_skip(name, slice_find(name, '.') + 1);
}

static bool has_two_labels(struct slice name)
{
    return slice_find(name, '.') < name.len;
}

static bool stands_below(struct slice name, struct slice parent)
{
    return slice_equal_nocase(name, parent) || slice_equal_nocase(parent_of(name), parent);
}

/* Something of ours stands there in public. */
static bool is_public_parent(const struct policy *policy, struct slice parent)
{
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        const struct policy_zone *zone = &policy->zones[i];

        if (zone->class != ZONE_CORE &&
            (stands_below(zone->host, parent) || stands_below(zone->domain, parent))) {
            return true;
        }
    }
    for (uint32_t i = 0; i < policy->domains.count; i++) {
        if (stands_below(policy->domains.at[i], parent)) {
            return true;
        }
    }
    return false;
}

/* The neighbours of a host of the inside stand below the same name: a.core.example beside
 * b.core.example. */
static bool is_neighbour(const struct plan *plan, struct slice parent)
{
    const struct plan_inside *inside = &plan->inside;

    for (uint32_t i = 0; has_two_labels(parent) && i < inside->name_count; i++) {
        if (slice_equal_nocase(parent_of(inside->names[i]), parent)) {
            return !is_public_parent(plan->policy, parent);
        }
    }
    return false;
}

static bool name_shows_inside(const struct plan *plan, struct slice name)
{
    for (struct slice rest = name; has_two_labels(rest); rest = parent_of(rest)) {
        if (inside_is_public(plan->policy, rest)) {
            return false;
        }
        if (inside_has_name(plan, rest) || is_neighbour(plan, parent_of(rest))) {
            return true;
        }
    }
    return false;
}

static bool address_shows_inside(const struct plan *plan, const struct address *address)
{
    return inside_has_address(plan, address) || address_is_private(address);
}

/* A run of octets that hosts are made of; "host:port" and a dot behind a sentence are looked at
 * without what follows. */
static bool word_shows_inside(const struct plan *plan, struct slice word)
{
    struct slice head = slice_head(word, slice_find(word, ':'));
    struct address address;

    while (word.len > 0 && (word.at[word.len - 1] == '.' || word.at[word.len - 1] == ':')) {
        word.len--;
    }
    while (head.len > 0 && head.at[head.len - 1] == '.') {
        head.len--;
    }
    if (address_read(&address, word) || address_read(&address, head)) {
        return address_shows_inside(plan, &address);
    }
    return name_shows_inside(plan, head);
}

bool plan_shows_inside(const struct plan *plan, struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        bool has_mark = false;

        while (end < text.len && is_host_octet(text.at[end])) {
            has_mark |= text.at[end] == '.' || text.at[end] == ':';
            end++;
        }
        if (has_mark && word_shows_inside(plan, slice_of(text.at + at, end - at))) {
            return true;
        }
        at = end + 1;
    }
    return false;
}
