#include "guard/instant_message.h"

#include "guard/identity.h"

bool instant_message_find(struct inspection *inspection, struct body_part *part, struct cpim *cpim)
{
    uint16_t next = 0;

    if (inspection->message.body.len == 0 || body_is_sdp(inspection)) {
        return false;
    }
    while (body_next(inspection, &next, part)) {
        if (media_type_is(&part->type, SLICE("message/cpim")) && !part->is_encoded) {
            cpim_read(cpim, part->body);
            return true;
        }
    }
    return false;
}

bool instant_message_is_anonymous(struct slice uri)
{
    uri = slice_head(uri, slice_find(uri, ';'));
    return slice_ends_nocase(uri, SLICE("@anonymous.invalid"));
}

/* The digits of a URI that stands by itself. */
static struct slice number_of(struct slice text, char room[IDENTITY_DIGITS_MAX])
{
    struct sip_oddities oddities = {{0}};
    struct sip_uri uri;
    size_t len = 0;

    return text.len <= SIP_URI_MAX && sip_uri_read_text(text, &uri, &oddities) &&
                   sip_uri_number(text.at, &uri, room, IDENTITY_DIGITS_MAX, &len)
               ? slice_of(room, len)
               : SLICE_NONE;
}

/* Of "im:user@host;param" as of "sip:user@host". */
static void parts_of(struct slice text, struct slice *user, struct slice *host)
{
    struct slice rest = slice_skip(text, slice_find(text, ':') + 1);
    size_t at = slice_find(rest, '@');

    *user = at < rest.len ? slice_head(rest, at) : SLICE_NONE;
    *host = slice_skip(rest, at + 1);
    *host = slice_head(*host, slice_find(*host, ';'));
}

bool instant_message_is_of(const struct sip_message *message, const struct sip_value *value,
                           struct slice text)
{
    char rooms[2][IDENTITY_DIGITS_MAX];
    struct slice wrapped, user, host;

    if (value == NULL) {
        return false;
    }
    wrapped = number_of(text, rooms[0]);
    if (wrapped.len > 0 && slice_equal(wrapped, identity_number(message, &value->uri, rooms[1]))) {
        return true;
    }
    parts_of(text, &user, &host);
    return user.len > 0 && slice_equal(user, sip_slice(message, value->uri.user)) &&
           slice_equal_nocase(host, sip_slice(message, value->uri.host));
}
