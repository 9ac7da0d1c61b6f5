/* What parties say: requests and answers with the lines a scene wants otherwise. */
#include "scene.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

struct saying {
    struct scene *scene;
    struct actor *actor;
    struct dialogue *dialogue;
    struct slice method, uri, as;
    uint64_t cseq;
    struct slice branch, tag;
    struct extras extras;
    bool has_sdp, has_no_contact;
    unsigned media;
    const char *direction;
    char body[32768];
    size_t body_len;
    struct slice body_type;
    char room[32768]; /* values with their names filled in */
    size_t room_len;
};

static struct slice filled(struct saying *saying, struct slice value)
{
    struct text text;
    struct slice full;

    text_init(&text, saying->room + saying->room_len, sizeof(saying->room) - saying->room_len);
    full = scene_fill(saying->scene, saying->actor, value, &text);
    saying->room_len += full.len;
    return full;
}

static void sdp_clauses(struct saying *saying, struct say *say)
{
    static const struct {
        const char *word, *direction;
    } words[] = {{"hold", "sendonly"},
                 {"held", "recvonly"},
                 {"inactive", "inactive"},
                 {"sendrecv", "sendrecv"}};
    uint64_t number = 0;

    saying->has_sdp = true;
    saying->media = 1;
    for (bool goes_on = true; goes_on;) {
        goes_on = false;
        for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
            if (say_is(say, words[i].word)) {
                saying->direction = words[i].direction;
                goes_on = true;
            }
        }
        if (say_is(say, "video")) {
            saying->media = 2;
            goes_on = true;
        }
        if (say_is(say, "media") && slice_number(say_word(say), 16, &number)) {
            saying->media = (unsigned)number;
            goes_on = true;
        }
        if (say_is(say, "port") && slice_number(say_word(say), 65535, &number)) {
            saying->actor->party.media_port = (unsigned)number;
            goes_on = true;
        }
    }
}

static bool with(struct saying *saying, struct say *say)
{
    struct slice line;

    if (say_is(say, "sdp")) {
        sdp_clauses(saying, say);
        return true;
    }
    if (say_is(say, "body")) {
        struct slice type = say_word(say), body = filled(saying, say_rest(say));

        must(body.len < sizeof(saying->body));
        memcpy(saying->body, body.at, body.len);
        saying->body_len = body.len;
        saying->body_type = type;
        return true;
    }
    line = filled(saying, say_rest(say));
    return extras_add_line(&saying->extras, line) ||
           scene_fail(saying->scene, "no header line: %.*s", (int)line.len, line.at);
}

/* One clause that both requests and answers know. */
static bool clause(struct saying *saying, struct say *say)
{
    if (say_is(say, "with")) {
        return with(saying, say);
    }
    if (say_is(say, "without")) {
        struct slice name = say_word(say);

        extras_add(&saying->extras, name, SLICE_NONE);
        return true;
    }
    if (say_is(say, "as")) {
        saying->as = say_word(say);
        return true;
    }
    if (say_is(say, "cseq")) {
        return slice_number(say_word(say), UINT32_MAX, &saying->cseq);
    }
    if (say_is(say, "branch")) {
        saying->branch = filled(saying, say_word(say));
        return true;
    }
    if (say_is(say, "tag")) {
        saying->tag = filled(saying, say_word(say));
        return true;
    }
    return scene_fail(saying->scene, "not understood: %.*s", (int)say->words.len, say->words.at);
}

static struct slice body_of(struct saying *saying)
{
    if (saying->has_sdp) {
        struct text text;

        text_init(&text, saying->body, sizeof(saying->body));
        party_write_sdp(&saying->actor->party, saying->dialogue, saying->direction, saying->media,
                        &text);
        saying->body_len = text.len;
        saying->body_type = SLICE("application/sdp");
    }
    return slice_of(saying->body, saying->body_len);
}

static void send(struct saying *saying, struct slice bytes)
{
    letter_keep(&saying->actor->said, bytes);
    net_send(&saying->scene->net, &saying->actor->party.host, bytes);
}

static char *file_path(struct saying *saying, struct slice name)
{
    char *path = malloc(2048);

    must(path != NULL);
    snprintf(path, 2048, "%s/%.*s", saying->scene->folder, (int)name.len, name.at);
    return path;
}

char *file_read(const char *path, size_t *len);

