/* What is done to the store and seen inside it. */
#include "scene.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

char *file_read(const char *path, size_t *len);

static bool after(struct scene *scene, struct say *say)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    struct slice word = say_word(say);
    size_t digits = 0;
    uint64_t number = 0;

    while (digits < word.len && word.at[digits] >= '0' && word.at[digits] <= '9') {
        digits++;
    }
    if (!slice_number(slice_head(word, digits), UINT32_MAX, &number)) {
        return scene_fail(scene, "after how long?");
    }
    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        if (slice_equal(slice_skip(word, digits), slice_string(units[i].unit))) {
            net_run(&scene->net, number * units[i].ms);
            return true;
        }
    }
    return scene_fail(scene, "after how long?");
}

static bool has_count(struct scene *scene, const char *what, uint64_t is, uint64_t wanted)
{
    return is == wanted || scene_fail(scene, "%s: %llu, not %llu", what, (unsigned long long)is,
                                      (unsigned long long)wanted);
}

static bool state(struct scene *scene, struct say *say)
{
    const struct state *now = scene->net.world.state;
    const struct {
        const char *word;
        uint64_t count;
    } counts[] = {{"exchanges", now->exchanges.used},
                  {"dialogs", now->dialogs.used},
                  {"registrations", now->registrations.used},
                  {"streams", now->streams.used},
                  {"dropped", now->dropped_records}};
    uint64_t number = 0;

    if (say_is(say, "empty")) {
        char room[512];
        struct text why;

        text_init(&why, room, sizeof(room));
        return world_is_empty(&scene->net.world, &why) ||
               scene_fail(scene, "the state is not empty: %.*s", (int)why.len, why.at);
    }
    if (!say_is(say, "has") || !slice_number(say_word(say), UINT32_MAX, &number)) {
        return scene_fail(scene, "what about the state?");
    }
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
        if (say_is(say, counts[i].word)) {
            return has_count(scene, counts[i].word, counts[i].count, number);
        }
    }
    return scene_fail(scene, "what does the state have?");
}

static bool counts(struct scene *scene, struct say *say)
{
    struct relay_counters counters = world_counters(&scene->net.world);
    const struct {
        const char *written;
        uint64_t count;
    } table[] = {
#define COUNTER(name, written, what) {written, counters.name},
#include "relay/counters.def"
#undef COUNTER
    };
    uint64_t number = 0;

    if (!slice_number(say_word(say), UINT32_MAX, &number)) {
        return scene_fail(scene, "how many?");
    }
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        if (say_is(say, table[i].written)) {
            return has_count(scene, table[i].written, table[i].count, number);
        }
    }
    return scene_fail(scene, "nothing of that name is counted");
}

static bool found(struct scene *scene, struct say *say)
{
    const struct inspection *inspection = scene->net.world.inspection;
    struct slice id = say_word(say);

    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        if (slice_equal(slice_string(control_at(inspection->findings[i].control)->id), id)) {
            return true;
        }
    }
    return scene_fail(scene, "%.*s has not found anything in the last message", (int)id.len, id.at);
}

static bool side_is_of(const struct media_side *side, const struct actor *actor)
{
    return address_same_host(&side->remote, &actor->party.host.address) &&
           side->remote.port == actor->party.media_port;
}

/* The stream between two parties, as described by their last SDP. */
static const struct gate_stream *stream_between(struct scene *scene, const struct actor *a,
                                                const struct actor *b, unsigned *side)
{
    const struct gate *gate = scene->net.world.gate;

    for (uint32_t i = 0; i < gate->open_count; i++) {
        const struct gate_stream *stream = &gate->streams[gate->open_streams[i]];

        for (*side = 0; *side < 2; (*side)++) {
            if (side_is_of(&stream->order.sides[*side], a) &&
                (b == NULL || side_is_of(&stream->order.sides[*side ^ 1], b))) {
                return stream;
            }
        }
    }
    return NULL;
}

static bool gate_report(struct scene *scene, enum media_report_kind kind)
{
    const struct gate *gate = scene->net.world.gate;
    struct media_report report = {.version = MEDIA_ORDER_VERSION, .kind = (uint8_t)kind};

    if (gate->open_count > 0) {
        report.stream = gate->open_streams[0];
        report.generation = gate->streams[report.stream].order.generation;
    }
    world_report(&scene->net.world, &report);
    return true;
}

