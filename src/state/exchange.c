#include "base/must.h"
#include "state/state.h"

static uint64_t server_key(const struct state *state, struct slice branch, struct slice sent_by,
                           uint8_t method, const struct address *host)
{
    uint64_t key = hash_pair(&state->key, branch, sent_by);
    uint8_t asker[1 + sizeof(host->bytes)] = {
        /* ACK and CANCEL look for the INVITE they name. */
        method == SIP_ACK || method == SIP_CANCEL ? SIP_INVITE : method,
    };

    memcpy(asker + 1, host->bytes, sizeof(host->bytes));
    key ^= hash_bytes(&state->key, slice_of((const char *)asker, sizeof(asker)));
    return key == 0 ? 1 : key;
}

static uint64_t merge_key(const struct state *state, struct slice call_id, struct slice from_tag,
                          uint32_t cseq, uint8_t method)
{
    uint64_t key = hash_pair(&state->key, call_id, from_tag);

    key ^= ((uint64_t)cseq << 8) | method;
    return key == 0 ? 1 : key;
}

static uint64_t client_key(const struct state *state, struct slice branch)
{
    uint64_t key = hash_bytes(&state->key, branch);

    return key == 0 ? 1 : key;
}

struct exchange *exchange_new(struct state *state)
{
    return pool_take(&state->exchanges);
}

static uint32_t exchange_index(const struct state *state, const struct exchange *exchange)
{
    return pool_handle(&state->exchanges, exchange).index;
}

static void exchange_forget(struct table *table, uint64_t *key, uint32_t index)
{
    if (*key != 0) {
        table_remove(table, *key, index);
        *key = 0;
    }
}

void exchange_end(struct state *state, struct exchange *exchange)
{
    uint32_t index = exchange_index(state, exchange);

    for (unsigned i = 0; i < EXCHANGE_TIMER_COUNT; i++) {
        wheel_stop(&state->wheel, &exchange->timers[i]);
    }
    exchange_forget(&state->by_server, &exchange->server_key, index);
    exchange_forget(&state->by_client, &exchange->client_key, index);
    exchange_forget(&state->by_merge, &exchange->merge_key, index);
    texts_give(&state->texts, &exchange->echo);
    texts_give(&state->texts, &exchange->wire);
    texts_give(&state->texts, &exchange->answer);
    pool_give(&state->exchanges, exchange);
}

bool exchange_set_server(struct state *state, struct exchange *exchange,
                         const struct slice echo[ECHO_COUNT])
{
    uint32_t index = exchange_index(state, exchange);

    if (!texts_join(&state->texts, echo, ECHO_COUNT, &exchange->echo)) {
        return false;
    }
    exchange->server_key = server_key(state, echo[ECHO_BRANCH], echo[ECHO_SENT_BY],
                                      exchange->method, &exchange->server_flow.remote);
    exchange->merge_key = merge_key(state, echo[ECHO_CALL_ID], echo[ECHO_FROM_TAG],
                                    exchange->server_cseq, exchange->method);
    /* CANCEL is a transaction of its own that is never looked for: its answer is final at once. */
    must(table_add(&state->by_server, exchange->server_key, index));
    must(table_add(&state->by_merge, exchange->merge_key, index));
    return true;
}

void exchange_set_client(struct state *state, struct exchange *exchange, struct slice branch)
{
    uint32_t index = exchange_index(state, exchange);

    must(branch.len < sizeof(exchange->branch));
    exchange_forget(&state->by_client, &exchange->client_key, index);
    memcpy(exchange->branch, branch.at, branch.len);
    exchange->branch[branch.len] = '\0';
    exchange->client_key = client_key(state, branch);
    must(table_add(&state->by_client, exchange->client_key, index));
}

struct slice exchange_echo(const struct state *state, const struct exchange *exchange,
                           enum exchange_echo part)
{
    return texts_part(&state->texts, exchange->echo, part, ECHO_COUNT);
}

void exchange_trim_echo(struct state *state, struct exchange *exchange)
{
    struct text_handle whole = exchange->echo;
    struct slice parts[ECHO_COUNT] = {{NULL, 0}};

    for (unsigned i = ECHO_BRANCH; i <= ECHO_URI; i++) {
        parts[i] = exchange_echo(state, exchange, i);
    }
    if (texts_join(&state->texts, parts, ECHO_COUNT, &exchange->echo)) {
        texts_give(&state->texts, &whole);
    } else {
        exchange->echo = whole;
    }
}