/* A message as it lies in a file, line ends made CRLF. */
static bool send_file(struct saying *saying, struct slice name)
{
    char *path = file_path(saying, name);
    size_t len = 0;
    char *text = file_read(path, &len);
    char *bytes = malloc(2 * len + 1);
    size_t count = 0;

    must(bytes != NULL);
    free(path);
    if (text == NULL) {
        free(bytes);
        return scene_fail(saying->scene, "no such file: %.*s", (int)name.len, name.at);
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) {
            bytes[count++] = '\r';
        }
        bytes[count++] = text[i];
    }
    send(saying, slice_of(bytes, count));
    free(bytes);
    free(text);
    return true;
}

static bool begins_dialogue(const struct saying *saying)
{
    return saying->dialogue == NULL;
}

static bool find_dialogue(struct saying *saying, struct slice in, struct slice like)
{
    struct actor *whose = saying->actor;

    if (like.len > 0) {
        whose = scene_actor(saying->scene, like);
        if (whose == NULL) {
            return scene_fail(saying->scene, "nobody is called %.*s", (int)like.len, like.at);
        }
        if (in.len == 0) {
            in = SLICE("call");
        }
    }
    if (in.len == 0) {
        return true;
    }
    saying->dialogue = dialogue_named(whose, in);
    return saying->dialogue != NULL ||
           scene_fail(saying->scene, "no dialog is called %.*s", (int)in.len, in.at);
}

static bool opens(struct slice method)
{
    enum sip_method known = sip_method_find(method);

    return known != SIP_ACK && known != SIP_BYE && known != SIP_CANCEL && known != SIP_PRACK &&
           known != SIP_UPDATE && known != SIP_INFO && known != SIP_NOTIFY;
}

static bool begin(struct saying *saying)
{
    char name[PARTY_NAME_MAX];
    struct slice as = saying->as.len > 0 ? saying->as : SLICE("call");

    if (!begins_dialogue(saying)) {
        return true;
    }
    if (saying->uri.len == 0 && saying->as.len == 0) {
        saying->dialogue = dialogue_named(saying->actor, SLICE("call"));
        if (saying->dialogue != NULL) {
            return true;
        }
    }
    if (!opens(saying->method)) {
        saying->dialogue = dialogue_named(saying->actor, SLICE("call"));
        return saying->dialogue != NULL || scene_fail(saying->scene, "no call is up");
    }
    if (saying->uri.len == 0) {
        return scene_fail(saying->scene, "to whom?");
    }
    snprintf(name, sizeof(name), "%.*s", (int)as.len, as.at);
    saying->dialogue = party_begin(&saying->actor->party, name, saying->uri);
    return true;
}

static bool send_request(struct saying *saying)
{
    char *room = malloc(PARTY_MESSAGE_MAX);
    struct party_wish wish = {
        .method = saying->method,
        .uri = saying->uri,
        .cseq = (uint32_t)saying->cseq,
        .branch = saying->branch,
        .extras = &saying->extras,
    };
    struct text text;

    must(room != NULL);
    text_init(&text, room, PARTY_MESSAGE_MAX);
    wish.body = body_of(saying);
    wish.body_type = saying->body_type;
    party_write_request(&saying->actor->party, saying->dialogue, &wish, &text);
    send(saying, text_slice(&text));
    free(room);
    return true;
}

/* NAME sends METHOD [to URI] [in DIALOG] [as DIALOG] [like NAME] clauses; again; file NAME */
bool scene_sends(struct scene *scene, struct actor *actor, struct say *say)
{
    struct saying *saying = calloc(1, sizeof(*saying));
    struct slice in = SLICE_NONE, like = SLICE_NONE;
    bool is_done = true;

    must(saying != NULL);
    saying->scene = scene;
    saying->actor = actor;
    saying->method = say_word(say);
    if (slice_equal(saying->method, SLICE("again"))) {
        net_send(&scene->net, &actor->party.host, slice_of(actor->said.at, actor->said.len));
    } else if (slice_equal(saying->method, SLICE("file"))) {
        is_done = send_file(saying, say_word(say));
    } else {
        while (is_done && say_more(say)) {
            if (say_is(say, "to")) {
                saying->uri = filled(saying, say_word(say));
            } else if (say_is(say, "in")) {
                in = say_word(say);
            } else if (say_is(say, "like")) {
                like = say_word(say);
            } else {
                is_done = clause(saying, say);
            }
        }
        is_done =
            is_done && find_dialogue(saying, in, like) && begin(saying) && send_request(saying);
    }
    free(saying);
    return is_done;
}

/* The newest request of that method (or any) that waits for an answer. */
static struct letter *asked(struct scene *scene, struct actor *actor, struct slice method)
{
    for (unsigned i = actor->asked_count; i-- > 0;) {
        struct letter *letter = &actor->asked[i];

        must(sip_read(scene->other, slice_of(letter->at, letter->len), false) == SIP_READ);
        if (method.len == 0 ||
            slice_equal(sip_slice(scene->other, scene->other->method_text), method)) {
            return letter;
        }
    }
    return NULL;
}

