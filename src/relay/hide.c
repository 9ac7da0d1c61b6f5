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

static const struct slice value_params[] = {
#define VALUE_PARAM(name, header) SLICE_INIT(name),
#include "relay/value_params.def"
#undef VALUE_PARAM
};

enum number_param_passes { PASSES_AGREED, PASSES_VERIFIED, PASSES_NEVER };

static const struct {
    struct slice name;
    enum number_param_passes passes;
} number_params[] = {
#define NUMBER_PARAM(name, passes) {SLICE_INIT(name), PASSES_##passes},
#include "relay/number_params.def"
#undef NUMBER_PARAM
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
    return host_kind == SIP_HOST_NAME && !plan_shows_inside(relay->plan, host) &&
           (slice_equal_nocase(host, anonymous_host) || policy_is_own_domain(relay->policy, host) ||
            domain_is_of(relay_peer(relay, view->peer), host) ||
            domain_is_of(relay_peer(relay, view->peer_from), host));
}

static bool is_among(struct slice name, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_nocase(names[i], name)) {
            return true;
        }
    }
    return false;
}

bool hide_is_outside(const struct view *view)
{
    return relay_zone(view->relay, view->zone)->hides;
}

bool hide_shows_inside(const struct view *view, struct slice text)
{
    return hide_is_outside(view) && plan_shows_inside(view->relay->plan, text);
}

static bool number_param_passes(const struct view *view, enum number_param_passes passes)
{
    enum zone_class from = relay_zone(view->relay, view->zone_from)->class;
    enum zone_class to = relay_zone(view->relay, view->zone)->class;

    switch (passes) {
    case PASSES_AGREED:
        return zone_class_is_trusted(from) && zone_class_is_trusted(to);
    case PASSES_VERIFIED:
        return from == ZONE_CORE && zone_class_is_access(to);
    case PASSES_NEVER:
        break;
    }
    return false;
}

/* A name in escapes is one somebody wants to be read later than here. */
static bool param_is_believed(const struct view *view, struct slice name)
{
    for (size_t i = 0; i < ARRAY_COUNT(number_params); i++) {
        if (slice_equal_nocase(number_params[i].name, name)) {
            return number_param_passes(view, number_params[i].passes);
        }
    }
    return slice_find(name, '%') == name.len;
}

static void put_param(struct text *text, struct slice name, struct slice value)
{
    sip_write_param(text, name, value);
}

static void hide_params(struct text *text, const struct view *view, struct slice params)
{
    struct slice name, value;

    while (sip_param_next(&params, &name, &value)) {
        if ((is_among(name, uri_params, ARRAY_COUNT(uri_params)) ||
             slice_equal_nocase(name, SLICE("verstat"))) &&
            param_is_believed(view, name)) {
            put_param(text, name, value);
        }
    }
}

void hide_user(struct text *text, const struct view *view, struct slice user)
{
    size_t end = slice_find(user, ';');
    struct slice params = slice_skip(user, end + 1);
    struct slice name, value;

    text_put(text, slice_head(user, end));
    while (sip_param_next(&params, &name, &value)) {
        if (param_is_believed(view, name)) {
            put_param(text, name, value);
        }
    }
}

void hide_uri(struct text *text, const struct view *view, const char *base,
              const struct sip_uri *uri)
{
    struct slice user = sip_span_of(base, uri->user);
    struct slice host = sip_span_of(base, uri->host);
    size_t before;

    if (uri->scheme == SIP_SCHEME_TEL) {
        text_put(text, SLICE("tel:"));
        text_put(text, user);
        hide_params(text, view, sip_span_of(base, uri->params));
        return;
    }
    if (uri->scheme != SIP_SCHEME_SIP && uri->scheme != SIP_SCHEME_SIPS) {
        text_put(text, sip_span_of(base, uri->whole));
        return;
    }
    text_put(text, uri->scheme == SIP_SCHEME_SIPS ? SLICE("sips:") : SLICE("sip:"));
    before = text->len;
    hide_user(text, view, user);
    if (text->len > before) {
        text_put_octet(text, '@'); /* a user of nothing but parameters is none */
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
    hide_params(text, view, sip_span_of(base, uri->params));
}

static void hide_value_params(struct text *text, const struct view *view, struct slice params)
{
    struct slice name, value;

    while (sip_param_next(&params, &name, &value)) {
        if (slice_equal_nocase(name, SLICE("tag")) ||
            (hide_is_outside(view) && !is_among(name, value_params, ARRAY_COUNT(value_params))) ||
            hide_shows_inside(view, value)) {
            continue;
        }
        sip_write_param(text, name, value);
    }
}

/* What History-Info says of an entry stands in its URI; of all it could say, why and how private
 * (HDR-08). */
static void hide_history_headers(struct text *text, const struct view *view, struct slice headers)
{
    bool is_first = true;
    struct slice part;

    while (slice_cut(&headers, '&', &part)) {
        if ((slice_starts_nocase(part, SLICE("Reason=")) ||
             slice_starts_nocase(part, SLICE("Privacy="))) &&
            !hide_shows_inside(view, part)) {
            text_put_octet(text, is_first ? '?' : '&');
            text_put(text, part);
            is_first = false;
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
    if (display.len > 0 && !strips_display && !hide_shows_inside(view, display)) {
        sip_write_value(text, display);
        text_put_octet(text, ' ');
    }
    text_put_octet(text, '<');
    hide_uri(text, view, message->head, &value->uri);
    if (message->headers[value->header].id == SIP_HEADER_HISTORY_INFO) {
        hide_history_headers(text, view, sip_slice(message, value->uri.headers));
    }
    text_put_octet(text, '>');
    hide_value_params(text, view, sip_slice(message, value->params));
}

/* A device named by its token is called by its user's name: the token is the core's. */
void hide_to(struct text *text, const struct view *view, const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);
    const struct registration *registration = inspection->match.registration;

    if (registration != NULL &&
        slice_equal(sip_slice(message, to->uri.user), sip_slice(message, message->uri.user))) {
        text_put_octet(text, '<');
        text_put(text, registration_text(view->relay->state, registration, REGISTRATION_AOR));
        text_put_octet(text, '>');
        return;
    }
    hide_address(text, view, message, to, inspection->strips_display_names);
}
