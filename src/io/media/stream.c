#include "io/media/stream.h"

enum {
    SECOND_US = 1000000,
    V6_NETWORK_BITS = 64, /* MED-02: an IPv6 user is its /64 */
    PORT_MAX = 65535,
};

static bool is_known(const struct address *address)
{
    return address->family != ADDRESS_NONE;
}

/* Where a party really can be: 0.0.0.0 is the old way to say hold. */
static bool is_reachable(const struct address *remote)
{
    return is_known(remote) && !address_is_unspecified(remote);
}

bool gate_host_may_be_learned(const struct media_side *told, const struct address *source)
{
    struct prefix network = {.address = told->learn_host, .bits = V6_NETWORK_BITS};

    return told->learn_host.family == ADDRESS_V6 ? prefix_has(&network, source)
                                                 : address_same_host(&told->learn_host, source);
}

static bool remote_makes_sense(const struct media_side *side)
{
    const struct address *remote = &side->remote;

    if (!is_known(remote)) {
        return true;
    }
    return remote->family == side->local.family && remote->port != 0 &&
           !address_is_mapped(remote) && !address_is_multicast(remote) &&
           (!address_is_loopback(remote) || address_is_loopback(&side->local)) &&
           !address_equal(remote, &side->local);
}

static bool side_makes_sense(const struct media_side *side)
{
    return is_known(&side->local) && side->local.port % 2 == 0 && side->local.port != 0 &&
           remote_makes_sense(side);
}

/* T.38 is carried in the clear or not at all. */
static bool order_makes_sense(const struct media_order *order)
{
    const struct media_side *a = &order->sides[0], *b = &order->sides[1];

    return side_makes_sense(a) && side_makes_sense(b) &&
           (order->media_kind != MEDIA_UDPTL ||
            (a->protection == MEDIA_CLEAR && b->protection == MEDIA_CLEAR)) &&
           !address_equal(&a->local, &b->local);
}

enum gate_ordered gate_stream_check(const struct gate_stream *stream,
                                    const struct media_order *order)
{
    if (!order_makes_sense(order)) {
        return GATE_REFUSED;
    }
    return stream->is_open && (int32_t)(order->generation - stream->generation) < 0 ? GATE_STALE
                                                                                    : GATE_TAKEN;
}

static struct address control_address(const struct media_side *told, const struct address *rtp)
{
    struct address control = *rtp;

    if (told->has_rtcp_mux) {
        return control;
    }
    control.port = told->remote_rtcp_port != 0 && address_equal(rtp, &told->remote)
                       ? told->remote_rtcp_port
                       : (uint16_t)(rtp->port + 1);
    return control;
}

void gate_side_aim(struct gate_side *side)
{
    const struct media_side *told = &side->told;
    const struct address nobody = {.family = ADDRESS_NONE};
    bool is_signalled = address_equal(&side->from, &told->remote);

    side->to = told->learns || told->has_ice ? side->from : told->remote;
    if (!is_reachable(&told->remote) && !told->has_ice) {
        side->to = side->from = nobody;
    }
    if (!is_known(&side->to)) {
        side->control_from = nobody;
    } else if (!side->is_control_locked) {
        bool can_tell = told->has_rtcp_mux || !(told->learns || told->has_ice) || is_signalled;

        side->control_from = can_tell ? control_address(told, &side->to) : nobody;
    }
    side->control_to = side->control_from;
}

/* Who is taken at once: the described party; behind NAT only when the description and the
 * signalling agree where it is.  Otherwise what was learned before holds until more is learned. */
static void side_move(struct gate_side *side, bool was_elsewhere)
{
    const struct media_side *told = &side->told;

    side->is_wide =
        !told->learns && !told->has_ice && (told->has_asymmetric_port || told->prefix_count > 0);
    side->held = (struct address){.family = ADDRESS_NONE};
    side->is_control_locked = false;
    if (told->has_ice) {
        /* MED-16: checks that know our password say where it is, descriptions do not. */
        side->from = was_elsewhere ? (struct address){.family = ADDRESS_NONE} : side->from;
        return;
    }
    if (!told->learns || gate_host_may_be_learned(told, &told->remote)) {
        side->from = told->remote;
    } else if (was_elsewhere) {
        side->from = (struct address){.family = ADDRESS_NONE};
    }
}

