#include "base/must.h"
#include "state/state.h"

static uint64_t aor_key(const struct state *state, struct slice aor)
{
    return hash_bytes(&state->key, aor);
}

static uint64_t token_key(const struct state *state, uint32_t token)
{
    return hash_bytes(&state->key, slice_of((const char *)&token, sizeof(token)));
}

static uint64_t stream_key(const struct state *state, uint32_t connection)
{
    return hash_bytes(&state->key, slice_of((const char *)&connection, sizeof(connection)));
}

static struct registration *find_stream(const struct state *state, uint32_t connection)
{
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    while (connection != 0 &&
           table_next(&state->by_stream, stream_key(state, connection), &cursor, &index)) {
        struct registration *registration = pool_at(&state->registrations, index);

        if (registration->flow.connection == connection) {
            return registration;
        }
    }
    return NULL;
}

/* The table has the first of each connection only: a gateway with ten thousand of them costs no
 * more than a telephone. */
static void stream_enter(struct state *state, struct registration *registration)
{
    uint32_t index = pool_handle(&state->registrations, registration).index;
    struct registration *first = find_stream(state, registration->flow.connection);

    registration->next_there = registration->former_there = 0;
    if (first == NULL) {
        must(table_add(&state->by_stream, stream_key(state, registration->flow.connection), index));
        return;
    }
    registration->former_there = pool_handle(&state->registrations, first).index;
    registration->next_there = first->next_there;
    if (first->next_there != 0) {
        struct registration *next = pool_at(&state->registrations, first->next_there);

        next->former_there = index;
    }
    first->next_there = index;
}

static void stream_leave(struct state *state, struct registration *registration)
{
    uint64_t key = stream_key(state, registration->flow.connection);
    uint32_t index = pool_handle(&state->registrations, registration).index;
    struct registration *other = NULL;

    if (registration->former_there != 0) {
        other = pool_at(&state->registrations, registration->former_there);
        other->next_there = registration->next_there;
    } else {
        table_remove(&state->by_stream, key, index);
        if (registration->next_there != 0) {
            must(table_add(&state->by_stream, key, registration->next_there));
        }
    }
    if (registration->next_there != 0) {
        other = pool_at(&state->registrations, registration->next_there);
        other->former_there = registration->former_there;
    }
    registration->next_there = registration->former_there = 0;
}

void registration_set_flow(struct state *state, struct registration *registration,
                           const struct flow *flow)
{
    if (registration->flow.connection != 0) {
        stream_leave(state, registration);
    }
    registration->flow = *flow;
    registration->is_cut_off = false;
    if (registration->flow.connection != 0) {
        stream_enter(state, registration);
    }
}

void registrations_cut_off(struct state *state, uint32_t connection)
{
    struct registration *registration = NULL;

    while ((registration = find_stream(state, connection)) != NULL) {
        struct flow flow = registration->flow;

        flow.connection = 0;
        registration_set_flow(state, registration, &flow);
        registration->is_cut_off = true;
    }
}

struct registration *registration_new(struct state *state)
{
    return pool_take(&state->registrations);
}

void registration_end(struct state *state, struct registration *registration)
{
    uint32_t index = pool_handle(&state->registrations, registration).index;
    struct slice aor = registration_text(state, registration, REGISTRATION_AOR);

    registration_set_flow(state, registration, &(struct flow){.connection = 0});
    wheel_stop(&state->wheel, &registration->expiry);
    if (text_is_kept(registration->texts)) {
        table_remove(&state->by_aor, aor_key(state, aor), index);
        table_remove(&state->by_contact, token_key(state, registration->token), index);
    }
    texts_give(&state->texts, &registration->texts);
    pool_give(&state->registrations, registration);
}

bool registration_set_texts(struct state *state, struct registration *registration,
                            const struct slice texts[REGISTRATION_TEXT_COUNT])
{
    uint32_t index = pool_handle(&state->registrations, registration).index;
    struct text_handle former = registration->texts;
    struct text_handle joined = {.size = 0};

    if (!texts_join(&state->texts, texts, REGISTRATION_TEXT_COUNT, &joined)) {
        return false;
    }
    if (text_is_kept(former)) {
        struct slice aor = registration_text(state, registration, REGISTRATION_AOR);

        table_remove(&state->by_aor, aor_key(state, aor), index);
    } else {
        must(table_add(&state->by_contact, token_key(state, registration->token), index));
    }
    registration->texts = joined;
    must(table_add(&state->by_aor, aor_key(state, texts[REGISTRATION_AOR]), index));
    texts_give(&state->texts, &former);
    return true;
}

struct slice registration_text(const struct state *state, const struct registration *registration,
                               enum registration_text text)
{
    return texts_part(&state->texts, registration->texts, text, REGISTRATION_TEXT_COUNT);
}

struct registration *registration_next(const struct state *state, struct slice aor,
                                       struct table_cursor *cursor)
{
    uint32_t index = 0;

    while (table_next(&state->by_aor, aor_key(state, aor), cursor, &index)) {
        struct registration *registration = pool_at(&state->registrations, index);

        if (slice_equal(registration_text(state, registration, REGISTRATION_AOR), aor)) {
            return registration;
        }
    }
    return NULL;
}

struct registration *registration_find_token(const struct state *state, uint32_t token)
{
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    while (table_next(&state->by_contact, token_key(state, token), &cursor, &index)) {
        struct registration *registration = pool_at(&state->registrations, index);

        if (registration->token == token) {
            return registration;
        }
    }
    return NULL;
}

struct slice registration_write_aor(struct text *text, const struct sip_message *message,
                                    const struct sip_uri *uri)
{
    struct slice host = sip_slice(message, uri->host);

    text_put(text, SLICE("sip:"));
    text_put(text, sip_slice(message, uri->user));
    if (uri->user.len > 0) {
        text_put_octet(text, '@');
    }
    for (size_t i = 0; i < host.len; i++) {
        char octet = host.at[i];

        text_put_octet(text, octet >= 'A' && octet <= 'Z' ? (char)(octet + 32) : octet);
    }
    return text_slice(text);
}
