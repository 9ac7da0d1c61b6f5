#include "state/take_over.h"

#include "base/must.h"

/* At the front of the memory; a former worker's is recognised by mark and sizes. */
struct state_block {
    uint64_t mark;
    uint64_t size;
    struct state_capacity capacity;
    struct state state;
};

enum { STATE_VERSION = 8 };
static const uint64_t state_mark = 0x7369707761726400U + STATE_VERSION;

struct state_layout {
    size_t exchanges, dialogs, registrations, streams, texts;
    size_t by_server, by_client, by_merge, by_tag, by_aor, by_contact, by_stream, calls;
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
    layout.by_stream = layout_add(&end, table_size(capacity->registrations));
    layout.calls = layout_add(&end, occupancy_size(COUNTED_COUNT * capacity->dialogs));
    layout.end = end;
    return layout;
}

size_t state_size(const struct state_capacity *capacity)
{
    return state_layout(capacity).end;
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
    table_init(&state->by_stream, memory + layout->by_stream, capacity->registrations);
    occupancy_init(&state->calls, memory + layout->calls, COUNTED_COUNT * capacity->dialogs);
}

/* Whether a former worker of the same sizes left it.  Everything else is cleared, the front last: a
 * worker killed meanwhile leaves memory that is cleared again. */
static void block_begin(struct state_block *block, const struct state_layout *layout,
                        const struct state_capacity *capacity)
{
    bool is_left_by_former = block->mark == state_mark && block->size == layout->end &&
                             memcmp(&block->capacity, capacity, sizeof(*capacity)) == 0;
    bool is_new = block->mark == 0 && block->size == 0;

    if (!is_left_by_former && !is_new) {
        memset(block + 1, 0, layout->end - sizeof(*block));
        memset(block, 0, sizeof(*block));
    }
    /* From here on records are whole whenever the worker ends, this one included. */
    *block = (struct state_block){.mark = state_mark, .size = layout->end, .capacity = *capacity};
}

struct state *state_init(void *memory, size_t size, const struct state_capacity *capacity,
                         const struct hash_key *key, uint64_t now_ms)
{
    struct state_layout layout = state_layout(capacity);
    struct state_block *block = memory;

    must(size >= layout.end);
    block_begin(block, &layout, capacity);
    block->state.key = *key;
    wheel_init(&block->state.wheel, now_ms);
    state_lay_out(&block->state, memory, &layout, capacity);
    state_take_over(&block->state, now_ms);
    return &block->state;
}
