#include "io/media/sender.h"

enum { RISE_MAX = 100 }; /* numbers a candidate may skip; a rising sequence has no wider gaps */

static bool is_known(const struct address *address)
{
    return address->family != ADDRESS_NONE;
}

static bool host_is_declared(const struct media_side *told, const struct address *source)
{
    if (address_same_host(&told->remote, source)) {
        return true;
    }
    for (unsigned i = 0; i < told->prefix_count; i++) {
        if (prefix_has(&told->prefixes[i], source)) {
            return true;
        }
    }
    return false;
}

/* Of several declared sources one speaks at a time; it is taken over from when it fell silent. */
static bool place_is_free(const struct gate_side *side, const struct address *source,
                          bool is_control, uint64_t now_us)
{
    if (!is_known(&side->held) || now_us - side->held_us >= GATE_HOLD_US) {
        return true;
    }
    return is_control ? address_same_host(&side->held, source) : address_equal(&side->held, source);
}

static enum gate_sender sender_declared(const struct gate_side *side, const struct address *source,
                                        bool is_control, uint64_t now_us)
{
    const struct media_side *told = &side->told;
    const struct address *from = is_control ? &side->control_from : &side->from;

    if (!host_is_declared(told, source)) {
        return SENDER_STRANGER;
    }
    if ((!told->has_asymmetric_port && source->port != from->port) ||
        !place_is_free(side, source, is_control, now_us)) {
        return SENDER_ELSEWHERE;
    }
    return SENDER_PARTY;
}

/* Of one who is not where the party is known to be. */
static enum gate_sender sender_outside(const struct gate_side *side, const struct address *source)
{
    const struct media_side *told = &side->told;
    bool is_at_host = told->learns ? gate_host_may_be_learned(told, source)
                                   : address_same_host(&told->remote, source);

    if (!is_known(&told->remote)) {
        return SENDER_EARLY;
    }
    return is_at_host ? SENDER_ELSEWHERE : SENDER_STRANGER;
}

enum gate_sender gate_sender_of_media(const struct gate_side *side, const struct address *source,
                                      uint64_t now_us)
{
    enum gate_sender sender;

    if (is_known(&side->from) && side->is_wide) {
        return sender_declared(side, source, false, now_us);
    }
    if (is_known(&side->from) && address_equal(&side->from, source)) {
        return SENDER_PARTY;
    }
    sender = sender_outside(side, source);
    if (sender == SENDER_ELSEWHERE && side->told.learns && !side->told.has_ice &&
        !side->is_locked && now_us < side->learns_until_us) {
        return SENDER_CANDIDATE;
    }
    return sender;
}

enum gate_sender gate_sender_of_control(const struct gate_side *side, const struct address *source,
                                        uint64_t now_us)
{
    enum gate_sender sender;

    if (is_known(&side->control_from) && side->is_wide) {
        return sender_declared(side, source, true, now_us);
    }
    if (is_known(&side->control_from) && address_equal(&side->control_from, source)) {
        return SENDER_PARTY;
    }
    sender = sender_outside(side, source);
    if (sender == SENDER_ELSEWHERE && side->told.learns && !side->told.has_ice && side->is_locked &&
        !side->is_control_locked && !side->told.has_rtcp_mux &&
        address_same_host(&side->from, source)) {
        return SENDER_CANDIDATE;
    }
    return sender;
}

void gate_side_learn_proven(struct gate_side *side, const struct address *source)
{
    side->from = *source;
    side->is_locked = true;
    side->is_control_locked = false;
    side->candidate.packets = 0;
    gate_side_aim(side);
}

bool gate_side_learn(struct gate_side *side, const struct address *source, uint32_t ssrc,
                     uint16_t sequence)
{
    struct gate_candidate *candidate = &side->candidate;
    uint16_t rise = (uint16_t)(sequence - candidate->sequence);

    if (candidate->packets == 0 || candidate->ssrc != ssrc || rise == 0 || rise > RISE_MAX ||
        !address_equal(&candidate->source, source)) {
        *candidate = (struct gate_candidate){.source = *source, .ssrc = ssrc};
    }
    candidate->sequence = sequence;
    if (++candidate->packets < GATE_LEARN_PACKETS) {
        return false;
    }
    gate_side_learn_proven(side, source);
    return true;
}

void gate_side_confirm(struct gate_side *side, const struct address *source, uint64_t now_us)
{
    side->is_locked = true;
    if (side->is_wide) {
        side->held = *source;
        side->held_us = now_us;
    }
}

void gate_side_learn_control(struct gate_side *side, const struct address *source)
{
    side->control_from = *source;
    side->is_control_locked = true;
    gate_side_aim(side);
}
