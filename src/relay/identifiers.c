/*
 * Dialog identifiers inside other headers: mapped to the far leg, or the header goes (rules 8.4,
 * STA-33).
 *
 * Who may name a call is one of its two parties, by the names of his own leg.  A party that was
 * told the names by a transfer has those of our own making (the second leg's), which name it as
 * well.
 */
#include "relay/machine.h"

struct identifiers {
    struct slice call_id, to_tag, from_tag;
};

/* The call, and the side whose party the to-tag means. */
static struct dialog *find_named(const struct relay *relay, const struct identifiers *named,
                                 unsigned *target)
{
    unsigned side = 0;
    struct dialog *dialog =
        dialog_find(relay->state, named->call_id, named->to_tag, named->from_tag, &side);

    if (dialog != NULL) {
        *target = side ^ 1; /* our tag stands for the far party */
        return dialog;
    }
    dialog = dialog_find(relay->state, named->call_id, named->from_tag, named->to_tag, &side);
    *target = side;
    return dialog;
}

static struct identifiers of_side(const struct relay *relay, const struct dialog *dialog,
                                  unsigned side)
{
    return (struct identifiers){
        .call_id = dialog_text(relay->state, dialog, side, DIALOG_CALL_ID),
        .to_tag = dialog_text(relay->state, dialog, side, DIALOG_REMOTE_TAG),
        .from_tag = slice_string(dialog->sides[side].local_tag),
    };
}

static bool read_replaces(struct slice value, struct identifiers *named)
{
    struct slice params = value;

    return slice_cut(&params, ';', &named->call_id) &&
           sip_param_find(params, SLICE("to-tag"), &named->to_tag) &&
           sip_param_find(params, SLICE("from-tag"), &named->from_tag) && named->to_tag.len > 0 &&
           named->from_tag.len > 0;
}

static bool write_replaces(struct text *text, const struct view *view,
                           const struct sip_message *message, const struct sip_header *header)
{
    struct slice value = slice_trim(sip_slice(message, header->value)), flag;
    struct identifiers named, mapped;
    const struct dialog *dialog = NULL;
    unsigned target = 0;

    if (!read_replaces(value, &named)) {
        return false;
    }
    dialog = find_named(view->relay, &named, &target);
    if (dialog == NULL) {
        return false;
    }
    mapped = of_side(view->relay, dialog, target);
    text_put(text, sip_header_spelling(header->id));
    text_put(text, SLICE(": "));
    text_put(text, mapped.call_id);
    text_put(text, SLICE(";to-tag="));
    text_put(text, mapped.to_tag);
    text_put(text, SLICE(";from-tag="));
    text_put(text, mapped.from_tag);
    if (sip_param_find(slice_skip(value, slice_find(value, ';') + 1), SLICE("early-only"), &flag)) {
        text_put(text, SLICE(";early-only"));
    }
    text_put(text, SLICE("\r\n"));
    return true;
}

static bool write_target_dialog(struct text *text, const struct view *view,
                                const struct sip_message *message, const struct sip_header *header)
{
    struct slice params = slice_trim(sip_slice(message, header->value));
    struct identifiers named, mapped;
    const struct dialog *dialog = NULL;
    unsigned side = 0;

    if (!slice_cut(&params, ';', &named.call_id) ||
        !sip_param_find(params, SLICE("local-tag"), &named.from_tag) ||
        !sip_param_find(params, SLICE("remote-tag"), &named.to_tag)) {
        return false;
    }
    dialog = dialog_find(view->relay->state, named.call_id, named.to_tag, named.from_tag, &side);
    if (dialog == NULL) {
        return false;
    }
    mapped = of_side(view->relay, dialog, side ^ 1);
    text_put(text, SLICE("Target-Dialog: "));
    text_put(text, mapped.call_id);
    text_put(text, SLICE(";local-tag="));
    text_put(text, mapped.from_tag);
    text_put(text, SLICE(";remote-tag="));
    text_put(text, mapped.to_tag);
    text_put(text, SLICE("\r\n"));
    return true;
}

