#include "base/must.h"
#include "state/state.h"

static uint64_t tag_key(const struct state *state, struct slice tag)
{
    return hash_bytes(&state->key, tag);
}

struct dialog *dialog_new(struct state *state)
{
    struct dialog *dialog = pool_take(&state->dialogs);

    if (dialog != NULL) {
        dialog->sides[0].remote_cseq = UINT32_MAX;
        dialog->sides[1].remote_cseq = UINT32_MAX;
    }
    return dialog;
}

void dialog_count(struct state *state, struct dialog *dialog, const uint64_t counted[COUNTED_COUNT])
{
    dialog_uncount(state, dialog);
    for (unsigned i = 0; i < COUNTED_COUNT; i++) {
        dialog->counted[i] = counted[i];
        occupancy_enter(&state->calls, counted[i]);
    }
}

void dialog_uncount(struct state *state, struct dialog *dialog)
{
    for (unsigned i = 0; i < COUNTED_COUNT; i++) {
        occupancy_leave(&state->calls, dialog->counted[i]);
        dialog->counted[i] = 0;
    }
}

void dialog_end(struct state *state, struct dialog *dialog)
{
    uint32_t index = pool_handle(&state->dialogs, dialog).index;

    dialog_uncount(state, dialog);
    for (unsigned i = 0; i < DIALOG_TIMER_COUNT; i++) {
        wheel_stop(&state->wheel, &dialog->timers[i]);
    }
    for (unsigned side = 0; side < 2; side++) {
        struct slice tag = slice_string(dialog->sides[side].local_tag);

        if (tag.len > 0) {
            table_remove(&state->by_tag, tag_key(state, tag), index);
        }
        texts_give(&state->texts, &dialog->sides[side].texts);
        texts_give(&state->texts, &dialog->sides[side].sdp);
    }
    pool_give(&state->dialogs, dialog);
}

void dialog_set_tag(struct state *state, struct dialog *dialog, unsigned side, struct slice tag)
{
    uint32_t index = pool_handle(&state->dialogs, dialog).index;
    char *local_tag = dialog->sides[side].local_tag;

    must(tag.len > 0 && tag.len < DIALOG_TAG_MAX);
    if (local_tag[0] != '\0') {
        table_remove(&state->by_tag, tag_key(state, slice_string(local_tag)), index);
    }
    memcpy(local_tag, tag.at, tag.len);
    local_tag[tag.len] = '\0';
    must(table_add(&state->by_tag, tag_key(state, tag), index));
}

bool dialog_set_texts(struct state *state, struct dialog *dialog, unsigned side,
                      const struct slice texts[DIALOG_TEXT_COUNT])
{
    struct text_handle former = dialog->sides[side].texts;
    struct text_handle joined = {.size = 0};

    if (!texts_join(&state->texts, texts, DIALOG_TEXT_COUNT, &joined)) {
        return false;
    }
    if (!slice_equal(dialog_text(state, dialog, side, DIALOG_CALL_ID), texts[DIALOG_CALL_ID])) {
        dialog->sides[side].token[0] = '\0'; /* it was bound to the other one */
    }
    dialog->sides[side].texts = joined;
    texts_give(&state->texts, &former);
    return true;
}

struct slice dialog_text(const struct state *state, const struct dialog *dialog, unsigned side,
                         enum dialog_text text)
{
    return texts_part(&state->texts, dialog->sides[side].texts, text, DIALOG_TEXT_COUNT);
}

bool dialog_change_text(struct state *state, struct dialog *dialog, unsigned side,
                        enum dialog_text text, struct slice changed)
{
    struct slice texts[DIALOG_TEXT_COUNT];

    for (unsigned i = 0; i < DIALOG_TEXT_COUNT; i++) {
        texts[i] = dialog_text(state, dialog, side, i);
    }
    if (slice_equal(texts[text], changed)) {
        return true;
    }
    texts[text] = changed;
    return dialog_set_texts(state, dialog, side, texts);
}

/* Before the first response names the answerer's tag, a NOTIFY may: it is the one that tells. */
static bool is_unanswered(const struct state *state, const struct dialog *dialog, unsigned side)
{
    return dialog->state == DIALOG_EARLY &&
           dialog_text(state, dialog, side, DIALOG_REMOTE_TAG).len == 0;
}

struct dialog *dialog_find(const struct state *state, struct slice call_id, struct slice local_tag,
                           struct slice remote_tag, unsigned *side)
{
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    while (table_next(&state->by_tag, tag_key(state, local_tag), &cursor, &index)) {
        struct dialog *dialog = pool_at(&state->dialogs, index);

        for (unsigned i = 0; i < 2; i++) {
            if (slice_equal(slice_string(dialog->sides[i].local_tag), local_tag) &&
                slice_equal(dialog_text(state, dialog, i, DIALOG_CALL_ID), call_id) &&
                (remote_tag.len == 0 || is_unanswered(state, dialog, i) ||
                 slice_equal(dialog_text(state, dialog, i, DIALOG_REMOTE_TAG), remote_tag))) {
                *side = i;
                return dialog;
            }
        }
    }
    return NULL;
}
