#include "policy/write.h"

#include "policy/settings.h"

static void name_write(struct text *text, struct slice name)
{
    text_put(text, SLICE("  "));
    scalar_write(text, name);
    text_put(text, SLICE(":\n"));
}

/* A key alone would be read as a setting without a value: it is taken back. */
static void setting_write(struct text *text, const struct policy *policy, const char *indent,
                          const struct setting *setting, const void *object)
{
    size_t before = text->len;

    text_put_format(text, "%s%s: ", indent, setting->key);
    size_t empty = text->len;
    kind_writer(setting->kind)(text, policy, setting, object);
    struct slice value = slice_of(text->at + empty, text->len - empty);
    if (value.len == 0 || slice_equal(value, slice_string(setting->fallback))) {
        text->len = before;
    } else {
        text_put_octet(text, '\n');
    }
}

static void section_write(struct text *text, const struct policy *policy, enum section section,
                          const char *indent, const void *object)
{
    uint32_t count;
    const struct setting *rows = settings_of(section, &count);

    for (uint32_t i = 0; i < count; i++) {
        setting_write(text, policy, indent, &rows[i], object);
    }
}

void route_from_write(struct text *text, const struct policy *policy,
                      const struct policy_route *route)
{
    if (route->from_peer != POLICY_NONE) {
        scalar_write(text, policy->peers[route->from_peer].name);
    } else if (route->from != POLICY_NONE) {
        scalar_write(text, policy->zones[route->from].name);
    } else {
        text_put(text, SLICE("any"));
    }
}

void route_to_write(struct text *text, const struct policy *policy,
                    const struct policy_route *route)
{
    struct list_text list;
    uint16_t last = POLICY_NONE;

    if (route->is_registered) {
        scalar_write(text, policy->zones[route->to].name);
        return;
    }
    list_begin(&list, text);
    for (uint32_t i = 0; i < route->hop_count; i++) {
        if (route->hops[i].peer != last) {
            last = route->hops[i].peer;
            scalar_write(list_next(&list), policy->peers[last].name);
        }
    }
    list_end(&list);
}

static void slices_write(struct text *text, const char *key, const struct policy_slices *values)
{
    struct list_text list;

    if (values->count == 0) {
        return;
    }
    text_put_format(text, ", %s: ", key);
    list_begin(&list, text);
    for (uint32_t i = 0; i < values->count; i++) {
        text_put_json(list_next(&list), values->at[i]);
    }
    list_end(&list);
}

static void route_write(struct text *text, const struct policy *policy,
                        const struct policy_route *route)
{
    text_put(text, SLICE("  - {from: "));
    route_from_write(text, policy, route);
    text_put(text, SLICE(", to: "));
    route_to_write(text, policy, route);
    slices_write(text, "numbers", &route->numbers);
    slices_write(text, "domains", &route->domains);
    if (route->methods != 0) {
        text_put(text, SLICE(", methods: "));
        methods_write(text, route->methods);
    }
    text_put(text, route->is_emergency ? SLICE(", emergency: true}\n") : SLICE("}\n"));
}

static void controls_write(struct text *text, const struct policy *policy,
                           const struct policy_control_names *controls)
{
    bool has_any = false;

    for (uint32_t i = 0; controls != NULL && i < policy->control_count; i++) {
        const struct policy_control *control = &policy->controls[i];

        if (control->mode == MODE_ENFORCE && control->action == ACTION_DEFAULT) {
            continue;
        }
        text_put_string(text, has_any ? "" : "controls:\n");
        has_any = true;
        text_put_format(text, "  %s: {mode: %s, action: %s}\n", controls->ids[i],
                        policy_mode_written(control->mode), policy_action_written(control->action));
    }
}

void policy_write(struct text *text, const struct policy *policy,
                  const struct policy_control_names *controls)
{
    section_write(text, policy, SECTION_ROOT, "", policy);
    text_put_string(text, "zones:\n");
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        name_write(text, policy->zones[i].name);
        section_write(text, policy, SECTION_ZONE, "    ", &policy->zones[i]);
    }
    text_put_string(text, policy->peer_count == 0 ? "" : "peers:\n");
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        name_write(text, policy->peers[i].name);
        section_write(text, policy, SECTION_PEER, "    ", &policy->peers[i]);
    }
    text_put_string(text, policy->route_count == 0 ? "" : "routes:\n");
    for (uint32_t i = 0; i < policy->route_count; i++) {
        route_write(text, policy, &policy->routes[i]);
    }
    controls_write(text, policy, controls);
}
