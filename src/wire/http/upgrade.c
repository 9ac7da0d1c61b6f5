#include "wire/http/upgrade.h"

/* Headers that are looked at, each allowed once. */
enum field {
    FIELD_HOST,
    FIELD_UPGRADE,
    FIELD_CONNECTION,
    FIELD_KEY,
    FIELD_VERSION,
    FIELD_PROTOCOL,
    FIELD_ORIGIN,
    FIELD_LENGTH,
    FIELD_ENCODING,
    FIELD_COUNT,
};

static const struct slice names[FIELD_COUNT] = {
    [FIELD_HOST] = SLICE_INIT("Host"),
    [FIELD_UPGRADE] = SLICE_INIT("Upgrade"),
    [FIELD_CONNECTION] = SLICE_INIT("Connection"),
    [FIELD_KEY] = SLICE_INIT("Sec-WebSocket-Key"),
    [FIELD_VERSION] = SLICE_INIT("Sec-WebSocket-Version"),
    [FIELD_PROTOCOL] = SLICE_INIT("Sec-WebSocket-Protocol"),
    [FIELD_ORIGIN] = SLICE_INIT("Origin"),
    [FIELD_LENGTH] = SLICE_INIT("Content-Length"),
    [FIELD_ENCODING] = SLICE_INIT("Transfer-Encoding"),
};

struct fields {
    struct slice values[FIELD_COUNT];
    unsigned count;
};

/* A line without its CRLF; false when it does not end, or a CR or LF stands alone in it. */
static bool line_cut(struct slice *rest, struct slice *line)
{
    size_t end = slice_find(*rest, '\n');

    if (end == rest->len || end == 0 || rest->at[end - 1] != '\r') {
        return false;
    }
    *line = slice_head(*rest, end - 1);
    *rest = slice_skip(*rest, end + 1);
    return slice_find(*line, '\r') == line->len;
}

static bool is_token(struct slice name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < name.len; i++) {
        char octet = name.at[i];
        bool is_alnum = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
                        (octet >= '0' && octet <= '9');

        if (!is_alnum && memchr(others, octet, sizeof(others) - 1) == NULL) {
            return false;
        }
    }
    return name.len > 0;
}

/* Printable ASCII, blanks and tabs. */
static bool is_plain(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char octet = (unsigned char)value.at[i];

        if ((octet < 0x20 && octet != '\t') || octet > 0x7E) {
            return false;
        }
    }
    return true;
}

static bool field_take(struct fields *fields, struct slice line)
{
    struct slice name = slice_head(line, slice_find(line, ':'));
    struct slice value = slice_skip(line, name.len + 1);

    if (name.len == line.len || !is_token(name) || !is_plain(value) ||
        ++fields->count > HTTP_HEADERS_MAX) {
        return false;
    }
    value = slice_trim(value);
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        if (!slice_equal_nocase(name, names[i])) {
            continue;
        }
        if (fields->values[i].at != NULL) {
            return false;
        }
        fields->values[i] = value;
    }
    return true;
}

static bool list_has(struct slice list, struct slice word)
{
    struct slice item;

    while (slice_cut(&list, ',', &item)) {
        if (slice_equal_nocase(slice_trim(item), word)) {
            return true;
        }
    }
    return false;
}

/* Sixteen octets in base64: twenty-two letters, the last of which says two bits, and padding. */
static bool is_key(struct slice key)
{
    for (size_t i = 0; i < HTTP_KEY_LEN - 2 && i < key.len; i++) {
        char octet = key.at[i];
        bool is_letter = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
                         (octet >= '0' && octet <= '9') || octet == '+' || octet == '/';

        if (!is_letter) {
            return false;
        }
    }
    return key.len == HTTP_KEY_LEN && key.at[21] != '\0' && memchr("AQgw", key.at[21], 4) != NULL &&
           key.at[22] == '=' && key.at[23] == '=';
}

static bool request_line_read(struct slice line, struct http_upgrade *upgrade, bool *is_get)
{
    struct slice method, path;

    if (!slice_cut(&line, ' ', &method) || !slice_cut(&line, ' ', &path) || !is_token(method) ||
        !is_plain(path) || path.len == 0 || path.at[0] != '/' ||
        !slice_equal(line, SLICE("HTTP/1.1"))) {
        return false;
    }
    *is_get = slice_equal(method, SLICE("GET"));
    upgrade->path = path;
    return true;
}

static enum http_reading upgrade_judge(const struct fields *fields, struct http_upgrade *upgrade,
                                       bool is_get)
{
    const struct slice *values = fields->values;

    if (values[FIELD_HOST].len == 0 || values[FIELD_LENGTH].at != NULL ||
        values[FIELD_ENCODING].at != NULL) {
        return HTTP_MALFORMED;
    }
    if (!is_get || !list_has(values[FIELD_UPGRADE], SLICE("websocket")) ||
        !list_has(values[FIELD_CONNECTION], SLICE("upgrade")) ||
        !slice_equal(values[FIELD_VERSION], SLICE("13"))) {
        return HTTP_OTHER;
    }
    if (!is_key(values[FIELD_KEY])) {
        return HTTP_MALFORMED;
    }
    upgrade->host = values[FIELD_HOST];
    upgrade->origin = values[FIELD_ORIGIN];
    upgrade->key = values[FIELD_KEY];
    upgrade->has_sip = list_has(values[FIELD_PROTOCOL], SLICE("sip"));
    return HTTP_UPGRADE;
}

enum http_reading http_upgrade_read(struct slice octets, struct http_upgrade *upgrade, size_t *len)
{
    struct slice rest = octets, line;
    struct fields fields = {.count = 0};
    bool is_get = false;

    *upgrade = (struct http_upgrade){.has_sip = false};
    *len = 0;
    if (!slice_has(slice_head(octets, HTTP_UPGRADE_MAX), SLICE("\r\n\r\n"))) {
        return octets.len < HTTP_UPGRADE_MAX ? HTTP_MORE : HTTP_MALFORMED;
    }
    if (!line_cut(&rest, &line) || !request_line_read(line, upgrade, &is_get)) {
        return HTTP_MALFORMED;
    }
    while (line_cut(&rest, &line)) {
        if (line.len == 0) {
            *len = octets.len - rest.len;
            return upgrade_judge(&fields, upgrade, is_get);
        }
        if (!field_take(&fields, line)) {
            return HTTP_MALFORMED;
        }
    }
    return HTTP_MALFORMED;
}

void http_upgrade_accept(struct text *text, struct slice accept)
{
    text_put_string(text, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\n"
                          "Sec-WebSocket-Accept: ");
    text_put(text, accept);
    text_put_string(text, "\r\n\r\n");
}

void http_upgrade_refuse(struct text *text, unsigned status)
{
    const char *reason = status == 403   ? "Forbidden"
                         : status == 426 ? "Upgrade Required"
                                         : "Bad Request";

    text_put_format(text, "HTTP/1.1 %u %s\r\n", status, reason);
    text_put_string(text,
                    status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : "");
    text_put_string(text, "Connection: close\r\nContent-Length: 0\r\n\r\n");
}