struct slice exchange_sent_by(const struct sip_message *message)
{
    const struct sip_value *via = sip_value(message, SIP_HEADER_VIA);

    if (via == NULL || via->via.host.len == 0) {
        return SLICE_NONE;
    }
    struct slice host = sip_slice(message, via->via.host);
    struct slice text = sip_slice(message, via->text);
    const char *end = text.at + text.len;
    const char *at = host.at + host.len;

    while (at < end && *at != ';' && *at != ' ' && *at != '\t' && *at != '\r') {
        at++;
    }
    return slice_between(host.at, at);
}

static bool exchange_is_asked_by(const struct state *state, const struct exchange *exchange,
                                 struct slice branch, struct slice sent_by,
                                 const struct packet *packet)
{
    return slice_equal(exchange_echo(state, exchange, ECHO_BRANCH), branch) &&
           slice_equal_nocase(exchange_echo(state, exchange, ECHO_SENT_BY), sent_by) &&
           address_same_host(&exchange->server_flow.remote, &packet->flow.remote);
}

static struct exchange *find_by_server(const struct state *state, const struct sip_message *message,
                                       const struct packet *packet)
{
    const struct sip_value *via = sip_value(message, SIP_HEADER_VIA);

    if (via == NULL || via->tag.len == 0) {
        return NULL;
    }
    struct slice branch = sip_slice(message, via->tag);
    struct slice sent_by = exchange_sent_by(message);
    uint64_t key = server_key(state, branch, sent_by, message->method, &packet->flow.remote);
    uint8_t wanted =
        message->method == SIP_ACK || message->method == SIP_CANCEL ? SIP_INVITE : message->method;
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    while (table_next(&state->by_server, key, &cursor, &index)) {
        struct exchange *exchange = pool_at(&state->exchanges, index);

        if (exchange->method == wanted &&
            exchange_is_asked_by(state, exchange, branch, sent_by, packet)) {
            return exchange;
        }
    }
    return NULL;
}

static bool is_merged(const struct state *state, const struct sip_message *message)
{
    uint64_t key = merge_key(state, sip_call_id(message), sip_from_tag(message), message->cseq,
                             message->method);
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    while (table_next(&state->by_merge, key, &cursor, &index)) {
        struct exchange *exchange = pool_at(&state->exchanges, index);

        if (exchange->method == message->method && exchange->server_cseq == message->cseq &&
            slice_equal(exchange_echo(state, exchange, ECHO_CALL_ID), sip_call_id(message)) &&
            slice_equal(exchange_echo(state, exchange, ECHO_FROM_TAG), sip_from_tag(message)) &&
            !slice_equal(exchange_echo(state, exchange, ECHO_BRANCH), sip_branch(message))) {
            return true;
        }
    }
    return false;
}

struct exchange *exchange_of_ack(const struct state *state, const struct dialog *dialog,
                                 const struct sip_message *ack)
{
    uint64_t key = merge_key(state, sip_call_id(ack), sip_from_tag(ack), ack->cseq, SIP_INVITE);
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    while (table_next(&state->by_merge, key, &cursor, &index)) {
        struct exchange *exchange = pool_at(&state->exchanges, index);
        const struct dialog *first = pool_find(&state->dialogs, exchange->dialog);

        if (exchange->method == SIP_INVITE && exchange->server_cseq == ack->cseq && first != NULL &&
            first->family == dialog->family &&
            slice_equal(exchange_echo(state, exchange, ECHO_CALL_ID), sip_call_id(ack)) &&
            slice_equal(exchange_echo(state, exchange, ECHO_FROM_TAG), sip_from_tag(ack))) {
            return exchange;
        }
    }
    return NULL;
}

static struct exchange *find_by_client(const struct state *state, const struct sip_message *message,
                                       const struct packet *packet)
{
    char room[STATE_WATCHED_NAME];
    struct slice branch = sip_branch(message);
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    if (branch.len == 0) {
        return NULL;
    }
    if (packet->flow.listener == LISTENER_NONE) {
        branch = state_watched_name(state, branch, sip_call_id(message), room);
    }
    while (table_next(&state->by_client, client_key(state, branch), &cursor, &index)) {
        struct exchange *exchange = pool_at(&state->exchanges, index);

        if (slice_equal(slice_string(exchange->branch), branch)) {
            return exchange;
        }
    }
    return NULL;
}

