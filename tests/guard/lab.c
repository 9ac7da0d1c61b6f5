#include "guard/lab.h"

#include <errno.h>

static const struct state_capacity capacity = {.exchanges = 16,
                                               .dialogs = 16,
                                               .registrations = 16,
                                               .media_streams = 16,
                                               .text_octets = 128 * 1024};

struct slice lab_file(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        fail_msg("%s: %s", path, strerror(errno));
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t len = (size_t)ftell(file);
    char *at = malloc(len + 1);
    assert_non_null(at);
    rewind(file);
    assert_int_equal(fread(at, 1, len, file), len);
    fclose(file);
    return slice_of(at, len);
}

static struct policy *policy_open(struct slice text, const char *path)
{
    struct policy_complaints *complaints = policy_complaints_new();
    struct policy *policy = policy_read(text, slice_string(path), control_names(), complaints);

    for (uint32_t i = 0; i < policy_complaint_count(complaints); i++) {
        struct slice complaint = policy_complaint(complaints, i);
        print_error("%.*s\n", (int)complaint.len, complaint.at);
    }
    policy_complaints_free(complaints);
    return policy;
}

/* What lies beside the policy of the lab: numbers, and what its feeds know. */
static void lists_of_lab(struct lab *lab)
{
    static const struct slice feeds[] = {
        [FEED_NUMBERS] = SLICE_INIT("+15559990\n# a comment\n9001\n"),
        [FEED_ADDRESSES] = SLICE_INIT("198.18.0.66\n198.18.66.0/24\n2001:db8:66::/48\n"),
        [FEED_AGENTS] = SLICE_INIT("lonely-dialer\ndialbot\nEvil Dialer 3\n"),
    };
    const struct lists_file numbers = {
        SLICE("numbers"),
        SLICE("+43900 premium AT\n+88216 satellite\n+4499 irsf\n+43720999 do-not-originate AT\n"
              "+431 home AT\n+43199 unallocated AT\n118899 short-code\n"),
    };
    struct lists_file files[POLICY_FEEDS_MAX];
    struct lists_sources sources = {.numbers = &numbers, .number_count = 1, .feeds = files};
    struct policy_complaints *complaints = policy_complaints_new();

    for (uint32_t i = 0; i < lab->policy->feed_count; i++) {
        files[i] = (struct lists_file){SLICE("feed"), feeds[lab->policy->feeds[i].kind]};
    }
    sources.feed_count = lab->policy->feed_count;
    lab->lists = lists_build(lab->policy, &sources, complaints);
    assert_non_null(lab->lists);
    assert_true(plan_use(lab->plan, lab->lists));
    policy_complaints_free(complaints);
}

void lab_open(struct lab *lab, const char *policy_path)
{
    struct slice text = lab_file(policy_path);

    lab_open_text(lab, text, policy_path);
    free((char *)(uintptr_t)text.at);
}

void lab_open_text(struct lab *lab, struct slice policy_text, const char *name)
{
    *lab = (struct lab){.policy = policy_open(policy_text, name)};
    assert_non_null(lab->policy);
    lab->plan = plan_new(lab->policy);
    lists_of_lab(lab);
    lab->memory = calloc(1, state_size(&capacity));
    lab->inspection = calloc(1, sizeof(*lab->inspection));
    assert_true(lab->plan != NULL && lab->memory != NULL && lab->inspection != NULL);
    lab_reset(lab);
}

void lab_reset(struct lab *lab)
{
    const struct hash_key key = {7, 11};

    tallies_free(lab->tallies);
    lab->tallies = tallies_new(lab->policy->peer_count);
    assert_non_null(lab->tallies);
    /* The mark of a former worker sits in front: without it the memory is taken as new. */
    memset(lab->memory, 0, lab->state == NULL ? 0 : state_size(&capacity));
    lab->state = state_init(lab->memory, state_size(&capacity), &capacity, &key, LAB_NOW_MS);
}

void lab_close(struct lab *lab)
{
    plan_free(lab->plan);
    lists_free(lab->lists);
    policy_free(lab->policy);
    tallies_free(lab->tallies);
    free(lab->memory);
    free(lab->inspection);
}

uint16_t lab_zone(const struct lab *lab, struct slice name)
{
    for (uint16_t i = 0; i < lab->policy->zone_count; i++) {
        if (slice_equal(lab->policy->zones[i].name, name)) {
            return i;
        }
    }
    fail_msg("no zone %.*s", (int)name.len, name.at);
    return POLICY_NONE;
}

static const struct policy_peer *zone_peer(const struct lab *lab, uint16_t zone)
{
    for (uint32_t i = 0; i < lab->policy->peer_count; i++) {
        if (lab->policy->peers[i].zone == zone) {
            return &lab->policy->peers[i];
        }
    }
    return NULL;
}

void lab_source(const struct lab *lab, struct slice zone, enum transport transport,
                struct lab_source *source)
{
    const struct policy_peer *peer = NULL;

    *source = (struct lab_source){.zone = POLICY_NONE, .transport = transport};
    assert_true(address_read_port(&source->address, SLICE("198.18.0.7:5062")));
    if (slice_equal(zone, SLICE("capture"))) {
        source->is_watched = true;
    } else if (!slice_equal(zone, SLICE("nowhere"))) {
        source->zone = lab_zone(lab, zone);
        peer = zone_peer(lab, source->zone);
    }
    if (peer != NULL) {
        source->address = peer->hops[0].address;
    }
}

static uint16_t listener_of(const struct lab *lab, const struct lab_source *source)
{
    if (source->is_watched || source->zone == POLICY_NONE) {
        return source->is_watched ? LISTENER_NONE : LISTENER_NONE - 1;
    }
    for (uint16_t i = 0; i < lab->policy->listener_count; i++) {
        const struct policy_listener *listener = &lab->policy->listeners[i];

        if (listener->zone == source->zone && listener->transport == source->transport) {
            return i;
        }
    }
    fail_msg("zone %u does not listen on %s", source->zone, transport_name(source->transport));
    return 0;
}

struct flow lab_flow(const struct lab *lab, const struct lab_source *source)
{
    return (struct flow){
        .remote = source->address,
        .listener = listener_of(lab, source),
        .transport = (uint8_t)source->transport,
        .connection = source->transport == TRANSPORT_UDP ? 0 : 3,
    };
}

static struct packet packet_of(const struct lab *lab, const struct lab_source *source,
                               struct slice bytes, uint64_t now_ms)
{
    struct packet packet = {.bytes = bytes,
                            .when_us = now_ms * 1000,
                            .flow = lab_flow(lab, source),
                            .certified_name = source->certified};

    packet.local = source->to;
    if (packet.flow.listener < lab->policy->listener_count) {
        packet.local = lab->policy->listeners[packet.flow.listener].address;
    }
    return packet;
}

void lab_judge(struct lab *lab, const struct lab_source *source, struct slice bytes,
               uint64_t now_ms)
{
    static struct packet packet;

    packet = packet_of(lab, source, bytes, LAB_NOW_MS + now_ms);
    inspect(lab->inspection, lab->plan, lab->state, &packet, lab->tallies);
}
