/* Names in braces: what only the conversation knows. */
#include "scene.h"

#include "base/must.h"

#include <stdlib.h>

struct dialogue *dialogue_named(const struct actor *actor, struct slice name)
{
    for (struct dialogue *dialogue = actor->party.dialogues; dialogue != NULL;
         dialogue = dialogue->next) {
        if (slice_equal(slice_string(dialogue->name), name)) {
            return dialogue;
        }
    }
    return NULL;
}

static struct slice got_value(struct scene *scene, struct actor *actor, struct slice name)
{
    enum sip_header_name header = sip_header_find(name);

    if (actor->heard.at == NULL ||
        sip_read(scene->other, slice_of(actor->heard.at, actor->heard.len), false) != SIP_READ) {
        return SLICE_NONE;
    }
    return sip_header_value(scene->other, header);
}

/* {alice.call.call-id}, {call.remote-tag}, {got RSeq}, {bob got Contact} */
static bool fill_in(struct scene *scene, struct actor *actor, struct slice inside,
                    struct text *text)
{
    struct slice rest = inside, first, second;
    struct dialogue *dialogue = NULL;

    if (slice_ends(inside, SLICE(" user"))) {
        /* What stands between "sip:" and "@" of what was got. */
        size_t from = text->len;
        struct slice whole;

        if (!fill_in(scene, actor, slice_head(inside, inside.len - 5), text)) {
            return false;
        }
        whole = slice_of(text->at + from, text->len - from);
        whole = slice_skip(whole, slice_find(whole, ':') + 1);
        whole = slice_head(whole, slice_find(whole, '@'));
        memmove(text->at + from, whole.at, whole.len);
        text->len = from + whole.len;
        return true;
    }
    if (slice_starts(inside, SLICE("got "))) {
        text_put(text, got_value(scene, actor, slice_skip(inside, 4)));
        return true;
    }
    if (slice_find(inside, ' ') < inside.len) {
        slice_cut(&rest, ' ', &first);
        actor = scene_actor(scene, first);
        if (actor != NULL && slice_starts(rest, SLICE("got "))) {
            text_put(text, got_value(scene, actor, slice_skip(rest, 4)));
            return true;
        }
        return false;
    }
    slice_cut(&rest, '.', &first);
    if (scene_actor(scene, first) != NULL) {
        actor = scene_actor(scene, first);
        slice_cut(&rest, '.', &first);
    }
    second = rest;
    if (slice_equal(first, SLICE("aor"))) {
        text_put_string(text, actor->party.aor);
        return true;
    }
    if (slice_equal(first, SLICE("contact"))) {
        text_put_string(text, actor->party.contact);
        return true;
    }
    dialogue = dialogue_named(actor, first);
    if (dialogue == NULL) {
        return false;
    }
    if (slice_equal(second, SLICE("call-id"))) {
        text_put_string(text, dialogue->call_id);
    } else if (slice_equal(second, SLICE("local-tag"))) {
        text_put_string(text, dialogue->local_tag);
    } else if (slice_equal(second, SLICE("remote-tag"))) {
        text_put_string(text, dialogue->remote_tag);
    } else if (slice_equal(second, SLICE("target"))) {
        text_put_string(text, dialogue->target);
    } else if (slice_equal(second, SLICE("call-id-escaped"))) {
        struct slice id = slice_string(dialogue->call_id);

        text_put(text, slice_head(id, slice_find(id, '@')));
        if (slice_find(id, '@') < id.len) {
            text_put(text, SLICE("%40"));
            text_put(text, slice_skip(id, slice_find(id, '@') + 1));
        }
    } else if (slice_equal(second, SLICE("remote-invite"))) {
        text_put_number(text, dialogue->remote_invite_cseq);
    } else if (slice_equal(second, SLICE("invite-branch"))) {
        text_put_string(text, dialogue->invite_branch);
    } else if (slice_equal(second, SLICE("remote-cseq"))) {
        text_put_number(text, dialogue->remote_cseq);
    } else if (slice_equal(second, SLICE("invite-cseq"))) {
        text_put_number(text, dialogue->invite_cseq);
    } else if (slice_equal(second, SLICE("rseq"))) {
        text_put_number(text, dialogue->rseq);
    } else if (slice_equal(second, SLICE("branch"))) {
        text_put_string(text, dialogue->branch);
    } else {
        return false;
    }
    return true;
}

struct slice scene_fill(struct scene *scene, struct actor *actor, struct slice value,
                        struct text *text)
{
    size_t from = text->len;

    while (value.len > 0) {
        if (slice_starts(value, SLICE("\\n"))) {
            text_put(text, SLICE("\r\n"));
            value = slice_skip(value, 2);
        } else if (slice_starts(value, SLICE("\\x")) && value.len >= 4) {
            char digits[3] = {value.at[2], value.at[3], '\0'};

            text_put_octet(text, (char)strtoul(digits, NULL, 16));
            value = slice_skip(value, 4);
        } else if (value.at[0] == '{') {
            struct slice inside = slice_skip(value, 1);

            inside = slice_head(inside, slice_find(inside, '}'));
            if (!fill_in(scene, actor, inside, text)) {
                scene_fail(scene, "nothing is called {%.*s}", (int)inside.len, inside.at);
            }
            value = slice_skip(value, inside.len + 2);
        } else {
            text_put_octet(text, value.at[0]);
            value = slice_skip(value, 1);
        }
    }
    must(!text->is_full);
    return slice_of(text->at + from, text->len - from);
}
