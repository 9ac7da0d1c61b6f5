#include "guard/steps.h"

#include <stdlib.h>

static bool control_looks(const struct control *control, enum zone_class class, bool is_request,
                          bool is_stream)
{
    uint8_t kind = is_request ? LOOKS_AT_REQUESTS : LOOKS_AT_RESPONSES;

    if ((control->zones >> class & 1) == 0 || (control->looks_at & kind) == 0) {
        return false;
    }
    return is_stream || (control->looks_at & LOOKS_AT_STREAMS) == 0;
}

static enum policy_mode control_mode(const struct policy *policy, uint32_t index)
{
    if (control_at(index)->is_hard || index >= policy->control_count) {
        return MODE_ENFORCE;
    }
    return policy->controls[index].mode;
}

static void list_add(struct plan *plan, struct plan_list *list, uint32_t index)
{
    const struct policy *policy = plan->policy;
    const struct occasions wanted = occasions_wanted(index);
    const struct control *control = control_at(index);
    enum policy_mode mode = control_mode(policy, index);
    uint16_t *end = &list->ends[control->layer];

    if (mode == MODE_OFF) {
        return;
    }
    list->steps[*end] = (struct plan_step){
        .function = control->function,
        .control = (uint16_t)index,
        .modes = {(uint8_t)mode, control->is_hard ? MODE_ENFORCE : MODE_OBSERVE},
        .interests = interests_add(&plan->interests, &wanted),
    };
    (*end)++;
}

static void list_init(struct plan *plan, enum zone_class class, bool is_request, bool is_stream)
{
    struct plan_list *list = &plan->lists[class][is_request][is_stream];
    unsigned layer = 0;

    for (uint32_t i = 0; i < control_count(); i++) {
        for (; layer < control_at(i)->layer; layer++) {
            list->ends[layer + 1] = list->ends[layer];
        }
        if (control_looks(control_at(i), class, is_request, is_stream)) {
            list_add(plan, list, i);
        }
    }
    for (; layer + 1 < LAYER_COUNT; layer++) {
        list->ends[layer + 1] = list->ends[layer];
    }
}

static struct occasions consumed_headers(void)
{
    struct occasions consumed = {.bits = {0}};

    for (unsigned name = SIP_HEADER_UNKNOWN + 1; name < SIP_HEADER_COUNT; name++) {
        /* An agreement on security is between a device and the border (RFC 3329). */
        if (sip_header_is_hop(name) || name == SIP_HEADER_P_PREFERRED_IDENTITY ||
            name == SIP_HEADER_SECURITY_CLIENT || name == SIP_HEADER_SECURITY_VERIFY) {
            occasion_add(&consumed, name);
        }
    }
    return consumed;
}

struct plan *plan_new(const struct policy *policy)
{
    struct plan *plan = calloc(1, sizeof(*plan));

    if (plan == NULL) {
        return NULL;
    }
    plan->policy = policy;
    plan->rates = limit_rates_new(policy);
    if (plan->rates == NULL || !inside_init(&plan->inside, policy)) {
        plan_free(plan);
        return NULL;
    }
    plan->consumed = consumed_headers();
    for (uint32_t i = 0; i < control_count(); i++) {
        plan->judged[i] = violations_of(i);
    }
    for (unsigned class = 0; class < ZONE_CLASS_COUNT; class ++) {
        for (unsigned kind = 0; kind < 4; kind++) {
            list_init(plan, class, kind & 1, kind >> 1);
        }
    }
    return plan;
}

void plan_free(struct plan *plan)
{
    if (plan != NULL) {
        inside_end(&plan->inside);
        free(plan->rates);
        patterns_close(plan->patterns);
        free(plan);
    }
}

bool plan_use(struct plan *plan, const struct lists *lists)
{
    struct slice databases[POLICY_PATTERN_FIELDS_MAX];
    uint32_t count = lists_database_count(lists);

    patterns_close(plan->patterns);
    plan->patterns = NULL;
    plan->known = lists;
    for (uint32_t i = 0; i < count; i++) {
        databases[i] = lists_database(lists, i);
    }
    if (count > 0) {
        plan->patterns = patterns_open(databases, count);
    }
    return count == 0 || plan->patterns != NULL;
}

const struct lists *plan_lists(const struct plan *plan)
{
    return plan->known;
}

void plan_set_calendar(struct plan *plan, uint64_t ahead_us)
{
    plan->ahead_us = ahead_us;
}

const struct policy *plan_policy(const struct plan *plan)
{
    return plan->policy;
}
