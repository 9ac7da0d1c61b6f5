#include "relay/keying.h"

static const struct policy_zone *zone_of(const struct keying *keying, unsigned side)
{
    return relay_zone(keying->relay, keying->dialog->sides[side].zone);
}

/* SRT-01: keys in a description are read by whoever reads the signalling. */
static bool hop_is_protected(const struct keying *keying, unsigned side)
{
    const struct flow *flow = &keying->dialog->sides[side].flow;

    return transport_is_secure((enum transport)flow->transport) ||
           zone_of(keying, side)->shows_keys;
}

static bool zone_knows(const struct policy_zone *zone, enum media_protection protection)
{
    return (zone->srtp_keys >> protection & 1) != 0;
}

/* A gate without a certificate can be no end of DTLS. */
static bool may_do_dtls(const struct keying *keying, unsigned side)
{
    return keying->relay->fingerprint.hash != MEDIA_HASH_NONE &&
           zone_knows(zone_of(keying, side), MEDIA_DTLS);
}

/* What our offer to a side may have keys for. */
static enum media_protection protection_to_offer(const struct keying *keying, unsigned side)
{
    const struct policy_zone *zone = zone_of(keying, side);

    if (zone_knows(zone, MEDIA_SDES) && hop_is_protected(keying, side)) {
        return MEDIA_SDES;
    }
    return may_do_dtls(keying, side) ? MEDIA_DTLS : MEDIA_CLEAR;
}

/*
 * Profiles: clear or secure, with feedback or without.
 */

static bool profile_is_dtls(uint8_t profile)
{
    return profile == SDP_DTLS_RTP_SAVP || profile == SDP_DTLS_RTP_SAVPF;
}

static bool profile_has_feedback(uint8_t profile)
{
    return profile == SDP_RTP_AVPF || profile == SDP_RTP_SAVPF || profile == SDP_DTLS_RTP_SAVPF;
}

static uint8_t profile_for(enum media_protection protection, bool has_feedback)
{
    static const uint8_t profiles[MEDIA_PROTECTION_COUNT][2] = {
        [MEDIA_CLEAR] = {SDP_RTP_AVP, SDP_RTP_AVPF},
        [MEDIA_SDES] = {SDP_RTP_SAVP, SDP_RTP_SAVPF},
        [MEDIA_DTLS] = {SDP_DTLS_RTP_SAVP, SDP_DTLS_RTP_SAVPF},
    };

    return profiles[protection][has_feedback ? 1 : 0];
}

/*
 * Keys of ours.
 */

static void key_make(const struct keying *keying, struct media_key *key, enum media_suite suite)
{
    key->suite = (uint8_t)suite;
    random_bytes(keying->relay->random, key->octets, media_suite_key_len(suite));
}

static void own_keys_make(const struct keying *keying, struct media_agreement *agreement,
                          uint8_t suites)
{
    for (enum media_suite suite = MEDIA_SUITE_NONE + 1; suite < MEDIA_SUITE_COUNT; suite++) {
        if ((suites >> suite & 1) != 0 && agreement->own[suite].suite == MEDIA_SUITE_NONE) {
            key_make(keying, &agreement->own[suite], suite);
        }
    }
}

/* A key that is not used now is never used later: its numbers would begin anew. */
static void own_keys_settle(struct media_agreement *agreement, enum media_suite used)
{
    for (enum media_suite suite = MEDIA_SUITE_NONE; suite < MEDIA_SUITE_COUNT; suite++) {
        if (suite != used) {
            media_wipe(&agreement->own[suite], sizeof(agreement->own[suite]));
        }
    }
}

/*
 * What a side is protected by from now on.
 */

static void side_be_clear(struct media_side *side, struct media_agreement *agreement)
{
    side->protection = MEDIA_CLEAR;
    own_keys_settle(agreement, MEDIA_SUITE_NONE);
    media_wipe(&side->send, sizeof(side->send));
    media_wipe(&side->receive, sizeof(side->receive));
    side->fingerprint = (struct media_fingerprint){.hash = MEDIA_HASH_NONE};
}

