/*
 * The canonical writer of heads.
 *
 * Nothing that ends a line or a C string leaves from here, whatever a value holds: the writer does
 * not rely on somebody having judged it.
 */
#include "wire/sip/write.h"

#include "wire/octets.h"
#include "wire/token.h"

static bool is_blank(char octet)
{
    return octet == ' ' || octet == '\t';
}

static bool is_control(char octet)
{
    return ((unsigned char)octet < ' ' && octet != '\t') || octet == 0x7F;
}

/* How many octets at the front can be written as they are: all but control octets. */
static size_t clean_len(struct slice value)
{
    size_t len = 0;

    while (len < value.len) {
        len += octets_find_unprintable(value.at + len, value.len - len);
        if (len < value.len && is_control(value.at[len])) {
            return len;
        }
        len += len < value.len; /* HTAB */
    }
    return len;
}

static struct slice trim_unwritable(struct slice value)
{
    while (value.len > 0 && (is_blank(value.at[0]) || is_control(value.at[0]))) {
        value = slice_skip(value, 1);
    }
    while (value.len > 0 &&
           (is_blank(value.at[value.len - 1]) || is_control(value.at[value.len - 1]))) {
        value.len--;
    }
    return value;
}

/* A fold, or any other control octets, with the blanks around them: one SP. */
void sip_write_value(struct text *text, struct slice value)
{
    value = trim_unwritable(value);
    while (value.len > 0) {
        size_t clean = clean_len(value);

        if (clean == value.len) {
            text_put(text, value);
            return;
        }
        text_put(text, trim_unwritable(slice_head(value, clean)));
        text_put_octet(text, ' ');
        value = trim_unwritable(slice_skip(value, clean));
    }
}

/* What stands before the next comma or semicolon outside quotes, brackets and comments. */
static size_t piece_len(struct slice value)
{
    bool is_quoted = false;
    unsigned depth = 0;
    size_t i;

    for (i = 0; i < value.len; i++) {
        char octet = value.at[i];

        if (is_quoted) {
            is_quoted = octet != '"';
            i += octet == '\\';
        } else if (octet == '"') {
            is_quoted = true;
        } else if (octet == '<' || octet == '(') {
            depth++;
        } else if ((octet == '>' || octet == ')') && depth > 0) {
            depth--;
        } else if ((octet == ',' || octet == ';') && depth == 0) {
            break;
        }
    }
    return i < value.len ? i : value.len;
}

/* Of what divides two pieces a comma counts more than a semicolon. */
static void write_pieces(struct text *text, struct slice value)
{
    char divider = '\0';
    bool has_any = false;

    while (value.len > 0) {
        size_t len = piece_len(value);
        struct slice piece = trim_unwritable(slice_head(value, len));

        if (piece.len > 0) {
            if (has_any) {
                text_put_octet(text, divider);
            }
            sip_write_value(text, piece);
            has_any = true;
            divider = '\0';
        }
        if (len < value.len && divider != ',') {
            divider = value.at[len];
        }
        value = slice_skip(value, len + 1);
    }
}

void sip_write_listed(struct text *text, const struct sip_message *message, struct slice value)
{
    if (sip_is_odd(message, SIP_ODD_EMPTY_PARAMETER) || sip_is_odd(message, SIP_ODD_EMPTY_MEMBER)) {
        write_pieces(text, value);
    } else {
        sip_write_value(text, value);
    }
}

static bool is_listed(const struct sip_header *header)
{
    enum sip_shape shape = sip_header_shape((enum sip_header_name)header->id);

    return shape == SIP_SHAPE_VIA || shape == SIP_SHAPE_ADDRESS || shape == SIP_SHAPE_LIST ||
           shape == SIP_SHAPE_ONE;
}

static void end_line(struct text *text)
{
    text_put(text, SLICE("\r\n"));
}

void sip_write_request_line(struct text *text, struct slice method, struct slice uri)
{
    sip_write_value(text, method);
    text_put_octet(text, ' ');
    sip_write_value(text, uri);
    text_put(text, SLICE(" SIP/2.0\r\n"));
}

void sip_write_status_line(struct text *text, unsigned status)
{
    text_put(text, SLICE("SIP/2.0 "));
    text_put_padded(text, status, 3);
    text_put_octet(text, ' ');
    text_put(text, sip_reason(status));
    end_line(text);
}

static void write_name(struct text *text, struct slice name)
{
    text_put(text, name);
    text_put(text, SLICE(": "));
}

void sip_write_header(struct text *text, enum sip_header_name name, struct slice value)
{
    write_name(text, sip_header_spelling(name));
    sip_write_value(text, value);
    end_line(text);
}

void sip_write_header_number(struct text *text, enum sip_header_name name, uint64_t number)
{
    write_name(text, sip_header_spelling(name));
    text_put_number(text, number);
    end_line(text);
}

/* A name that is no token has no canonical form, and neither has a line without a colon: written
 * with one it would be a header that nobody sent. */
static bool is_unknown_writable(const struct sip_message *message, const struct sip_header *header)
{
    uint32_t behind = header->name.at + header->name.len;

    while (behind < message->head_len && is_blank(message->head[behind])) {
        behind++;
    }
    return behind < message->head_len && message->head[behind] == ':' &&
           slice_is_token(sip_slice(message, header->name));
}

void sip_write_line(struct text *text, const struct sip_message *message,
                    const struct sip_header *header)
{
    if (header->id != SIP_HEADER_UNKNOWN) {
        write_name(text, sip_header_spelling((enum sip_header_name)header->id));
    } else if (is_unknown_writable(message, header)) {
        write_name(text, sip_slice(message, header->name));
    } else {
        return;
    }
    if (is_listed(header)) {
        sip_write_listed(text, message, sip_slice(message, header->value));
    } else {
        sip_write_value(text, sip_slice(message, header->value));
    }
    end_line(text);
}

void sip_write_copied(struct text *text, const struct sip_message *message,
                      enum sip_header_name name)
{
    for (const struct sip_header *header = sip_header(message, name); header != NULL;
         header = sip_header_next(message, header)) {
        sip_write_line(text, message, header);
    }
}

void sip_write_param(struct text *text, struct slice name, struct slice value)
{
    text_put_octet(text, ';');
    text_put(text, name);
    if (value.len > 0) {
        text_put_octet(text, '=');
        sip_write_value(text, value);
    }
}

void sip_write_via(struct text *text, enum transport transport, struct slice sent_by,
                   struct slice branch, bool wants_rport)
{
    text_put(text, SLICE("Via: SIP/2.0/"));
    text_put(text, transport_token(transport));
    text_put_octet(text, ' ');
    sip_write_value(text, sent_by);
    text_put(text, SLICE(";branch="));
    sip_write_value(text, branch);
    if (wants_rport) {
        text_put(text, SLICE(";rport"));
    }
    end_line(text);
}

void sip_write_body(struct text *text, struct slice body)
{
    sip_write_header_number(text, SIP_HEADER_CONTENT_LENGTH, body.len);
    end_line(text);
    text_put(text, body);
}
