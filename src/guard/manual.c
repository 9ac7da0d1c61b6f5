/* The manual of the controls, printed from their table. */
#include "guard/event.h"
#include "guard/json.h"

static const char *looks_name(uint8_t looks_at)
{
    static const char *const names[] = {"nothing", "requests", "responses", "every message"};

    return looks_at & LOOKS_AT_POLICY ? "the policy" : names[looks_at & 3];
}

static bool has_zone(const struct control *control, unsigned class)
{
    return (control->zones >> class & 1) != 0;
}

static uint32_t all_zones(void)
{
    return (1U << ZONE_CLASS_COUNT) - 1;
}

static void put_zones(struct text *text, const struct control *control)
{
    const char *divider = "";

    if (control->zones == all_zones()) {
        text_put(text, SLICE("all"));
        return;
    }
    for (unsigned class = 0; class < ZONE_CLASS_COUNT; class ++) {
        if (has_zone(control, class)) {
            text_put_format(text, "%s%s", divider, zone_class_written(class));
            divider = ", ";
        }
    }
}

static void put_action(struct text *text, const struct control *control)
{
    text_put_string(text, policy_action_name(control->action));
    if (control->status != 0 && action_refuses(control->action)) {
        text_put_format(text, " %u", control->status);
    }
}

static const char *mode_words(const struct control *control)
{
    return control->is_hard ? "always enforced" : "enforce, observe or off";
}

void control_write(struct text *text, uint32_t index)
{
    const struct control *control = control_at(index);

    text_put_format(text, "%s  %s\n", control->id, control->finds);
    text_put_format(text, "  why        %s\n", control->why);
    text_put_format(text, "  area       %s, layer %s, severity %s\n",
                    control_area_name(control->area), control_layer_name(control->layer),
                    severity_name(control->severity));
    text_put(text, SLICE("  action     "));
    put_action(text, control);
    text_put_format(text, "; %s%s\n", mode_words(control),
                    control->spares_emergency ? "; spares emergency requests" : "");
    text_put_format(text, "  looks at   %s from zones: ", looks_name(control->looks_at));
    put_zones(text, control);
    text_put_format(text, "\n  rules      %s\n  reference  %s\n", control->rules,
                    control->reference);
}

void controls_write(struct text *text)
{
    for (uint32_t i = 0; i < control_count(); i++) {
        if (i > 0) {
            text_put_octet(text, '\n');
        }
        control_write(text, i);
    }
}

static void write_markdown(struct text *text, const struct control *control)
{
    text_put_format(text, "\n## %s\n\n%s\n\n%s\n\n", control->id, control->finds, control->why);
    text_put_format(text, "| | |\n|---|---|\n| area | %s |\n| layer | %s |\n| severity | %s |\n",
                    control_area_name(control->area), control_layer_name(control->layer),
                    severity_name(control->severity));
    text_put(text, SLICE("| action | "));
    put_action(text, control);
    text_put_format(text, " |\n| mode | %s |\n| emergency requests | %s |\n", mode_words(control),
                    control->spares_emergency ? "repaired or let through" : "as others");
    text_put_format(text, "| looks at | %s |\n| zones | ", looks_name(control->looks_at));
    put_zones(text, control);
    text_put_format(text, " |\n| rules | %s |\n| reference | %s |\n", control->rules,
                    control->reference);
}

void controls_write_markdown(struct text *text)
{
    text_put(text,
             SLICE("# Controls\n\n"
                   "Printed from `src/guard/controls.def` by `sipwarden controls --markdown`; "
                   "do not edit.\n\n"
                   "In the order they run. A control that refuses ends the trip after its "
                   "layer.\n\n"
                   "| id | finds | layer | action | severity |\n|---|---|---|---|---|\n"));
    for (uint32_t i = 0; i < control_count(); i++) {
        const struct control *control = control_at(i);

        text_put_format(text, "| [%s](#", control->id);
        for (const char *at = control->id; *at != '\0'; at++) {
            text_put_octet(text, *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at);
        }
        text_put_format(text, ") | %s | %s | ", control->finds, control_layer_name(control->layer));
        put_action(text, control);
        text_put_format(text, " | %s |\n", severity_name(control->severity));
    }
    for (uint32_t i = 0; i < control_count(); i++) {
        write_markdown(text, control_at(i));
    }
}

static void write_zones(struct json *json, const struct control *control)
{
    json_open_array(json, "zones");
    for (unsigned class = 0; class < ZONE_CLASS_COUNT; class ++) {
        if (has_zone(control, class)) {
            json_string(json, NULL, slice_string(zone_class_written(class)));
        }
    }
    json_close(json);
}

static void write_rules(struct json *json, const struct control *control)
{
    struct slice rest = slice_string(control->rules);
    struct slice rule;

    json_open_array(json, "rules");
    while (slice_cut(&rest, ' ', &rule)) {
        json_string(json, NULL, rule);
    }
    json_close(json);
}

static void write_looks(struct json *json, const struct control *control)
{
    json_open_array(json, "looks_at");
    if (control->looks_at & LOOKS_AT_REQUESTS) {
        json_string(json, NULL, SLICE("requests"));
    }
    if (control->looks_at & LOOKS_AT_RESPONSES) {
        json_string(json, NULL, SLICE("responses"));
    }
    if (control->looks_at & LOOKS_AT_POLICY) {
        json_string(json, NULL, SLICE("policy"));
    }
    json_close(json);
}

static void write_control(struct json *json, const struct control *control)
{
    json_string(json, "id", slice_string(control->id));
    json_string(json, "area", slice_string(control_area_name(control->area)));
    json_string(json, "layer", slice_string(control_layer_name(control->layer)));
    json_string(json, "severity", slice_string(severity_name(control->severity)));
    json_string(json, "action", slice_string(policy_action_name(control->action)));
    if (control->status != 0) {
        json_number(json, "status", control->status);
    }
    json_truth(json, "hard", control->is_hard);
    json_truth(json, "spares_emergency", control->spares_emergency);
    write_looks(json, control);
    write_zones(json, control);
    json_string(json, "finds", slice_string(control->finds));
    json_string(json, "why", slice_string(control->why));
    write_rules(json, control);
    json_string(json, "reference", slice_string(control->reference));
}

void control_write_json(struct text *text, uint32_t index)
{
    struct json json;

    json_begin(&json, text, '{');
    write_control(&json, control_at(index));
    json_close(&json);
    text_put_octet(text, '\n');
}

void controls_write_json(struct text *text)
{
    struct json json;

    json_begin(&json, text, '[');
    for (uint32_t i = 0; i < control_count(); i++) {
        json_open(&json, NULL);
        write_control(&json, control_at(i));
        json_close(&json);
    }
    json_close(&json);
    text_put_octet(text, '\n');
}
