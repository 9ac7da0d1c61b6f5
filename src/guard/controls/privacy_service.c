/* CT-IDN-10: a caller who asked for privacy, on his way to somebody who is not bound to keep it. */
#include "guard/identity.h"

static bool is_bound(const struct inspection *inspection)
{
    return zone_class_is_trusted(inspection->policy->zones[inspection->zone_out].class);
}

static bool asks_for(struct slice privacy, struct slice service)
{
    struct slice part;

    while (slice_cut(&privacy, ';', &part)) {
        if (slice_equal_nocase(slice_trim(part), service)) {
            return true;
        }
    }
    return false;
}

/* Every service asked for is one we give, or that somebody behind us is not needed for. */
static bool is_understood(struct slice privacy)
{
    static const struct slice known[] = {SLICE_INIT("none"),    SLICE_INIT("id"),
                                         SLICE_INIT("user"),    SLICE_INIT("header"),
                                         SLICE_INIT("session"), SLICE_INIT("history"),
                                         SLICE_INIT("critical")};
    struct slice part;

    while (slice_cut(&privacy, ';', &part)) {
        bool is_known = false;

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            is_known |= slice_equal_nocase(slice_trim(part), known[i]);
        }
        if (!is_known) {
            return false;
        }
    }
    return true;
}

/* Whether an asserted identity would have gone on. */
static bool take_out_asserted(struct inspection *inspection)
{
    const struct sip_header *line =
        sip_header(&inspection->message, SIP_HEADER_P_ASSERTED_IDENTITY);
    bool is_found = false;

    for (; line != NULL; line = sip_header_next(&inspection->message, line)) {
        is_found |= inspection_passes(inspection, line);
        inspection_strip_line(inspection, line);
    }
    return is_found;
}

enum outcome control_privacy_service(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    struct slice privacy = sip_header_value(message, SIP_HEADER_PRIVACY);
    bool is_found = false;

    if (privacy.len == 0 || inspection->zone_out == POLICY_NONE || is_bound(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (inspection->message.is_request && asks_for(privacy, SLICE("critical")) &&
        !is_understood(privacy)) {
        return inspection_found_as(inspection, privacy, "HDR-04", ACTION_REJECT, 500);
    }
    bool hides_user = asks_for(privacy, SLICE("user")) || asks_for(privacy, SLICE("header"));
    if (hides_user || asks_for(privacy, SLICE("id"))) {
        is_found = take_out_asserted(inspection);
    }
    if (is_found) {
        inspection_found(inspection, privacy, "HDR-01");
    }
    if (hides_user && inspection_is_new(inspection) && from != NULL &&
        !identity_is_anonymous(message, &from->uri)) {
        is_found = true;
        identity_withhold(inspection);
        inspection_found(inspection, privacy, "HDR-03");
    }
    return is_found ? OUTCOME_FAILED : OUTCOME_PASSED;
}
