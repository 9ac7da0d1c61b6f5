#include "state/token.h"

#include "state/state.h"

enum token_kind { TOKEN_DIALOG = 1, TOKEN_REGISTRATION = 2 };

/* What is sealed; fixed layout, octets only. */
struct token_plain {
    uint8_t kind, side, node[2], worker[2], name[8];
};

/* What it is bound to, in front of the leg's Call-ID. */
struct token_bound {
    uint8_t kind, side, peer[4];
};

enum { TOKEN_BOUND_MAX = sizeof(struct token_bound) + 512 /* HYG-L15, hard */ };

_Static_assert(sizeof(struct token_plain) == TOKEN_PLAIN, "the length of a token");

static void put_number(uint8_t *at, uint64_t number, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++) {
        at[i] = (uint8_t)(number >> (8 * (octets - 1 - i)));
    }
}

static uint64_t get_number(const uint8_t *at, unsigned octets)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < octets; i++) {
        number = (number << 8) | at[i];
    }
    return number;
}

static struct slice bound_to(char *room, enum token_kind kind, unsigned side, uint32_t peer_id,
                             struct slice call_id)
{
    struct token_bound bound = {.kind = (uint8_t)kind, .side = (uint8_t)side};
    size_t len = call_id.len < TOKEN_BOUND_MAX - sizeof(bound) ? call_id.len
                                                               : TOKEN_BOUND_MAX - sizeof(bound);

    put_number(bound.peer, peer_id, sizeof(bound.peer));
    memcpy(room, &bound, sizeof(bound));
    if (len > 0) {
        memcpy(room + sizeof(bound), call_id.at, len);
    }
    return slice_of(room, sizeof(bound) + len);
}

static bool token_seal(const struct state *state, const struct token_plain *plain,
                       struct slice bound, struct text *text)
{
    return state->keys[0] != NULL &&
           siv_seal(state->keys[0], bound, slice_of((const char *)plain, sizeof(*plain)), text);
}

static enum token_standing token_open(const struct state *state, struct slice user,
                                      struct slice bound, struct token_plain *plain)
{
    char opened[SIV_PLAIN_MAX];
    size_t len = 0;
    unsigned id = 0;

    if (user.len != TOKEN_LEN || !siv_token_key(user, &id)) {
        return TOKEN_ABSENT;
    }
    for (unsigned i = 0; i < STATE_KEYS_MAX && state->keys[i] != NULL; i++) {
        if (siv_id(state->keys[i]) == id && siv_open(state->keys[i], bound, user, opened, &len) &&
            len == sizeof(*plain)) {
            memcpy(plain, opened, sizeof(*plain));
            return TOKEN_GOOD;
        }
    }
    return TOKEN_BAD;
}

static struct token_plain token_plain(const struct state *state, enum token_kind kind,
                                      unsigned side, uint64_t name)
{
    struct token_plain plain = {.kind = (uint8_t)kind, .side = (uint8_t)side};

    put_number(plain.node, state->node, sizeof(plain.node));
    put_number(plain.worker, state->worker, sizeof(plain.worker));
    put_number(plain.name, name, sizeof(plain.name));
    return plain;
}

static struct slice bound_to_side(const struct state *state, const struct dialog *dialog,
                                  unsigned side, char room[TOKEN_BOUND_MAX])
{
    return bound_to(room, TOKEN_DIALOG, side, dialog->sides[side].peer_id,
                    dialog_text(state, dialog, side, DIALOG_CALL_ID));
}

/* The family stays as long as the record, and dialog_set_texts looks after the Call-ID. */
static bool keeps_token(const struct dialog_side *leg)
{
    return leg->token[0] != '\0' && leg->token_peer_id == leg->peer_id;
}

static bool token_keep(const struct state *state, struct dialog *dialog, unsigned side)
{
    char room[TOKEN_BOUND_MAX];
    struct dialog_side *leg = &dialog->sides[side];
    struct token_plain plain = token_plain(state, TOKEN_DIALOG, side, dialog->family);
    struct text text;

    text_init(&text, leg->token, sizeof(leg->token));
    if (!token_seal(state, &plain, bound_to_side(state, dialog, side, room), &text)) {
        leg->token[0] = '\0';
        return false;
    }
    leg->token_peer_id = leg->peer_id;
    return true;
}

bool dialog_token_write(const struct state *state, struct dialog *dialog, unsigned side,
                        struct text *text)
{
    const struct dialog_side *leg = &dialog->sides[side];

    if (state->keys[0] == NULL ||
        ((!keeps_token(leg) || leg->token[0] != siv_letter(state->keys[0])) &&
         !token_keep(state, dialog, side))) {
        return false;
    }
    text_put(text, slice_of(leg->token, sizeof(leg->token)));
    return true;
}

/* One that was made here, with a key that is still in use, need not be opened. */
static bool is_kept_token(const struct state *state, const struct dialog_side *leg,
                          struct slice user)
{
    if (!keeps_token(leg) || !siv_token_is(user, slice_of(leg->token, sizeof(leg->token)))) {
        return false;
    }
    for (unsigned i = 0; i < STATE_KEYS_MAX && state->keys[i] != NULL; i++) {
        if (siv_letter(state->keys[i]) == leg->token[0]) {
            return true;
        }
    }
    return false;
}

enum token_standing dialog_token(const struct state *state, const struct dialog *dialog,
                                 unsigned side, struct slice user)
{
    char room[TOKEN_BOUND_MAX];
    struct token_plain plain;

    if (is_kept_token(state, &dialog->sides[side], user)) {
        return TOKEN_GOOD;
    }
    enum token_standing standing =
        token_open(state, user, bound_to_side(state, dialog, side, room), &plain);
    if (standing == TOKEN_GOOD && (plain.kind != TOKEN_DIALOG || plain.side != side ||
                                   get_number(plain.name, 8) != dialog->family)) {
        return TOKEN_BAD;
    }
    return standing;
}

bool registration_token_write(const struct state *state, const struct registration *registration,
                              struct text *text)
{
    char room[TOKEN_BOUND_MAX];
    struct token_plain plain = token_plain(state, TOKEN_REGISTRATION, 0, registration->token);

    /* Whom it was given to is in the record, which the guard compares with who sends it. */
    return token_seal(state, &plain, bound_to(room, TOKEN_REGISTRATION, 0, 0, SLICE_NONE), text);
}

bool registration_token_worker(const struct state *state, struct slice user, uint16_t *worker)
{
    char room[TOKEN_BOUND_MAX];
    struct token_plain plain;
    struct slice bound = bound_to(room, TOKEN_REGISTRATION, 0, 0, SLICE_NONE);

    if (token_open(state, user, bound, &plain) != TOKEN_GOOD || plain.kind != TOKEN_REGISTRATION) {
        return false;
    }
    *worker = (uint16_t)get_number(plain.worker, sizeof(plain.worker));
    return true;
}

struct registration *registration_of_token(const struct state *state, struct slice user,
                                           enum token_standing *standing)
{
    char room[TOKEN_BOUND_MAX];
    struct token_plain plain;
    struct registration *registration = NULL;

    *standing =
        token_open(state, user, bound_to(room, TOKEN_REGISTRATION, 0, 0, SLICE_NONE), &plain);
    if (*standing != TOKEN_GOOD) {
        return NULL;
    }
    if (plain.kind == TOKEN_REGISTRATION) {
        registration = registration_find_token(state, (uint32_t)get_number(plain.name, 8));
    }
    if (registration == NULL) {
        *standing = TOKEN_BAD;
    }
    return registration;
}
