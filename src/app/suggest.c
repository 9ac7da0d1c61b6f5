/*
 * The verb suggest: the contract that traffic shows, as text of a policy.
 *
 * What passed between us and each neighbour is written as the settings that would let it pass and
 * nothing more: optional methods and headers, kinds of bodies, numbers callers had, and rates with
 * room to spare.  It is a draft: whoever reads it knows which of it was agreed on.
 */
#include "app/suggest.h"

#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "guard/content.h"
#include "guard/identity.h"
#include "io/capture/capture.h"

#include <getopt.h>
#include <stdlib.h>

void suggest_name(struct names *names, struct slice name)
{
    if (name.len == 0 || name.len >= NAME_ROOM) {
        return;
    }
    for (uint32_t i = 0; i < names->count; i++) {
        if (slice_equal_nocase(slice_string(names->at[i]), name)) {
            return;
        }
    }
    if (names->count == NAMES_MAX) {
        names->unkept++;
        return;
    }
    memcpy(names->at[names->count], name.at, name.len);
    names->at[names->count++][name.len] = '\0';
}

struct neighbour *suggest_neighbour(struct suggesting *all, uint16_t zone, uint16_t peer,
                                    const struct address *address)
{
    for (uint32_t i = 0; i < all->neighbour_count; i++) {
        struct neighbour *known = &all->neighbours[i];

        if (known->zone == zone && known->peer == peer &&
            (peer != POLICY_NONE || address_same_host(&known->address, address))) {
            return known;
        }
    }
    if (all->neighbour_count == NEIGHBOURS_MAX) {
        all->unkept++;
        return NULL;
    }
    struct neighbour *fresh = &all->neighbours[all->neighbour_count++];
    fresh->zone = zone;
    fresh->peer = peer;
    fresh->address = *address;
    return fresh;
}

static void prefix_note(struct neighbour *neighbour, struct slice number)
{
    struct slice prefix = slice_head(number, PREFIX_DIGITS + 1);

    if (!identity_is_global(number)) {
        return;
    }
    for (uint32_t i = 0; i < neighbour->prefix_count; i++) {
        if (slice_equal(slice_string(neighbour->prefixes[i]), prefix)) {
            return;
        }
    }
    if (neighbour->prefix_count == PREFIXES_MAX) {
        neighbour->has_many_prefixes = true;
        return;
    }
    memcpy(neighbour->prefixes[neighbour->prefix_count++], prefix.at, prefix.len);
}

/* Who calls, by everything that says so. */
static void callers_note(struct neighbour *neighbour, const struct sip_message *message)
{
    static const enum sip_header_name names[] = {SIP_HEADER_P_ASSERTED_IDENTITY, SIP_HEADER_FROM};
    char room[IDENTITY_DIGITS_MAX];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct sip_value *value = sip_value(message, names[i]);

        for (; value != NULL; value = sip_value_next(message, value)) {
            prefix_note(neighbour, identity_number(message, &value->uri, room));
        }
    }
}

/* A method that only a contract lets cross. */
static void method_note(const struct policy *policy, struct neighbour *neighbour,
                        enum sip_method method, bool is_inward)
{
    enum policy_crossing crossing =
        is_inward ? policy_method_in(policy, neighbour->zone, POLICY_NONE, method)
                  : policy_method_out(policy, neighbour->zone, POLICY_NONE, method);

    if (method < SIP_METHOD_COUNT && crossing != CROSSING_ALLOWED && method != SIP_REGISTER) {
        neighbour->methods |= 1U << method;
    }
}

