/*
 * The verb suggest: the contract that traffic shows, as text of a policy.
 *
 * What passed between us and each neighbour is written as the settings that would let it pass and
 * nothing more: optional methods and headers, kinds of bodies, numbers callers had, and rates with
 * room to spare.  It is a draft: whoever reads it knows which of it was agreed on.
 */
#include "app/inspect/watch.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "guard/content.h"
#include "guard/event.h"
#include "guard/identity.h"
#include "io/capture/capture.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    NEIGHBOURS_MAX = POLICY_PEERS_MAX + 1024, /* peers, and strangers where peers are expected */
    NAMES_MAX = 64,                           /* private headers, kinds of bodies of one */
    NAME_ROOM = 80,
    PREFIXES_MAX = 512,  /* beginnings of numbers that are gathered ... */
    PREFIX_DIGITS = 7,   /* ... so long ... */
    PREFIXES_SHOWN = 16, /* ... and made shorter until so few are left */
    CALLS_BITS = 16,     /* calls known at one time: their Call-IDs hashed */
    SPARE_PERCENT = 150, /* rates are so much of what was seen */
    RATE_LEAST = 5,      /* a second: less is nobody's contract */
    CALLS_LEAST = 10,
    OBSERVED_DAYS = 14, /* rules 0.3 */
    OUTPUT_MAX = 8 << 20,
};

struct names {
    char at[NAMES_MAX][NAME_ROOM];
    uint32_t count, unkept;
};

struct neighbour {
    uint16_t zone, peer;    /* peer POLICY_NONE: a stranger at ... */
    struct address address; /* ... this host */
    uint64_t requests, responses;
    uint8_t transports;  /* bit per enum transport */
    uint32_t methods;    /* optional ones that were used */
    uint64_t headers[4]; /* optional ones that were there */
    struct names private_headers, bodies;
    char prefixes[PREFIXES_MAX][PREFIX_DIGITS + 2]; /* "+4312345" */
    uint32_t prefix_count;
    bool has_many_prefixes;
    uint64_t second;
    uint32_t in_second, most_in_second;
    uint32_t calls, most_calls;
};

struct suggesting {
    struct watch watch;
    struct neighbour *neighbours;
    uint32_t neighbour_count, unkept;
    uint32_t calls[1 << CALLS_BITS]; /* neighbour + 1 by hash of a Call-ID; 0: none */
    uint64_t messages, first_us, last_us;
    bool is_unreadable;
};

static void name_note(struct names *names, struct slice name)
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

