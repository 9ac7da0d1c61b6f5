/*
 * What a side may see of the other: rules 8.4.
 *
 * Host parts are shown when they are a domain of ours or of one of the two peers; every other host,
 * and every literal address, becomes our own name towards that side.
 */
#include "relay/machine.h"

static const struct slice uri_params[] = {
#define URI_PARAM(name, where) SLICE_INIT(name),
#include "relay/uri_params.def"
#undef URI_PARAM
};

static const struct slice anonymous_host = SLICE_INIT("anonymous.invalid");

struct view view_towards(const struct relay *relay, uint16_t zone, uint16_t peer,
                         uint16_t zone_from, uint16_t peer_from)
{
    const struct policy_zone *shown = relay_zone(relay, zone);

    return (struct view){
        .relay = relay,
        .zone = zone,
        .peer = peer,
        .zone_from = zone_from,
        .peer_from = peer_from,
        .fallback = shown->domain.len > 0 ? shown->domain : shown->host,
    };
}

static bool domain_is_of(const struct policy_peer *peer, struct slice host)
{
    if (peer == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < peer->domains.count; i++) {
        if (slice_equal_nocase(peer->domains.at[i], host)) {
            return true;
        }
    }
    return false;
}

bool hide_host_is_shown(const struct view *view, struct slice host, uint8_t host_kind)
{
    const struct relay *relay = view->relay;

    /* Who is called what is a name; a literal is only where somebody stands. */
    if (!relay_zone(relay, view->zone)->hides) {
        return host_kind == SIP_HOST_NAME;
    }
    return host_kind == SIP_HOST_NAME &&
           (slice_equal_nocase(host, anonymous_host) || policy_is_own_domain(relay->policy, host) ||
            domain_is_of(relay_peer(relay, view->peer), host) ||
            domain_is_of(relay_peer(relay, view->peer_from), host));
}

static bool param_is_shown(struct slice name)
{
    for (size_t i = 0; i < ARRAY_COUNT(uri_params); i++) {
        if (slice_equal_nocase(uri_params[i], name)) {
            return true;
        }
    }
    return false;
}

static void hide_params(struct text *text, struct slice params)
{
    struct slice name, value;

    while (sip_param_next(&params, &name, &value)) {
        if (!param_is_shown(name)) {
            continue;
        }
        text_put_octet(text, ';');
        text_put(text, name);
        if (value.len > 0) {
            text_put_octet(text, '=');
            text_put(text, value);
        }
    }
}

void hide_uri(struct text *text, const struct view *view, const char *base,
              const struct sip_uri *uri)
{
    struct slice user = sip_span_of(base, uri->user);
    struct slice host = sip_span_of(base, uri->host);

    if (uri->scheme == SIP_SCHEME_TEL) {
        text_put(text, SLICE("tel:"));
        text_put(text, user);
        hide_params(text, sip_span_of(base, uri->params));
        return;
    }
    if (uri->scheme != SIP_SCHEME_SIP && uri->scheme != SIP_SCHEME_SIPS) {
        text_put(text, sip_span_of(base, uri->whole));
        return;
    }
    text_put(text, uri->scheme == SIP_SCHEME_SIPS ? SLICE("sips:") : SLICE("sip:"));
    if (user.len > 0) {
        text_put(text, user);
        text_put_octet(text, '@');
    }
    if (hide_host_is_shown(view, host, uri->host_kind)) {
        text_put(text, host);
        if (uri->port != 0 && !relay_zone(view->relay, view->zone)->hides) {
            text_put_octet(text, ':');
            text_put_number(text, uri->port);
        }
    } else {
        text_put(text, view->fallback);
    }
    hide_params(text, sip_span_of(base, uri->params));
}

static void hide_value_params(struct text *text, struct slice params)
{
    struct slice name, value;

    while (sip_param_next(&params, &name, &value)) {
        if (slice_equal_nocase(name, SLICE("tag"))) {
            continue;
        }
        text_put_octet(text, ';');
        text_put(text, name);
        if (value.len > 0) {
            text_put_octet(text, '=');
            sip_write_value(text, value);
        }
    }
}

void hide_address(struct text *text, const struct view *view, const struct sip_message *message,
                  const struct sip_value *value, bool strips_display)
{
    struct slice display = slice_trim(sip_slice(message, value->display));

    if (value->is_star) {
        text_put_octet(text, '*');
        return;
    }
    if (display.len > 0 && !strips_display) {
        sip_write_value(text, display);
        text_put_octet(text, ' ');
    }
    text_put_octet(text, '<');
    hide_uri(text, view, message->head, &value->uri);
    text_put_octet(text, '>');
    hide_value_params(text, sip_slice(message, value->params));
}

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
static void hide_warning(struct text *text, const struct view *view,
                         const struct sip_message *message, const struct sip_header *header)
{
    struct slice value = slice_trim(sip_slice(message, header->value));
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

static void hide_line(struct text *text, const struct view *view,
                      const struct inspection *inspection, const struct sip_header *header,
                      const struct dialog *dialog, unsigned side_from)
{
    const struct sip_message *message = &inspection->message;

    if (header->id == SIP_HEADER_RACK) {
        hide_rack(text, message, header, dialog, side_from);
    } else if (header->id == SIP_HEADER_WARNING) {
        hide_warning(text, view, message, header);
    } else if (header->id == SIP_HEADER_REPLACES || header->id == SIP_HEADER_JOIN ||
               header->id == SIP_HEADER_TARGET_DIALOG || header->id == SIP_HEADER_REFER_TO ||
               header->id == SIP_HEADER_IN_REPLY_TO) {
        identifiers_write_line(text, view, inspection, header);
    } else if (sip_header_shape(header->id) == SIP_SHAPE_ADDRESS &&
               header->id != SIP_HEADER_UNKNOWN) {
        hide_address_line(text, view, inspection, header);
    } else {
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
