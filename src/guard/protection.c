#include "guard/protection.h"

static bool is_rtp(const struct sdp_media *media)
{
    return sdp_protocol_carries((enum sdp_protocol)media->protocol) == SDP_CARRIES_RTP;
}

bool protection_is_of_call(const struct inspection *inspection)
{
    const struct dialog *dialog = inspection->match.dialog;

    for (unsigned i = 0; dialog != NULL && i < dialog->stream_count; i++) {
        const struct media_stream *stream =
            dialog->streams[i] == 0 ? NULL
                                    : pool_at(&inspection->state->streams, dialog->streams[i]);

        if (stream != NULL &&
            (stream->agreements[0].latched != MEDIA_CLEAR ||
             stream->agreements[1].latched != MEDIA_CLEAR || stream->agreements[0].offered != 0 ||
             stream->agreements[1].offered != 0)) {
            return true;
        }
    }
    return false;
}

bool protection_next(struct inspection *inspection, const struct sdp *sdp, unsigned *next,
                     struct protection_claim *claim)
{
    const struct policy_zone *zone = inspection_zone(inspection);
    struct sdp_keys keys;

    while (*next < sdp->media_count &&
           (!is_rtp(&sdp->media[*next]) || sdp->media[*next].port == 0 ||
            (inspection->refused_media >> *next & 1) != 0)) {
        (*next)++;
    }
    if (*next >= sdp->media_count) {
        return false;
    }
    *claim = (struct protection_claim){.media = &sdp->media[(*next)++]};
    sdp_keys_read(&keys, sdp, claim->media, zone->srtp_suites);
    claim->is_secure = sdp_protocol_is_secure((enum sdp_protocol)claim->media->protocol);
    claim->has_crypto = keys.has_crypto;
    claim->has_fingerprint = keys.has_fingerprint;
    claim->has_setup = keys.setup != SDP_SETUP_NONE && keys.setup != SDP_SETUP_HOLDCONN;
    claim->sdes_is_usable =
        keys.crypto.key.suite != MEDIA_SUITE_NONE && (zone->srtp_keys >> MEDIA_SDES & 1) != 0;
    claim->dtls_is_usable = keys.fingerprint.hash != MEDIA_HASH_NONE && claim->has_setup &&
                            (zone->srtp_keys >> MEDIA_DTLS & 1) != 0;
    media_wipe(&keys, sizeof(keys));
    return true;
}

bool protection_hop_is_private(const struct inspection *inspection)
{
    return transport_is_secure((enum transport)inspection->packet->flow.transport) ||
           inspection_zone(inspection)->shows_keys;
}

const struct media_stream *protection_stream(const struct inspection *inspection,
                                             const struct sdp *sdp, const struct sdp_media *media)
{
    const struct dialog *dialog = inspection->match.dialog;
    size_t line = (size_t)(media - sdp->media);

    if (dialog == NULL || line >= dialog->stream_count || dialog->streams[line] == 0) {
        return NULL;
    }
    return pool_at(&inspection->state->streams, dialog->streams[line]);
}

struct slice protection_evidence(const struct sdp *sdp, const struct sdp_media *media)
{
    return sdp_line_text(sdp, &sdp->lines[media->level.first_line]);
}
