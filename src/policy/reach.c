#include "policy/reach.h"

#include "policy/settings.h"
#include "policy/write.h"

enum { MATRIX_ZONES_MAX = 12, NAME_WIDTH = 16 }; /* wider, and nobody can read it */

/* Groups of methods as the matrix shows them. */
static const struct {
    char letter;
    uint32_t methods;
    const char *what;
} groups[] = {
    {'C', 1u << SIP_INVITE, "calls"},
    {'R', 1u << SIP_REGISTER, "registrations"},
    {'M', 1u << SIP_MESSAGE, "messages"},
    {'E', 1u << SIP_SUBSCRIBE | 1u << SIP_NOTIFY | 1u << SIP_PUBLISH, "events"},
    {'O', 1u << SIP_OPTIONS, "options"},
};

enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

struct reach_methods route_methods(const struct policy *policy, uint16_t zone,
                                   const struct policy_route *route)
{
    uint16_t peer_out = route->hop_count > 0 ? route->hops[0].peer : (uint16_t)POLICY_NONE;
    struct reach_methods methods = {0, 0};

    for (unsigned method = 0; method < SIP_METHOD_COUNT; method++) {
        enum policy_crossing in =
            policy_method_in(policy, zone, route->from_peer, (enum sip_method)method);
        enum policy_crossing out =
            policy_method_out(policy, route->to, peer_out, (enum sip_method)method);

        if ((route->methods != 0 && (route->methods >> method & 1) == 0) ||
            in > CROSSING_IN_DIALOG || out > CROSSING_IN_DIALOG) {
            continue;
        }
        if (in == CROSSING_IN_DIALOG || out == CROSSING_IN_DIALOG) {
            methods.in_dialog |= 1u << method;
        } else {
            methods.anywhere |= 1u << method;
        }
    }
    return methods;
}

/* What may go from one zone to another by any route. */
static uint32_t pair_methods(const struct policy *policy, uint16_t from, uint16_t to,
                             bool *has_emergency)
{
    uint32_t methods = 0;

    for (uint32_t i = 0; i < policy->route_count; i++) {
        const struct policy_route *route = &policy->routes[i];

        if (route->to != to || (route->from != POLICY_NONE && route->from != from)) {
            continue;
        }
        if (route->is_emergency) {
            *has_emergency = true;
        } else {
            methods |= route_methods(policy, from, route).anywhere;
        }
    }
    return methods;
}

static void pair_write(struct text *text, const struct policy *policy, uint16_t from, uint16_t to)
{
    char room[GROUPS + 3];
    struct text cell;
    bool has_emergency = false;
    uint32_t methods = pair_methods(policy, from, to, &has_emergency);

    text_init(&cell, room, sizeof(room) - 1);
    for (unsigned i = 0; i < GROUPS; i++) {
        if (methods & groups[i].methods) {
            text_put_octet(&cell, groups[i].letter);
        }
    }
    if (has_emergency) {
        text_put_octet(&cell, '!');
    }
    if (cell.len == 0) {
        text_put_octet(&cell, '-');
    }
    text_put_format(text, "%-*.*s", NAME_WIDTH, (int)cell.len, room);
}

static void matrix_write(struct text *text, const struct policy *policy)
{
    text_put_format(text, "  %-*s", NAME_WIDTH, "from \\ to");
    for (uint32_t to = 0; to < policy->zone_count; to++) {
        const struct slice name = slice_head(policy->zones[to].name, NAME_WIDTH - 1);

        text_put_format(text, "%-*.*s", NAME_WIDTH, (int)name.len, name.at);
    }
    for (uint32_t from = 0; from < policy->zone_count; from++) {
        const struct slice name = slice_head(policy->zones[from].name, NAME_WIDTH - 1);

        text_put_format(text, "\n  %-*.*s", NAME_WIDTH, (int)name.len, name.at);
        for (uint32_t to = 0; to < policy->zone_count; to++) {
            pair_write(text, policy, (uint16_t)from, (uint16_t)to);
        }
    }
    text_put_string(text, "\n\n  ");
    for (unsigned i = 0; i < GROUPS; i++) {
        text_put_format(text, "%c %s, ", groups[i].letter, groups[i].what);
    }
    text_put_string(text, "! emergency calls, - nothing\n");
}

static void words_write(struct text *text, const char *key, const struct policy_slices *words,
                        const char *usual)
{
    text_put_format(text, "    %-9s", key);
    for (uint32_t i = 0; i < words->count; i++) {
        text_put_format(text, "%s%.*s", i == 0 ? "" : " ", (int)words->at[i].len, words->at[i].at);
    }
    text_put_format(text, "%s\n", words->count == 0 ? usual : "");
}

static void methods_line_write(struct text *text, const struct policy *policy,
                               const struct policy_route *route)
{
    uint16_t zone = route->from;
    struct reach_methods methods = {0, 0};

    for (uint32_t i = 0; i < policy->zone_count; i++) {
        if (zone == POLICY_NONE || zone == i) {
            struct reach_methods some = route_methods(policy, (uint16_t)i, route);

            methods.anywhere |= some.anywhere;
            methods.in_dialog |= some.in_dialog;
        }
    }
    text_put_format(text, "    %-9s", "methods");
    methods_write(text, methods.anywhere);
    if (methods.in_dialog & ~methods.anywhere) {
        text_put(text, SLICE(", in a dialog "));
        methods_write(text, methods.in_dialog & ~methods.anywhere);
    }
    text_put_octet(text, '\n');
}

static void route_line_write(struct text *text, const struct policy *policy,
                             const struct policy_route *route)
{
    text_put_format(text, "\n  line %-5u ", route->line);
    route_from_write(text, policy, route);
    text_put_format(text, "%s -> ", route->is_emergency ? ", emergency calls" : "");
    text_put_format(text, "%.*s: ", (int)policy->zones[route->to].name.len,
                    policy->zones[route->to].name.at);
    if (route->is_registered) {
        text_put(text, SLICE("the registered devices of the called user"));
    }
    for (uint32_t i = 0; i < route->hop_count; i++) {
        text_put(text, i == 0 ? SLICE("") : SLICE(", "));
        hop_write(text, &route->hops[i]);
    }
    text_put_octet(text, '\n');
    if (route->is_emergency) {
        return;
    }
    words_write(text, "numbers", &route->numbers, "any");
    words_write(text, "domains", &route->domains, "ours and the peers'");
    methods_line_write(text, policy, route);
}

void reach_write(struct text *text, const struct policy *policy)
{
    text_put_string(text, "Who may reach whom\n\n");
    if (policy->zone_count <= MATRIX_ZONES_MAX) {
        matrix_write(text, policy);
    }
    for (uint32_t i = 0; i < policy->route_count; i++) {
        route_line_write(text, policy, &policy->routes[i]);
    }
    if (policy->route_count == 0) {
        text_put_string(text, "\n  no routes: nobody may reach anybody\n");
    }
}
