#include "io/media/ssrc.h"
#include "io/media/written.h"

enum {
    BIT_EXTENSION = 0x10,
    CSRC_MASK = 0x0F,
    PROFILE_ONE_OCTET = 0xBEDE,  /* RFC 8285 4.2 */
    PROFILE_TWO_OCTETS = 0x1000, /* RFC 8285 4.3; the last four bits are free */
    EXTENSION_STOP = 15,         /* of one-octet elements: nothing behind it is read */
    EXTENSION_HEAD = 4,
};

static void word_write(char *at, uint32_t word)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (char)(uint8_t)(word >> (24 - 8 * i));
    }
}

static void sequence_shift(char *packet, uint16_t sequence, uint16_t shift)
{
    uint16_t shown = (uint16_t)(sequence + shift);

    packet[2] = (char)(uint8_t)(shown >> 8);
    packet[3] = (char)(uint8_t)shown;
}

static bool extension_passes(uint16_t negotiated, unsigned id)
{
    return id < EXTENSION_STOP && (negotiated >> id & 1) != 0;
}

/* One element: its length with its head, or 0 when it is padding.  False where reading ends. */
static bool element_read(const char *at, size_t left, bool is_long, unsigned *id, size_t *len)
{
    uint8_t first = (uint8_t)at[0];

    *len = 0;
    *id = is_long ? first : first >> 4;
    if (first == 0) {
        return true;
    }
    if (is_long) {
        *len = left < 2 ? left + 1 : 2 + (size_t)(uint8_t)at[1];
    } else {
        *len = 2 + (size_t)(first & 0x0F);
    }
    return *len <= left && (is_long || *id != EXTENSION_STOP);
}

/* Elements that were not negotiated become padding, and so does what cannot be read. */
static void elements_strip(char *at, size_t left, bool is_long, uint16_t negotiated)
{
    while (left > 0) {
        size_t len = 0;
        unsigned id = 0;

        if (!element_read(at, left, is_long, &id, &len)) {
            memset(at, 0, left);
            return;
        }
        if (len == 0) {
            len = 1;
        } else if (!extension_passes(negotiated, id)) {
            memset(at, 0, len);
        }
        at += len;
        left -= len;
    }
}

/* Whether anything of the extension may stay; then only that is left. */
static bool extension_strip(char *packet, const struct rtp_packet *rtp, uint16_t negotiated)
{
    bool is_long = (rtp->extension_profile & 0xFFF0) == PROFILE_TWO_OCTETS;

    if (!rtp->has_extension || negotiated == 0 || rtp->extension.len == 0 ||
        (!is_long && rtp->extension_profile != PROFILE_ONE_OCTET)) {
        return false;
    }
    elements_strip(packet + RTP_HEADER_LEN + 4 * (size_t)rtp->csrc_count + EXTENSION_HEAD,
                   rtp->extension.len, is_long, negotiated);
    return true;
}

struct slice gate_media_write(const struct gate_stream *stream, unsigned side, char *packet,
                              size_t len, const struct rtp_packet *rtp)
{
    const struct gate_side *from = &stream->sides[side];
    bool hides = stream->sides[side ^ 1].told.hides;
    size_t sources_len = 4 * (size_t)rtp->csrc_count;
    size_t extension_len = rtp->has_extension ? EXTENSION_HEAD + rtp->extension.len : 0;
    size_t cut = 0, kept = RTP_HEADER_LEN;

    if (hides && from->ssrc_count > 0) {
        word_write(packet + 8, from->ssrcs[0].shown);
    }
    if (stream->sides[side ^ 1].told.protection != MEDIA_CLEAR && from->ssrc_count > 0) {
        sequence_shift(packet, rtp->sequence, from->ssrcs[0].shift);
    }
    if (!extension_strip(packet, rtp, from->told.extensions)) {
        packet[0] = (char)(packet[0] & ~BIT_EXTENSION);
        cut += extension_len;
        kept += hides ? 0 : sources_len;
    }
    if (hides) {
        /* Contributing sources are names too; what is behind them stays where it is. */
        packet[0] = (char)(packet[0] & ~CSRC_MASK);
        cut += sources_len;
    }
    if (cut > 0) {
        memmove(packet + cut, packet, kept);
    }
    return slice_of(packet + cut, len - cut);
}
