/*
 * A shield: the kernel drops what strangers send to one port, before it takes room in the buffer
 * that the port's party needs, and before it costs us a wake-up.
 *
 * Friend and foe share a port's receive buffer, so a flood of strangers would push out the audio
 * however fast we drop.  A shield stays a few seconds; if the flood goes on it comes back at once.
 * While it stands strangers are not counted one by one, the kernel counts them all.
 */
#include "base/must.h"
#include "io/media/inside.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <stddef.h>

enum {
    SECOND_US = 1000000,
    SHIELD_AFTER = 64,   /* packets of strangers within a second; sources are blocked at 50 */
    CROWD = 10000,       /* packets of strangers within a second at all ports: a tenth of a core */
    SHIELD_IN_CROWD = 4, /* then a port is shielded after these already */
    SHIELD_US = 10 * SECOND_US,
    SHIELDS_PER_TICK = 2048, /* taken away: a few milliseconds in which no packet is read */
    FILTER_MAX = 96,         /* steps: a host with its port takes 15 at most, a prefix 13 */
    V4_SOURCE = 12,          /* of the IP header */
    V6_SOURCE = 8,
    PASS_ALL = 0xFFFF,
};

/* A filter being written: a packet passes at the first host that fits. */
struct filter {
    struct sock_filter steps[FILTER_MAX];
    unsigned count;
};

static void filter_step(struct filter *filter, uint16_t code, uint32_t value, uint8_t on_true,
                        uint8_t on_false)
{
    must(filter->count < FILTER_MAX);
    filter->steps[filter->count++] = (struct sock_filter){code, on_true, on_false, value};
}

static uint32_t word_at(const uint8_t *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof(word));
    return ntohl(word);
}

static uint32_t mask_of(unsigned bits)
{
    return bits == 0 ? 0 : bits >= 32 ? UINT32_MAX : ~(UINT32_MAX >> bits);
}

/* Hosts of the prefix pass; with a port, from that port only. */
static void filter_allow(struct filter *filter, const struct prefix *prefix, uint16_t port)
{
    bool is_v6 = prefix->address.family == ADDRESS_V6;
    unsigned words = (prefix->bits + 31U) / 32;
    unsigned left = 3 * words + (port == 0 ? 0 : 2); /* steps until the next host */

    for (unsigned i = 0; i < words; i++) {
        uint32_t mask = mask_of(prefix->bits - 32U * i);
        uint32_t at = (uint32_t)SKF_NET_OFF + (is_v6 ? V6_SOURCE : V4_SOURCE) + 4 * i;

        filter_step(filter, BPF_LD | BPF_W | BPF_ABS, at, 0, 0);
        filter_step(filter, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
        left -= 3;
        filter_step(filter, BPF_JMP | BPF_JEQ | BPF_K,
                    word_at(prefix->address.bytes + 4 * (size_t)i) & mask, 0, (uint8_t)(left + 1));
    }
    if (port != 0) {
        filter_step(filter, BPF_LD | BPF_H | BPF_ABS, 0, 0, 0); /* UDP source port */
        filter_step(filter, BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1);
    }
    filter_step(filter, BPF_RET | BPF_K, PASS_ALL, 0, 0);
}

static struct prefix host_prefix(const struct address *host, unsigned bits)
{
    unsigned all = host->family == ADDRESS_V6 ? 128 : 32;

    return (struct prefix){.address = *host, .bits = (uint8_t)(bits < all ? bits : all)};
}

/* Whom the judgement might take at this port, now or once learned. */
static void filter_allow_party(struct filter *filter, const struct gate_port *port,
                               const struct gate_side *side)
{
    const struct media_side *told = &side->told;
    const struct address *from = port->is_control ? &side->control_from : &side->from;
    struct prefix host;

    if (told->remote.family == ADDRESS_NONE) {
        return;
    }
    if (told->learns) {
        host = host_prefix(&told->learn_host, told->learn_host.family == ADDRESS_V6 ? 64 : 32);
        filter_allow(filter, &host, 0);
        return;
    }
    host = host_prefix(&told->remote, 128);
    filter_allow(filter, &host, side->is_wide ? 0 : from->port);
    for (unsigned i = 0; i < told->prefix_count; i++) {
        filter_allow(filter, &told->prefixes[i], 0);
    }
}

static bool port_shield(const struct gate *gate, const struct gate_port *port)
{
    const struct gate_stream *stream = gate_port_stream(gate, port);
    struct filter filter = {.count = 0};
    struct sock_fprog program = {.filter = filter.steps};

    if (stream != NULL) {
        filter_allow_party(&filter, port, &stream->sides[port->side]);
    }
    filter_step(&filter, BPF_RET | BPF_K, 0, 0, 0);
    program.len = (unsigned short)filter.count;
    return setsockopt(port->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

/* What the kernel dropped at this port since it was asked last. */
void gate_port_drops(struct gate *gate, struct gate_port *port, uint64_t *counter)
{
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof(memory);

    (void)gate;
    if (getsockopt(port->fd, SOL_SOCKET, SO_MEMINFO, memory, &len) == 0) {
        *counter += memory[SK_MEMINFO_DROPS] - port->kernel_drops;
        port->kernel_drops = memory[SK_MEMINFO_DROPS];
    }
}

void gate_port_unshield(struct gate *gate, struct gate_port *port)
{
    int unused = 0;

    if (port->shielded_until_us == 0) {
        return;
    }
    (void)setsockopt(port->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused));
    port->shielded_until_us = 0;
    gate_port_drops(gate, port, &gate->totals->shielded);
}

static void strange_count(struct gate_strange *strange, uint64_t now_us)
{
    if (now_us - strange->second_us >= SECOND_US) {
        strange->second_us = now_us;
        strange->packets = 0;
    }
    strange->packets++;
}

void gate_port_strange(struct gate *gate, struct gate_port *port)
{
    uint32_t limit;

    strange_count(&port->strange, gate->now_us);
    strange_count(&gate->strange, gate->now_us);
    limit = gate->strange.packets < CROWD ? SHIELD_AFTER : SHIELD_IN_CROWD;
    if (port->strange.packets < limit || port->shielded_until_us != 0 ||
        gate->shield_count == GATE_SHIELDS_MAX || !port_shield(gate, port)) {
        return;
    }
    gate_port_drops(gate, port, &gate->totals->overrun);
    gate->totals->shields++;
    port->shielded_until_us = gate->now_us + SHIELD_US;
    gate->shields[(gate->shield_first + gate->shield_count++) % GATE_SHIELDS_MAX] =
        (struct gate_shield){
            .port = (uint32_t)(port - gate->ports),
            .until_us = port->shielded_until_us,
        };
}

/* All shields stand equally long, so the first of the ring ends first.  One that was taken away
 * before, and perhaps put up again since, is passed over. */
void gate_shields_end(struct gate *gate)
{
    for (unsigned i = 0; i < SHIELDS_PER_TICK && gate->shield_count > 0; i++) {
        const struct gate_shield *shield = &gate->shields[gate->shield_first];
        struct gate_port *port = &gate->ports[shield->port];

        if (shield->until_us > gate->now_us) {
            return;
        }
        if (port->shielded_until_us == shield->until_us) {
            gate_port_unshield(gate, port);
        }
        gate->shield_first = (gate->shield_first + 1) % GATE_SHIELDS_MAX;
        gate->shield_count--;
    }
}