/* A party that begins anew with another key is sealed for with another key too: it knows nothing of
 * the numbers used until now. */
static void side_be_sdes(const struct keying *keying, struct media_side *side,
                         struct media_agreement *agreement, const struct sdp_crypto *crypto)
{
    enum media_suite suite = (enum media_suite)crypto->key.suite;
    bool begins_anew =
        side->receive.suite != MEDIA_SUITE_NONE && !media_key_equal(&side->receive, &crypto->key);

    if (keying->is_offer && begins_anew) {
        own_keys_settle(agreement, MEDIA_SUITE_NONE);
    }
    own_keys_make(keying, agreement, (uint8_t)(1U << suite));
    side->protection = MEDIA_SDES;
    side->send = agreement->own[suite];
    side->receive = crypto->key;
    agreement->crypto_tag = crypto->tag;
    agreement->latched = MEDIA_SDES;
}

/* RFC 5763 5, RFC 8842 5: who established keeps its part for as long as the certificates stay. */
static bool is_dtls_client(const struct media_side *side, const struct sdp_keys *keys)
{
    if (keys->setup == SDP_SETUP_ACTPASS && side->protection == MEDIA_DTLS &&
        media_fingerprint_equal(&side->fingerprint, &keys->fingerprint)) {
        return side->is_dtls_client;
    }
    return keys->setup == SDP_SETUP_PASSIVE;
}

static void side_be_dtls(const struct keying *keying, unsigned number, struct media_side *side,
                         struct media_agreement *agreement, const struct sdp_keys *keys)
{
    side->is_dtls_client = is_dtls_client(side, keys);
    own_keys_settle(agreement, MEDIA_SUITE_NONE);
    media_wipe(&side->send, sizeof(side->send));
    media_wipe(&side->receive, sizeof(side->receive));
    side->protection = MEDIA_DTLS;
    side->fingerprint = keys->fingerprint;
    side->suites = zone_of(keying, number)->srtp_suites;
    agreement->latched = MEDIA_DTLS;
}

static void side_become(const struct keying *keying, unsigned number, struct media_stream *stream,
                        const struct sdp_keys *keys, enum media_protection protection)
{
    struct media_side *side = &stream->sides[number];
    struct media_agreement *agreement = &stream->agreements[number];

    switch (protection) {
    case MEDIA_CLEAR:
        side_be_clear(side, agreement);
        return;
    case MEDIA_SDES:
        side_be_sdes(keying, side, agreement, &keys->crypto);
        return;
    case MEDIA_DTLS:
        side_be_dtls(keying, number, side, agreement, keys);
        return;
    }
}

/*
 * What the party said.
 */

static bool may_use_sdes(const struct keying *keying, unsigned side, const struct sdp_keys *keys)
{
    return keys->crypto.key.suite != MEDIA_SUITE_NONE &&
           zone_knows(zone_of(keying, side), MEDIA_SDES);
}

static bool may_use_dtls(const struct keying *keying, unsigned side, const struct sdp_keys *keys)
{
    return keys->fingerprint.hash != MEDIA_HASH_NONE && keys->setup != SDP_SETUP_NONE &&
           may_do_dtls(keying, side);
}

/* Of what an offer has keys for, what it is answered with.  What the guard let pass though the
 * zone does not want it is taken all the same: an emergency call is not lost by it. */
