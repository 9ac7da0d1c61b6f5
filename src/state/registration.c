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

struct registration *registration_new(struct state *state)
{
    return pool_take(&state->registrations);
}

void registration_end(struct state *state, struct registration *registration)
{
    uint32_t index = pool_handle(&state->registrations, registration).index;
    struct slice aor = registration_text(state, registration, REGISTRATION_AOR);

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
