/* CT-FW-30: what a feed knows to be bad, and what the operator's patterns look for. */
#include "guard/identity.h"
#include "guard/steps.h"

/* One scan of one field. */
struct looking {
    struct inspection *inspection;
    struct slice text;
    enum outcome outcome;
};

/* A neighbour under contract is known by it; what others say of him is told. */
static enum outcome found_in_feed(struct inspection *inspection, struct slice evidence, int feed,
                                  enum policy_action action)
{
    (void)feed;
    inspection_score(inspection, 5);
    if (inspection->peer != POLICY_NONE && action_refuses(action)) {
        action = ACTION_PASS;
    }
    return inspection_found_as(inspection, evidence, "6.4", action, 0);
}

static enum outcome address(struct inspection *inspection)
{
    const struct lists *lists = inspection->plan->known;
    int feed = lists_feed_address(lists, &inspection->packet->flow.remote);
    const struct sip_value *via = sip_value(&inspection->message, SIP_HEADER_VIA);

    return feed == LISTS_NOT
               ? OUTCOME_PASSED
               : found_in_feed(inspection,
                               via == NULL ? SLICE_NONE
                                           : sip_slice(&inspection->message, via->text),
                               feed, ACTION_DROP);
}

static enum outcome agent(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct slice value = sip_header_value(message, SIP_HEADER_USER_AGENT);
    int feed = lists_feed_agent(inspection->plan->known, value);

    return feed == LISTS_NOT ? OUTCOME_PASSED : found_in_feed(inspection, value, feed, ACTION_DROP);
}

/* A caller who is known to be bad is refused; one who calls such a number is refused that call. */
static enum outcome number(struct inspection *inspection)
{
    const struct lists *lists = inspection->plan->known;
    struct identity_cursor cursor = {.value = NULL};
    struct slice number;

    if (!identity_is_judged(inspection)) {
        return OUTCOME_PASSED;
    }
    if (inspection->number.len > 0 && lists_feed_number(lists, inspection->number) != LISTS_NOT) {
        return inspection_found_as(inspection,
                                   sip_slice(&inspection->message, inspection->message.uri.whole),
                                   "IDN-08", ACTION_REJECT, 403);
    }
    while (identity_next_number(inspection, &cursor, &number)) {
        if (lists_feed_number(lists, number) != LISTS_NOT) {
            return inspection_found_as(inspection,
                                       sip_slice(&inspection->message, cursor.value->uri.whole),
                                       "IDN-08", ACTION_REJECT, 603);
        }
    }
    return OUTCOME_PASSED;
}

static enum outcome feeds(struct inspection *inspection)
{
    const struct lists *lists = inspection->plan->known;
    enum outcome outcome = OUTCOME_PASSED;

    if (lists_have_feeds(lists, FEED_ADDRESSES)) {
        outcome = address(inspection);
    }
    if (outcome == OUTCOME_PASSED && lists_have_feeds(lists, FEED_AGENTS)) {
        outcome = agent(inspection);
    }
    return outcome == OUTCOME_PASSED && lists_have_feeds(lists, FEED_NUMBERS) ? number(inspection)
                                                                              : outcome;
}

/* The pattern's own mode and action stand; of a control that only observes nothing is done. */
static bool pattern_is_there(void *owner, uint32_t index, size_t end)
{
    struct looking *looking = owner;
    struct inspection *inspection = looking->inspection;
    const struct policy *policy = inspection->policy;
    uint8_t mode = inspection->mode;

    if (index >= policy->pattern_count) {
        return true;
    }
    const struct policy_pattern *pattern = &policy->patterns[index];
    size_t len = pattern->literal.len > 0 && pattern->literal.len <= end ? pattern->literal.len : 0;
    struct slice evidence = slice_of(looking->text.at + end - len, len);

    if (pattern->mode == MODE_OBSERVE) {
        inspection->mode = MODE_OBSERVE;
    }
    looking->outcome =
        inspection_found_as(inspection, len > 0 ? evidence : slice_head(looking->text, 64),
                            pattern->name.at, pattern->action, 0);
    inspection->mode = mode;
    return inspection->finding_count < INSPECTION_FINDINGS_MAX;
}

static void look_in(struct looking *looking, uint32_t field, struct pattern_scratch *scratch,
                    struct slice text)
{
    looking->text = text;
    patterns_scan(looking->inspection->plan->patterns, field, scratch, text, pattern_is_there,
                  looking);
}

static void look_in_header(struct looking *looking, uint32_t field, struct pattern_scratch *scratch,
                           enum sip_header_name name)
{
    const struct sip_message *message = &looking->inspection->message;
    const struct sip_header *line = sip_header(message, name);

    for (; line != NULL; line = sip_header_next(message, line)) {
        look_in(looking, field, scratch, sip_slice(message, line->value));
    }
}

static void look_in_field(struct looking *looking, uint32_t field, struct pattern_scratch *scratch)
{
    const struct sip_message *message = &looking->inspection->message;
    const struct pattern_place *place = &looking->inspection->policy->pattern_fields[field];

    switch ((enum pattern_place_kind)place->kind) {
    case PATTERN_URI:
        look_in(looking, field, scratch, sip_slice(message, message->uri.whole));
        return;
    case PATTERN_BODY:
        look_in(looking, field, scratch, message->body);
        return;
    case PATTERN_AGENT:
        look_in_header(looking, field, scratch, SIP_HEADER_USER_AGENT);
        return;
    case PATTERN_ANY:
        look_in(looking, field, scratch, message->bytes);
        return;
    case PATTERN_HEADER:
        look_in_header(looking, field, scratch, (enum sip_header_name)place->header);
        return;
    }
}

/* Room to scan with is made once for each worker and set of patterns. */
static struct pattern_scratch *scratch_of(struct tallies *tallies, const struct patterns *patterns,
                                          uint32_t version)
{
    if (tallies->scratch_for != patterns || tallies->scratch_version != version) {
        if (!pattern_scratch_make(patterns, &tallies->scratch)) {
            return NULL;
        }
        tallies->scratch_for = patterns;
        tallies->scratch_version = version;
    }
    return tallies->scratch;
}

static enum outcome patterns(struct inspection *inspection)
{
    struct looking looking = {.inspection = inspection, .outcome = OUTCOME_PASSED};
    struct pattern_scratch *own = NULL, *scratch = NULL;

    if (inspection->tallies != NULL) {
        scratch = scratch_of(inspection->tallies, inspection->plan->patterns,
                             inspection->policy->version);
    } else if (pattern_scratch_make(inspection->plan->patterns, &own)) {
        scratch = own;
    }
    for (uint32_t i = 0; scratch != NULL && i < inspection->policy->pattern_field_count; i++) {
        look_in_field(&looking, i, scratch);
    }
    pattern_scratch_free(own);
    return looking.outcome;
}

/* What lets go of a call is never kept from doing so. */
static bool ends_something(const struct sip_message *message)
{
    return message->method == SIP_ACK || message->method == SIP_BYE ||
           message->method == SIP_CANCEL;
}

enum outcome control_known_bad(struct inspection *inspection)
{
    const struct plan *plan = inspection->plan;
    enum outcome outcome = OUTCOME_PASSED;

    if (plan->known == NULL || inspection->emergency != EMERGENCY_NONE || inspection->is_for_us ||
        ends_something(&inspection->message)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    outcome = feeds(inspection);
    return outcome == OUTCOME_PASSED && plan->patterns != NULL ? patterns(inspection) : outcome;
}