/* Headers that would pass if a contract named them. */
static void headers_note(const struct policy *policy, struct neighbour *neighbour,
                         const struct sip_message *message, bool is_inward)
{
    uint16_t core = 0;

    while (core < policy->zone_count && policy->zones[core].class != ZONE_CORE) {
        core++;
    }
    if (core == policy->zone_count) {
        return;
    }
    const struct policy_header_set *set =
        policy_headers(policy, is_inward ? neighbour->zone : core,
                       is_inward ? core : neighbour->zone, message->is_request,
                       (enum sip_method)message->cseq_method);
    const uint64_t *optional = is_inward ? set->in_option : set->out_option;
    for (uint16_t i = 0; i < message->header_count; i++) {
        uint8_t id = message->headers[i].id;

        if (id == SIP_HEADER_UNKNOWN) {
            suggest_name(&neighbour->private_headers, sip_slice(message, message->headers[i].name));
        } else if ((optional[id / 64] >> (id % 64) & 1) != 0) {
            neighbour->headers[id / 64] |= 1ULL << (id % 64);
        }
    }
}

static void bodies_note(const struct policy *policy, struct neighbour *neighbour,
                        struct inspection *inspection, bool is_inward)
{
    enum zone_class class = policy->zones[neighbour->zone].class;
    struct body_part part;
    uint16_t next = 0;

    while (inspection->message.body.len > 0 && body_next(inspection, &next, &part)) {
        const struct content *content = content_find(&part.type);
        bool crosses = content != NULL && content_crosses(content, is_inward ? class : ZONE_CORE,
                                                          is_inward ? ZONE_CORE : class);

        if (!crosses && part.type.type.len > 0) {
            char room[NAME_ROOM];
            struct text text;

            text_init(&text, room, sizeof(room));
            text_put(&text, part.type.type);
            text_put_octet(&text, '/');
            text_put(&text, part.type.subtype);
            if (!text.is_full) {
                suggest_name(&neighbour->bodies, text_slice(&text));
            }
        }
    }
}

static void rate_note(struct neighbour *neighbour, const struct packet *packet)
{
    uint64_t second = packet->when_us / 1000000;

    if (second != neighbour->second) {
        neighbour->second = second;
        neighbour->in_second = 0;
    }
    neighbour->in_second++;
    if (neighbour->in_second > neighbour->most_in_second) {
        neighbour->most_in_second = neighbour->in_second;
    }
}

/* Calls that are up: begun by an INVITE of the neighbour, over with a BYE of anybody or a refusal.
 */
static void calls_note(struct suggesting *all, struct neighbour *neighbour,
                       const struct sip_message *message)
{
    const struct hash_key key = {11, 13};
    uint32_t *call = &all->calls[hash_bytes(&key, sip_call_id(message)) & ((1U << CALLS_BITS) - 1)];
    bool begins =
        message->is_request && message->method == SIP_INVITE && sip_to_tag(message).len == 0;
    bool ends =
        (message->is_request && message->method == SIP_BYE) ||
        (!message->is_request && message->cseq_method == SIP_INVITE && message->status >= 300);

    if (ends && *call != 0) {
        struct neighbour *owner = &all->neighbours[*call - 1];

        owner->calls -= owner->calls > 0;
        *call = 0;
    } else if (begins && *call == 0) {
        *call = (uint32_t)(neighbour - all->neighbours) + 1;
        neighbour->calls++;
        if (neighbour->calls > neighbour->most_calls) {
            neighbour->most_calls = neighbour->calls;
        }
    }
}

static bool is_expected(const struct policy *policy, uint16_t zone)
{
    return zone != POLICY_NONE && policy->zones[zone].class != ZONE_CORE &&
           !policy->zones[zone].accepts_unknown;
}

static void from_neighbour(struct suggesting *all, const struct packet *packet)
{
    struct inspection *inspection = all->watch.inspection;
    const struct policy *policy = all->watch.policy;
    const struct sip_message *message = &inspection->message;

    if (!is_expected(policy, inspection->zone)) {
        return;
    }
    struct neighbour *neighbour =
        suggest_neighbour(all, inspection->zone, inspection->peer, &packet->flow.remote);
    if (neighbour == NULL) {
        return;
    }
    neighbour->transports = (uint8_t)(neighbour->transports | 1U << packet->flow.transport);
    neighbour->requests += message->is_request;
    neighbour->responses += !message->is_request;
    headers_note(policy, neighbour, message, true);
    bodies_note(policy, neighbour, inspection, true);
    calls_note(all, neighbour, message);
    if (message->is_request) {
        method_note(policy, neighbour, (enum sip_method)message->method, true);
        if (sip_to_tag(message).len == 0 && message->method != SIP_ACK &&
            message->method != SIP_CANCEL) {
            rate_note(neighbour, packet);
            callers_note(neighbour, message);
        }
    }
}

