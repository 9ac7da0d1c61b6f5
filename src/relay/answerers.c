/*
 * Those who answer a request that began a dialog: one, or several forks, of which one is taken.
 */
#include "relay/machine.h"

static unsigned count_family(const struct relay *relay, const struct dialog *first)
{
    uint64_t key = hash_bytes(&relay->state->key, slice_string(first->sides[1].local_tag));
    struct table_cursor cursor = {0};
    unsigned count = 0;
    uint32_t index = 0;

    while (table_next(&relay->state->by_tag, key, &cursor, &index)) {
        const struct dialog *sibling = pool_at(&relay->state->dialogs, index);

        count += sibling->family == first->family;
    }
    return count;
}

/* A new tag in every answer would fill the table with dialogs of one request.  Who says yes is
 * heard when no more may ring, so that one of many is taken. */
static bool may_fork(struct relay *relay, const struct dialog *first, unsigned status)
{
    unsigned max = status < 200 ? RELAY_EARLY_MAX : RELAY_FORKS_MAX;

    if (count_family(relay, first) < max) {
        return true;
    }
    relay->counters.forks_refused++;
    return false;
}

/* Another answerer of the same INVITE: the same leg of who asked, a leg of its own. */
static struct dialog *dialog_fork(struct relay *relay, const struct dialog *first,
                                  struct slice remote_tag)
{
    struct dialog *fork = dialog_new(relay->state);
    struct slice texts[DIALOG_TEXT_COUNT];

    if (fork == NULL) {
        relay->counters.table_full++;
        return NULL;
    }
    struct pool_slot slot = fork->slot;
    *fork = *first;
    fork->slot = slot;
    fork->state = DIALOG_EARLY;
    fork->opens_early = false;
    fork->was_acknowledged = false;
    fork->sides[0].sdp = fork->sides[1].sdp = (struct text_handle){.size = 0};
    fork->stream_count = 0; /* streams stay with the first until it is known who answers */
    fork->sides[0].remote_cseq = first->sides[0].remote_cseq;
    fork->sides[1].remote_cseq = UINT32_MAX;
    fork->sides[0].local_cseq = 0;
    memset(fork->counted, 0, sizeof(fork->counted)); /* the family is one call */
    fork->sides[1].sdp_hash = 0;
    fork->sides[1].rseq = 0;
    memset(fork->timers, 0, sizeof(fork->timers));
    for (unsigned side = 0; side < 2; side++) {
        fork->sides[side].texts = (struct text_handle){.size = 0};
        fork->sides[side].local_tag[0] = '\0';
        for (unsigned i = 0; i < DIALOG_TEXT_COUNT; i++) {
            texts[i] = dialog_text(relay->state, first, side, i);
        }
        if (side == 1) {
            texts[DIALOG_REMOTE_TAG] = remote_tag;
        }
        if (!dialog_set_texts(relay->state, fork, side, texts)) {
            relay->counters.table_full++;
            dialog_end(relay->state, fork);
            return NULL;
        }
    }
    if (first->sides[1].sdp.size != 0) {
        session_described(relay, fork, 1, texts_slice(&relay->state->texts, first->sides[1].sdp));
    }
    dialog_new_tag(relay, fork, 0);
    dialog_set_tag(relay->state, fork, 1, slice_string(first->sides[1].local_tag));
    dialog_set_earliest_end(relay, fork);
    return fork;
}

/* The way the request went; on a stream the connection the answer came on. */
static struct flow answerer_flow(const struct exchange *exchange,
                                 const struct inspection *inspection)
{
    struct flow flow = exchange->client_flow;

    flow.connection = inspection->packet->flow.connection;
    return flow;
}

static void learn_answerer(struct relay *relay, struct dialog *dialog,
                           const struct exchange *exchange, const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    char room[RELAY_ROUTES_MAX];
    struct text routes;
    struct slice texts[DIALOG_TEXT_COUNT];

    text_init(&routes, room, sizeof(room));
    for (unsigned i = 0; i < DIALOG_TEXT_COUNT; i++) {
        texts[i] = dialog_text(relay->state, dialog, 1, i);
    }
    texts[DIALOG_REMOTE_TAG] = sip_to_tag(message);
    if (dialog_contact_uri(message).len > 0) {
        texts[DIALOG_TARGET] = dialog_contact_uri(message);
    }
    if (dialog->state == DIALOG_EARLY &&
        dialog_write_route_set(&routes, message, SIP_HEADER_RECORD_ROUTE, true)) {
        texts[DIALOG_ROUTES] = text_slice(&routes);
    }
    if (!dialog_set_texts(relay->state, dialog, 1, texts)) {
        relay->counters.table_full++;
    }
    dialog->sides[1].flow = answerer_flow(exchange, inspection);
    dialog->active_ms = relay->now_ms;
}

struct dialog *dialog_answered(struct relay *relay, struct exchange *exchange,
                               struct inspection *inspection)
{
    struct dialog *first = pool_find(&relay->state->dialogs, exchange->dialog);
    struct slice tag = sip_to_tag(&inspection->message);
    struct dialog *dialog = first;
    unsigned side = 1;

    if (first == NULL || tag.len == 0 || !exchange->begins_dialog) {
        return first; /* a response within a dialog */
    }
    struct slice known = dialog_text(relay->state, first, 1, DIALOG_REMOTE_TAG);
    if (known.len > 0 && !slice_equal(known, tag)) {
        dialog = dialog_find(relay->state, dialog_text(relay->state, first, 1, DIALOG_CALL_ID),
                             slice_string(first->sides[1].local_tag), tag, &side);
        if (dialog == NULL && may_fork(relay, first, inspection->message.status)) {
            dialog = dialog_fork(relay, first, tag);
        }
    }
    if (dialog != NULL) {
        learn_answerer(relay, dialog, exchange, inspection);
    }
    return dialog;
}

struct dialog *dialog_accepted(const struct relay *relay, const struct exchange *exchange)
{
    struct dialog *first = pool_find(&relay->state->dialogs, exchange->dialog);
    struct table_cursor cursor = {0};
    uint64_t key = 0;
    uint32_t index = 0;

    if (first == NULL || !exchange->begins_dialog) {
        return first;
    }
    key = hash_bytes(&relay->state->key, slice_string(first->sides[1].local_tag));
    while (table_next(&relay->state->by_tag, key, &cursor, &index)) {
        struct dialog *sibling = pool_at(&relay->state->dialogs, index);

        if (sibling->family == first->family &&
            (sibling->state == DIALOG_ANSWERED || sibling->state == DIALOG_CONFIRMED)) {
            return sibling;
        }
    }
    return NULL;
}

void dialog_end_family(struct relay *relay, struct dialog *dialog, const struct dialog *but,
                       struct outbox *outbox)
{
    struct slice tag = slice_string(dialog->sides[1].local_tag);
    uint64_t key = hash_bytes(&relay->state->key, tag);
    uint64_t family = dialog->family;
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    while (table_next(&relay->state->by_tag, key, &cursor, &index)) {
        struct dialog *sibling = pool_at(&relay->state->dialogs, index);

        // cppcheck-suppress nullPointerRedundantCheck ; a cursor only stops at records
        if (sibling->family == family && sibling != but && sibling->state == DIALOG_EARLY) {
            dialog_over(relay, sibling, outbox);
        }
    }
}