static enum media_protection offer_choose(const struct keying *keying,
                                          const struct sdp_media *media,
                                          const struct sdp_keys *keys)
{
    const struct policy_zone *zone = zone_of(keying, keying->from);
    bool is_secure = sdp_protocol_is_secure((enum sdp_protocol)media->protocol);
    bool is_shown = hop_is_protected(keying, keying->from);

    if (!is_secure && zone->srtp == SRTP_FORBIDDEN) {
        return MEDIA_CLEAR;
    }
    if (profile_is_dtls(media->protocol) && may_use_dtls(keying, keying->from, keys)) {
        return MEDIA_DTLS;
    }
    if (may_use_sdes(keying, keying->from, keys) && is_shown) {
        return MEDIA_SDES;
    }
    if (may_use_dtls(keying, keying->from, keys)) {
        return MEDIA_DTLS;
    }
    return is_secure && keys->crypto.key.suite != MEDIA_SUITE_NONE ? MEDIA_SDES : MEDIA_CLEAR;
}

static uint64_t ice_hash(const struct keying *keying, const struct sdp_media *media)
{
    const struct sdp *sdp = keying->sdp;
    const struct sdp_level *level =
        sdp_has(&media->level, SDP_ATTRIBUTE_ICE_UFRAG) ? &media->level : &sdp->session;

    return hash_pair(&keying->relay->state->key,
                     sdp_attribute_value(sdp, level, SDP_ATTRIBUTE_ICE_UFRAG),
                     sdp_attribute_value(sdp, level, SDP_ATTRIBUTE_ICE_PWD));
}

static void ice_name_make(const struct keying *keying, struct media_side *side)
{
    random_letters(keying->relay->random, side->ice_ufrag, sizeof(side->ice_ufrag));
    random_letters(keying->relay->random, side->ice_password, sizeof(side->ice_password));
}

static void ice_hear(const struct keying *keying, const struct sdp_media *media,
                     const struct sdp_keys *keys, struct media_stream *stream)
{
    struct media_side *side = &stream->sides[keying->from];
    struct media_agreement *agreement = &stream->agreements[keying->from];
    uint64_t hash = keys->has_ice ? ice_hash(keying, media) : 0;

    /* ICE that begins anew has new names on both sides (RFC 8445 9). */
    if (keying->is_offer && keys->has_ice && hash != agreement->ice_hash) {
        ice_name_make(keying, side);
    }
    agreement->ice_hash = hash;
    side->has_ice = keys->has_ice && (keying->is_offer || agreement->offers_ice);
}

static void answer_hear(const struct keying *keying, const struct sdp_keys *keys,
                        struct media_stream *stream)
{
    const struct media_agreement *agreement = &stream->agreements[keying->from];
    const struct sdp_crypto *crypto = &keys->crypto;
    bool has_own = agreement->own[crypto->key.suite].suite != MEDIA_SUITE_NONE;

    if ((agreement->offered >> MEDIA_DTLS & 1) != 0 && keys->fingerprint.hash != MEDIA_HASH_NONE) {
        side_become(keying, keying->from, stream, keys, MEDIA_DTLS);
    } else if ((agreement->offered >> MEDIA_SDES & 1) != 0 && has_own) {
        side_become(keying, keying->from, stream, keys, MEDIA_SDES);
    } else if (agreement->offered == 0 || agreement->is_opportunistic) {
        side_become(keying, keying->from, stream, keys, MEDIA_CLEAR);
    }
    /* Else its keys are missing: nothing passes until the call is let go (SRT-04). */
}

/*
 * What the other side is offered.
 */

static bool is_wanted_secure(const struct keying *keying, const struct media_stream *stream,
                             unsigned to)
{
    const struct media_agreement *from = &stream->agreements[keying->from];
    enum policy_srtp srtp = zone_of(keying, to)->srtp;

    if (srtp == SRTP_ALLOWED) {
        return stream->sides[keying->from].protection != MEDIA_CLEAR && !from->is_opportunistic;
    }
    return srtp == SRTP_REQUIRED;
}

static void side_begin_offer(const struct keying *keying, struct media_stream *stream, unsigned to,
                             enum media_protection protection)
{
    struct media_side *side = &stream->sides[to];
    struct media_agreement *agreement = &stream->agreements[to];

