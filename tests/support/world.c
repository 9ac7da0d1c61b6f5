#include "world.h"

#include "base/hash.h"
#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

static void complain(struct world *world, const char *what, struct slice evidence)
{
    world->owner.broken(world->owner.owner, what, evidence);
}

static void gate_broken(void *owner, const char *what, const struct media_order *order)
{
    char room[512];
    struct text text;

    text_init(&text, room, sizeof(room));
    text_put_format(&text, "order %u of stream %u generation %u epoch %u: ", order->kind,
                    order->stream, order->generation, order->epoch);
    address_write(&text, &order->sides[0].local);
    text_put(&text, SLICE(" "));
    address_write(&text, &order->sides[1].local);
    complain(owner, what, text_slice(&text));
}

/* What a refusal, or the first answer, must copy may be odd in harmless ways; what Refer-To and
 * History-Info carry is looked at by their own scenes. */
static bool may_be_odd(const struct sip_message *message, unsigned oddity)
{
    static const uint8_t harmless[] = {
        SIP_ODD_BAD_BRANCH,      SIP_ODD_REPEATED_PARAMETER, SIP_ODD_URI_PASSWORD,
        SIP_ODD_URI_HEADERS,     SIP_ODD_URI_MADDR,          SIP_ODD_URI_REPEATED_PARAMETER,
        SIP_ODD_UNKNOWN_SCHEME,  SIP_ODD_BAD_TRANSPORT,      SIP_ODD_UNDERSCORE_HOST,
        SIP_ODD_BAD_PORT,        SIP_ODD_UNKNOWN_METHOD,     SIP_ODD_BAD_CSEQ,
        SIP_ODD_BAD_METHOD,      SIP_ODD_MISSING_FROM,       SIP_ODD_CSEQ_METHOD,
        SIP_ODD_REPEATED_SINGLE, SIP_ODD_MISSING_TO,
    };

    if (oddity == SIP_ODD_URI_HEADERS &&
        (sip_has(message, SIP_HEADER_REFER_TO) || sip_has(message, SIP_HEADER_HISTORY_INFO))) {
        return true;
    }
    if (oddity == SIP_ODD_UNDERSCORE_HOST) {
        return true; /* the rules let it pass, and the core is told hosts as they are */
    }
    if (message->is_request || (message->status < 300 && message->status != 100)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_COUNT(harmless); i++) {
        if (harmless[i] == oddity) {
            return true;
        }
    }
    return false;
}

/* GEN-01: what we write, we read, and find nothing odd in it. */
static void check_written(struct world *world, const struct outgoing *outgoing)
{
    struct sip_message *message = world->checked;
    bool is_stream = transport_is_stream(outgoing->flow.transport);

    if (outgoing->bytes.len == 0) {
        if (!outgoing->closes) {
            complain(world, "nothing is sent", outgoing->bytes);
        }
        return;
    }
    if (sip_read(message, outgoing->bytes, is_stream) != SIP_READ) {
        complain(world, "what is sent cannot be read", outgoing->bytes);
        return;
    }
    for (unsigned i = 0; i < SIP_ODDITY_COUNT; i++) {
        if (sip_is_odd(message, i) && !may_be_odd(message, i)) {
            complain(world, sip_oddity_seen(i), outgoing->bytes);
        }
    }
    if (!message->has_content_length || message->body.len != message->content_length ||
        message->bytes.len != outgoing->bytes.len) {
        complain(world, "what is sent is not one whole message", outgoing->bytes);
    }
    if (message->is_request && (message->header_counts[SIP_HEADER_VIA] != 1 ||
                                sip_value(message, SIP_HEADER_VIA)->next != 0)) {
        complain(world, "a request is sent with another's Via", outgoing->bytes);
    }
    if (message->is_request && sip_has(message, SIP_HEADER_RECORD_ROUTE)) {
        complain(world, "a request is sent with Record-Route", outgoing->bytes);
    }
}

static void take_sent(struct world *world)
{
    for (uint32_t i = 0; i < world->outbox->item_count; i++) {
        const struct outgoing *outgoing = &world->outbox->items[i];
        uint16_t listener = outgoing->flow.listener;

        if (listener >= world->policy->listener_count) {
            complain(world, "sent from no listener", outgoing->bytes);
            continue;
        }
        check_written(world, outgoing);
        world->sends += outgoing->bytes.len > 0;
        world->owner.sent(world->owner.owner, outgoing,
                          &world->policy->listeners[listener].address);
    }
}