static struct neighbour *neighbour_of(struct suggesting *all, uint16_t zone, uint16_t peer,
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
            name_note(&neighbour->private_headers, sip_slice(message, message->headers[i].name));
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
                name_note(&neighbour->bodies, text_slice(&text));
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
        neighbour_of(all, inspection->zone, inspection->peer, &packet->flow.remote);
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
    struct neighbour *neighbour = neighbour_of(all, zone, peer, &packet->local);
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

/*
 * Writing.
 */

static int prefix_order(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* What begins the same is written once; one digit less, until few are left. */
static uint32_t prefixes_gather(struct neighbour *neighbour)
{
    for (size_t digits = PREFIX_DIGITS; digits > 0; digits--) {
        uint32_t kept = 0;

        for (uint32_t i = 0; i < neighbour->prefix_count; i++) {
            if (strlen(neighbour->prefixes[i]) > digits + 1) {
                neighbour->prefixes[i][digits + 1] = '\0';
            }
        }
        qsort(neighbour->prefixes, neighbour->prefix_count, sizeof(neighbour->prefixes[0]),
              prefix_order);
        for (uint32_t i = 0; i < neighbour->prefix_count; i++) {
            if (kept == 0 || !slice_starts(slice_string(neighbour->prefixes[i]),
                                           slice_string(neighbour->prefixes[kept - 1]))) {
                memmove(neighbour->prefixes[kept++], neighbour->prefixes[i],
                        sizeof(neighbour->prefixes[0]));
            }
        }
        neighbour->prefix_count = kept;
        if (kept <= PREFIXES_SHOWN) {
            return kept;
        }
    }
    return 0;
}

static void list_item(struct text *text, bool *has_any, const char *key, struct slice word)
{
    if (!*has_any) {
        text_put_format(text, "    %s: [", key);
    } else {
        text_put_string(text, ", ");
    }
    text_put_json(text, word);
    *has_any = true;
}

static void list_close(struct text *text, bool has_any)
{
    text_put_string(text, has_any ? "]\n" : "");
}

static void names_write(struct text *text, const char *key, const struct names *names,
                        bool *has_any)
{
    for (uint32_t i = 0; i < names->count; i++) {
        list_item(text, has_any, key, slice_string(names->at[i]));
    }
}

static void lists_write(struct text *text, struct neighbour *neighbour)
{
    bool has_any = false;

    for (unsigned i = 0; i < TRANSPORT_COUNT; i++) {
        if ((neighbour->transports >> i & 1) != 0) {
            list_item(text, &has_any, "transports", slice_string(transport_name(i)));
        }
    }
    list_close(text, has_any);
    has_any = false;
    for (unsigned i = 0; i < SIP_METHOD_COUNT; i++) {
        if ((neighbour->methods >> i & 1) != 0) {
            list_item(text, &has_any, "methods", sip_method_token((enum sip_method)i));
        }
    }
    list_close(text, has_any);
    has_any = false;
    for (unsigned i = 1; i < SIP_HEADER_COUNT; i++) {
        if ((neighbour->headers[i / 64] >> (i % 64) & 1) != 0) {
            list_item(text, &has_any, "headers", sip_header_spelling((enum sip_header_name)i));
        }
    }
    names_write(text, "headers", &neighbour->private_headers, &has_any);
    list_close(text, has_any);
    has_any = false;
    names_write(text, "bodies", &neighbour->bodies, &has_any);
    list_close(text, has_any);
    has_any = false;
    uint32_t count = neighbour->has_many_prefixes ? 0 : prefixes_gather(neighbour);
    for (uint32_t i = 0; i < count; i++) {
        list_item(text, &has_any, "numbers", slice_string(neighbour->prefixes[i]));
    }
    list_close(text, has_any);
}

static uint32_t with_room(uint32_t seen, uint32_t least)
{
    uint64_t figure = ((uint64_t)seen * SPARE_PERCENT + 99) / 100;

    return figure < least ? least : (uint32_t)figure;
}

static void date_write(struct text *text, uint64_t when_us)
{
    char room[32];
    struct text whole;

    text_init(&whole, room, sizeof(room));
    event_write_time(&whole, when_us);
    text_put(text, slice_head(text_slice(&whole), strlen("2026-12-31")));
}

static void neighbour_write(struct suggesting *all, struct text *text, struct neighbour *neighbour)
{
    const struct policy *policy = all->watch.policy;
    const struct policy_zone *zone = &policy->zones[neighbour->zone];

    text_put_format(text,
                    "  # %llu requests and %llu responses of it; at most %u requests in a "
                    "second and %u calls at the same time\n  ",
                    (unsigned long long)neighbour->requests,
                    (unsigned long long)neighbour->responses, neighbour->most_in_second,
                    neighbour->most_calls);
    if (neighbour->peer != POLICY_NONE) {
        text_put(text, policy->peers[neighbour->peer].name);
        text_put_format(text, ":\n    zone: %.*s\n", (int)zone->name.len, zone->name.at);
    } else {
        text_put_format(text,
                        "new-%u:   # nobody of the policy\n    zone: %.*s\n    addresses: [\"",
                        (unsigned)(neighbour - all->neighbours) + 1, (int)zone->name.len,
                        zone->name.at);
        address_write_host(text, &neighbour->address, false);
        text_put_string(text, "\"]\n");
    }
    lists_write(text, neighbour);
    text_put_format(text, "    rate: %u/s\n    calls: %u\n",
                    with_room(neighbour->most_in_second, RATE_LEAST),
                    with_room(neighbour->most_calls, CALLS_LEAST));
    text_put_string(text, "    observe: true\n    observe-until: \"");
    date_write(text, all->last_us + (uint64_t)OBSERVED_DAYS * 86400 * 1000000);
    text_put_string(text, "\"\n");
}

static int contract_print(struct suggesting *all)
{
    char *room = malloc(OUTPUT_MAX);
    struct text text;

    must(room != NULL);
    text_init(&text, room, OUTPUT_MAX);
    text_put_format(&text, "# What %llu messages from ", (unsigned long long)all->messages);
    date_write(&text, all->first_us);
    text_put_string(&text, " to ");
    date_write(&text, all->last_us);
    text_put_string(&text, " show of each neighbour: optional methods and headers, kinds of "
                           "bodies,\n# numbers of callers, and rates with half as much again. A "
                           "draft: strike what was never agreed on.\n");
    if (all->neighbour_count == 0) {
        text_put_string(&text, "# No neighbour is in it: the zones of the policy were not "
                               "recognised.\n");
    } else {
        text_put_string(&text, "peers:\n");
    }
    for (uint32_t i = 0; i < all->neighbour_count; i++) {
        neighbour_write(all, &text, &all->neighbours[i]);
    }
    if (all->unkept > 0) {
        text_put_format(&text, "# %u messages were of further strangers, who are not listed\n",
                        all->unkept);
    }
    must(!text.is_full);
    bool is_out = fwrite(text.at, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    free(room);
    return is_out && !all->is_unreadable ? EXIT_OK : EXIT_RUNTIME;
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
                                            {NULL, 0, NULL, 0}};
    struct suggesting *all = calloc(1, sizeof(*all));
    struct fault fault = {.text = ""};
    const char *policy = NULL;
    int option = 0, status = EXIT_RUNTIME;

    must(all != NULL);
    while ((option = getopt_long(argc, argv, "", options, NULL)) == 'p') {
        policy = optarg;
    }
    if (option != -1 || policy == NULL || optind == argc) {
        free(all);
        return EXIT_USAGE;
    }
    all->neighbours = calloc(NEIGHBOURS_MAX, sizeof(*all->neighbours));
    if (all->neighbours == NULL || !watch_open(&all->watch, policy, &fault)) {
        say("%s", fault.text);
    } else {
        for (int i = optind; i < argc; i++) {
            file_note(all, argv[i]);
        }
        status = contract_print(all);
    }
    watch_close(&all->watch);
    free(all->neighbours);
    free(all);
    return status;
}
