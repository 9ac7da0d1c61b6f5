#include "app/inspect/html.h"

#include "guard/event.h"

static const char *entity_of(char octet)
{
    switch (octet) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void octet_put(FILE *out, char octet)
{
    const char *entity = entity_of(octet);

    if (entity != NULL) {
        (void)fputs(entity, out);
    } else if (octet >= ' ' && octet <= '~') {
        (void)fputc(octet, out);
    } else {
        (void)fprintf(out, "\\x%02x", (unsigned)(unsigned char)octet);
    }
}

void html_put(FILE *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        octet_put(out, text.at[i]);
    }
}

void html_lines(FILE *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool is_end = text.at[i] == '\r' && i + 1 < text.len && text.at[i + 1] == '\n';

        if (text.at[i] == '\n') {
            (void)fputc('\n', out);
        } else if (!is_end) {
            octet_put(out, text.at[i]);
        }
    }
}

void html_string(FILE *out, const char *string)
{
    html_put(out, slice_string(string));
}

void html_address(FILE *out, const struct address *address)
{
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    text_init(&text, room, sizeof(room));
    address_write(&text, address);
    html_put(out, text_slice(&text));
}

void html_time(FILE *out, uint64_t when_us)
{
    char room[40];
    struct text text;

    text_init(&text, room, sizeof(room));
    event_write_time(&text, when_us);
    html_put(out, text_slice(&text));
}
