/*
 * The whole trip: packets one after the other, each {where, length (two octets), bytes}.
 *
 * where   bits 0-2: the socket; bit 3: a stranger in place of the peer; bit 4: from a capture
 *
 * What passes is followed, so that later packets find transactions and dialogs.  Nothing may crash,
 * and what the findings say is what the verdict does.
 */
#include "guard/event.h"

#include "base/must.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static const char policy_text[] =
    "site: fuzz\n"
    "domains: [example.net]\n"
    "realms: [example.net]\n"
    "zones:\n"
    "  access: {class: access-internet, listeners: [udp:198.51.100.1:5060, "
    "tcp:198.51.100.1:5060],\n"
    "           media: pass, methods: [MESSAGE]}\n"
    "  core: {class: core, listeners: [udp:10.0.0.10:5060, tcp:10.0.0.10:5060], media: pass}\n"
    "  carrier: {class: interconnect, listeners: [udp:198.51.100.17:5060, "
    "tcp:198.51.100.17:5060],\n"
    "            media: pass, strict: true}\n"
    "  transit: {class: interconnect-untrusted, listeners: [udp:198.51.100.33:5060],\n"
    "            media: pass}\n"
    "peers:\n"
    "  cscf: {zone: core, hops: [\"udp:10.0.0.20:5060\"]}\n"
    "  one: {zone: carrier, transports: [udp, tcp], hops: [\"udp:192.0.2.1:5060\"],\n"
    "        domains: [carrier.example], headers: [X-Agreed]}\n"
    "  two: {zone: transit, transports: [udp], hops: [\"udp:192.0.2.129:5060\"], observe: true}\n"
    "routes:\n"
    "  - {emergency: true, to: cscf}\n"
    "  - {from: [access, carrier, transit], to: cscf}\n"
    "  - {from: core, domains: [\"*\"], to: one}\n";

static const struct state_capacity capacity = {
    .exchanges = 16, .dialogs = 16, .registrations = 4, .media_streams = 4, .text_octets = 1 << 20};

struct ground {
    struct policy *policy;
    struct plan *plan;
    struct tallies *tallies;
    struct inspection *inspection;
    void *memory;
    char told[1 << 16];
};

static struct ground *ground_new(void)
{
    struct policy_complaints *complaints = policy_complaints_new();
    struct ground *ground = calloc(1, sizeof(*ground));

    must(ground != NULL);
    ground->policy =
        policy_read(slice_string(policy_text), SLICE("fuzz.yaml"), control_names(), complaints);
    must(ground->policy != NULL);
    policy_complaints_free(complaints);
    ground->plan = plan_new(ground->policy);
    ground->tallies = tallies_new(ground->policy->peer_count);
    ground->inspection = calloc(1, sizeof(*ground->inspection));
    ground->memory = calloc(1, state_size(&capacity));
    must(ground->plan != NULL && ground->tallies != NULL && ground->inspection != NULL &&
         ground->memory != NULL);
    return ground;
}

static struct packet packet_of(const struct ground *ground, uint8_t where, struct slice bytes,
                               uint64_t when_us)
{
    uint16_t index = (uint16_t)((where & 7) % ground->policy->listener_count);
    const struct policy_listener *listener = &ground->policy->listeners[index];
    struct packet packet = {.bytes = bytes, .when_us = when_us, .local = listener->address};

    packet.flow.listener = where & 16 ? LISTENER_NONE : index;
    packet.flow.transport = (uint8_t)listener->transport;
    packet.flow.connection = listener->transport == TRANSPORT_UDP ? 0 : 1;
    must(address_read_port(&packet.flow.remote, SLICE("198.18.0.7:5062")));
    for (uint32_t i = 0; i < ground->policy->peer_count && (where & 8) == 0; i++) {
        if (ground->policy->peers[i].zone == listener->zone) {
            packet.flow.remote = ground->policy->peers[i].hops[0].address;
        }
    }
    return packet;
}

/* The verdict is the findings', no more and no less. */
static void hold(const struct inspection *inspection)
{
    bool refuses = false;

    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        const struct finding *finding = &inspection->findings[i];

        refuses |=
            finding->mode == MODE_ENFORCE && !finding->is_spared && action_refuses(finding->action);
    }
    must(refuses == (inspection->verdict.action != ACTION_PASS));
    must(inspection->verdict.action != ACTION_REJECT || inspection_is_answerable(inspection));
    must(inspection->verdict.action == ACTION_PASS ||
         inspection->verdict.control < control_count());
    must(inspection->verdict.action != ACTION_PASS || inspection->reading == SIP_READ);
}

static void tell(struct ground *ground)
{
    struct text text;

    text_init(&text, ground->told, sizeof(ground->told));
    event_write_whole(&text, ground->inspection, ground->inspection->packet->when_us);
    explain_write(&text, ground->inspection);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct ground *ground;
    const struct hash_key key = {1, 2};
    uint64_t when_us = 1000000;

    if (ground == NULL) {
        ground = ground_new();
    }
    memset(ground->memory, 1, sizeof(uint64_t)); /* nobody's mark: state_init clears the rest */
    struct state *state = state_init(ground->memory, state_size(&capacity), &capacity, &key, 1000);
    while (len >= 3) {
        size_t octet_count = (size_t)octets[1] << 8 | octets[2];
        struct slice bytes = slice_head(slice_of((const char *)octets + 3, len - 3), octet_count);
        struct packet packet = packet_of(ground, octets[0], bytes, when_us += 20000);

        state_follow_clock(state, when_us / 1000);
        inspect(ground->inspection, ground->plan, state, &packet, ground->tallies);
        hold(ground->inspection);
        tell(ground);
        if (ground->inspection->verdict.action == ACTION_PASS) {
            state_follow(state, &ground->inspection->message, &packet, &ground->inspection->match,
                         when_us / 1000);
        }
        octets += 3 + bytes.len;
        len -= 3 + bytes.len;
    }
    return 0;
}
