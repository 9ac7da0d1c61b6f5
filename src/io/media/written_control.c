/*
 * A compound written anew: reports, the name of the endpoint, goodbyes without their reasons,
 * feedback and extended reports we know.  Everything else stays here (MED-11).
 *
 * A side that is hidden from never learned real sources, so what it says about them is turned back
 * into the other side's own numbers.
 */
#include "io/media/ssrc.h"
#include "io/media/written.h"
#include "wire/octets.h"

enum {
    XR_MAX = 512,  /* MED-11 */
    NAME_LEN = 16, /* of an invented CNAME: 64 bits, RFC 7022 asks for 96 between all sessions */
    LENGTH_AT = 2,
    WORD = 4,
};

/* One compound on its way. */
struct passage {
    struct text *text;
    const struct gate_stream *stream;
    const struct gate_side *from, *other;
    unsigned side;
    size_t began; /* where in text the packet being written begins */
    uint8_t count;
};

static void put_word(struct text *text, uint32_t word)
{
    for (unsigned i = 0; i < WORD; i++) {
        text_put_octet(text, (char)(uint8_t)(word >> (24 - 8 * i)));
    }
}

static void packet_begin(struct passage *passage, uint8_t type)
{
    passage->began = passage->text->len;
    passage->count = 0;
    text_put_octet(passage->text, (char)0x80);
    text_put_octet(passage->text, (char)type);
    text_put(passage->text, SLICE("\0\0"));
}

/* The length is known now, and the count or format. */
static void packet_end(struct passage *passage, uint8_t count)
{
    struct text *text = passage->text;
    size_t words = (text->len - passage->began) / WORD - 1;

    if (text->is_full) {
        return;
    }
    text->at[passage->began] = (char)(0x80 | count);
    text->at[passage->began + LENGTH_AT] = (char)(uint8_t)(words >> 8);
    text->at[passage->began + LENGTH_AT + 1] = (char)(uint8_t)words;
}

static void packet_forget(struct passage *passage)
{
    passage->text->len = passage->began;
}

/* A source of the sender itself, as the other side may see it. */
static uint32_t own(const struct passage *passage, uint32_t ssrc)
{
    return passage->other->told.hides ? gate_ssrc_shown(passage->stream->mask, ssrc) : ssrc;
}

/* A source of the other side, as the sender knows it; false when it cannot know it. */
static bool others(const struct passage *passage, uint32_t *ssrc)
{
    const struct gate_ssrc *source = NULL;

    if (!passage->from->told.hides || *ssrc == 0) {
        return true;
    }
    source = gate_ssrc_find_shown(passage->other, *ssrc);
    if (source == NULL) {
        return false;
    }
    *ssrc = source->ssrc;
    return true;
}

static void reports_write(struct passage *passage, const struct rtcp_packet *packet)
{
    size_t before = packet->type == RTCP_SR ? RTCP_SENDER_LEN : 0;
    const char *at = packet->body.at + WORD;

    packet_begin(passage, packet->type);
    put_word(passage->text, own(passage, packet->ssrc));
    text_put(passage->text, slice_of(at, before));
    at += before;
    for (unsigned i = 0; i < packet->count; i++, at += RTCP_REPORT_LEN) {
        uint32_t ssrc = octets_32(at);

        if (others(passage, &ssrc)) {
            put_word(passage->text, ssrc);
            text_put(passage->text, slice_of(at + WORD, RTCP_REPORT_LEN - WORD));
            passage->count++;
        }
    }
    packet_end(passage, passage->count);
}