static int hex_digit(char octet)
{
    if (octet >= '0' && octet <= '9') {
        return octet - '0';
    }
    octet = (char)(octet | 32);
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* Decoded once, into room; false when it does not fit or is no escape. */
static bool unescape(struct slice escaped, struct text *text)
{
    for (size_t i = 0; i < escaped.len; i++) {
        if (escaped.at[i] != '%') {
            text_put_octet(text, escaped.at[i]);
            continue;
        }
        if (i + 2 >= escaped.len || hex_digit(escaped.at[i + 1]) < 0 ||
            hex_digit(escaped.at[i + 2]) < 0) {
            return false;
        }
        text_put_octet(text,
                       (char)(hex_digit(escaped.at[i + 1]) * 16 + hex_digit(escaped.at[i + 2])));
        i += 2;
    }
    return !text->is_full;
}

static void escape(struct text *text, struct slice plain)
{
    for (size_t i = 0; i < plain.len; i++) {
        char octet = plain.at[i];
        bool is_plain = (octet >= '0' && octet <= '9') || (octet >= 'a' && octet <= 'z') ||
                        (octet >= 'A' && octet <= 'Z') || octet == '-' || octet == '.' ||
                        octet == '_';

        if (is_plain) {
            text_put_octet(text, octet);
        } else {
            text_put_octet(text, '%');
            text_put_hex(text, slice_of(&octet, 1));
        }
    }
}

/* The Replaces a Refer-To carries, or none. */
static bool read_refer_replaces(struct slice headers, struct text *plain, struct identifiers *named)
{
    struct slice part, name;

    while (slice_cut(&headers, '&', &part)) {
        if (slice_cut(&part, '=', &name) && slice_equal_nocase(name, SLICE("Replaces"))) {
            return unescape(part, plain) && read_replaces(text_slice(plain), named);
        }
    }
    return false;
}

/* Of the headers a Refer-To may carry only Replaces is let through (HDR-20), in names of ours.  The
 * second leg's Call-ID is of our making: it tells nothing of the first. */
static void write_refer_replaces(struct text *text, const struct view *view,
                                 const struct dialog *dialog, unsigned target)
{
    struct identifiers mapped = of_side(view->relay, dialog, 1);

    text_put(text, SLICE("?Replaces="));
    escape(text, mapped.call_id);
    text_put(text, SLICE("%3Bto-tag%3D"));
    escape(text, target == 1 ? mapped.to_tag : mapped.from_tag);
    text_put(text, SLICE("%3Bfrom-tag%3D"));
    escape(text, target == 1 ? mapped.from_tag : mapped.to_tag);
}

/* The Contact the party was shown for another one is a token of his alone: whom he refers to it is
 * told the other one's address. */
static bool write_party(struct text *text, const struct view *view, struct slice user,
                        const struct dialog *dialog, unsigned target)
{
    struct slice party = dialog_text(view->relay->state, dialog, target, DIALOG_REMOTE_URI);
    struct sip_oddities oddities = {{0}};
    struct sip_uri uri;

    if (dialog_token(view->relay->state, dialog, target ^ 1, user) != TOKEN_GOOD) {
        return false;
    }
    party = slice_skip(party, slice_find(party, '<') + 1);
    party = slice_head(party, slice_find(party, '>'));
    if (!sip_uri_read_text(party, &uri, &oddities)) {
        return false;
    }
    hide_uri(text, view, party.at, &uri);
    return true;
}

static bool write_refer_to(struct text *text, const struct view *view,
                           const struct sip_message *message)
{
    const struct sip_value *value = sip_value(message, SIP_HEADER_REFER_TO);

    struct dialog *dialog = NULL;
    struct identifiers named;
    char room[1024];
    struct text plain;
    unsigned target = 0;

    if (value == NULL) {
        return false;
    }
    text_init(&plain, room, sizeof(room));
    if (read_refer_replaces(sip_slice(message, value->uri.headers), &plain, &named)) {
        dialog = find_named(view->relay, &named, &target);
    }
    text_put(text, SLICE("Refer-To: <"));
    if (dialog == NULL ||
        !write_party(text, view, sip_slice(message, value->uri.user), dialog, target)) {
        hide_uri(text, view, message->head, &value->uri);
    }
    if (dialog != NULL) {
        dialog->is_handed_on = true;
        write_refer_replaces(text, view, dialog, target);
    }
    text_put(text, SLICE(">\r\n"));
    return true;
}

bool identifiers_write_line(struct text *text, const struct view *view,
                            const struct inspection *inspection, const struct sip_header *header)
{
    const struct sip_message *message = &inspection->message;

    if (header->id == SIP_HEADER_REPLACES || header->id == SIP_HEADER_JOIN) {
        return write_replaces(text, view, message, header);
    }
    if (header->id == SIP_HEADER_TARGET_DIALOG) {
        return write_target_dialog(text, view, message, header);
    }
    /* In-Reply-To names calls that nobody remembers. */
    return header->id == SIP_HEADER_REFER_TO && write_refer_to(text, view, message);
}