static void forget_asked(struct actor *actor, const struct letter *letter)
{
    unsigned at = (unsigned)(letter - actor->asked);

    free(letter->at);
    memmove(&actor->asked[at], &actor->asked[at + 1],
            (actor->asked_count - at - 1) * sizeof(*letter));
    actor->asked_count--;
    actor->asked[actor->asked_count].at = NULL;
}

/* The dialogue the answer is of: another one when the scene names it. */
static void choose_answering(struct saying *saying, const struct sip_message *request)
{
    struct party *party = &saying->actor->party;

    saying->dialogue = dialogue_of(party, request);
    for (struct dialogue *dialogue = party->dialogues; saying->dialogue == NULL && dialogue != NULL;
         dialogue = dialogue->next) {
        if (slice_equal(slice_string(dialogue->call_id), sip_call_id(request)) &&
            slice_equal(slice_string(dialogue->remote_tag), sip_from_tag(request)) &&
            (saying->as.len == 0 || slice_equal(slice_string(dialogue->name), saying->as))) {
            saying->dialogue = dialogue;
        }
    }
    if (saying->dialogue == NULL && saying->as.len > 0) {
        char name[PARTY_NAME_MAX];

        snprintf(name, sizeof(name), "%.*s", (int)saying->as.len, saying->as.at);
        saying->dialogue = party_asked(party, name, request);
    }
}

static bool send_answer(struct saying *saying, struct letter *letter, unsigned status)
{
    char *room = malloc(PARTY_MESSAGE_MAX);
    struct party_wish wish = {.status = status, .tag = saying->tag, .extras = &saying->extras};
    struct text text;

    must(room != NULL);
    text_init(&text, room, PARTY_MESSAGE_MAX);
    wish.body = body_of(saying);
    wish.body_type = saying->body_type;
    party_write_response(&saying->actor->party, saying->dialogue, saying->scene->other, &wish,
                         &text);
    memcpy(saying->actor->answered, room, text.len);
    saying->actor->answered_len = text.len;
    send(saying, text_slice(&text));
    free(room);
    if (status >= 200 && saying->as.len == 0) {
        forget_asked(saying->actor, letter);
    }
    return true;
}

/* NAME answers STATUS [to METHOD] [as DIALOG] clauses; again */
bool scene_answers(struct scene *scene, struct actor *actor, struct say *say)
{
    struct saying *saying = calloc(1, sizeof(*saying));
    struct slice method = SLICE_NONE, first = say_word(say);
    struct letter *letter = NULL;
    uint64_t status = 0;
    bool is_done = true;

    must(saying != NULL);
    saying->scene = scene;
    saying->actor = actor;
    if (slice_equal(first, SLICE("again"))) {
        net_send(&scene->net, &actor->party.host, slice_of(actor->answered, actor->answered_len));
        free(saying);
        return true;
    }
    if (!slice_number(first, 699, &status)) {
        free(saying);
        return scene_fail(scene, "no status: %.*s", (int)first.len, first.at);
    }
    while (is_done && say_more(say)) {
        if (say_is(say, "to")) {
            method = say_word(say);
        } else {
            is_done = clause(saying, say);
        }
    }
    letter = asked(scene, actor, method);
    if (is_done && letter == NULL) {
        is_done = scene_fail(scene, "%s was not asked", actor->party.name);
    }
    if (is_done) {
        choose_answering(saying, scene->other);
        is_done = send_answer(saying, letter, (unsigned)status);
    }
    free(saying);
    return is_done;
}

/* NAME acknowledges [in DIALOG]: the ACK of a refusal */
bool scene_acknowledges(struct scene *scene, struct actor *actor, struct say *say)
{
    struct slice in = say_is(say, "in") ? say_word(say) : SLICE("call");
    struct dialogue *dialogue = dialogue_named(actor, in);
    char *room = malloc(PARTY_MESSAGE_MAX);
    char branch[64];
    struct text text;

    must(room != NULL);
    if (dialogue == NULL) {
        free(room);
        return scene_fail(scene, "no such dialog");
    }
    memcpy(branch, dialogue->invite_branch, sizeof(branch));
    text_init(&text, room, PARTY_MESSAGE_MAX);
    party_write_request(&actor->party, dialogue,
                        &(struct party_wish){.method = SLICE("ACK"),
                                             .uri = slice_string(dialogue->invite_uri),
                                             .branch = slice_string(branch)},
                        &text);
    net_send(&scene->net, &actor->party.host, text_slice(&text));
    free(room);
    return true;
}