static void name_write(struct passage *passage, const struct rtcp_items *item)
{
    struct text *text = passage->text;
    size_t chunk = text->len;
    uint64_t name = passage->stream->mask ^ (passage->side + 1);
    const struct hash_key key = {.k0 = name, .k1 = ~name};
    uint64_t invented = hash_bytes(&key, SLICE("cname"));

    put_word(text, own(passage, item->ssrc));
    text_put_octet(text, RTCP_ITEM_CNAME);
    if (passage->other->told.hides) {
        text_put_octet(text, NAME_LEN);
        text_put_hex(text, slice_of((const char *)&invented, sizeof(invented)));
    } else {
        text_put_octet(text, (char)(uint8_t)item->text.len);
        text_put(text, item->text);
    }
    do {
        text_put_octet(text, RTCP_ITEM_END);
    } while ((text->len - chunk) % WORD != 0 && !text->is_full);
    passage->count++;
}

static bool names_write(struct passage *passage, const struct rtcp_packet *packet)
{
    struct rtcp_items items = {.chunks = 0};

    packet_begin(passage, RTCP_SDES);
    while (rtcp_item_next(packet, &items)) {
        if (items.type == RTCP_ITEM_CNAME && passage->count < packet->count) {
            name_write(passage, &items);
        }
    }
    if (passage->count == 0) {
        packet_forget(passage);
    } else {
        packet_end(passage, passage->count);
    }
    return !items.is_bad;
}

static void goodbye_write(struct passage *passage, const struct rtcp_packet *packet)
{
    uint32_t ssrc = 0;

    if (packet->count == 0) {
        return;
    }
    packet_begin(passage, RTCP_BYE);
    for (unsigned i = 0; rtcp_bye(packet, i, &ssrc); i++) {
        put_word(passage->text, own(passage, ssrc));
    }
    packet_end(passage, packet->count);
}

/* Where feedback we know names sources of the other side: entries of this many words begin with
 * one; 0: none does. */
struct feedback {
    uint8_t type, format, entry;
};

static const struct feedback feedbacks[] = {
    {RTCP_RTPFB, 1, 0},  /* generic NACK, RFC 4585 */
    {RTCP_RTPFB, 3, 2},  /* TMMBR, RFC 5104 */
    {RTCP_RTPFB, 4, 2},  /* TMMBN */
    {RTCP_RTPFB, 15, 0}, /* transport-wide congestion control */
    {RTCP_PSFB, 1, 0},   /* picture loss */
    {RTCP_PSFB, 2, 0},   /* slice loss */
    {RTCP_PSFB, 4, 2},   /* full intra request, RFC 5104 */
};

static const struct feedback *feedback_find(const struct rtcp_packet *packet)
{
    for (size_t i = 0; i < sizeof(feedbacks) / sizeof(feedbacks[0]); i++) {
        if (feedbacks[i].type == packet->type && feedbacks[i].format == packet->count) {
            return &feedbacks[i];
        }
    }
    return NULL;
}

/* Entries of the same length, each with a source in front; those of unknown sources are left out.
 * False when they do not come out even. */
static bool entries_write(struct passage *passage, struct slice entries, size_t entry_len)
{
    if (entries.len % entry_len != 0) {
        return false;
    }
    for (; entries.len > 0; entries = slice_skip(entries, entry_len)) {
        uint32_t ssrc = octets_32(entries.at);

        if (others(passage, &ssrc)) {
            put_word(passage->text, ssrc);
            text_put(passage->text, slice_of(entries.at + WORD, entry_len - WORD));
            passage->count++;
        }
    }
    return true;
}

static bool feedback_write(struct passage *passage, const struct rtcp_packet *packet)
{
    const struct feedback *feedback = feedback_find(packet);
    struct slice control = slice_skip(packet->body, 2 * (size_t)WORD);
    uint32_t media = octets_32(packet->body.at + WORD);

    if (feedback == NULL || !others(passage, &media)) {
        return true;
    }
    packet_begin(passage, packet->type);
    put_word(passage->text, own(passage, packet->ssrc));
    put_word(passage->text, media);
    if (feedback->entry == 0) {
        text_put(passage->text, control);
    } else if (!entries_write(passage, control, (size_t)feedback->entry * WORD)) {
        return false;
    } else if (passage->count == 0) {
        packet_forget(passage);
        return true;
    }
    packet_end(passage, packet->count);
    return true;
}

