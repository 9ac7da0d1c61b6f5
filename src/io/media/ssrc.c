#include "io/media/ssrc.h"

enum {
    DROPOUT_MAX = 3000, /* MED-09, RFC 3550 A.1 */
    MISORDER_MAX = 100,
    TIME_JUMP_S = 10, /* MED-09 */
    SECOND_US = 1000000,
    JITTER_SMOOTHING = 16,
};

uint32_t gate_ssrc_shown(uint64_t mask, uint32_t ssrc)
{
    const struct hash_key key = {.k0 = mask, .k1 = ~mask};

    return (uint32_t)hash_bytes(&key, slice_of((const char *)&ssrc, sizeof(ssrc)));
}

const struct gate_ssrc *gate_ssrc_find(const struct gate_side *side, uint32_t ssrc)
{
    for (unsigned i = 0; i < side->ssrc_count; i++) {
        if (side->ssrcs[i].ssrc == ssrc) {
            return &side->ssrcs[i];
        }
    }
    return NULL;
}

const struct gate_ssrc *gate_ssrc_find_shown(const struct gate_side *side, uint32_t shown)
{
    for (unsigned i = 0; i < side->ssrc_count; i++) {
        if (side->ssrcs[i].shown == shown) {
            return &side->ssrcs[i];
        }
    }
    return NULL;
}

/* The latest in use stands first: that one is kept when a new epoch begins. */
static void ssrc_move_first(struct gate_side *side, const struct gate_ssrc *known)
{
    size_t place = (size_t)(known - side->ssrcs);
    struct gate_ssrc first = *known;

    memmove(&side->ssrcs[1], &side->ssrcs[0], place * sizeof(first));
    side->ssrcs[0] = first;
}

static void ssrc_add(struct gate_side *side, const struct gate_sound *sound, uint64_t mask)
{
    memmove(&side->ssrcs[1], &side->ssrcs[0], side->ssrc_count * sizeof(side->ssrcs[0]));
    side->ssrcs[0] = (struct gate_ssrc){
        .ssrc = sound->ssrc,
        .shown = gate_ssrc_shown(mask, sound->ssrc),
        .timestamp = sound->timestamp,
        .sequence = sound->sequence,
        .when_us = sound->when_us,
    };
    if (side->ssrc_count++ > 0) {
        side->counts.ssrc_changes++;
    }
}

/* The first source of a side is believed; a further one when two of its packets follow each other
 * and the changes of this epoch are not used up. */
static enum media_reason ssrc_new(struct gate_side *side, const struct gate_sound *sound,
                                  uint64_t mask)
{
    bool follows = side->has_probation && side->probation.ssrc == sound->ssrc &&
                   (uint16_t)(side->probation.sequence + 1) == sound->sequence;

    if (side->ssrc_count == GATE_SSRCS_MAX) {
        return MEDIA_FOREIGN_SSRC;
    }
    if (side->ssrc_count == 0 || follows) {
        side->has_probation = false;
        ssrc_add(side, sound, mask);
        return MEDIA_PASSED;
    }
    side->has_probation = true;
    side->probation = (struct gate_ssrc){.ssrc = sound->ssrc, .sequence = sound->sequence};
    return MEDIA_FOREIGN_SSRC;
}

/* RFC 3550 A.8: how much later or earlier than its timestamp says, smoothed over 16 packets.  A
 * pause in speech is no jitter: its first packet has the marker. */
static void jitter_note(struct gate_side *side, const struct gate_ssrc *source,
                        const struct gate_sound *sound)
{
    int64_t clock = side->told.clock_rate, passed, due, off;

    if (clock == 0 || sound->has_marker || sound->timestamp == source->timestamp) {
        return;
    }
    passed = (int64_t)(sound->when_us - source->when_us);
    due = (int64_t)(int32_t)(sound->timestamp - source->timestamp) * SECOND_US / clock;
    off = passed > due ? passed - due : due - passed;
    if (off < TIME_JUMP_S * (int64_t)SECOND_US) {
        int64_t jitter = (int64_t)side->counts.jitter_us;

        side->counts.jitter_us = (uint32_t)(jitter + (off - jitter) / JITTER_SMOOTHING);
    }
}

static void ssrc_advance(struct gate_side *side, struct gate_ssrc *source,
                         const struct gate_sound *sound, uint32_t rise)
{
    int64_t leap = (int32_t)(sound->timestamp - source->timestamp);
    int64_t jump = (int64_t)side->told.clock_rate * TIME_JUMP_S;

    if (jump > 0 && !sound->has_marker && (leap > jump || leap < -jump)) {
        side->counts.time_jumps++;
    }
    side->counts.lost += rise - 1;
    jitter_note(side, source, sound);
    source->when_us = sound->when_us;
    source->sequence = sound->sequence;
    source->timestamp = sound->timestamp;
}

/* RFC 3550 A.1: forward within the dropout, back within the misorder, or twice in a row elsewhere:
 * then the sender began anew. */
static enum media_reason ssrc_follow(struct gate_side *side, struct gate_ssrc *source,
                                     const struct gate_sound *sound)
{
    uint16_t rise = (uint16_t)(sound->sequence - source->sequence);

    if (rise > 0 && rise < DROPOUT_MAX) {
        source->has_leapt = false;
        ssrc_advance(side, source, sound, rise);
        return MEDIA_PASSED;
    }
    if (rise == 0 || rise > UINT16_MAX + 1 - MISORDER_MAX) {
        side->counts.reordered++;
        side->counts.lost -= side->counts.lost > 0 && rise != 0;
        return MEDIA_PASSED;
    }
    if (source->has_leapt && source->bad_sequence == sound->sequence) {
        source->has_leapt = false;
        /* Who began anew would use numbers again that were sealed before: they go on instead. */
        source->shift = (uint16_t)(source->shift + source->sequence + 1 - sound->sequence);
        source->sequence = sound->sequence;
        source->timestamp = sound->timestamp;
        return MEDIA_PASSED;
    }
    source->has_leapt = true;
    source->bad_sequence = (uint16_t)(sound->sequence + 1);
    return MEDIA_WRONG_SEQUENCE;
}

enum media_reason gate_ssrc_judge(struct gate_side *side, const struct gate_sound *sound,
                                  uint64_t mask)
{
    const struct gate_ssrc *known = gate_ssrc_find(side, sound->ssrc);

    if (known == NULL) {
        return ssrc_new(side, sound, mask);
    }
    if (known != &side->ssrcs[0]) {
        ssrc_move_first(side, known);
    }
    return ssrc_follow(side, &side->ssrcs[0], sound);
}
