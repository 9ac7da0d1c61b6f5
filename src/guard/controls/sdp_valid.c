/* CT-FW-16: a session description that is not sound, or describes what has no place here. */
#include "guard/class_bits.h"
#include "guard/content.h"
#include "guard/steps.h"

enum when { ALWAYS, ANCHORED, STRICT };

enum { ONE_CALL = AU | NT };   /* SDP-09 */
enum { PACKET_MS_MOST = 240 }; /* SDP-05 */

// clang-format off
static const struct {
    uint8_t oddity, when;
    const char *rule;
} violations[] = {
#define SDP_VIOLATION(oddity, rule, when) {SDP_ODD_##oddity, when, rule},
#include "guard/sdp_violations.def"
#undef SDP_VIOLATION
};

static const uint64_t judged = 0
#define SDP_VIOLATION(oddity, rule, when) | UINT64_C(1) << SDP_ODD_##oddity
#include "guard/sdp_violations.def"
#undef SDP_VIOLATION
    ;

static const uint32_t media_zones[SDP_MEDIA_OTHER] = {
#define MEDIA_ZONE(media, zones) [SDP_##media] = CO | (zones),
#include "guard/media_zones.def"
#undef MEDIA_ZONE
};
// clang-format on

static uint32_t class_bit(const struct inspection *inspection, uint16_t zone)
{
    return zone == POLICY_NONE ? CO : 1U << inspection->policy->zones[zone].class;
}

static bool is_anchored(const struct inspection *inspection)
{
    const struct policy_zone *zones = inspection->policy->zones;

    return zones[inspection->zone].media == MEDIA_ANCHOR && inspection->zone_out != POLICY_NONE &&
           zones[inspection->zone_out].media == MEDIA_ANCHOR;
}

static bool applies(const struct inspection *inspection, enum when when)
{
    switch (when) {
    case ALWAYS:
        return true;
    case ANCHORED:
        return is_anchored(inspection);
    case STRICT:
        return inspection_zone(inspection)->is_strict;
    }
    return false;
}

static enum outcome unsound(struct inspection *inspection, struct slice evidence, const char *rule)
{
    return body_found(inspection, evidence, rule, 488);
}

static enum outcome oddities(struct inspection *inspection, const struct sdp *sdp)
{
    if ((sdp->oddities & judged) == 0) {
        return OUTCOME_PASSED;
    }
    for (size_t i = 0; i < sizeof(violations) / sizeof(violations[0]); i++) {
        if (sdp_is_odd(sdp, violations[i].oddity) && applies(inspection, violations[i].when)) {
            return unsound(inspection, sdp_odd_slice(sdp, violations[i].oddity),
                           violations[i].rule);
        }
    }
    return OUTCOME_PASSED;
}

/* Who speaks to us over the loopback interface is on this machine, with all that he speaks for. */
static bool is_of_sender(const struct inspection *inspection, const struct address *address)
{
    const struct address *sender = &inspection->packet->flow.remote;

    return address_same_host(address, sender) ||
           (address_is_loopback(address) && address_is_loopback(sender));
}

/* Whoever sends media there would send them to us or to our own hosts. */
static bool is_ours(const struct inspection *inspection, const struct address *address)
{
    const struct policy_zone *zones = inspection->policy->zones;

    for (uint32_t i = 0; i < inspection->policy->zone_count; i++) {
        if (address_same_host(address, &zones[i].media_v4) ||
            address_same_host(address, &zones[i].media_v6)) {
            return true;
        }
    }
    return policy_is_own_address(inspection->policy, address) ||
           (inspection_zone(inspection)->class != ZONE_CORE &&
            !inspection_zone(inspection)->is_nat && inside_has_address(inspection->plan, address));
}

static bool is_of_contract(const struct policy_peer *peer, const struct address *address)
{
    for (uint32_t i = 0; i < peer->media_prefix_count; i++) {
        if (prefix_has(&peer->media_prefixes[i], address)) {
            return true;
        }
    }
    return false;
}

