#include "scene.h"

#include "base/must.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRANSCRIPT_MAX = 4 * 1024 * 1024 };

bool scene_fail(struct scene *scene, const char *format, ...)
{
    va_list list;

    if (scene->has_failed) {
        return false;
    }
    scene->has_failed = true;
    fprintf(stderr, "%s:%u: ", scene->path, scene->line);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    return false;
}

void scene_note(struct scene *scene, const char *format, ...)
{
    va_list list;
    int len = 0;

    va_start(list, format);
    len = vsnprintf(scene->transcript + scene->transcript_len,
                    TRANSCRIPT_MAX - scene->transcript_len, format, list);
    va_end(list);
    if (len > 0 && scene->transcript_len + (size_t)len < TRANSCRIPT_MAX) {
        scene->transcript_len += (size_t)len;
    }
}

void letter_keep(struct letter *letter, struct slice bytes)
{
    free(letter->at);
    letter->at = malloc(bytes.len + 1);
    must(letter->at != NULL);
    memcpy(letter->at, bytes.at, bytes.len);
    letter->at[bytes.len] = '\0';
    letter->len = bytes.len;
}

static void skip_blanks(struct slice *words)
{
    while (words->len > 0 && (words->at[0] == ' ' || words->at[0] == '\t')) {
        *words = slice_skip(*words, 1);
    }
}

/* Up to a blank outside braces. */
static size_t word_len(struct slice words)
{
    unsigned depth = 0;
    size_t len = 0;

    while (len < words.len && (depth > 0 || words.at[len] != ' ')) {
        depth += words.at[len] == '{';
        depth -= words.at[len] == '}' && depth > 0;
        len++;
    }
    return len;
}

struct slice say_word(struct say *say)
{
    struct slice word;

    skip_blanks(&say->words);
    word = slice_head(say->words, word_len(say->words));
    say->words = slice_skip(say->words, word.len);
    skip_blanks(&say->words);
    return word;
}

bool say_is(struct say *say, const char *word)
{
    struct say before = *say;

    if (slice_equal(say_word(say), slice_string(word))) {
        return true;
    }
    *say = before;
    return false;
}

bool say_more(struct say *say)
{
    skip_blanks(&say->words);
    if (say->words.len == 0 && say->clause_at < say->clause_count) {
        say->words = say->clauses[say->clause_at++];
    }
    return say->words.len > 0;
}

struct slice say_rest(struct say *say)
{
    struct slice rest = slice_trim(say->words);

    say->words = SLICE_NONE;
    return rest;
}

struct actor *scene_actor(struct scene *scene, struct slice name)
{
    for (unsigned i = 0; i < scene->actor_count; i++) {
        if (slice_equal(slice_string(scene->actors[i]->party.name), name)) {
            return scene->actors[i];
        }
    }
    return NULL;
}

static void note_message(struct scene *scene, const char *from, const char *to, struct slice bytes)
{
    scene_note(scene, "---- %.3f %s -> %s\n", (double)(scene->net.now_ms - 5000000) / 1000, from,
               to);
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.at[i] != '\r') {
            scene_note(scene, "%c", bytes.at[i]);
        }
    }
    scene_note(scene, "\n");
}

static bool is_shown(const struct scene *scene, struct slice word)
{
    for (unsigned i = 0; i < scene->shown_count; i++) {
        if (slice_equal(scene->shown[i], SLICE("everything")) || slice_has(scene->shown[i], word) ||
            slice_has(word, scene->shown[i])) {
            return true;
        }
    }
    return false;
}

/* Addresses are prefixes of longer ones. */
static bool shows_word(struct slice bytes, struct slice word)
{
    for (size_t at = 0; at + word.len <= bytes.len; at++) {
        char behind = at + word.len < bytes.len ? bytes.at[at + word.len] : ' ';

        if (memcmp(bytes.at + at, word.at, word.len) == 0 && (behind < '0' || behind > '9')) {
            return true;
        }
    }
    return false;
}

static void keep_secret(struct scene *scene, const struct actor *reader, const struct actor *owner,
                        struct slice secret, struct slice bytes)
{
    if (secret.len > 0 && !is_shown(scene, secret) && shows_word(bytes, secret)) {
        scene_fail(scene, "%s sees %.*s of %s", reader->party.name, (int)secret.len, secret.at,
                   owner->party.name);
    }
}

