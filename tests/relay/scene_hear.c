/* What parties get, and what must or must not be in it. */
#include "scene.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

struct hearing {
    struct scene *scene;
    struct actor *actor;
    const struct sip_message *message;
    struct slice bytes;
};

static bool fail(const struct hearing *hearing, const char *what, struct slice word)
{
    return scene_fail(hearing->scene, "%s gets %s %.*s:\n%.*s", hearing->actor->party.name, what,
                      (int)word.len, word.at == NULL ? "" : word.at, (int)hearing->bytes.len,
                      hearing->bytes.at);
}

/* Whether a line of that name is there whose value has the words in it. */
static bool has_line(const struct hearing *hearing, struct slice name, struct slice value)
{
    const struct sip_message *message = hearing->message;

    for (unsigned i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];

        if (slice_equal_nocase(sip_slice(message, header->name), name) &&
            slice_has(sip_slice(message, header->value), value)) {
            return true;
        }
    }
    return false;
}

static bool with(const struct hearing *hearing, struct say *say)
{
    struct slice name, value;
    char room[4096];
    struct text text;

    if (say_is(say, "sdp")) {
        struct slice type = sip_header_value(hearing->message, SIP_HEADER_CONTENT_TYPE);

        return (slice_starts(type, SLICE("application/sdp")) && hearing->message->body.len > 0) ||
               fail(hearing, "no", SLICE("sdp"));
    }
    if (say_is(say, "body")) {
        value = say_rest(say);
        return slice_has(hearing->message->body, value) || fail(hearing, "no body with", value);
    }
    text_init(&text, room, sizeof(room));
    value = scene_fill(hearing->scene, hearing->actor, say_rest(say), &text);
    slice_cut(&value, ':', &name);
    name = slice_trim(name);
    value = slice_trim(value);
    return has_line(hearing, name, value) || fail(hearing, "no such line:", name);
}

static bool without(const struct hearing *hearing, struct say *say)
{
    struct slice name = say_word(say);

    if (slice_equal(name, SLICE("body"))) {
        return hearing->message->body.len == 0 || fail(hearing, "a", name);
    }
    return !has_line(hearing, name, SLICE_NONE) || fail(hearing, "the line", name);
}

static bool to(const struct hearing *hearing, struct say *say)
{
    struct slice uri = sip_slice(hearing->message, hearing->message->uri.whole);
    char room[4096];
    struct text text;
    struct slice word;

    text_init(&text, room, sizeof(room));
    word = scene_fill(hearing->scene, hearing->actor, say_word(say), &text);

    return slice_equal(uri, word) || fail(hearing, "it not for", word);
}

static void rename_dialogue(struct dialogue *dialogue, struct slice name)
{
    must(name.len < sizeof(dialogue->name));
    memcpy(dialogue->name, name.at, name.len);
    dialogue->name[name.len] = '\0';
}

/* A response of another answerer than those known. */
static struct dialogue *fork_of(const struct hearing *hearing)
{
    struct party *party = &hearing->actor->party;
    const struct sip_message *message = hearing->message;

    for (struct dialogue *dialogue = party->dialogues; dialogue != NULL;
         dialogue = dialogue->next) {
        if (slice_equal(slice_string(dialogue->call_id), sip_call_id(message)) &&
            slice_equal(slice_string(dialogue->local_tag), sip_from_tag(message)) &&
            message->status > 100 && message->status < 300 &&
            (message->cseq_method == SIP_INVITE || message->cseq_method == SIP_SUBSCRIBE)) {
            return party_fork(party, dialogue, sip_to_tag(message));
        }
    }
    return NULL;
}

static struct dialogue *learn(const struct hearing *hearing)
{
    struct party *party = &hearing->actor->party;
    const struct sip_message *message = hearing->message;
    struct dialogue *dialogue = dialogue_of(party, message);

    if (!message->is_request) {
        if (dialogue == NULL) {
            dialogue = fork_of(hearing);
        }
        if (dialogue != NULL) {
            dialogue_heard_response(dialogue, message);
        }
        return dialogue;
    }
    if (dialogue == NULL && sip_to_tag(message).len == 0 && message->method != SIP_ACK &&
        message->method != SIP_CANCEL) {
        return party_asked(party, "call", message);
    }
    if (dialogue != NULL) {
        dialogue_heard_request(dialogue, message);
    }
    return dialogue;
}