/* HYG-D02, HYG-D04. */
static const char *address_rule(const struct inspection *inspection, const struct address *address)
{
    const struct policy_zone *zone = inspection_zone(inspection);
    const struct policy_peer *peer = inspection_peer(inspection);

    if (address_is_unspecified(address) || is_of_sender(inspection, address)) {
        return NULL; /* on hold, or the host that speaks */
    }
    if (address_is_loopback(address) || address_is_link_local(address)) {
        return "HYG-D02";
    }
    if (peer != NULL && peer->media_prefix_count > 0) {
        return is_of_contract(peer, address) ? NULL : "HYG-D04";
    }
    if (zone->class != ZONE_CORE && is_ours(inspection, address)) {
        return "HYG-D02";
    }
    return zone->is_strict && zone_class_is_access(zone->class) && !zone->is_nat ? "HYG-D04" : NULL;
}

static enum outcome addresses(struct inspection *inspection, const struct sdp *sdp)
{
    for (uint16_t i = 0; i < sdp->media_count; i++) {
        const struct sdp_media *media = &sdp->media[i];
        const struct sdp_connection *at = media->level.connection.kind == SDP_CONNECTION_NONE
                                              ? &sdp->session.connection
                                              : &media->level.connection;
        const char *rule = NULL;

        if (media->port == 0 || at->kind != SDP_CONNECTION_LITERAL) {
            continue;
        }
        rule = address_rule(inspection, &at->address);
        if (rule != NULL) {
            return unsound(inspection, sdp_slice(sdp, at->text), rule);
        }
    }
    return OUTCOME_PASSED;
}

/* SDP-02, SDP-08: what carries media between operators.  Raw TCP and UDP are tunnels. */
static bool protocol_passes(const struct sdp_media *media)
{
    switch (sdp_protocol_carries(media->protocol)) {
    case SDP_CARRIES_RTP:
    case SDP_CARRIES_UDPTL:
    case SDP_CARRIES_MSRP:
    case SDP_CARRIES_BFCP:
        return true;
    case SDP_CARRIES_SCTP:
    case SDP_CARRIES_OTHER:
        return false;
    }
    return false;
}

static const char *media_rule(const struct inspection *inspection, const struct sdp_media *media)
{
    uint32_t both =
        class_bit(inspection, inspection->zone) | class_bit(inspection, inspection->zone_out);

    if (media->type == SDP_MEDIA_OTHER || (both & ~media_zones[media->type]) != 0) {
        return "SDP-01";
    }
    if (sdp_protocol_carries(media->protocol) == SDP_CARRIES_SCTP && (both | CO) != CO) {
        return "SDP-08";
    }
    return protocol_passes(media) ? NULL : "SDP-02";
}

/* The second active one of a kind is more than a telephone call. */
static bool is_extra(const struct inspection *inspection, const struct sdp *sdp, uint16_t line)
{
    const struct sdp_media *media = &sdp->media[line];
    uint32_t both =
        class_bit(inspection, inspection->zone) | class_bit(inspection, inspection->zone_out);

    if ((both & ONE_CALL) == 0 || (media->type != SDP_AUDIO && media->type != SDP_VIDEO)) {
        return false;
    }
    for (uint16_t i = 0; i < line; i++) {
        if (sdp->media[i].type == media->type && sdp->media[i].port != 0 &&
            sdp_media_direction(sdp, &sdp->media[i]) != SDP_INACTIVE &&
            (inspection->refused_media >> i & 1) == 0) {
            return sdp_media_direction(sdp, media) != SDP_INACTIVE;
        }
    }
    return false;
}

static struct slice line_of(const struct sdp *sdp, const struct sdp_media *media)
{
    return sdp_line_text(sdp, &sdp->lines[media->level.first_line]);
}

/* A medium that has no place here is refused alone, where we can write so and something is left. */
static enum outcome media_found(struct inspection *inspection, const struct sdp *sdp, uint16_t line,
                                const char *rule, bool is_last)
{
    struct slice evidence = line_of(sdp, &sdp->media[line]);

    if (is_last || !is_anchored(inspection)) {
        return unsound(inspection, evidence, rule);
    }
    if (inspection->mode == MODE_ENFORCE) {
        inspection->refused_media = (uint16_t)(inspection->refused_media | 1U << line);
    }
    return inspection_found_as(inspection, evidence, rule, ACTION_STRIP, 0);
}

static enum outcome media(struct inspection *inspection, const struct sdp *sdp)
{
    const char *rules[SDP_MEDIA_MAX];
    enum outcome outcome = OUTCOME_PASSED;
    unsigned left = 0;