/* MED-03, MED-08: with each offer and answer a port may be learned and sources may change. */
static void side_begin_epoch(struct gate_side *side, const struct media_limits *limits,
                             uint64_t now_us)
{
    side->is_locked = false;
    side->learns_until_us = now_us + (uint64_t)limits->learn_ms * 1000;
    side->candidate = (struct gate_candidate){.packets = 0};
    side->has_probation = false;
    if (side->ssrc_count > 1) {
        side->ssrc_count = 1;
    }
}

static uint32_t rate_of(uint32_t told, uint32_t usual)
{
    uint32_t rate = told == 0 ? usual : told;

    return rate > GATE_RATE_MAX ? GATE_RATE_MAX : rate;
}

struct side_rates {
    uint32_t packets, octets, octets_burst, control_octets;
};

/* MED-10: a fifth more packets, a quarter more octets, 100 ms four times at once.  MED-11: a
 * twentieth of the session is RTCP. */
static struct side_rates side_rates(const struct media_side *told, enum media_kind kind)
{
    bool is_fax = kind == MEDIA_UDPTL;
    uint32_t packets =
        rate_of(told->packets_per_second, is_fax ? GATE_FAX_PACKETS : GATE_USUAL_PACKETS);
    uint32_t octets = rate_of(told->bytes_per_second, is_fax ? GATE_FAX_OCTETS : GATE_USUAL_OCTETS);
    uint32_t control = octets / 20;
    struct side_rates rates = {
        .packets = packets + packets / 5,
        .octets = octets + octets / 4,
        .octets_burst = octets / 2,
        .control_octets = control > GATE_CONTROL_OCTETS ? control : GATE_CONTROL_OCTETS,
    };

    if (rates.octets_burst < 2 * GATE_PACKET_MAX) {
        rates.octets_burst = 2 * GATE_PACKET_MAX;
    }
    return rates;
}

static void side_police(struct gate_side *side, enum media_kind kind, bool is_fresh,
                        uint64_t now_us)
{
    struct side_rates rates = side_rates(&side->told, kind);

    if (is_fresh) {
        bucket_init(&side->packets, rates.packets, GATE_BURST_PACKETS, now_us);
        bucket_init(&side->octets, rates.octets, rates.octets_burst, now_us);
        bucket_init(&side->control_packets, GATE_CONTROL_RATE, GATE_CONTROL_BURST, now_us);
        bucket_init(&side->control_octets, rates.control_octets, GATE_CONTROL_BURST_OCTETS, now_us);
        return;
    }
    bucket_change(&side->packets, rates.packets, GATE_BURST_PACKETS);
    bucket_change(&side->octets, rates.octets, rates.octets_burst);
    bucket_change(&side->control_octets, rates.control_octets, GATE_CONTROL_BURST_OCTETS);
}

static bool prefixes_equal(const struct media_side *a, const struct media_side *b)
{
    for (unsigned i = 0; i < a->prefix_count; i++) {
        if (a->prefixes[i].bits != b->prefixes[i].bits ||
            !address_same_host(&a->prefixes[i].address, &b->prefixes[i].address)) {
            return false;
        }
    }
    return true;
}

/* Whether an order says anew whom the side is taken from. */
static bool side_is_moved(const struct media_side *old, const struct media_side *new)
{
    return !address_equal(&old->remote, &new->remote) || old->learns != new->learns ||
           old->has_ice != new->has_ice ||
           memcmp(old->ice_ufrag, new->ice_ufrag, sizeof(new->ice_ufrag)) != 0 ||
           !address_same_host(&old->learn_host, &new->learn_host) ||
           old->remote_rtcp_port != new->remote_rtcp_port ||
           old->has_rtcp_mux != new->has_rtcp_mux ||
           old->has_asymmetric_port != new->has_asymmetric_port ||
           old->prefix_count != new->prefix_count || !prefixes_equal(old, new);
}