/* The peer that was asked must be the one that answers: same host on UDP (its port may differ),
 * same connection on streams (STA-22).  The CSeq's method is compared here too (HYG-R04): CANCEL
 * shares the INVITE's branch and is an exchange of its own branch with us. */
static bool is_answer_of(const struct exchange *exchange, const struct sip_message *message,
                         const struct packet *packet)
{
    const struct flow *asked = &exchange->client_flow;

    if (exchange->client_state == CLIENT_NONE || exchange->client_state == CLIENT_WAITING) {
        return false;
    }
    if (asked->transport != packet->flow.transport) {
        return false;
    }
    return address_same_host(&asked->remote, &packet->flow.remote) &&
           (message->cseq_method == exchange->method ||
            (exchange->method == SIP_INVITE && message->cseq_method == SIP_CANCEL));
}

static void match_response(const struct state *state, const struct sip_message *message,
                           const struct packet *packet, struct match *match)
{
    struct exchange *exchange = find_by_client(state, message, packet);

    if (exchange == NULL || !is_answer_of(exchange, message, packet)) {
        return;
    }
    match->kind = MATCH_RESPONSE;
    match->exchange = exchange;
    match->dialog = pool_find(&state->dialogs, exchange->dialog);
    match->side = exchange->side ^ 1;
}

static bool match_dialog(const struct state *state, const struct sip_message *message,
                         const struct packet *packet, struct match *match)
{
    char room[STATE_WATCHED_NAME];
    struct slice to_tag = sip_to_tag(message);

    if (to_tag.len == 0) {
        return false;
    }
    if (packet->flow.listener == LISTENER_NONE) {
        to_tag = state_watched_name(state, to_tag, sip_call_id(message), room);
    }
    match->dialog =
        dialog_find(state, sip_call_id(message), to_tag, sip_from_tag(message), &match->side);
    if (match->dialog != NULL) {
        match->kind = MATCH_DIALOG;
        return true;
    }
    /* Known by half: told apart from a stranger, because guessing looks like this (STA-01). */
    match->dialog = dialog_find(state, sip_call_id(message), to_tag, SLICE_NONE, &match->side);
    if (match->dialog != NULL) {
        match->kind = MATCH_DIALOG_PARTLY;
    }
    return match->dialog != NULL;
}

/* A device is named in place of its address, or by the Route its Path asked for (RFC 3327). */
static void match_registration(const struct state *state, const struct sip_message *message,
                               struct match *match)
{
    const struct sip_value *route = sip_value(message, SIP_HEADER_ROUTE);

    match->registration =
        registration_of_token(state, sip_slice(message, message->uri.user), &match->token);
    if (match->token != TOKEN_ABSENT || route == NULL) {
        return;
    }
    match->registration =
        registration_of_token(state, sip_slice(message, route->uri.user), &match->token);
    match->is_by_route = match->token != TOKEN_ABSENT;
}

void state_match(const struct state *state, const struct sip_message *message,
                 const struct packet *packet, struct match *match)
{
    *match = (struct match){.kind = MATCH_NONE};
    if (!message->is_request) {
        match_response(state, message, packet, match);
        return;
    }
    struct exchange *exchange = find_by_server(state, message, packet);
    if (exchange != NULL) {
        match->exchange = exchange;
        match->dialog = pool_find(&state->dialogs, exchange->dialog);
        match->side = exchange->side;
        if (message->method == SIP_CANCEL) {
            match->kind = MATCH_CANCEL;
            return;
        }
        if (message->method != SIP_ACK) {
            match->kind = MATCH_RETRANSMISSION;
            return;
        }
        /* An ACK of a 2xx has a branch of its own; clients that reuse the INVITE's are served too.
         */
        if (exchange->server_state != SERVER_ACCEPTED) {
            match->kind = MATCH_ACK;
            return;
        }
        match->exchange = NULL;
    }
    if (match_dialog(state, message, packet, match)) {
        if (match->kind == MATCH_DIALOG && state->keys[0] != NULL) {
            match->token = dialog_token(state, match->dialog, match->side,
                                        sip_slice(message, message->uri.user));
        }
        return;
    }
    match_registration(state, message, match);
    if (message->method != SIP_ACK && message->method != SIP_CANCEL &&
        sip_to_tag(message).len == 0 && is_merged(state, message)) {
        match->kind = MATCH_MERGED;
    }
}
