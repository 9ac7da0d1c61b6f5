/*
 * Media before the answer go backward only (MED-40): what the caller says before he pays reaches
 * nobody, unless the called side asks for it in a P-Early-Media that the guard let pass (RFC 5009).
 */
#include "relay/machine.h"

bool early_media_is_barred(const struct dialog *dialog)
{
    return dialog->kind == DIALOG_CALL && dialog->state == DIALOG_EARLY && !dialog->is_emergency &&
           !dialog->opens_early;
}

bool early_media_bars_keys(const struct relay *relay, const struct dialog *dialog)
{
    return dialog->kind == DIALOG_CALL && dialog->state == DIALOG_EARLY && !dialog->is_emergency &&
           relay_zone(relay, dialog->sides[0].zone)->class == ZONE_INTERCONNECT_OPEN;
}

static bool opens_forward(struct slice words)
{
    struct slice word;

    while (slice_cut(&words, ',', &word)) {
        word = slice_trim(slice_head(word, slice_find(word, ';')));
        if (slice_equal_nocase(word, SLICE("sendrecv")) ||
            slice_equal_nocase(word, SLICE("recvonly"))) {
            return true;
        }
    }
    return false;
}

static void tell(struct relay *relay, struct dialog *dialog, struct outbox *outbox)
{
    for (unsigned line = 0; line < dialog->stream_count; line++) {
        struct media_stream *stream = streams_at(relay, dialog, line);

        if (stream != NULL && !streams_is_shadow(stream)) {
            streams_order(relay, stream, MEDIA_OPEN, outbox);
        }
    }
}

void early_media_heard(struct relay *relay, struct dialog *dialog, struct inspection *inspection,
                       struct outbox *outbox)
{
    const struct sip_header *line = sip_header(&inspection->message, SIP_HEADER_P_EARLY_MEDIA);
    bool opens = false;

    if (line == NULL || dialog->state != DIALOG_EARLY || !inspection_passes(inspection, line)) {
        return; /* as before */
    }
    opens = opens_forward(sip_header_value(&inspection->message, SIP_HEADER_P_EARLY_MEDIA));
    if (opens != dialog->opens_early) {
        dialog->opens_early = opens;
        tell(relay, dialog, outbox);
    }
}

void early_media_over(struct relay *relay, struct dialog *dialog, struct inspection *inspection,
                      struct outbox *outbox)
{
    /* With a description the gate is told anyway. */
    if (inspection->strips_body || inspection_sdp(inspection) == NULL) {
        tell(relay, dialog, outbox);
    }
}