/* What an order is for the stream it changes. */
struct ordering {
    const struct media_limits *limits;
    uint64_t now_us;
    enum media_kind kind;
    uint64_t mask;
    bool is_fresh, is_new_epoch;
};

static void side_order(struct gate_side *side, const struct media_side *told,
                       const struct ordering *ordering)
{
    bool is_moved = ordering->is_fresh || side_is_moved(&side->told, told);
    bool was_elsewhere =
        ordering->is_fresh || side->told.has_ice != told->has_ice ||
        memcmp(side->told.ice_ufrag, told->ice_ufrag, sizeof(told->ice_ufrag)) != 0 ||
        side->told.learns != told->learns ||
        !address_same_host(&side->told.learn_host, &told->learn_host);
    struct media_side before;

    before = side->told;
    side->told = *told;
    gate_secrets_order(&side->secrets, &before, &side->told, ordering->mask);
    if (is_moved) {
        side_move(side, was_elsewhere);
    }
    if (is_moved || ordering->is_new_epoch) {
        side_begin_epoch(side, ordering->limits, ordering->now_us);
    }
    gate_side_aim(side);
    side_police(side, ordering->kind, ordering->is_fresh, ordering->now_us);
}

static uint64_t silence_us(const struct media_order *order, const struct media_limits *limits)
{
    bool is_held = !order->sides[0].may_send || !order->sides[1].may_send;
    uint64_t silence_s = is_held ? limits->held_silence_s : limits->silence_s;

    if (order->silence_s != 0) {
        silence_s = order->silence_s;
    }
    if (order->is_emergency && silence_s < limits->emergency_silence_s) {
        silence_s = limits->emergency_silence_s;
    }
    return silence_s * SECOND_US;
}

static void stream_begin(struct gate_stream *stream, const struct media_order *order, uint64_t mask,
                         uint64_t now_us)
{
    uint32_t settled = stream->settled;

    gate_stream_end(stream);
    *stream = (struct gate_stream){
        .is_open = true,
        .index = order->stream,
        .generation = order->generation,
        .worker = order->worker,
        .settled = settled,
        .opened_us = now_us,
        .heard_us = now_us,
        .mask = mask,
    };
}

void gate_stream_end(struct gate_stream *stream)
{
    gate_secrets_free(&stream->sides[0].secrets);
    gate_secrets_free(&stream->sides[1].secrets);
    stream->is_open = false;
}

void gate_stream_open(struct gate_stream *stream, const struct media_order *order,
                      const struct media_limits *limits, uint64_t mask, uint64_t now_us)
{
    struct ordering ordering = {
        .limits = limits,
        .now_us = now_us,
        .kind = order->media_kind,
        .is_fresh = !stream->is_open || stream->generation != order->generation,
    };

    ordering.is_new_epoch = ordering.is_fresh || stream->epoch != order->epoch;
    if (ordering.is_fresh) {
        stream_begin(stream, order, mask, now_us);
    }
    ordering.mask = stream->mask;
    stream->media_kind = order->media_kind;
    stream->is_emergency = order->is_emergency;
    stream->epoch = order->epoch;
    stream->silence_us = silence_us(order, limits);
    side_order(&stream->sides[0], &order->sides[0], &ordering);
    side_order(&stream->sides[1], &order->sides[1], &ordering);
    if (ordering.is_new_epoch) {
        stream->heard_us = now_us;
        stream->is_silent = false;
    }
}

void gate_report_write(struct media_report *report, const struct gate_stream *stream,
                       enum media_report_kind kind)
{
    *report = (struct media_report){
        .version = MEDIA_ORDER_VERSION,
        .kind = (uint8_t)kind,
        .stream = stream->index,
        .generation = stream->generation,
        .worker = stream->worker,
        .sides = {stream->sides[0].counts, stream->sides[1].counts},
    };
    for (unsigned i = 0; i < 2; i++) {
        const struct gate_side *side = &stream->sides[i];

        if (side->told.learns && !address_equal(&side->from, &side->told.remote)) {
            report->sides[i].learned = side->from;
        }
    }
}
