/* Who lives in the town, and how devices register. */
#include "sim.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

/* What both policies have in common; the order of zones and peers is not. */
#define TOWN_HEAD                                                                                  \
    "site: town-1\n"                                                                               \
    "domains: [example.net]\n"                                                                     \
    "realms: [example.net]\n"                                                                      \
    "capacity: {transactions: 20000, dialogs: 8000, registrations: 256, media-sessions: 6000,"     \
    " text-memory: 65536}\n"
#define TOWN_COMPANY                                                                               \
    "  company: {class: enterprise, host: trunk.example.net, listeners: "                          \
    "['udp:198.51.100.49:5060'],"                                                                  \
    " media: '198.51.100.49:42000-45999', methods: [REFER, MESSAGE]}\n"
#define TOWN_ACCESS                                                                                \
    "  access: {class: access-internet, host: sbc.example.net, listeners:"                         \
    " ['udp:198.51.100.1:5060', 'tcp:198.51.100.1:5060'], media: '198.51.100.1:10000-19999',"      \
    " methods: [MESSAGE, PUBLISH, OPTIONS]}\n"
#define TOWN_CORE                                                                                  \
    "  core: {class: core, host: border.core.internal, listeners: ['udp:10.0.0.10:5060'],"         \
    " media: '10.0.0.10:20000-39999'}\n"
#define TOWN_CARRIER                                                                               \
    "  carrier: {class: interconnect, host: nni.example.net, domain: example.net, listeners:"      \
    " ['udp:198.51.100.17:5060'], media: '198.51.100.17:46000-55999',"                             \
    " methods: [MESSAGE, SUBSCRIBE, NOTIFY, REFER, INFO]}\n"
#define TOWN_TRANSIT                                                                               \
    "  transit: {class: interconnect-untrusted, host: transit.example.net, listeners:"             \
    " ['udp:198.51.100.33:5060'], media: '198.51.100.33:56000-59999'}\n"
#define TOWN_CSCF_PEER                                                                             \
    "  cscf: {zone: core, addresses: [10.0.0.16/28], hops: ['udp:10.0.0.20:5060',"                 \
    " 'udp:10.0.0.21:5060']}\n"
#define TOWN_CARRIER_A_PEER                                                                        \
    "  carrier-a: {zone: carrier, addresses: [192.0.2.0/28], domains: [carrier.example], hops:"    \
    " [{to: 'udp:192.0.2.1:5060', priority: 1}, {to: 'udp:192.0.2.2:5060', priority: 2}]}\n"
#define TOWN_CARRIER_N_PEER                                                                        \
    "  carrier-n: {zone: carrier, addresses: [192.0.2.32/28], domains: [named.example], hops:"     \
    " ['udp:gw.named.example:5060']}\n"
#define TOWN_TRANSIT_B_PEER                                                                        \
    "  transit-b: {zone: transit, addresses: [192.0.2.128/28], domains: [transit.example], hops:"  \
    " ['udp:192.0.2.129:5060']}\n"
#define TOWN_FACTORY_PEER                                                                          \
    "  factory: {zone: company, addresses: [198.18.0.200], domains: [factory.example], hops:"      \
    " ['udp:198.18.0.200:5060']}\n"
#define TOWN_ROUTES                                                                                \
    "routes:\n"                                                                                    \
    "  - {emergency: true, to: cscf}\n"                                                            \
    "  - {from: [access, carrier, transit, company], to: cscf}\n"                                  \
    "  - {from: core, domains: [carrier.example], to: carrier-a}\n"                                \
    "  - {from: core, domains: [named.example], to: carrier-n}\n"                                  \
    "  - {from: core, domains: [transit.example], to: transit-b}\n"                                \
    "  - {from: core, domains: [factory.example], to: factory}\n"                                  \
    "  - {from: core, to: access}\n"

// clang-format off
const char sim_policy[] =
    TOWN_HEAD "zones:\n" TOWN_COMPANY TOWN_ACCESS TOWN_CORE TOWN_CARRIER TOWN_TRANSIT
    "peers:\n" TOWN_CSCF_PEER TOWN_CARRIER_A_PEER TOWN_CARRIER_N_PEER TOWN_TRANSIT_B_PEER TOWN_FACTORY_PEER TOWN_ROUTES;

const char sim_policy_changed[] =
    TOWN_HEAD "zones:\n" TOWN_TRANSIT TOWN_CARRIER TOWN_CORE TOWN_ACCESS TOWN_COMPANY
    "peers:\n"
    "  carrier-o: {zone: carrier, addresses: [192.0.2.64/28], domains: [other.example], hops: ['udp:gw.other.example:5060']}\n"
    TOWN_FACTORY_PEER TOWN_TRANSIT_B_PEER TOWN_CARRIER_N_PEER TOWN_CARRIER_A_PEER TOWN_CSCF_PEER TOWN_ROUTES;
// clang-format on

