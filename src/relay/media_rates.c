#include "relay/media_rates.h"

enum {
    CODEC_TYPE_NONE = 0xFF,
    OTHER_OCTETS = 320,    /* in 20 ms, of a codec we do not know: as much as the most we know */
    FRAME_MS = 20,         /* what the table counts in */
    SENDER_MS = 10,        /* senders may choose shorter packets than the ptime they were asked */
    HEADERS = 12 + 8 + 40, /* RTP, UDP, IPv6 */
    SECURE_OCTETS = 16,    /* the longest tag of SRTP */
    VIDEO_OCTETS = 96000,  /* per second without a b=: 768 kbit/s, rules 4.6 */
    VIDEO_PACKET = 250,    /* octets of a small packet of video */
    VIDEO_PACKETS = 50,    /* beside those: every frame has a rest */
    VIDEO_CLOCK = 90000,
    TEXT_PACKETS = 10, /* per second; RFC 4103 sends three */
    TEXT_OCTETS = 2000,
    BANDWIDTH_MAX = 80000, /* kbit/s: the gate takes no more */
    EXTENSION_ID_MAX = 14,
};

static const struct codec {
    struct slice name;
    uint8_t type;
    uint16_t octets;
} codecs[] = {
// clang-format off
#define CODEC(name, type, octets) {SLICE_INIT(name), type, octets},
#include "relay/codecs.def"
#undef CODEC
    // clang-format on
};

enum { CODECS = sizeof(codecs) / sizeof(codecs[0]) };

/* What the payload types of a medium come to together. */
struct sum {
    uint32_t octets; /* in 20 ms, of the largest */
    uint32_t clock_rate;
    uint8_t event_type;
    bool has_clocks; /* of more than one rate: time cannot be judged */
    bool has_redundancy;
    bool has_others; /* codecs we do not know */
};

static void sum_clock(struct sum *sum, uint32_t rate)
{
    sum->has_clocks = sum->has_clocks || (sum->clock_rate != 0 && sum->clock_rate != rate);
    sum->clock_rate = rate;
}

static void sum_octets(struct sum *sum, uint32_t octets)
{
    sum->octets = octets > sum->octets ? octets : sum->octets;
}

static void sum_codec(struct sum *sum, struct slice name)
{
    for (size_t i = 0; i < CODECS; i++) {
        if (slice_equal_nocase(codecs[i].name, name)) {
            sum_octets(sum, codecs[i].octets);
            return;
        }
    }
    sum->has_others = true;
    sum_octets(sum, OTHER_OCTETS);
}

/* "101 telephone-event/8000" */
static void sum_mapped(struct sum *sum, struct slice value)
{
    struct slice type_text, name, rate_text;
    uint64_t type = 0, rate = 0;

    if (!slice_cut(&value, ' ', &type_text) || !slice_number(type_text, 127, &type)) {
        return;
    }
    value = slice_trim(value);
    if (!slice_cut(&value, '/', &name) || !slice_cut(&value, '/', &rate_text) ||
        !slice_number(rate_text, 192000, &rate)) {
        return;
    }
    sum_clock(sum, (uint32_t)rate);
    if (slice_equal_nocase(name, SLICE("telephone-event")) && sum->event_type == 0) {
        sum->event_type = (uint8_t)type;
    }
    if (slice_equal_nocase(name, SLICE("red"))) {
        sum->has_redundancy = true;
        return;
    }
    sum_codec(sum, name);
}

/* Types that need no rtpmap (RFC 3551 6). */
static void sum_static(struct sum *sum, const struct sdp_media *media)
{
    for (size_t i = 0; i < CODECS; i++) {
        uint8_t type = codecs[i].type;

        if (type != CODEC_TYPE_NONE && sdp_media_has_payload_type(media, type) &&
            (media->mapped[type / 64] >> (type % 64) & 1) == 0) {
            sum_clock(sum, 8000);
            sum_octets(sum, codecs[i].octets);
        }
    }
}

static struct sum sum_types(const struct sdp *sdp, const struct sdp_media *media)
{
    const struct sdp_line *line = NULL;
    struct sum sum = {.octets = 0};