static bool mutes(struct scene *scene, struct say *say, bool is_muted)
{
    struct actor *actor = scene_actor(scene, say_word(say));
    const struct gate_stream *stream = NULL;
    unsigned side = 0;

    must(actor != NULL);
    stream = stream_between(scene, actor, NULL, &side);
    return (stream != NULL && stream->order.sides[side].may_send != is_muted) ||
           scene_fail(scene, "the gate has it otherwise");
}

static bool gate(struct scene *scene, struct say *say)
{
    struct gate *now = scene->net.world.gate;
    uint64_t number = 0;
    unsigned side = 0;

    if (say_is(say, "has")) {
        return slice_number(say_word(say), UINT32_MAX, &number) &&
               (say_is(say, "streams") || say_is(say, "stream")) &&
               has_count(scene, "streams", now->open_count, number);
    }
    if (say_is(say, "joins")) {
        struct actor *a = scene_actor(scene, say_word(say));
        struct actor *b = say_is(say, "and") ? scene_actor(scene, say_word(say)) : NULL;

        must(a != NULL);
        return stream_between(scene, a, b, &side) != NULL ||
               scene_fail(scene, "no stream is between them");
    }
    if (say_is(say, "mutes")) {
        return mutes(scene, say, true);
    }
    if (say_is(say, "hears")) {
        return mutes(scene, say, false);
    }
    if (say_is(say, "epoch")) {
        return slice_number(say_word(say), UINT32_MAX, &number) && now->open_count > 0 &&
               has_count(scene, "epoch", now->streams[now->open_streams[0]].order.epoch, number);
    }
    if (say_is(say, "kept")) {
        return slice_number(say_word(say), UINT32_MAX, &number) &&
               has_count(scene, "kept", now->kept, number);
    }
    if (say_is(say, "restarts")) {
        /* It knows nothing any more, and says so. */
        while (now->open_count > 0) {
            now->streams[now->open_streams[--now->open_count]].is_open = false;
        }
        return gate_report(scene, MEDIA_REPORT_STARTED);
    }
    if (say_is(say, "hears-nothing")) {
        return gate_report(scene, MEDIA_REPORT_SILENT);
    }
    if (say_is(say, "runs-away")) {
        return gate_report(scene, MEDIA_REPORT_RUNAWAY);
    }
    return scene_fail(scene, "what about the gate?");
}

static bool policy_becomes(struct scene *scene, struct say *say)
{
    char path[1024];
    size_t len = 0;
    char *text = NULL;
    struct slice name = SLICE_NONE;
    char zones[SCENE_PARTIES_MAX][64];
    bool is_done = false;

    if (!say_is(say, "becomes")) {
        return scene_fail(scene, "the policy does what?");
    }
    name = say_word(say);
    for (unsigned i = 0; i < scene->actor_count; i++) {
        struct slice zone = scene->net.world.policy->zones[scene->actors[i]->party.host.zone].name;

        snprintf(zones[i], sizeof(zones[i]), "%.*s", (int)zone.len, zone.at);
    }
    snprintf(path, sizeof(path), "%s/%.*s", scene->folder, (int)name.len, name.at);
    text = file_read(path, &len);
    is_done = text != NULL && world_reload(&scene->net.world, slice_of(text, len), name);
    free(text);
    for (unsigned i = 0; i < scene->actor_count; i++) {
        struct net_host *host = &scene->actors[i]->party.host;

        /* Sockets stay; zones are where the policy says now. */
        host->zone = world_zone(&scene->net.world, slice_string(zones[i]));
        host->listener =
            world_listener(&scene->net.world, host->zone, host->transport, host->address.family);
    }
    return is_done || scene_fail(scene, "%s is no policy", path);
}

static bool name_is(struct scene *scene, struct say *say)
{
    struct slice name = say_word(say);
    struct name_target targets[NAME_TARGETS_MAX];
    unsigned count = 0;

    if (!say_is(say, "is")) {
        return scene_fail(scene, "the name is what?");
    }
    if (!say_is(say, "nowhere")) {
        while (say_more(say)) {
            targets[count] = (struct name_target){.transport = TRANSPORT_UDP};
            if (!address_read_port(&targets[count++].address, say_word(say))) {
                return scene_fail(scene, "no address");
            }
        }
    }
    world_answer_name(&scene->net.world, name, targets, count);
    return true;
}