static bool is_wanted(const struct hearing *hearing, struct slice wanted)
{
    const struct sip_message *message = hearing->message;
    uint64_t status = 0;

    if (slice_number(wanted, 699, &status)) {
        return !message->is_request && message->status == status;
    }
    return message->is_request && slice_equal(sip_slice(message, message->method_text), wanted);
}

static void take(struct actor *actor, struct letter *taken)
{
    *taken = actor->inbox[0];
    memmove(&actor->inbox[0], &actor->inbox[1], (actor->inbox_count - 1) * sizeof(actor->inbox[0]));
    actor->inbox[--actor->inbox_count].at = NULL;
}

static void remember(struct actor *actor, const struct sip_message *message, struct slice bytes)
{
    letter_keep(&actor->heard, bytes);
    if (!message->is_request || message->method == SIP_ACK) {
        return;
    }
    if (actor->asked_count == ARRAY_COUNT(actor->asked)) {
        free(actor->asked[0].at);
        memmove(&actor->asked[0], &actor->asked[1],
                (actor->asked_count - 1) * sizeof(actor->asked[0]));
        actor->asked_count--;
    }
    actor->asked[actor->asked_count] = (struct letter){.at = NULL};
    letter_keep(&actor->asked[actor->asked_count++], bytes);
}

static bool clauses(const struct hearing *hearing, struct dialogue *dialogue, struct say *say)
{
    bool is_done = true;

    while (is_done && say_more(say)) {
        if (say_is(say, "with")) {
            is_done = with(hearing, say);
        } else if (say_is(say, "without")) {
            is_done = without(hearing, say);
        } else if (say_is(say, "to")) {
            is_done = to(hearing, say);
        } else if (say_is(say, "hiding")) {
            struct slice word = say_word(say);

            is_done = !slice_has(hearing->bytes, word) || fail(hearing, "to see", word);
        } else if (say_is(say, "in")) {
            struct slice name = say_word(say);

            is_done = (dialogue != NULL && slice_equal(slice_string(dialogue->name), name)) ||
                      fail(hearing, "it not in", name);
        } else if (say_is(say, "as")) {
            is_done = dialogue != NULL || fail(hearing, "it in no dialog", SLICE_NONE);
            if (is_done) {
                rename_dialogue(dialogue, say_word(say));
            }
        } else {
            return scene_fail(hearing->scene, "not understood: %.*s", (int)say->words.len,
                              say->words.at);
        }
    }
    return is_done;
}

/* NAME gets METHOD or STATUS, clauses; nothing; "again" behind: a retransmission, as before */
bool scene_gets(struct scene *scene, struct actor *actor, struct say *say)
{
    struct hearing hearing = {.scene = scene, .actor = actor, .message = scene->message};
    struct slice wanted = say_word(say);
    struct letter letter;
    bool is_again = false;

    if (slice_equal(wanted, SLICE("nothing"))) {
        return actor->inbox_count == 0 ||
               scene_fail(scene, "%s got something:\n%s", actor->party.name, actor->inbox[0].at);
    }
    if (actor->inbox_count == 0) {
        return scene_fail(scene, "%s got nothing", actor->party.name);
    }
    take(actor, &letter);
    hearing.bytes = slice_of(letter.at, letter.len);
    must(sip_read(scene->message, hearing.bytes, false) == SIP_READ);
    is_again = say_is(say, "again");
    bool is_done = is_wanted(&hearing, wanted) || fail(&hearing, "instead of", wanted);
    if (is_done && is_again) {
        is_done = clauses(&hearing, dialogue_of(&actor->party, scene->message), say);
    } else if (is_done) {
        struct dialogue *dialogue = learn(&hearing);

        remember(actor, scene->message, hearing.bytes);
        is_done = clauses(&hearing, dialogue, say);
    }
    free(letter.at);
    return is_done;
}
