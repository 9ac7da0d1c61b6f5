/* CT-FW-11: headers embedded in a URI where they have no business (HDR-20). */
#include "guard/inspect.h"

struct names {
    const struct slice *at;
    size_t count;
};

static const struct slice refer_names[] = {SLICE_INIT("Replaces"),     SLICE_INIT("Target-Dialog"),
                                           SLICE_INIT("Require"),      SLICE_INIT("Accept-Contact"),
                                           SLICE_INIT("Content-Type"), SLICE_INIT("body")};
static const struct slice history_names[] = {SLICE_INIT("Privacy"), SLICE_INIT("Reason")};

/* What may be embedded in a URI of that header. */
static struct names names_in(enum sip_header_name name)
{
    if (name == SIP_HEADER_REFER_TO) {
        return (struct names){refer_names, sizeof(refer_names) / sizeof(refer_names[0])};
    }
    if (name == SIP_HEADER_HISTORY_INFO) {
        return (struct names){history_names, sizeof(history_names) / sizeof(history_names[0])};
    }
    return (struct names){NULL, 0};
}

static bool has_name(struct names names, struct slice name)
{
    for (size_t i = 0; i < names.count; i++) {
        if (slice_equal_nocase(names.at[i], name)) {
            return true;
        }
    }
    return false;
}

static bool are_allowed(struct slice embedded, struct names names)
{
    struct slice part;

    while (slice_cut(&embedded, '&', &part)) {
        size_t equals = slice_find(part, '=');

        if (equals == part.len || !has_name(names, slice_head(part, equals))) {
            return false;
        }
    }
    return true;
}

enum outcome control_embedded_headers(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (!sip_is_odd(message, SIP_ODD_URI_HEADERS)) {
        return OUTCOME_PASSED;
    }
    for (uint16_t i = 0; i < message->value_count; i++) {
        const struct sip_value *value = &message->values[i];
        enum sip_header_name name = message->headers[value->header].id;

        if (name == SIP_HEADER_VIA || value->uri.headers.len == 0) {
            continue;
        }
        if (!are_allowed(sip_slice(message, value->uri.headers), names_in(name))) {
            return inspection_found(inspection, sip_slice(message, value->uri.whole), "HDR-20");
        }
    }
    return OUTCOME_PASSED;
}
