#include "state/state.h"

#include "base/arena.h"
#include "base/must.h"

#include <stdalign.h>

/* At the front of the memory; a former worker's is recognised by mark and sizes. */
struct state_block {
    uint64_t mark;
    uint64_t size;
    struct state_capacity capacity;
    struct state state;
};

enum { STATE_VERSION = 1 };
static const uint64_t state_mark = 0x7369707761726400U + STATE_VERSION;

struct state_layout {
    size_t exchanges, dialogs, registrations, streams, texts;
    size_t by_server, by_client, by_merge, by_tag, by_aor, by_contact;
    size_t end;
};

static size_t layout_add(size_t *end, size_t size)
{
    size_t at = *end;

    /* Pages of their own: what is never used is never touched. */
    *end = (at + size + 4095) & ~(size_t)4095;
    return at;
}

static struct state_layout state_layout(const struct state_capacity *capacity)
{
    struct state_layout layout = {0};
    size_t end = 0;

    layout_add(&end, sizeof(struct state_block));
    layout.exchanges = layout_add(&end, pool_size(sizeof(struct exchange), capacity->exchanges));
    layout.dialogs = layout_add(&end, pool_size(sizeof(struct dialog), capacity->dialogs));
    layout.registrations =
        layout_add(&end, pool_size(sizeof(struct registration), capacity->registrations));
    layout.streams =
        layout_add(&end, pool_size(sizeof(struct media_stream), capacity->media_streams));
    layout.texts = layout_add(&end, texts_size(capacity->text_octets));
    layout.by_server = layout_add(&end, table_size(capacity->exchanges));
    layout.by_client = layout_add(&end, table_size(capacity->exchanges));
    layout.by_merge = layout_add(&end, table_size(capacity->exchanges));
    layout.by_tag = layout_add(&end, table_size(2 * capacity->dialogs));
    layout.by_aor = layout_add(&end, table_size(capacity->registrations));
    layout.by_contact = layout_add(&end, table_size(capacity->registrations));
    layout.end = end;
    return layout;
}

size_t state_size(const struct state_capacity *capacity)
{
    return state_layout(capacity).end;
}

static bool text_is_terminated(const char *text, size_t max)
{
    return memchr(text, '\0', max) != NULL;
}

/* Whether a former worker's call can be carried on: only one whose ACK was seen is promised
 * (design 2.7), and only a record whose parts hold together is believed. */
static bool dialog_is_sound(struct state *state, struct dialog *dialog)
{
    bool is_up = dialog->state == DIALOG_CONFIRMED &&
                 (dialog->kind == DIALOG_SUBSCRIPTION || dialog->was_acknowledged);

    if (!is_up || dialog->stream_count > DIALOG_STREAMS_MAX) {
        return false;
    }
    for (unsigned side = 0; side < 2; side++) {
        const struct dialog_side *leg = &dialog->sides[side];

        if (!text_is_terminated(leg->local_tag, sizeof(leg->local_tag)) ||
            leg->local_tag[0] == '\0' || !texts_mark(&state->texts, leg->texts) ||
            dialog_text(state, dialog, side, DIALOG_CALL_ID).len == 0) {
            return false;
        }
    }
    return true;
}

static void dialog_take_over(struct state *state, struct dialog *dialog)
{
    uint32_t index = pool_handle(&state->dialogs, dialog).index;

    for (unsigned side = 0; side < 2; side++) {
        struct slice tag = slice_string(dialog->sides[side].local_tag);

        must(table_add(&state->by_tag, hash_bytes(&state->key, tag), index));
        dialog->sides[side].has_pending_invite = false;
        dialog->sides[side].has_pending_offer = false;
    }
}

static void dialogs_take_over(struct state *state)
{
    struct dialog *dialog = NULL;
    uint32_t index = 0;

    while ((dialog = pool_next(&state->dialogs, &index)) != NULL) {
        memset(dialog->timers, 0, sizeof(dialog->timers));
        if (dialog_is_sound(state, dialog)) {
            dialog_take_over(state, dialog);
            continue;
        }
        if (dialog->state == DIALOG_CONFIRMED && dialog->was_acknowledged) {
            state->dropped_records++;
        } else {
            state->given_back++;
        }
        pool_give(&state->dialogs, dialog);
    }
}