/* What the turn left in the outbox. */
static void take_outbox(struct world *world)
{
    for (uint32_t i = 0; i < world->outbox->order_count; i++) {
        gate_take(world->gate, &world->outbox->orders[i], world->now_ms);
    }
    for (uint32_t i = 0; i < world->outbox->question_count; i++) {
        world->owner.asked(world->owner.owner,
                           world->policy->names.at[world->outbox->questions[i]]);
    }
    take_sent(world);
    outbox_init(world->outbox, world->room, world->room_len);
}

static struct policy *read_policy(struct slice text, struct slice name)
{
    struct policy_complaints *complaints = policy_complaints_new();
    struct policy *policy = policy_read(text, name, control_names(), complaints);

    for (uint32_t i = 0; policy == NULL && i < policy_complaint_count(complaints); i++) {
        struct slice complaint = policy_complaint(complaints, i);

        fprintf(stderr, "%.*s\n", (int)complaint.len, complaint.at);
    }
    policy_complaints_free(complaints);
    return policy;
}

static void start_worker(struct world *world)
{
    struct hash_key key;
    struct relay_setup setup = {
        .plan = world->plan,
        .random = world->random,
        .tallies = world->tallies,
        .node = 7,
        .now_ms = world->now_ms,
        .media_port_shares = 1,
    };

    /* A key of its own: nothing that outlives the worker may hang on it. */
    random_bytes(world->random, &key, sizeof(key));
    world->state = state_init(world->memory, world->size, &world->capacity, &key, world->now_ms);
    memcpy(setup.keys, world->keys, sizeof(setup.keys));
    setup.state = world->state;
    world->relay = relay_new(&setup);
    must(world->relay != NULL);
}

static void make_chance(struct world *world, uint64_t seed)
{
    uint8_t octets[RANDOM_SEED_LEN] = {0};
    uint8_t key[SIV_KEY_LEN];

    memcpy(octets, &seed, sizeof(seed));
    world->random = random_new(octets);
    random_bytes(world->random, key, sizeof(key));
    world->keys[0] = siv_new(key, 1);
}

bool world_open(struct world *world, const struct world_setup *setup)
{
    *world = (struct world){.owner = setup->owner, .now_ms = setup->now_ms, .seed = setup->seed};
    world->policy = read_policy(setup->policy, setup->policy_name);
    if (world->policy == NULL) {
        return false;
    }
    world->plan = plan_new(world->policy);
    world->tallies = tallies_new(world->policy->peer_count);
    make_chance(world, setup->seed);
    world->capacity = (struct state_capacity){
        .exchanges = world->policy->capacity.exchanges,
        .dialogs = world->policy->capacity.dialogs,
        .registrations = world->policy->capacity.registrations,
        .media_streams = world->policy->capacity.media_sessions,
        .text_octets = (size_t)world->policy->capacity.text_blocks * 1024,
    };
    world->size = state_size(&world->capacity);
    world->memory = calloc(1, world->size);
    world->inspection = calloc(1, sizeof(*world->inspection));
    world->checked = calloc(1, sizeof(*world->checked));
    world->outbox = calloc(1, sizeof(*world->outbox));
    world->gate = calloc(1, sizeof(*world->gate));
    world->room_len = OUTBOX_ROOM;
    world->room = malloc(world->room_len);
    must(world->memory != NULL && world->inspection != NULL && world->checked != NULL &&
         world->outbox != NULL && world->gate != NULL && world->room != NULL);
    world->gate->broken = gate_broken;
    world->gate->owner = world;
    outbox_init(world->outbox, world->room, world->room_len);
    start_worker(world);
    return true;
}

void world_close(struct world *world)
{
    if (world->policy == NULL) {
        return;
    }
    relay_free(world->relay);
    plan_free(world->plan);
    policy_free(world->policy);
    tallies_free(world->tallies);
    random_free(world->random);
    siv_free(world->keys[0]);
    free(world->packet);
    free(world->memory);
    free(world->inspection);
    free(world->checked);
    free(world->outbox);
    free(world->gate);
    free(world->room);
}

void world_deliver(struct world *world, struct slice bytes, const struct flow *flow)
{
    /* In memory of its own size, so that a sanitizer sees the octet too far. */
    char *copy = malloc(bytes.len + 1);
    struct packet packet = {.when_us = world->now_ms * 1000, .flow = *flow};

    must(copy != NULL);
    if (bytes.len > 0) {
        memcpy(copy, bytes.at, bytes.len);
    }
    copy = realloc(copy, bytes.len > 0 ? bytes.len : 1);
    must(copy != NULL);
    packet.bytes = slice_of(copy, bytes.len);
    if (flow->listener < world->policy->listener_count) {
        packet.local = world->policy->listeners[flow->listener].address;
    }
    world->packets++;
    inspect(world->inspection, world->plan, world->state, &packet, world->tallies);
    relay_act(world->relay, world->inspection, world->outbox);
    take_outbox(world);
    free(world->packet);
    world->packet = copy;
}