    for (uint16_t i = 0; i < sdp->media_count; i++) {
        rules[i] = sdp->media[i].port == 0 ? NULL : media_rule(inspection, &sdp->media[i]);
        if (rules[i] == NULL && sdp->media[i].port != 0) {
            rules[i] = is_extra(inspection, sdp, i) ? "SDP-09" : NULL;
            left += rules[i] == NULL;
        }
    }
    for (uint16_t i = 0; i < sdp->media_count; i++) {
        if (rules[i] != NULL &&
            media_found(inspection, sdp, i, rules[i], left == 0) == OUTCOME_FAILED) {
            outcome = OUTCOME_FAILED;
        }
    }
    return outcome;
}

/* A parameter of a speech codec whose values the codec's reader takes as an index (SDP-06). */
static const struct {
    struct slice name;
    uint8_t max;
    bool is_list;
} speech[] = {
    {SLICE_INIT("mode-set"), 8, true},
    {SLICE_INIT("octet-align"), 1, false},
    {SLICE_INIT("crc"), 1, false},
    {SLICE_INIT("mode-change-neighbor"), 1, false},
    {SLICE_INIT("robust-sorting"), 1, false},
    {SLICE_INIT("hf-only"), 1, false},
    {SLICE_INIT("evs-mode-switch"), 1, false},
};

static bool is_in_range(struct slice value, size_t row)
{
    struct slice one;
    uint64_t number;

    if (!speech[row].is_list) {
        return slice_number(slice_trim(value), speech[row].max, &number);
    }
    while (slice_cut(&value, ',', &one)) {
        if (!slice_number(slice_trim(one), speech[row].max, &number)) {
            return false;
        }
    }
    return true;
}

static bool is_sound_format(struct slice params)
{
    struct slice one;

    while (slice_cut(&params, ';', &one)) {
        size_t equals = slice_find(one, '=');
        struct slice name = slice_trim(slice_head(one, equals));

        for (size_t i = 0; i < sizeof(speech) / sizeof(speech[0]); i++) {
            if (name.len == speech[i].name.len && slice_equal_nocase(name, speech[i].name) &&
                !is_in_range(slice_skip(one, equals + 1), i)) {
                return false;
            }
        }
    }
    return true;
}

/* Told; in a strict zone the call does not come about. */
static enum outcome doubtful(struct inspection *inspection, struct slice evidence, const char *rule)
{
    return inspection_zone(inspection)->is_strict
               ? unsound(inspection, evidence, rule)
               : inspection_found_as(inspection, evidence, rule, ACTION_PASS, 0);
}

static enum outcome formats(struct inspection *inspection, const struct sdp *sdp)
{
    for (uint16_t i = 0; i < sdp->media_count; i++) {
        const struct sdp_media *media = &sdp->media[i];
        const struct sdp_line *line = NULL;

        if (media->level.ptime > PACKET_MS_MOST || media->level.max_ptime > PACKET_MS_MOST) {
            return doubtful(inspection, line_of(sdp, media), "SDP-05");
        }
        while (media->type == SDP_AUDIO &&
               (line = sdp_attribute_next(sdp, &media->level, SDP_ATTRIBUTE_FMTP, line)) != NULL) {
            struct slice value = sdp_line_value(sdp, line);

            if (!is_sound_format(slice_skip(value, slice_find(value, ' ') + 1))) {
                return doubtful(inspection, sdp_line_text(sdp, line), "SDP-06");
            }
        }
    }
    return OUTCOME_PASSED;
}

enum outcome control_sdp_valid(struct inspection *inspection)
{
    const struct sdp *sdp = inspection->message.body.len == 0 ? NULL : inspection_sdp(inspection);

    if (sdp == NULL) {
        return inspection->sdp_text.len > 0 && inspection->message.body.len > 0
                   ? unsound(inspection, slice_head(inspection->sdp_text, 64), "HYG-D01")
                   : OUTCOME_NOT_APPLICABLE;
    }
    if (oddities(inspection, sdp) == OUTCOME_FAILED ||
        addresses(inspection, sdp) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    enum outcome outcome = formats(inspection, sdp);
    return media(inspection, sdp) == OUTCOME_FAILED ? OUTCOME_FAILED : outcome;
}