static void registrations_take_over(struct state *state, uint64_t now_ms)
{
    struct registration *registration = NULL;
    uint32_t index = 0;

    while ((registration = pool_next(&state->registrations, &index)) != NULL) {
        memset(&registration->expiry, 0, sizeof(registration->expiry));
        if (!registration->is_confirmed || registration->expires_ms <= now_ms) {
            state->given_back++;
            pool_give(&state->registrations, registration);
            continue;
        }
        struct slice aor = registration_text(state, registration, REGISTRATION_AOR);
        if (aor.len == 0 || !texts_mark(&state->texts, registration->texts)) {
            state->dropped_records++;
            pool_give(&state->registrations, registration);
            continue;
        }
        uint32_t token = registration->token;
        must(table_add(&state->by_aor, hash_bytes(&state->key, aor), index));
        must(table_add(&state->by_contact,
                       hash_bytes(&state->key, slice_of((const char *)&token, sizeof(token))),
                       index));
    }
}

static bool stream_belongs(const struct state *state, const struct media_stream *stream,
                           struct handle handle)
{
    const struct dialog *dialog = pool_find(&state->dialogs, stream->dialog);

    if (dialog == NULL) {
        return false;
    }
    for (unsigned i = 0; i < dialog->stream_count; i++) {
        if (dialog->streams[i] == handle.index) {
            return true;
        }
    }
    return false;
}

static void streams_take_over(struct state *state)
{
    struct media_stream *stream = NULL;
    uint32_t index = 0;

    while ((stream = pool_next(&state->streams, &index)) != NULL) {
        if (!stream_belongs(state, stream, pool_handle(&state->streams, stream))) {
            state->given_back++;
            pool_give(&state->streams, stream);
        }
    }
}

static void exchanges_give_back(struct state *state)
{
    struct exchange *exchange = NULL;
    uint32_t index = 0;

    while ((exchange = pool_next(&state->exchanges, &index)) != NULL) {
        state->given_back++;
        pool_give(&state->exchanges, exchange);
    }
}

static void state_take_over(struct state *state, uint64_t now_ms)
{
    texts_unmark(&state->texts);
    exchanges_give_back(state);
    dialogs_take_over(state);
    registrations_take_over(state, now_ms);
    streams_take_over(state);
    texts_sweep(&state->texts);
}

static void state_lay_out(struct state *state, char *memory, const struct state_layout *layout,
                          const struct state_capacity *capacity)
{
    pool_init(&state->exchanges, memory + layout->exchanges, sizeof(struct exchange),
              capacity->exchanges);
    pool_init(&state->dialogs, memory + layout->dialogs, sizeof(struct dialog), capacity->dialogs);
    pool_init(&state->registrations, memory + layout->registrations, sizeof(struct registration),
              capacity->registrations);
    pool_init(&state->streams, memory + layout->streams, sizeof(struct media_stream),
              capacity->media_streams);
    texts_init(&state->texts, memory + layout->texts, capacity->text_octets);
    table_init(&state->by_server, memory + layout->by_server, capacity->exchanges);
    table_init(&state->by_client, memory + layout->by_client, capacity->exchanges);
    table_init(&state->by_merge, memory + layout->by_merge, capacity->exchanges);
    table_init(&state->by_tag, memory + layout->by_tag, 2 * capacity->dialogs);
    table_init(&state->by_aor, memory + layout->by_aor, capacity->registrations);
    table_init(&state->by_contact, memory + layout->by_contact, capacity->registrations);
}

struct state *state_init(void *memory, size_t size, const struct state_capacity *capacity,
                         const struct hash_key *key, uint64_t now_ms)
{
    struct state_layout layout = state_layout(capacity);
    struct state_block *block = memory;
    bool is_left_by_former = block->mark == state_mark && block->size == layout.end &&
                             memcmp(&block->capacity, capacity, sizeof(*capacity)) == 0;

    must(size >= layout.end);
    if (!is_left_by_former && block->mark != 0) {
        memset(memory, 0, layout.end);
    }
    *block = (struct state_block){.size = layout.end, .capacity = *capacity};
    block->state.key = *key;
    wheel_init(&block->state.wheel, now_ms);
    state_lay_out(&block->state, memory, &layout, capacity);
    state_take_over(&block->state, now_ms);
    block->mark = state_mark;
    return &block->state;
}