static void keep_secrets(struct scene *scene, const struct actor *reader, struct slice bytes)
{
    const struct policy_zone *zone = &scene->net.world.policy->zones[reader->party.host.zone];

    for (unsigned i = 0; i < scene->actor_count; i++) {
        const struct actor *owner = scene->actors[i];
        char host[ADDRESS_TEXT_MAX];
        struct text text;

        if (owner->party.host.zone == reader->party.host.zone) {
            continue;
        }
        text_init(&text, host, sizeof(host));
        address_write_host(&text, &owner->party.host.address, false);
        if (zone->hides) {
            keep_secret(scene, reader, owner, text_slice(&text), bytes);
        }
        for (const struct dialogue *dialogue = owner->party.dialogues; dialogue != NULL;
             dialogue = dialogue->next) {
            keep_secret(scene, reader, owner, slice_string(dialogue->branch), bytes);
            if (dialogue->is_mine) {
                keep_secret(scene, reader, owner, slice_string(dialogue->call_id), bytes);
            }
            keep_secret(scene, reader, owner, slice_string(dialogue->local_tag), bytes);
        }
    }
}

static void receive(struct net_host *host, struct slice bytes)
{
    struct actor *actor = (struct actor *)host;
    struct scene *scene = actor->scene;

    note_message(scene, "store", actor->party.name, bytes);
    keep_secrets(scene, actor, bytes);
    if (actor->inbox_count == SCENE_INBOX_MAX) {
        scene_fail(scene, "%s gets more than it can hold", actor->party.name);
        return;
    }
    letter_keep(&actor->inbox[actor->inbox_count++], bytes);
}

static bool put(void *owner, const struct net_packet *packet)
{
    struct scene *scene = owner;

    if (packet->is_to_store) {
        note_message(scene, packet->host->name, "store", slice_of(packet->bytes, packet->len));
    } else if (packet->host == NULL) {
        note_message(scene, "store", "nobody", slice_of(packet->bytes, packet->len));
    }
    return true;
}

static void arrives(void *owner, const struct net_packet *packet)
{
    (void)owner;
    (void)packet;
}

static void judged(void *owner, const struct net_packet *packet)
{
    struct scene *scene = owner;
    const struct inspection *inspection = scene->net.world.inspection;

    (void)packet;
    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        const struct finding *finding = &inspection->findings[i];

        scene_note(scene, "     found %s %s: %.*s\n", control_at(finding->control)->id,
                   finding->detail == NULL ? "" : finding->detail,
                   (int)(finding->evidence.len < 60 ? finding->evidence.len : 60),
                   finding->evidence.len > 0 ? finding->evidence.at : "");
    }
    scene_note(scene, "     verdict %s %u\n", policy_action_name(inspection->verdict.action),
               inspection->verdict.status);
}

static void asked(void *owner, struct slice name)
{
    struct scene *scene = owner;

    scene_note(scene, "---- store asks for %.*s\n", (int)name.len, name.at);
    if (scene->asked_name_count < ARRAY_COUNT(scene->asked_names) && name.len < 128) {
        memcpy(scene->asked_names[scene->asked_name_count], name.at, name.len);
        scene->asked_names[scene->asked_name_count++][name.len] = '\0';
    }
}

static void broken(void *owner, const char *what, struct slice evidence)
{
    scene_fail(owner, "%s:\n%.*s", what, (int)evidence.len, evidence.at == NULL ? "" : evidence.at);
}

char *file_read(const char *path, size_t *len);
char *file_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size = 0;

    if (file == NULL) {
        return NULL;
    }
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    text = malloc((size_t)size + 1);
    must(text != NULL && fread(text, 1, (size_t)size, file) == (size_t)size);
    text[size] = '\0';
    *len = (size_t)size;
    fclose(file);
    return text;
}

static bool open_policy(struct scene *scene, struct slice name)
{
    struct net_owner owner = {put, arrives, judged, asked, broken, scene};
    char path[1024];
    size_t len = 0;
    char *text = NULL;

    snprintf(path, sizeof(path), "%s/%.*s", scene->folder, (int)name.len, name.at);
    text = file_read(path, &len);
    if (text == NULL) {
        return scene_fail(scene, "%s cannot be read", path);
    }
    scene->is_open = net_open(&scene->net, slice_of(text, len), name, 20240611, &owner);
    free(text);
    return scene->is_open || scene_fail(scene, "%s is no policy", path);
}

static bool read_place(struct slice place, enum transport *transport, struct address *address)
{
    struct slice rest = place, name;

    *transport = TRANSPORT_UDP;
    if (slice_starts(place, SLICE("udp:")) || slice_starts(place, SLICE("tcp:")) ||
        slice_starts(place, SLICE("tls:"))) {
        slice_cut(&rest, ':', &name);
        if (!transport_read(name, transport)) {
            return false;
        }
        place = rest;
    }
    if (!address_read_port(address, place)) {
        return false;
    }
    if (address->port == 0) {
        address->port = 5060;
    }
    return true;
}

