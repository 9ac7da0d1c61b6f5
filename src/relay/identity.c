/*
 * Who the sender is, as the next one is told: what the controls of identity decided, written.
 */
#include "guard/identity.h"
#include "relay/machine.h"

static void write_named(struct text *text, const struct view *view, struct slice named)
{
    struct sip_uri uri;
    struct sip_oddities oddities = {{0}};

    text_put_octet(text, '<');
    if (sip_uri_read_text(named, &uri, &oddities)) {
        hide_uri(text, view, named.at, &uri);
    }
    text_put_octet(text, '>');
}

void identity_write_from(struct text *text, const struct view *view,
                         const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (inspection->withholds_identity) {
        text_put(text, SLICE("\"Anonymous\" <sip:anonymous@anonymous.invalid>")); /* RFC 3323 */
    } else if (inspection->claimed.len > 0) {
        write_named(text, view, inspection->claimed);
    } else {
        hide_address(text, view, message, sip_value(message, SIP_HEADER_FROM),
                     inspection->strips_display_names);
    }
}

void identity_write_lines(struct text *text, const struct view *view,
                          const struct inspection *inspection)
{
    if (inspection->asserted.len == 0 || relay_zone(view->relay, view->zone)->class != ZONE_CORE) {
        return;
    }
    text_put(text, sip_header_spelling(SIP_HEADER_P_ASSERTED_IDENTITY));
    text_put(text, SLICE(": "));
    write_named(text, view, inspection->asserted);
    text_put(text, SLICE("\r\n"));
}

void identity_write_credentials(struct text *text, const struct sip_message *message,
                                const struct sip_header *header)
{
    struct slice rest = slice_trim(sip_slice(message, header->value)), part;
    size_t scheme = slice_find(rest, ' ');
    bool is_first = true;

    text_put(text, sip_header_spelling(header->id));
    text_put(text, SLICE(": "));
    text_put(text, slice_head(rest, scheme));
    rest = slice_skip(rest, scheme + 1);
    while (identity_credential_next(&rest, &part)) {
        if (!identity_is_core_credential(part)) {
            text_put(text, is_first ? SLICE(" ") : SLICE(","));
            sip_write_value(text, part);
            is_first = false;
        }
    }
    text_put(text, SLICE("\r\n"));
}
