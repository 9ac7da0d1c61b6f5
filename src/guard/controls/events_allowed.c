/* CT-FW-24: events nobody may subscribe to across this border, or that nobody subscribed to. */
#include "guard/event_package.h"
#include "guard/inspect.h"
#include "guard/least.h"
#include "guard/recent.h"

enum { /* STA-36, STA-38: seconds */
       SUBSCRIPTION_MOST = 86400,
       PUBLICATION_MOST = 7200,
       STATUS_LINE_MOST = 512, /* STA-35, octets of a body */
       NOTIFIED_S = 10,        /* STA-37: one a second, some of them together */
       NOTIFIED_MOST = 10,
       NOTIFIED_OCTETS = 65536,
};

static bool is_about_events(const struct sip_message *message)
{
    return message->method == SIP_SUBSCRIBE || message->method == SIP_NOTIFY ||
           message->method == SIP_PUBLISH;
}

static struct slice event_of(const struct sip_message *message)
{
    return sip_header_value(message, SIP_HEADER_EVENT);
}

static bool crosses(const struct inspection *inspection, uint8_t package)
{
    const struct policy *policy = inspection->policy;

    return package != EVENT_PACKAGE_NONE &&
           event_package_crosses(package, inspection_zone(inspection)->class) &&
           (inspection->zone_out == POLICY_NONE ||
            event_package_crosses(package, policy->zones[inspection->zone_out].class));
}

/* Longer ones are cut, shorter ones are told the least there is (RFC 6665 4.2.1.1, RFC 3903 6). */
static enum outcome duration(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    bool is_publication = message->method == SIP_PUBLISH;
    uint32_t least = is_publication ? PUBLICATION_LEAST : SUBSCRIPTION_LEAST;
    uint32_t most = is_publication ? PUBLICATION_MOST : SUBSCRIPTION_MOST;
    const char *rule = is_publication ? "STA-38" : "STA-36";
    struct slice value = sip_header_value(message, SIP_HEADER_EXPIRES);
    uint32_t seconds = 0;

    if (message->method == SIP_NOTIFY || !sip_number(message, SIP_HEADER_EXPIRES, &seconds)) {
        return OUTCOME_PASSED;
    }
    if (seconds > most) {
        if (inspection->mode == MODE_ENFORCE) {
            inspection->expires_max = most;
        }
        return inspection_found_as(inspection, value, rule, ACTION_STRIP, 0);
    }
    return seconds == 0 || seconds >= least ? OUTCOME_PASSED
                                            : inspection_found_status(inspection, value, rule, 423);
}

/* Within a call a transfer tells how it went, and what was subscribed to there. */
static bool was_asked_for(const struct dialog *dialog, uint8_t package)
{
    if (dialog->event == package ||
        (dialog->event == EVENT_PACKAGE_NONE && dialog->kind == DIALOG_SUBSCRIPTION)) {
        return true;
    }
    return dialog->refers > 0 && package == event_package_find(SLICE("refer"));
}

/* The core tells registered devices of their voice mail unasked. */
static bool is_summary_of_core(const struct inspection *inspection, uint8_t package)
{
    return inspection_zone(inspection)->class == ZONE_CORE &&
           package == event_package_find(SLICE("message-summary"));
}

static enum outcome subscription(struct inspection *inspection, uint8_t package)
{
    const struct match *match = &inspection->match;
    struct slice evidence = event_of(&inspection->message);

    if (match->kind == MATCH_DIALOG) {
        return inspection->is_watched || was_asked_for(match->dialog, package)
                   ? OUTCOME_PASSED
                   : inspection_found_status(inspection, evidence, "STA-34", 481);
    }
    if (inspection->is_watched || !inspection_is_new(inspection) ||
        is_summary_of_core(inspection, package)) {
        return OUTCOME_PASSED;
    }
    return inspection_found_status(inspection, evidence, "STA-34", 481);
}

/* More of them than anybody can look at keep a handset busy until its battery is empty. */
static enum outcome frequency(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct recent_key key = {RECENT_NOTIFICATION, sip_call_id(message), sip_from_tag(message)};

    if (inspection->is_watched || inspection->match.kind != MATCH_DIALOG) {
        return OUTCOME_PASSED;
    }
    return message->body.len > NOTIFIED_OCTETS ||
                   recent_count(inspection, &key, NOTIFIED_S) > NOTIFIED_MOST
               ? inspection_found_status(inspection, event_of(message), "STA-37", 500)
               : OUTCOME_PASSED;
}

static bool is_status_line(struct slice line)
{
    uint64_t status = 0;

    return slice_starts(line, SLICE("SIP/2.0 ")) && line.len >= 11 &&
           slice_number(slice_of(line.at + 8, 3), 699, &status) && status >= 100 &&
           (line.len == 11 || line.at[11] == ' ');
}

/* What a transfer came to is one line; what stands behind it is dropped. */
static enum outcome fragment(struct inspection *inspection)
{
    struct slice type = sip_header_value(&inspection->message, SIP_HEADER_CONTENT_TYPE);
    struct slice body = inspection->message.body, rest = body, line;

    if (!slice_starts_nocase(type, SLICE("message/sipfrag"))) {
        return OUTCOME_PASSED;
    }
    if (!slice_cut(&rest, '\n', &line) || body.len > STATUS_LINE_MOST ||
        !is_status_line(slice_trim(line))) {
        return inspection_found_status(inspection, slice_head(body, 64), "STA-35", 400);
    }
    if (slice_trim(rest).len == 0) {
        return OUTCOME_PASSED;
    }
    if (inspection->mode == MODE_ENFORCE) {
        inspection->message.body = slice_head(body, line.len + 1);
    }
    return inspection_found_as(inspection, slice_head(rest, 64), "STA-35", ACTION_STRIP, 0);
}

/* Where somebody is registered is told to himself; the core knows who else may ask. */
static bool is_own_registration(const struct inspection *inspection, uint8_t package)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);

    return message->method != SIP_SUBSCRIBE || from == NULL || to == NULL ||
           package != event_package_find(SLICE("reg")) || !inspection_is_new(inspection) ||
           !zone_class_is_access(inspection_zone(inspection)->class) ||
           slice_equal(sip_slice(message, from->uri.user), sip_slice(message, to->uri.user));
}

enum outcome control_events_allowed(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    uint8_t package = EVENT_PACKAGE_NONE;
    enum outcome outcome = OUTCOME_PASSED;

    if (!is_about_events(message)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    package = event_package(message);
    if (message->method == SIP_NOTIFY) {
        outcome = subscription(inspection, package);
        outcome = outcome == OUTCOME_PASSED ? frequency(inspection) : outcome;
    }
    if (outcome == OUTCOME_PASSED && !crosses(inspection, package)) {
        outcome = inspection_found_status(inspection, event_of(message), "5.6", 489);
    }
    if (outcome == OUTCOME_PASSED && !is_own_registration(inspection, package)) {
        outcome = inspection_found_status(inspection, event_of(message), "REG-17", 403);
    }
    if (outcome == OUTCOME_PASSED) {
        outcome = duration(inspection);
    }
    return outcome == OUTCOME_PASSED && message->method == SIP_NOTIFY && message->body.len > 0
               ? fragment(inspection)
               : outcome;
}