/* party NAME ZONE [tcp:]ADDRESS[:PORT] AOR */
static bool enter(struct scene *scene, struct say *say)
{
    struct actor *actor = calloc(1, sizeof(*actor));
    struct slice name = say_word(say), zone = say_word(say), place = say_word(say);
    struct slice aor = say_word(say);
    char name_room[PARTY_NAME_MAX], aor_room[160];

    must(actor != NULL && scene->actor_count < SCENE_PARTIES_MAX);
    scene->actors[scene->actor_count++] = actor;
    actor->scene = scene;
    actor->party.host.receive = receive;
    actor->party.host.zone = world_zone(&scene->net.world, zone);
    if (actor->party.host.zone == POLICY_NONE ||
        !read_place(place, &actor->party.host.transport, &actor->party.host.address)) {
        return scene_fail(scene, "no such place: %.*s %.*s", (int)zone.len, zone.at, (int)place.len,
                          place.at);
    }
    snprintf(name_room, sizeof(name_room), "%.*s", (int)name.len, name.at);
    if (aor.len > 0) {
        snprintf(aor_room, sizeof(aor_room), "%.*s", (int)aor.len, aor.at);
    } else {
        snprintf(aor_room, sizeof(aor_room), "sip:%s@example.net", name_room);
    }
    party_init(&actor->party, &scene->net, name_room, aor_room);
    net_add(&scene->net, &actor->party.host);
    if (actor->party.host.listener == POLICY_NONE) {
        return scene_fail(scene, "the zone has no such listener");
    }
    return true;
}

static bool begin(struct scene *scene, struct slice first, struct say *say)
{
    if (slice_equal(first, SLICE("scene"))) {
        struct slice title = say_rest(say);

        snprintf(scene->title, sizeof(scene->title), "%.*s", (int)title.len, title.at);
        return true;
    }
    if (slice_equal(first, SLICE("policy")) && !scene->is_open) {
        return open_policy(scene, say_word(say));
    }
    if (!scene->is_open) {
        return scene_fail(scene, "no policy yet");
    }
    if (slice_equal(first, SLICE("party"))) {
        return enter(scene, say);
    }
    return scene_watch(scene, first, say);
}

static bool act(struct scene *scene, struct actor *actor, struct say *say)
{
    struct slice verb = say_word(say);

    if (slice_equal(verb, SLICE("sends"))) {
        return scene_sends(scene, actor, say);
    }
    if (slice_equal(verb, SLICE("answers"))) {
        return scene_answers(scene, actor, say);
    }
    if (slice_equal(verb, SLICE("acknowledges"))) {
        return scene_acknowledges(scene, actor, say);
    }
    if (slice_equal(verb, SLICE("gets"))) {
        return scene_gets(scene, actor, say);
    }
    if (slice_equal(verb, SLICE("says")) && say_is(say, "what")) {
        struct actor *other = scene_actor(scene, say_word(say));

        if (other == NULL || !say_is(say, "said")) {
            return scene_fail(scene, "what who said?");
        }
        net_send(&scene->net, &actor->party.host, slice_of(other->said.at, other->said.len));
        return true;
    }
    if (slice_equal(verb, SLICE("is"))) {
        bool *is = say_is(say, "deaf")          ? &actor->party.host.is_deaf
                   : say_is(say, "unreachable") ? &actor->party.host.is_unreachable
                                                : NULL;

        return is != NULL ? (*is = true) : scene_fail(scene, "%s is what?", actor->party.name);
    }
    if (slice_equal(verb, SLICE("fails"))) {
        world_send_failed(&scene->net.world, actor->party.host.unreached);
        return true;
    }
    if (slice_equal(verb, SLICE("expects")) && say_is(say, "media")) {
        uint64_t port = 0;

        if (!slice_number(say_word(say), UINT16_MAX, &port)) {
            return scene_fail(scene, "where?");
        }
        actor->party.media_port = (unsigned)port;
        return true;
    }
    if (slice_equal(verb, SLICE("hears"))) {
        actor->party.host.is_deaf = false;
        return true;
    }
    if (slice_equal(verb, SLICE("forgets"))) {
        actor->inbox_count = 0;
        return true;
    }
    if (slice_equal(verb, SLICE("moves")) && say_is(say, "to")) {
        return read_place(say_word(say), &actor->party.host.transport,
                          &actor->party.host.address) ||
               scene_fail(scene, "no such place");
    }
    if (slice_equal(verb, SLICE("disconnects"))) {
        uint32_t connection = actor->party.host.connection;

        actor->party.host.connection = 0;
        world_connection_closed(&scene->net.world, connection);
        return true;
    }
    return scene_fail(scene, "%s cannot do that: %.*s", actor->party.name, (int)verb.len, verb.at);
}