static const struct {
    enum sim_place place;
    const char *name, *zone, *address, *aor;
} cast[] = {
    {PLACE_CORE, "core0", "core", "10.0.0.20:5060", "sip:core0@example.net"},
    {PLACE_CORE, "core1", "core", "10.0.0.21:5060", "sip:core1@example.net"},
    {PLACE_CARRIER, "carrier1", "carrier", "192.0.2.1:5060", "sip:carrier1@carrier.example"},
    {PLACE_CARRIER, "carrier2", "carrier", "192.0.2.2:5060", "sip:carrier2@carrier.example"},
    {PLACE_NAMED, "named1", "carrier", "192.0.2.33:5060", "sip:named1@named.example"},
    {PLACE_NAMED, "named2", "carrier", "192.0.2.34:5060", "sip:named2@named.example"},
    {PLACE_TRANSIT, "transit", "transit", "192.0.2.129:5060", "sip:transit@transit.example"},
    {PLACE_COMPANY, "factory", "company", "198.18.0.200:5060", "sip:factory@factory.example"},
};

static void asked(struct agent *agent, struct agent_server *server,
                  const struct sip_message *request)
{
    struct sim *sim = agent->owner;

    if (request->method == SIP_REGISTER) {
        cast_registrar(sim, server, request);
    } else {
        call_asked(sim, agent, server, request);
    }
}

static void acknowledged(struct agent *agent, struct agent_server *server,
                         const struct sip_message *request)
{
    (void)request;
    call_acknowledged(agent->owner, server);
}

static void cancelled(struct agent *agent, struct agent_server *server)
{
    call_cancelled(agent->owner, server);
}

static void answered(struct agent *agent, struct agent_client *client, struct dialogue *dialogue,
                     const struct sip_message *response)
{
    if (client->method == SIP_REGISTER) {
        cast_bound(cast_device(agent), response);
    } else {
        call_answered(agent->owner, client, dialogue, response);
    }
}

static void timed_out(struct agent *agent, struct agent_client *client)
{
    if (client->method != SIP_REGISTER) {
        call_timed_out(agent->owner, client);
    }
}

static void unacknowledged(struct agent *agent, struct agent_server *server)
{
    call_unacknowledged(agent->owner, server);
}

const struct agent_events sim_events = {asked,    acknowledged, cancelled,
                                        answered, timed_out,    unacknowledged};

struct device *cast_device(const struct agent *agent)
{
    return (struct device *)(uintptr_t)agent;
}

static void enter(struct sim *sim, unsigned i)
{
    struct agent *agent = &sim->agents[sim->agent_count++];

    must(address_read_port(&agent->party.host.address, slice_string(cast[i].address)));
    agent->party.host.zone = world_zone(&sim->net.world, slice_string(cast[i].zone));
    agent->owner = sim;
    agent_open(agent, &sim->net, cast[i].name, cast[i].aor, &sim_events);
}

struct agent *cast_of(struct sim *sim, enum sim_place place)
{
    unsigned among[ARRAY_COUNT(cast)], count = 0;

    if (place == PLACE_ACCESS) {
        return &sim->devices[net_below(&sim->net, SIM_DEVICES)].agent;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(cast); i++) {
        if (cast[i].place == place) {
            among[count++] = i;
        }
    }
    return &sim->agents[among[net_below(&sim->net, count)]];
}

/*
 * Registering: challenged once, then bound; refreshed at half time.
 */

enum { BINDING_S = 120 };

static void register_device(struct device *device, uint32_t expires, bool is_proved)
{
    char digits[16], from[160], proof[160];
    struct extras extras = {.count = 0};
    struct party_wish wish = {.method = SLICE("REGISTER"),
                              .uri = SLICE("sip:example.net"),
                              .extras = &extras};

    if (device->binding == NULL) {
        snprintf(from, sizeof(from), "sip:%s@example.net", device->user);
        device->binding = party_begin(&device->agent.party, "binding", slice_string(from));
    }
    snprintf(digits, sizeof(digits), "%u", expires);
    extras_add(&extras, SLICE("Expires"), slice_string(digits));
    if (is_proved) {
        snprintf(proof, sizeof(proof),
                 "Digest username=\"u\",realm=\"example.net\",nonce=\"%s\","
                 "uri=\"sip:example.net\",response=\"r\"",
                 device->challenge);
        extras_add(&extras, SLICE("Authorization"), slice_string(proof));
    }
    agent_ask(&device->agent, device->binding, &wish, device);
}

static void refresh(struct net *net, struct net_event *event)
{
    struct device *device =
        (struct device *)(void *)((char *)event - offsetof(struct device, refresh));

    (void)net;
    register_device(device, device->sim->is_ending ? 0 : BINDING_S, false);
    net_set(net, &device->refresh, BINDING_S * 300 + net_below(net, BINDING_S * 200));
}