enum xr_block {
    XR_LOSS = 1,
    XR_DUPLICATE = 2,
    XR_TIMES = 3,
    XR_REFERENCE_TIME = 4,
    XR_DELAY = 5, /* since the last reference time: entries of three words */
    XR_SUMMARY = 6,
    XR_VOIP = 7,
};

/* The body of a block whose head is written already. */
static bool block_body_write(struct passage *passage, uint8_t type, struct slice body)
{
    uint32_t ssrc;

    if (type == XR_DELAY) {
        return entries_write(passage, body, 3 * (size_t)WORD);
    }
    if (type == XR_REFERENCE_TIME) {
        text_put(passage->text, body);
        passage->count++;
        return true;
    }
    if (body.len < WORD) {
        return false;
    }
    ssrc = octets_32(body.at);
    if (others(passage, &ssrc)) {
        put_word(passage->text, ssrc);
        text_put(passage->text, slice_skip(body, WORD));
        passage->count++;
    }
    return true;
}

/* A block we know, with the length it has now; without anything in it, none at all. */
static bool block_write(struct passage *passage, struct slice block)
{
    struct text *text = passage->text;
    size_t began = text->len, words;
    uint8_t type = (uint8_t)block.at[0];

    if (type < XR_LOSS || type > XR_VOIP) {
        return true;
    }
    passage->count = 0;
    text_put(text, slice_head(block, WORD));
    if (!block_body_write(passage, type, slice_skip(block, WORD))) {
        return false;
    }
    if (passage->count == 0) {
        text->len = began;
    } else if (!text->is_full) {
        words = (text->len - began) / WORD - 1;
        text->at[began + LENGTH_AT] = (char)(uint8_t)(words >> 8);
        text->at[began + LENGTH_AT + 1] = (char)(uint8_t)words;
    }
    return true;
}

static bool extended_write(struct passage *passage, const struct rtcp_packet *packet)
{
    struct slice rest = slice_skip(packet->body, WORD);

    if (packet->bytes.len > XR_MAX) {
        return false;
    }
    packet_begin(passage, RTCP_XR);
    put_word(passage->text, own(passage, packet->ssrc));
    while (rest.len >= WORD) {
        size_t len = ((size_t)octets_16(rest.at + LENGTH_AT) + 1) * WORD;

        if (len > rest.len || !block_write(passage, slice_head(rest, len))) {
            return false;
        }
        rest = slice_skip(rest, len);
    }
    packet_end(passage, 0);
    return rest.len == 0;
}

static bool packet_write(struct passage *passage, const struct rtcp_packet *packet)
{
    switch (packet->type) {
    case RTCP_SR:
    case RTCP_RR:
        reports_write(passage, packet);
        return true;
    case RTCP_SDES:
        return names_write(passage, packet);
    case RTCP_BYE:
        goodbye_write(passage, packet);
        return true;
    case RTCP_RTPFB:
    case RTCP_PSFB:
        return feedback_write(passage, packet);
    case RTCP_XR:
        return extended_write(passage, packet);
    default:
        return true;
    }
}

bool gate_control_write(struct text *text, const struct gate_stream *stream, unsigned side,
                        struct slice compound)
{
    struct passage passage = {
        .text = text,
        .stream = stream,
        .from = &stream->sides[side],
        .other = &stream->sides[side ^ 1],
        .side = side,
    };
    struct rtcp_walk walk;
    struct rtcp_packet packet;
    enum rtcp_reading reading;

    rtcp_walk_init(&walk, compound, passage.from->told.has_reduced_rtcp);
    while ((reading = rtcp_walk_next(&walk, &packet)) == RTCP_READ) {
        if (!packet_write(&passage, &packet)) {
            return false;
        }
    }
    return reading == RTCP_END && !text->is_full && text->len > 0;
}
