/*
 * The parts of a body beside the description: what shows the inside to somebody outside is taken
 * out (THG-20).  Which kinds of parts cross at all the guard has said already.
 */
#include "relay/machine.h"

static struct view view_onward(const struct relay *relay, const struct inspection *inspection)
{
    const struct exchange *exchange = inspection->match.exchange;

    if (inspection->message.is_request || exchange == NULL) {
        return view_towards(relay, inspection->zone_out, inspection->peer_out, inspection->zone,
                            inspection->peer);
    }
    return view_towards(relay, exchange->zone_in, exchange->peer_in, inspection->zone,
                        inspection->peer);
}

/* The description itself is written anew. */
static bool shows_inside(const struct inspection *inspection, const struct view *view,
                         const struct multipart_part *part)
{
    struct slice sdp = inspection->sdp_text, body = part->body;

    if (hide_shows_inside(view, part->head)) {
        return true;
    }
    if (sdp.len == 0 || sdp.at < body.at || sdp.at + sdp.len > body.at + body.len) {
        return hide_shows_inside(view, body);
    }
    return hide_shows_inside(view, slice_between(body.at, sdp.at)) ||
           hide_shows_inside(view, slice_between(sdp.at + sdp.len, body.at + body.len));
}

void parts_hide(const struct relay *relay, struct inspection *inspection)
{
    const struct multipart *multipart = NULL;
    struct view view;

    if (inspection->message.body.len == 0 || inspection->strips_body ||
        (inspection->message.is_request && inspection->zone_out == POLICY_NONE)) {
        return;
    }
    multipart = inspection_multipart(inspection);
    if (multipart == NULL) {
        return;
    }
    view = view_onward(relay, inspection);
    (void)inspection_sdp(inspection);
    for (unsigned i = 0; i < multipart->count && hide_is_outside(&view); i++) {
        if (multipart->parts[i].depth == 1 &&
            shows_inside(inspection, &view, &multipart->parts[i])) {
            inspection->stripped_parts |= 1U << i;
        }
    }
}
