/*
 * The lines that are copied: those that may pass, in canonical form, each without what only the
 * inside may know (rules 8.4).
 *
 * Address headers are written anew.  Some others are reduced to what they are for.  Of the rest
 * nothing is ours to write, so a line that shows the inside goes as a whole (THG-20).
 */
#include "relay/machine.h"
#include "wire/token.h"

/* One line of an ADDRESS header: its values, comma separated. */
static void hide_address_line(struct text *text, const struct view *view,
                              const struct inspection *inspection, const struct sip_header *header)
{
    const struct sip_message *message = &inspection->message;
    uint16_t line = (uint16_t)(header - message->headers);
    const struct sip_value *value = sip_value(message, header->id);
    bool is_first = true;

    text_put(text, sip_header_spelling(header->id));
    text_put(text, SLICE(": "));
    for (; value != NULL; value = sip_value_next(message, value)) {
        if (value->header != line) {
            continue;
        }
        if (!is_first) {
            text_put(text, SLICE(", "));
        }
        hide_address(text, view, message, value, inspection->strips_display_names);
        is_first = false;
    }
    text_put(text, SLICE("\r\n"));
}

/* "399 agent "text"": the agent is a node of ours or theirs, so it becomes our name (8.4). */
static void hide_warning(struct text *text, const struct view *view, struct slice value)
{
    struct slice code = slice_head(value, 3);
    uint64_t number = 0;

    if (!slice_number(code, 999, &number) || code.len != 3) {
        return;
    }
    text_put(text, SLICE("Warning: "));
    text_put(text, code);
    text_put_octet(text, ' ');
    text_put(text, view->fallback);
    text_put(text, SLICE(" \"Warning\"\r\n"));
}

/* Cause and location; the text is somebody's debugging (8.4). */
static void hide_reason(struct text *text, const struct view *view, struct slice value)
{
    struct slice params = value, protocol = value, name, said;
    bool is_token = false;

    slice_cut(&params, ';', &protocol);
    protocol = slice_trim(protocol);
    is_token = slice_is_token(protocol);
    if (!is_token || hide_shows_inside(view, protocol)) {
        return;
    }
    text_put(text, SLICE("Reason: "));
    text_put(text, protocol);
    while (sip_param_next(&params, &name, &said)) {
        if (slice_equal_nocase(name, SLICE("cause")) ||
            slice_equal_nocase(name, SLICE("location"))) {
            text_put_octet(text, ';');
            text_put(text, name);
            text_put_octet(text, '=');
            sip_write_value(text, said);
        }
    }
    text_put(text, SLICE("\r\n"));
}

/* Who charges whom; not which of our nodes said so (HDR-05). */
static void hide_charging(struct text *text, const struct view *view, struct slice value)
{
    static const struct slice shown[] = {SLICE_INIT("icid-value"), SLICE_INIT("orig-ioi"),
                                         SLICE_INIT("term-ioi")};
    struct slice name, said;
    bool is_first = true;

    while (sip_param_next(&value, &name, &said)) {
        for (size_t i = 0; i < ARRAY_COUNT(shown); i++) {
            if (slice_equal_nocase(shown[i], name) && !hide_shows_inside(view, said)) {
                text_put(text, is_first ? SLICE("P-Charging-Vector: ") : SLICE(";"));
                text_put(text, shown[i]);
                text_put_octet(text, '=');
                sip_write_value(text, said);
                is_first = false;
            }
        }
    }
    text_put(text, is_first ? SLICE("") : SLICE("\r\n"));
}

/* Seconds; a comment is for the node's own operator. */
static void hide_retry_after(struct text *text, const struct view *view, struct slice value)
{
    uint64_t seconds = 0;
    size_t digits = 0;

    (void)view;
    while (digits < value.len && value.at[digits] >= '0' && value.at[digits] <= '9') {
        digits++;
    }
    if (slice_number(slice_head(value, digits), UINT32_MAX, &seconds)) {
        sip_write_header_number(text, SIP_HEADER_RETRY_AFTER, seconds);
    }
}

typedef void hide_function(struct text *text, const struct view *view, struct slice value);

static hide_function *special_of(uint8_t header)
{
    static const struct {
        uint8_t header;
        hide_function *function;
    } specials[] = {
        {SIP_HEADER_WARNING, hide_warning},
        {SIP_HEADER_REASON, hide_reason},
        {SIP_HEADER_P_CHARGING_VECTOR, hide_charging},
        {SIP_HEADER_RETRY_AFTER, hide_retry_after},
    };

    for (size_t i = 0; i < ARRAY_COUNT(specials); i++) {
        if (specials[i].header == header) {
            return specials[i].function;
        }
    }
    return NULL;
}

static bool is_written_elsewhere(uint8_t header)
{
    return header == SIP_HEADER_FROM || header == SIP_HEADER_TO || header == SIP_HEADER_CALL_ID ||
           header == SIP_HEADER_CSEQ || sip_header_is_hop(header);
}