/* What we sent there, or the core sends through us. */
static void to_neighbour(struct suggesting *all, const struct packet *packet)
{
    struct inspection *inspection = all->watch.inspection;
    const struct policy *policy = all->watch.policy;
    uint16_t zone = inspection->zone_out, peer = inspection->peer_out;

    if (inspection->is_outgoing) {
        zone = inspection->zone;
        peer = policy_peer_find(policy, zone, &packet->local, packet->flow.transport, SLICE_NONE);
    }
    if (!is_expected(policy, zone) || (peer == POLICY_NONE && !inspection->is_outgoing)) {
        return;
    }
    struct neighbour *neighbour = suggest_neighbour(all, zone, peer, &packet->local);
    if (neighbour == NULL) {
        return;
    }
    headers_note(policy, neighbour, &inspection->message, false);
    bodies_note(policy, neighbour, inspection, false);
    calls_note(all, neighbour, &inspection->message);
    if (inspection->message.is_request) {
        method_note(policy, neighbour, (enum sip_method)inspection->message.method, false);
    }
}

/* Strangers are not read by who judges: here they are, to learn what a contract would say. */
static void packet_note(struct suggesting *all, const struct packet *packet)
{
    struct inspection *inspection = all->watch.inspection;

    watch_judge(&all->watch, packet);
    all->messages++;
    all->first_us = all->first_us == 0 ? packet->when_us : all->first_us;
    all->last_us = packet->when_us > all->last_us ? packet->when_us : all->last_us;
    if (!inspection->is_read) {
        inspection->reading = sip_read(&inspection->message, packet->bytes, false);
        inspection->is_read = true;
    }
    if (inspection->reading != SIP_READ) {
        return;
    }
    if (!inspection->is_outgoing) {
        from_neighbour(all, packet);
    }
    to_neighbour(all, packet);
}

static void file_note(struct suggesting *all, const char *path)
{
    struct fault fault = {.text = ""};
    struct capture *capture = capture_open(path, &fault);
    struct packet packet;

    if (capture != NULL) {
        while (capture_next(capture, &packet, &fault)) {
            packet_note(all, &packet);
        }
        capture_close(capture);
    }
    if (fault.text[0] != '\0') {
        say("%s: %s", path, fault.text);
        all->is_unreadable = true;
    }
}

int suggest_main(int argc, char **argv)
{
    static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
                                            {"events", required_argument, NULL, 'e'},
                                            {NULL, 0, NULL, 0}};
    struct suggesting *all = calloc(1, sizeof(*all));
    struct fault fault = {.text = ""};
    const char *policy = NULL, *events = NULL;
    int option = 0, status = EXIT_RUNTIME;

    must(all != NULL);
    while ((option = getopt_long(argc, argv, "", options, NULL)) == 'p' || option == 'e') {
        policy = option == 'p' ? optarg : policy;
        events = option == 'e' ? optarg : events;
    }
    if (option != -1 || policy == NULL || (optind == argc && events == NULL)) {
        free(all);
        return EXIT_USAGE;
    }
    all->neighbours = calloc(NEIGHBOURS_MAX, sizeof(*all->neighbours));
    if (all->neighbours == NULL || !watch_open(&all->watch, policy, &fault)) {
        say("%s", fault.text);
    } else if (events != NULL && !suggest_events(all, events, &fault)) {
        say("%s", fault.text);
    } else {
        for (int i = optind; i < argc; i++) {
            file_note(all, argv[i]);
        }
        status = suggest_print(all);
    }
    watch_close(&all->watch);
    free(all->neighbours);
    free(all);
    return status;
}