void cast_bound(struct device *device, const struct sip_message *response)
{
    bool is_new = !device->is_registered;

    if (response->status == 401) {
        struct slice asked = sip_header_value(response, SIP_HEADER_WWW_AUTHENTICATE);

        asked = slice_skip(asked, slice_find(asked, '#') + 1);
        snprintf(device->challenge, sizeof(device->challenge), "#%.16s", asked.at);
        register_device(device, device->sim->is_ending ? 0 : BINDING_S, true);
        return;
    }
    device->is_registered = response->status == 200 && !device->sim->is_ending;
    if (response->status == 200 && !device->sim->is_ending && is_new &&
        sip_value(response, SIP_HEADER_CONTACT) == NULL) {
        sim_fail(device->sim, NULL, "device %s got no Contact of its own", device->user);
    }
}

/* The registrar knows users by the To header; whoever brings credentials is believed. */
void cast_registrar(struct sim *sim, struct agent_server *server, const struct sip_message *request)
{
    struct slice user = sip_slice(request, sip_value(request, SIP_HEADER_TO)->uri.user);
    const struct sip_value *contact = sip_value(request, SIP_HEADER_CONTACT);
    struct extras extras = {.count = 0};
    struct party_wish wish = {.status = 200, .extras = &extras};
    char line[512];
    uint32_t expires = 0;
    struct device *device = NULL;

    for (unsigned i = 0; i < SIM_DEVICES; i++) {
        if (slice_equal(slice_string(sim->devices[i].user), user)) {
            device = &sim->devices[i];
        }
    }
    if (device == NULL || contact == NULL) {
        agent_answer(server, NULL, &(struct party_wish){.status = 404}, 0);
        return;
    }
    if (device->nonce[0] == '\0' || !slice_has(sip_header_value(request, SIP_HEADER_AUTHORIZATION),
                                               slice_string(device->nonce))) {
        device->nonce[0] = '#';
        net_letters(&sim->net, device->nonce + 1, 16);
        snprintf(line, sizeof(line), "Digest realm=\"example.net\",nonce=\"%s\",qop=\"auth\"",
                 device->nonce);
        wish.status = 401;
        extras_add(&extras, SLICE("WWW-Authenticate"), slice_string(line));
        agent_answer(server, NULL, &wish, 0);
        return;
    }
    device->nonce[0] = '\0'; /* good once */
    sip_number(request, SIP_HEADER_EXPIRES, &expires);
    snprintf(device->bound, sizeof(device->bound), "%.*s", (int)contact->uri.whole.len,
             sip_slice(request, contact->uri.whole).at);
    device->until_ms = sim->net.now_ms + (uint64_t)expires * 1000;
    if (expires > 0) {
        snprintf(line, sizeof(line), "<%s>;expires=%u", device->bound, expires);
        extras_add(&extras, SLICE("Contact"), slice_string(line));
        extras_add(&extras, SLICE("Service-Route"), SLICE("<sip:orig@scscf.core.internal;lr>"));
    }
    agent_answer(server, NULL, &wish, 0);
}

static void settle(struct sim *sim, unsigned i)
{
    struct device *device = &sim->devices[i];
    struct net_host *host = &device->agent.party.host;
    char name[PARTY_NAME_MAX], aor[64];

    device->sim = sim;
    snprintf(device->user, sizeof(device->user), "dev%u", i);
    snprintf(name, sizeof(name), "dev%u", i);
    snprintf(aor, sizeof(aor), "sip:dev%u@example.net", i);
    host->address = (struct address){.family = ADDRESS_V4,
                                     .port = (uint16_t)(40000 + i),
                                     .bytes = {203, 0, 113, (uint8_t)(10 + i)}};
    host->transport = i % 4 == 3 ? TRANSPORT_TCP : TRANSPORT_UDP;
    host->zone = world_zone(&sim->net.world, SLICE("access"));
    device->agent.owner = sim;
    device->refresh.happen = refresh;
    agent_open(&device->agent, &sim->net, name, aor, &sim_events);
}

bool cast_open(struct sim *sim)
{
    for (unsigned i = 0; i < ARRAY_COUNT(cast); i++) {
        enter(sim, i);
    }
    for (unsigned i = 0; i < SIM_DEVICES; i++) {
        settle(sim, i);
    }
    return true;
}

void cast_register(struct sim *sim)
{
    for (unsigned i = 0; i < SIM_DEVICES; i++) {
        net_set(&sim->net, &sim->devices[i].refresh, net_below(&sim->net, 5000));
    }
}

void cast_go_home(struct sim *sim)
{
    sim->is_ending = true;
    for (unsigned i = 0; i < SIM_DEVICES; i++) {
        net_stop(&sim->net, &sim->devices[i].refresh);
        register_device(&sim->devices[i], 0, false);
    }
}

void cast_close(struct sim *sim)
{
    for (unsigned i = 0; i < sim->agent_count; i++) {
        agent_close(&sim->agents[i]);
    }
    for (unsigned i = 0; i < SIM_DEVICES; i++) {
        net_stop(&sim->net, &sim->devices[i].refresh);
        agent_close(&sim->devices[i].agent);
    }
}
