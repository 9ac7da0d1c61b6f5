#include "guard/identity.h"

struct slice identity_number(const struct sip_message *message, const struct sip_uri *uri,
                             char room[IDENTITY_DIGITS_MAX])
{
    size_t len = 0;

    return sip_uri_number(message->head, uri, room, IDENTITY_DIGITS_MAX, &len) ? slice_of(room, len)
                                                                               : SLICE_NONE;
}

bool identity_is_global(struct slice number)
{
    return number.len > 1 && number.at[0] == '+';
}

bool identity_has_prefix(const struct policy_slices *prefixes, struct slice number)
{
    for (uint32_t i = 0; i < prefixes->count; i++) {
        if (slice_starts(number, prefixes->at[i])) {
            return true;
        }
    }
    return false;
}

bool identity_is_domain_of(const struct policy_peer *peer, struct slice host)
{
    for (uint32_t i = 0; peer != NULL && i < peer->domains.count; i++) {
        if (slice_equal_nocase(peer->domains.at[i], host)) {
            return true;
        }
    }
    return false;
}

static bool goes_on(const struct inspection *inspection, enum sip_header_name name)
{
    const struct sip_header *line = sip_header(&inspection->message, name);

    return line != NULL && inspection_passes(inspection, line);
}

bool identity_is_diverted(const struct inspection *inspection)
{
    return goes_on(inspection, SIP_HEADER_DIVERSION) ||
           goes_on(inspection, SIP_HEADER_HISTORY_INFO);
}

static const struct sip_value *next_value(const struct inspection *inspection,
                                          const struct identity_cursor *cursor)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *value = cursor->value == NULL
                                        ? sip_value(message, SIP_HEADER_P_ASSERTED_IDENTITY)
                                        : sip_value_next(message, cursor->value);

    while (value != NULL && !inspection_passes(inspection, &message->headers[value->header])) {
        value = sip_value_next(message, value);
    }
    return value;
}

bool identity_next_number(const struct inspection *inspection, struct identity_cursor *cursor,
                          struct slice *number)
{
    const struct sip_message *message = &inspection->message;

    while (!cursor->is_from) {
        cursor->value = next_value(inspection, cursor);
        if (cursor->value == NULL) {
            cursor->is_from = true;
            cursor->value = sip_value(message, SIP_HEADER_FROM);
        }
        if (cursor->value != NULL) {
            *number = identity_number(message, &cursor->value->uri, cursor->room);
            if (number->len > 0) {
                return true;
            }
        }
    }
    return false;
}

enum outcome identity_doubted(struct inspection *inspection, struct slice evidence,
                              const char *rule)
{
    if (inspection_zone(inspection)->is_strict) {
        return inspection_found_as(inspection, evidence, rule, ACTION_REJECT, 403);
    }
    identity_withhold(inspection);
    return inspection_found(inspection, evidence, rule);
}

struct slice identity_aor(struct text *text, const struct sip_message *message,
                          const struct sip_uri *uri)
{
    struct slice host = sip_slice(message, uri->host);

    text_put(text, SLICE("sip:"));
    text_put(text, sip_slice(message, uri->user));
    text_put_octet(text, '@');
    for (size_t i = 0; i < host.len; i++) {
        char octet = host.at[i];

        text_put_octet(text, octet >= 'A' && octet <= 'Z' ? (char)(octet + 32) : octet);
    }
    return text_slice(text);
}

bool identity_is_anonymous(const struct sip_message *message, const struct sip_uri *uri)
{
    return slice_ends_nocase(sip_slice(message, uri->host), SLICE("anonymous.invalid")) ||
           slice_equal_nocase(sip_slice(message, uri->user), SLICE("anonymous"));
}

void identity_withhold(struct inspection *inspection)
{
    static const uint8_t naming[] = {SIP_HEADER_P_ASSERTED_IDENTITY, SIP_HEADER_REFERRED_BY,
                                     SIP_HEADER_REPLY_TO, SIP_HEADER_ORGANIZATION,
                                     SIP_HEADER_CALL_INFO};

    if (inspection->mode != MODE_ENFORCE) {
        return;
    }
    inspection->withholds_identity = true;
    for (size_t i = 0; i < sizeof(naming); i++) {
        const struct sip_header *line = sip_header(&inspection->message, naming[i]);

        for (; line != NULL; line = sip_header_next(&inspection->message, line)) {
            inspection_strip_line(inspection, line);
        }
    }
}

bool identity_number_param(const struct sip_message *message, const struct sip_uri *uri,
                           struct slice name)
{
    struct slice user = sip_slice(message, uri->user), value;

    user = slice_skip(user, slice_find(user, ';') + 1);
    return sip_param_find(user, name, &value) ||
           sip_param_find(sip_slice(message, uri->params), name, &value);
}

/* Commas within quotes divide nothing. */
bool identity_credential_next(struct slice *rest, struct slice *part)
{
    bool is_quoted = false;
    size_t end = 0;

    if (rest->len == 0) {
        return false;
    }
    for (; end < rest->len && (is_quoted || rest->at[end] != ','); end++) {
        if (rest->at[end] == '"') {
            is_quoted = !is_quoted;
        } else if (is_quoted && rest->at[end] == '\\') {
            end += end + 1 < rest->len;
        }
    }
    *part = slice_trim(slice_head(*rest, end));
    *rest = slice_skip(*rest, end + 1);
    return true;
}

bool identity_is_core_credential(struct slice part)
{
    struct slice name = slice_trim(slice_head(part, slice_find(part, '=')));

    return slice_equal_nocase(name, SLICE("integrity-protected")) ||
           slice_equal_nocase(name, SLICE("auth-done")) ||
           slice_equal_nocase(name, SLICE("tls-yes"));
}

bool identity_credential(struct slice credentials, struct slice name, struct slice *value)
{
    struct slice rest = slice_trim(credentials), part;

    rest = slice_skip(rest, slice_find(rest, ' ') + 1);
    while (identity_credential_next(&rest, &part)) {
        size_t equals = slice_find(part, '=');

        if (slice_equal_nocase(slice_trim(slice_head(part, equals)), name)) {
            *value = slice_trim(slice_skip(part, equals + 1));
            if (value->len >= 2 && value->at[0] == '"' && value->at[value->len - 1] == '"') {
                *value = slice_of(value->at + 1, value->len - 2);
            }
            return true;
        }
    }
    *value = SLICE_NONE;
    return false;
}