static bool is_of_body(uint8_t header)
{
    return header == SIP_HEADER_CONTENT_TYPE || header == SIP_HEADER_CONTENT_DISPOSITION ||
           header == SIP_HEADER_CONTENT_ENCODING || header == SIP_HEADER_CONTENT_LANGUAGE ||
           header == SIP_HEADER_CONTENT_ID || header == SIP_HEADER_MIME_VERSION;
}

/* Product names with versions are for insiders (HDR-14). */
static bool is_product(uint8_t header)
{
    return header == SIP_HEADER_USER_AGENT || header == SIP_HEADER_SERVER;
}

/* RAck names a request of the far leg: its CSeq there. */
static void hide_rack(struct text *text, const struct sip_message *message,
                      const struct sip_header *header, const struct dialog *dialog,
                      unsigned side_from)
{
    struct slice rest = slice_trim(sip_slice(message, header->value));
    struct slice rseq, cseq;
    uint64_t number = 0;

    if (!slice_cut(&rest, ' ', &rseq)) {
        return;
    }
    rest = slice_trim(rest);
    if (!slice_cut(&rest, ' ', &cseq) || !slice_number(cseq, INT32_MAX, &number)) {
        return;
    }
    text_put(text, SLICE("RAck: "));
    text_put(text, rseq);
    text_put_octet(text, ' ');
    text_put_number(text, dialog == NULL ? number : dialog->sides[side_from ^ 1].invite_cseq);
    text_put_octet(text, ' ');
    text_put(text, slice_trim(rest));
    text_put(text, SLICE("\r\n"));
}

static bool are_credentials(uint8_t header)
{
    return header == SIP_HEADER_AUTHORIZATION || header == SIP_HEADER_PROXY_AUTHORIZATION;
}

/* Lines that name requests or dialogs of the other leg. */
static bool is_identifying(uint8_t header)
{
    return header == SIP_HEADER_REPLACES || header == SIP_HEADER_JOIN ||
           header == SIP_HEADER_TARGET_DIALOG || header == SIP_HEADER_REFER_TO ||
           header == SIP_HEADER_IN_REPLY_TO;
}

/* Longer than may be is cut; parameters stay. */
static void write_cut(struct text *text, const struct sip_message *message,
                      const struct sip_header *header, uint32_t most)
{
    struct slice params = sip_slice(message, header->value), name, value;

    params = slice_skip(params, slice_find(params, ';'));
    text_put(text, sip_header_spelling(header->id));
    text_put(text, SLICE(": "));
    text_put_number(text, most);
    while (sip_param_next(&params, &name, &value)) {
        sip_write_param(text, name, value);
    }
    text_put(text, SLICE("\r\n"));
}

static void hide_line(struct text *text, const struct view *view,
                      const struct inspection *inspection, const struct sip_header *header,
                      const struct dialog *dialog, unsigned side_from)
{
    const struct sip_message *message = &inspection->message;
    hide_function *special = hide_is_outside(view) ? special_of(header->id) : NULL;

    if (header->id == SIP_HEADER_RACK) {
        hide_rack(text, message, header, dialog, side_from);
    } else if (header->id == SIP_HEADER_EXPIRES && inspection->expires_max > 0) {
        write_cut(text, message, header, inspection->expires_max);
    } else if (header->id == SIP_HEADER_SESSION_EXPIRES && inspection->session_max > 0) {
        write_cut(text, message, header, inspection->session_max);
    } else if (special != NULL) {
        special(text, view, slice_trim(sip_slice(message, header->value)));
    } else if (are_credentials(header->id) &&
               zone_class_is_access(relay_zone(view->relay, view->zone_from)->class)) {
        identity_write_credentials(text, message, header);
    } else if (is_identifying(header->id)) {
        identifiers_write_line(text, view, inspection, header);
    } else if (header->id != SIP_HEADER_UNKNOWN &&
               sip_header_shape(header->id) == SIP_SHAPE_ADDRESS) {
        hide_address_line(text, view, inspection, header);
    } else if (!hide_shows_inside(view, sip_slice(message, header->value))) {
        sip_write_line(text, message, header);
    }
}

void hide_lines(struct text *text, const struct view *view, const struct inspection *inspection,
                const struct dialog *dialog, unsigned side_from)
{
    const struct sip_message *message = &inspection->message;
    enum zone_class class = relay_zone(view->relay, view->zone)->class;

    for (unsigned i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];

        if (is_written_elsewhere(header->id) || !inspection_passes(inspection, header) ||
            (inspection->strips_body && is_of_body(header->id)) ||
            (is_product(header->id) &&
             policy_treatment(class, false, header->id) == TREAT_REWRITE)) {
            continue;
        }
        hide_line(text, view, inspection, header, dialog, side_from);
    }
}
