/* Sofia-SIP, with the headers of 3GPP. */
#include "reading.h"

#include <sofia-sip/su.h>

#include <sofia-sip/sip.h>
#include <sofia-sip/sip_extra.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_util.h>

static struct slice slice_or_none(const char *string)
{
    return string == NULL ? SLICE_NONE : slice_string(string);
}

static bool begin(void)
{
    su_init();
    return sip_update_default_mclass(sip_extend_mclass(NULL)) == 0;
}

static void set_url(struct reading *reading, enum reading_part part, const url_t *url)
{
    if (url->url_type != url_sip && url->url_type != url_sips) {
        reading_set(reading, part, SLICE("?"));
        return;
    }
    reading_set_uri(reading, part, slice_or_none(url->url_scheme), slice_or_none(url->url_user),
                    slice_or_none(url->url_host), slice_or_none(url->url_port));
}

static bool fill(sip_t *sip, struct reading *reading)
{
    const sip_p_asserted_identity_t *asserted = sip_p_asserted_identity(sip);

    if (sip == NULL || sip->sip_error != NULL || sip->sip_from == NULL || sip->sip_to == NULL ||
        sip->sip_call_id == NULL || sip->sip_content_length == NULL) {
        return false;
    }
    if (sip->sip_request != NULL) {
        set_url(reading, READING_TARGET, sip->sip_request->rq_url);
    }
    set_url(reading, READING_FROM, sip->sip_from->a_url);
    set_url(reading, READING_TO, sip->sip_to->a_url);
    if (asserted != NULL) {
        set_url(reading, READING_ASSERTED, asserted->paid_url);
    }
    reading_set(reading, READING_CALL_ID, slice_or_none(sip->sip_call_id->i_id));
    reading_set_number(reading, READING_BODY,
                       sip->sip_payload != NULL ? sip->sip_payload->pl_len : 0);
    reading_set_number(reading, READING_LENGTH, sip->sip_content_length->l_length);
    return true;
}

static bool take(struct slice bytes, struct reading *reading)
{
    msg_t *message = msg_make(sip_default_mclass(), 0, bytes.at, (ssize_t)bytes.len);
    bool is_read;

    if (message == NULL) {
        return false;
    }
    is_read = (msg_get_flags(message, MSG_FLG_ERROR) & MSG_FLG_ERROR) == 0 &&
              fill(sip_object(message), reading);
    msg_destroy(message);
    return is_read;
}

const struct peer peer_sofia = {"sofia-sip", begin, take};