static bool store(struct scene *scene, struct say *say)
{
    if (say_is(say, "asks")) {
        struct slice name = say_word(say);
        bool is_asked =
            scene->asked_name_count > 0 && slice_equal(slice_string(scene->asked_names[0]), name);

        if (!is_asked) {
            return scene_fail(scene, "the store does not ask for %.*s", (int)name.len, name.at);
        }
        memmove(scene->asked_names[0], scene->asked_names[1],
                sizeof(scene->asked_names) - sizeof(scene->asked_names[0]));
        scene->asked_name_count--;
        return true;
    }
    if (say_is(say, "drains")) {
        relay_drain(scene->net.world.relay);
        return true;
    }
    if (say_is(say, "idle")) {
        return relay_is_idle(scene->net.world.relay) || scene_fail(scene, "it is not idle");
    }
    if (say_is(say, "outbox")) {
        uint64_t number = 0;

        if (!slice_number(say_word(say), OUTBOX_ROOM, &number)) {
            return scene_fail(scene, "how large?");
        }
        scene->net.world.room_len = (size_t)number;
        outbox_init(scene->net.world.outbox, scene->net.world.room, (size_t)number);
        return true;
    }
    return scene_fail(scene, "what about the store?");
}

/* Tables as full as a scene wants them: the free slots are taken by nobody. */
static bool fill(struct scene *scene, struct say *say)
{
    struct state *now = scene->net.world.state;
    struct pool *pool = say_is(say, "exchanges")       ? &now->exchanges
                        : say_is(say, "dialogs")       ? &now->dialogs
                        : say_is(say, "streams")       ? &now->streams
                        : say_is(say, "registrations") ? &now->registrations
                                                       : NULL;
    uint64_t but = 0;

    if (pool == NULL) {
        return scene_fail(scene, "what is full?");
    }
    if (say_is(say, "but") && !slice_number(say_word(say), UINT32_MAX, &but)) {
        return scene_fail(scene, "but how many?");
    }
    while (pool->used + but < pool->count - 1) {
        must(pool_take(pool) != NULL);
    }
    return true;
}

static bool worker_restarts(struct scene *scene, struct say *say)
{
    if (!say_is(say, "restarts")) {
        return scene_fail(scene, "the worker does what?");
    }
    world_restart(&scene->net.world);
    return true;
}

/* peer NAME has N calls */
static bool peer_has(struct scene *scene, struct say *say)
{
    const struct policy *policy = scene->net.world.policy;
    struct slice name = say_word(say);
    uint64_t number = 0;

    for (uint16_t i = 0; i < policy->peer_count; i++) {
        if (slice_equal(policy->peers[i].name, name)) {
            return say_is(say, "has") && slice_number(say_word(say), UINT32_MAX, &number) &&
                   (say_is(say, "calls") || say_is(say, "call")) &&
                   has_count(scene, "calls", relay_peer_standing(scene->net.world.relay, i).calls,
                             number);
        }
    }
    return scene_fail(scene, "no such peer");
}

static bool shows(struct scene *scene, struct say *say)
{
    must(scene->shown_count < SCENE_SECRETS_MAX);
    scene->shown[scene->shown_count++] = say_word(say);
    return true;
}

bool scene_watch(struct scene *scene, struct slice first, struct say *say)
{
    static const struct {
        const char *word;
        bool (*does)(struct scene *scene, struct say *say);
    } statements[] = {
        {"after", after},   {"state", state},
        {"counts", counts}, {"found", found},
        {"gate", gate},     {"policy", policy_becomes},
        {"name", name_is},  {"store", store},
        {"full", fill},     {"worker", worker_restarts},
        {"shows", shows},   {"peer", peer_has},
    };

    for (size_t i = 0; i < ARRAY_COUNT(statements); i++) {
        if (slice_equal(first, slice_string(statements[i].word))) {
            return statements[i].does(scene, say);
        }
    }
    return scene_fail(scene, "nobody is called %.*s", (int)first.len, first.at);
}