    agreement->offered = (uint8_t)(protection == MEDIA_CLEAR ? 0U : 1U << protection);
    own_keys_settle(agreement, (enum media_suite)side->send.suite);
    if (protection == MEDIA_SDES) {
        own_keys_make(keying, agreement, zone_of(keying, to)->srtp_suites);
    }
    /* Until its first answer the side is what it will be, without keys, so that nothing passes. */
    if (!agreement->is_opportunistic && side->remote.family == ADDRESS_NONE) {
        side->protection = (uint8_t)protection;
    }
}

static void offer_decide(const struct keying *keying, const struct sdp_media *media,
                         struct media_stream *stream)
{
    unsigned to = keying->from ^ 1;
    struct media_agreement *agreement = &stream->agreements[to];
    const struct policy_zone *zone = zone_of(keying, to);
    enum media_protection protection = (enum media_protection)agreement->latched;
    bool has_feedback;

    if (protection == MEDIA_CLEAR) {
        bool is_wanted = is_wanted_secure(keying, stream, to);
        bool is_tried = !is_wanted && zone->is_opportunistic && zone->srtp == SRTP_ALLOWED;

        protection = is_wanted || is_tried ? protection_to_offer(keying, to) : MEDIA_CLEAR;
        agreement->is_opportunistic = is_tried && protection != MEDIA_CLEAR;
    }
    side_begin_offer(keying, stream, to, protection);
    protection = agreement->is_opportunistic ? MEDIA_CLEAR : protection;
    has_feedback = zone->has_ice || (profile_has_feedback(media->protocol) &&
                                     protection == stream->sides[keying->from].protection);
    agreement->profile = profile_for(protection, has_feedback);
    agreement->offers_mux = zone->has_ice || sdp_has(&media->level, SDP_ATTRIBUTE_RTCP_MUX);
    agreement->offers_ice = zone->has_ice;
    if (zone->has_ice && stream->sides[to].ice_ufrag[0] == '\0') {
        ice_name_make(keying, &stream->sides[to]);
    }
}

void keying_hear(const struct keying *keying, const struct sdp_media *media,
                 struct media_stream *stream)
{
    const struct policy_zone *zone = zone_of(keying, keying->from);
    struct media_agreement *agreement = &stream->agreements[keying->from];
    struct media_side *side = &stream->sides[keying->from];
    bool has_mux = sdp_has(&media->level, SDP_ATTRIBUTE_RTCP_MUX);
    struct sdp_keys keys;

    if (sdp_protocol_carries((enum sdp_protocol)media->protocol) != SDP_CARRIES_RTP) {
        return;
    }
    sdp_keys_read(&keys, keying->sdp, media, zone->srtp_suites);
    ice_hear(keying, media, &keys, stream);
    if (keying->is_offer) {
        enum media_protection protection = offer_choose(keying, media, &keys);

        agreement->profile = media->protocol;
        agreement->is_opportunistic = protection != MEDIA_CLEAR &&
                                      !sdp_protocol_is_secure((enum sdp_protocol)media->protocol);
        agreement->offers_mux = has_mux;
        side_become(keying, keying->from, stream, &keys, protection);
        offer_decide(keying, media, stream);
    } else {
        answer_hear(keying, &keys, stream);
    }
    side->has_rtcp_mux = has_mux && agreement->offers_mux;
    media_wipe(&keys, sizeof(keys));
}

bool keying_is_possible(const struct keying *keying, const struct media_stream *stream)
{
    unsigned to = keying->from ^ 1;

    return !keying->is_offer || keying->dialog->is_emergency ||
           stream->agreements[to].offered != 0 || !is_wanted_secure(keying, stream, to);
}

/*
 * Writing.
 */