static bool play(struct scene *scene, struct say *say)
{
    struct slice first = say_word(say);
    struct actor *actor = scene_actor(scene, first);
    bool is_done = actor != NULL ? act(scene, actor, say) : begin(scene, first, say);

    if (!is_done) {
        return scene_fail(scene, "that did not work");
    }
    if (say_more(say)) {
        return scene_fail(scene, "too many words: %.*s", (int)say->words.len, say->words.at);
    }
    if (scene->is_open) {
        net_settle(&scene->net);
    }
    return !scene->has_failed;
}

/* The next line that says something, and those that go on with it; false at the end. */
static bool next_say(struct scene *scene, struct say *say, unsigned *lines)
{
    struct slice line;

    *say = (struct say){.clause_count = 0};
    scene->line += *lines;
    *lines = 0;
    while (say->words.len == 0) {
        if (!slice_cut(&scene->rest, '\n', &line)) {
            return false;
        }
        scene->line++;
        line = slice_trim(line);
        if (line.len > 0 && line.at[0] != '#') {
            say->words = line;
        }
    }
    while (scene->rest.len > 0 && (scene->rest.at[0] == ' ' || scene->rest.at[0] == '\t') &&
           slice_cut(&scene->rest, '\n', &line)) {
        must(say->clause_count < SCENE_CLAUSES_MAX);
        (*lines)++;
        line = slice_trim(line);
        if (line.len > 0 && line.at[0] != '#') {
            say->clauses[say->clause_count++] = line;
        }
    }
    return true;
}

static void check_end(struct scene *scene)
{
    for (unsigned i = 0; i < scene->actor_count && !scene->has_failed; i++) {
        const struct actor *actor = scene->actors[i];

        if (actor->inbox_count > 0) {
            scene_fail(scene, "at the end %s has got more:\n%.*s", actor->party.name,
                       (int)slice_find(slice_of(actor->inbox[0].at, actor->inbox[0].len), '\r'),
                       actor->inbox[0].at);
        }
    }
}

static void scene_end(struct scene *scene)
{
    for (unsigned i = 0; i < scene->actor_count; i++) {
        struct actor *actor = scene->actors[i];

        for (unsigned j = 0; j < ARRAY_COUNT(actor->inbox); j++) {
            free(actor->inbox[j].at);
        }
        for (unsigned j = 0; j < ARRAY_COUNT(actor->asked); j++) {
            free(actor->asked[j].at);
        }
        free(actor->said.at);
        free(actor->heard.at);
        party_end(&actor->party);
        free(actor);
    }
    if (scene->is_open) {
        net_close(&scene->net);
    }
    free(scene->message);
    free(scene->other);
    free(scene->transcript);
}

bool scene_play(const char *path, bool is_told)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    char folder[1024];
    unsigned lines = 0;
    size_t len = 0;
    char *text = file_read(path, &len);
    struct say say;
    bool has_failed = false;

    must(scene != NULL);
    if (text == NULL) {
        fprintf(stderr, "%s cannot be read\n", path);
        free(scene);
        return false;
    }
    snprintf(folder, sizeof(folder), "%s", path);
    *(strrchr(folder, '/') != NULL ? strrchr(folder, '/') : folder) = '\0';
    scene->path = path;
    scene->folder = folder;
    scene->transcript = malloc(TRANSCRIPT_MAX);
    scene->message = calloc(1, sizeof(*scene->message));
    scene->other = calloc(1, sizeof(*scene->other));
    must(scene->transcript != NULL && scene->message != NULL && scene->other != NULL);
    scene->rest = slice_of(text, len);
    while (!scene->has_failed && next_say(scene, &say, &lines)) {
        scene_note(scene, "\n==== %u: %.*s\n", scene->line, (int)say.words.len, say.words.at);
        play(scene, &say);
    }
    check_end(scene);
    has_failed = scene->has_failed;
    if (is_told) {
        fwrite(scene->transcript, 1, scene->transcript_len, stdout);
    }
    scene_end(scene);
    free(scene);
    free(text);
    return !has_failed;
}