uint64_t world_next_ms(const struct world *world)
{
    return relay_next_ms(world->relay);
}

void world_advance(struct world *world, uint64_t now_ms)
{
    world->now_ms = now_ms;
    for (unsigned i = 0; i < 1000 && world_next_ms(world) <= now_ms; i++) {
        relay_tick(world->relay, now_ms, world->outbox);
        take_outbox(world);
    }
    if (world_next_ms(world) <= now_ms) {
        complain(world, "the relay is never done", SLICE_NONE);
    }
}

static void add_counters(struct relay_counters *sum, const struct relay_counters *part)
{
#define COUNTER(name, written, what) sum->name += part->name;
#include "relay/counters.def"
#undef COUNTER
}

struct relay_counters world_counters(const struct world *world)
{
    struct relay_counters sum = world->before;

    add_counters(&sum, relay_counters(world->relay));
    return sum;
}

void world_restart(struct world *world)
{
    world->before = world_counters(world);
    relay_free(world->relay);
    gate_unsettle(world->gate);
    world->restarts++;
    start_worker(world);
}

bool world_reload(struct world *world, struct slice text, struct slice name)
{
    struct policy *policy = read_policy(text, name);
    struct plan *plan = NULL;

    if (policy == NULL) {
        return false;
    }
    plan = plan_new(policy);
    must(relay_policy(world->relay, plan, world->now_ms, world->outbox));
    plan_free(world->plan);
    policy_free(world->policy);
    world->plan = plan;
    world->policy = policy;
    take_outbox(world);
    return true;
}

void world_answer_name(struct world *world, struct slice name, const struct name_target *targets,
                       unsigned count)
{
    struct name_answer answer = {.count = (uint16_t)count, .ttl_seconds = 60};

    memcpy(answer.targets, targets, count * sizeof(*targets));
    for (uint32_t i = 0; i < world->policy->names.count; i++) {
        if (slice_equal_nocase(world->policy->names.at[i], name)) {
            answer.name = (uint16_t)i;
            relay_name(world->relay, &answer, world->now_ms, world->outbox);
            take_outbox(world);
        }
    }
}

void world_send_failed(struct world *world, uint32_t reference)
{
    relay_send_failed(world->relay, reference, world->now_ms, world->outbox);
    take_outbox(world);
}

void world_connection_closed(struct world *world, uint32_t connection)
{
    relay_connection_closed(world->relay, connection, world->now_ms, world->outbox);
    take_outbox(world);
}

void world_report(struct world *world, const struct media_report *report)
{
    relay_media_report(world->relay, report, world->now_ms, world->outbox);
    take_outbox(world);
}

uint16_t world_zone(const struct world *world, struct slice name)
{
    for (uint32_t i = 0; i < world->policy->zone_count; i++) {
        if (slice_equal(world->policy->zones[i].name, name)) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

uint16_t world_listener(const struct world *world, uint16_t zone, enum transport transport,
                        enum address_family family)
{
    return world->policy->zones[zone].listeners[transport][family == ADDRESS_V6 ? 1 : 0];
}

static uint32_t texts_used(const struct state *state)
{
    uint32_t used = 0;

    for (unsigned i = 0; i < TEXT_SIZES; i++) {
        used += state->texts.pools[i].used;
    }
    return used;
}

bool world_is_empty(const struct world *world, struct text *why)
{
    const struct state *state = world->state;
    uint32_t texts = texts_used(state);

    text_put_format(why,
                    "exchanges %u, dialogs %u, streams %u, texts %u, registrations %u, "
                    "tables %u %u %u %u, timers %u, gate %u",
                    state->exchanges.used, state->dialogs.used, state->streams.used, texts,
                    state->registrations.used, state->by_server.used, state->by_client.used,
                    state->by_merge.used, state->by_tag.used, state->wheel.count,
                    world->gate->open_count);
    return state->exchanges.used == 0 && state->dialogs.used == 0 && state->streams.used == 0 &&
           texts == state->registrations.used && state->by_server.used == 0 &&
           state->by_client.used == 0 && state->by_merge.used == 0 && state->by_tag.used == 0 &&
           state->wheel.count == state->registrations.used && world->gate->open_count == 0 &&
           state->by_aor.used == state->registrations.used &&
           state->by_contact.used == state->registrations.used;
}