static void write_crypto(const struct keying *keying, const struct media_stream *stream,
                         unsigned to, struct text *lines)
{
    const struct media_agreement *agreement = &stream->agreements[to];
    uint32_t tag = 1;

    if (!keying->is_offer) {
        sdp_crypto_write(lines, agreement->crypto_tag, &stream->sides[to].send);
        return;
    }
    for (enum media_suite suite = MEDIA_SUITE_NONE + 1; suite < MEDIA_SUITE_COUNT; suite++) {
        if (agreement->own[suite].suite != MEDIA_SUITE_NONE) {
            sdp_crypto_write(lines, tag++, &agreement->own[suite]);
        }
    }
}

static void write_fingerprint(const struct keying *keying, const struct media_stream *stream,
                              unsigned to, struct text *lines)
{
    sdp_fingerprint_write(lines, &keying->relay->fingerprint);
    if (keying->is_offer) {
        text_put(lines, SLICE("a=setup:actpass\r\n"));
    } else {
        text_put(lines, stream->sides[to].is_dtls_client ? SLICE("a=setup:active\r\n")
                                                         : SLICE("a=setup:passive\r\n"));
    }
}

/* One address of ours is all there is to find (RFC 8445 5.3: priority of a host candidate). */
static void write_candidate(const struct media_side *side, unsigned component, struct text *lines)
{
    text_put_format(lines, "a=candidate:1 %u UDP %u ", component, 2130706688 - component);
    address_write_host(lines, &side->local, false);
    text_put_format(lines, " %u typ host\r\n", side->local.port + component - 1);
}

static void write_ice(const struct media_stream *stream, unsigned to, struct text *lines)
{
    const struct media_side *side = &stream->sides[to];

    text_put(lines, SLICE("a=ice-ufrag:"));
    text_put(lines, slice_of(side->ice_ufrag, sizeof(side->ice_ufrag)));
    text_put(lines, SLICE("\r\na=ice-pwd:"));
    text_put(lines, slice_of(side->ice_password, sizeof(side->ice_password)));
    text_put(lines, SLICE("\r\n"));
    write_candidate(side, 1, lines);
    if (!stream->agreements[to].offers_mux) {
        write_candidate(side, 2, lines);
    }
    text_put(lines, SLICE("a=end-of-candidates\r\n"));
}

static bool side_has(const struct keying *keying, const struct media_stream *stream, unsigned to,
                     enum media_protection protection)
{
    return keying->is_offer ? (stream->agreements[to].offered >> protection & 1) != 0
                            : stream->sides[to].protection == protection;
}

void keying_write(const struct keying *keying, const struct sdp_media *media,
                  const struct media_stream *stream, struct sdp_media_rewrite *rewrite,
                  struct text *lines)
{
    unsigned to = keying->from ^ 1;
    const struct media_agreement *agreement = &stream->agreements[to];
    size_t begin = lines->len;

    if (sdp_protocol_carries((enum sdp_protocol)media->protocol) != SDP_CARRIES_RTP) {
        return;
    }
    rewrite->has_protocol = true;
    rewrite->protocol = agreement->profile;
    if (!profile_has_feedback(agreement->profile)) {
        sdp_attribute_set_add(&rewrite->stripped, SDP_ATTRIBUTE_RTCP_FB);
    }
    sdp_attribute_set_add(&rewrite->stripped, SDP_ATTRIBUTE_RTCP_MUX);
    sdp_attribute_set_add(&rewrite->stripped, SDP_ATTRIBUTE_RTCP_MUX_ONLY);
    if (agreement->offers_mux) {
        text_put(lines, SLICE("a=rtcp-mux\r\n"));
    }
    if (side_has(keying, stream, to, MEDIA_SDES)) {
        write_crypto(keying, stream, to, lines);
    }
    if (side_has(keying, stream, to, MEDIA_DTLS)) {
        write_fingerprint(keying, stream, to, lines);
    }
    if (keying->is_offer ? agreement->offers_ice : stream->sides[to].has_ice) {
        write_ice(stream, to, lines);
    }
    rewrite->added = slice_of(lines->at + begin, lines->len - begin);
}