    sum_static(&sum, media);
    while ((line = sdp_attribute_next(sdp, &media->level, SDP_ATTRIBUTE_RTPMAP, line)) != NULL) {
        sum_mapped(&sum, sdp_line_value(sdp, line));
    }
    if (sum.octets == 0) {
        sum.has_others = true;
        sum.octets = OTHER_OCTETS;
    }
    return sum;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* b=AS in kbit/s with all headers (RFC 3550 6.2), b=TIAS in bit/s without (RFC 3890); 0: neither.
 */
static uint32_t bandwidth_octets(const struct sdp *sdp, const struct sdp_level *level)
{
    uint32_t octets = 0;

    for (unsigned i = 0; i < level->line_count; i++) {
        const struct sdp_line *line = &sdp->lines[level->first_line + i];
        struct slice value = sdp_line_value(sdp, line), kind;
        uint64_t number = 0;

        if (line->letter != 'b' || line->is_odd || !slice_cut(&value, ':', &kind)) {
            continue;
        }
        if (slice_equal(kind, SLICE("AS")) && slice_number(value, BANDWIDTH_MAX, &number)) {
            return (uint32_t)number * 1000 / 8;
        }
        if (slice_equal(kind, SLICE("TIAS")) &&
            slice_number(value, (uint64_t)BANDWIDTH_MAX * 1000, &number)) {
            octets = (uint32_t)(number / 8 + number / 8 / 4);
        }
    }
    return octets;
}

static void audio_hear(const struct sdp *sdp, const struct sdp_media *media,
                       struct media_side *sender)
{
    struct sum sum = sum_types(sdp, media);
    uint16_t ptime = media->level.ptime, longest = media->level.max_ptime;
    uint32_t packet_ms = ptime != 0 ? smaller(ptime, SENDER_MS) : SENDER_MS;
    uint32_t payload = sum.octets * packet_ms / FRAME_MS + SECURE_OCTETS;
    uint32_t told = bandwidth_octets(sdp, &media->level);

    payload += sum.has_redundancy ? payload / 4 : 0;
    sender->packets_per_second = 1000 / packet_ms;
    sender->bytes_per_second = sender->packets_per_second * (payload + HEADERS);
    if (sum.has_others && told > sender->bytes_per_second) {
        sender->bytes_per_second = told;
    }
    sender->event_type = sum.event_type;
    sender->clock_rate = sum.has_clocks ? 0 : sum.clock_rate;
    sender->payload_max = 0;
    if (longest >= FRAME_MS && !sum.has_redundancy && !sum.has_others) {
        sender->payload_max = (uint16_t)smaller(sum.octets * longest / FRAME_MS, UINT16_MAX);
    }
}

static void video_hear(const struct sdp *sdp, const struct sdp_media *media,
                       struct media_side *sender)
{
    uint32_t octets = bandwidth_octets(sdp, &media->level);

    sender->bytes_per_second = octets == 0 ? VIDEO_OCTETS : octets;
    sender->packets_per_second = sender->bytes_per_second / VIDEO_PACKET + VIDEO_PACKETS;
    sender->clock_rate = VIDEO_CLOCK;
    sender->event_type = 0;
    sender->payload_max = 0;
}

static void text_hear(struct media_side *sender)
{
    sender->packets_per_second = TEXT_PACKETS;
    sender->bytes_per_second = TEXT_OCTETS;
    sender->clock_rate = 0;
    sender->event_type = 0;
    sender->payload_max = 0;
}

/* "3 urn:ietf:params:rtp-hdrext:...", perhaps with a direction behind the number. */
static uint16_t extensions_heard(const struct sdp *sdp, const struct sdp_level *level)
{
    const struct sdp_line *line = NULL;
    uint16_t extensions = 0;

    while ((line = sdp_attribute_next(sdp, level, SDP_ATTRIBUTE_EXTMAP, line)) != NULL) {
        struct slice value = sdp_line_value(sdp, line), first, number;
        uint64_t id = 0;

        if (slice_cut(&value, ' ', &first) && slice_cut(&first, '/', &number) &&
            slice_number(number, EXTENSION_ID_MAX, &id) && id != 0) {
            extensions = (uint16_t)(extensions | 1U << id);
        }
    }
    return extensions;
}

void media_rates_hear(const struct sdp *sdp, const struct sdp_media *media,
                      struct media_side *sender, struct media_side *hearer)
{
    bool is_video = media->type == SDP_VIDEO;

    sender->dscp = hearer->dscp = is_video ? MEDIA_DSCP_VIDEO : MEDIA_DSCP_AUDIO;
    sender->extensions =
        extensions_heard(sdp, &media->level) | extensions_heard(sdp, &sdp->session);
    sender->has_reduced_rtcp = sdp_has(&media->level, SDP_ATTRIBUTE_RTCP_RSIZE);
    if (sdp_protocol_carries(media->protocol) != SDP_CARRIES_RTP) {
        sender->packets_per_second = sender->bytes_per_second = 0; /* MED-14: the gate's own */
        sender->payload_max = 0;
        return;
    }
    if (is_video) {
        video_hear(sdp, media, sender);
    } else if (media->type == SDP_TEXT) {
        text_hear(sender);
    } else {
        audio_hear(sdp, media, sender);
    }
}
