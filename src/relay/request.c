/*
 * Requests: where they go and what they become there.
 */
#include "relay/machine.h"
#include "relay/registrations.h"

/* OPTIONS to the border: the template of the zone, nothing about us (8.4). */
static void answer_options(struct relay *relay, const struct inspection *inspection,
                           struct outbox *outbox)
{
    char room[1024];
    struct text extra;

    text_init(&extra, room, sizeof(room));
    answer_write_allow(relay, &extra, inspection->zone, inspection->peer);
    sip_write_header(&extra, SIP_HEADER_ACCEPT, SLICE("application/sdp"));
    relay->counters.answered_alone++;
    answer_stateless(relay, inspection, 200, text_slice(&extra), outbox);
}

/* Where a request without dialog would go, were the hop known: any way out of the zone does, since
 * it is written again for the hop. */
static bool any_flow(const struct relay *relay, uint16_t zone, struct flow *flow)
{
    for (unsigned transport = 0; transport < TRANSPORT_COUNT; transport++) {
        for (unsigned family = 0; family < 2; family++) {
            uint16_t listener = relay_zone(relay, zone)->listeners[transport][family];

            if (listener != POLICY_NONE) {
                *flow = (struct flow){.listener = listener, .transport = (uint8_t)transport};
                return true;
            }
        }
    }
    return false;
}

struct request_texts {
    char uri[RELAY_URI_MAX], from[RELAY_URI_MAX], to[RELAY_URI_MAX];
    char contact[RELAY_CONTACTS_MAX], path[RELAY_URI_MAX];
    char from_tag[RELAY_TAG_LETTERS], call_id[RELAY_CALL_ID_LETTERS], branch[48];
    char body[RELAY_BODY_ROOM];
};

/* A request that belongs to no dialog: names of its own on the far leg.  False: they are too long.
 */
static bool leg_without_dialog(struct relay *relay, const struct inspection *inspection,
                               struct request_texts *texts, struct leg *leg)
{
    const struct sip_message *message = &inspection->message;
    struct view view =
        view_towards(relay, leg->zone, leg->peer, inspection->zone, inspection->peer);
    struct text from, to;

    text_init(&from, texts->from, sizeof(texts->from));
    text_init(&to, texts->to, sizeof(texts->to));
    identity_write_from(&from, &view, inspection);
    hide_to(&to, &view, inspection);
    if (message->method == SIP_REGISTER) {
        registration_names(relay, inspection, texts->call_id, sizeof(texts->call_id),
                           texts->from_tag, sizeof(texts->from_tag));
    } else {
        random_letters(relay->random, texts->from_tag, sizeof(texts->from_tag));
        leg_new_call_id(relay, texts->call_id);
    }
    leg->from = text_slice(&from);
    leg->to = text_slice(&to);
    leg->from_tag = slice_of(texts->from_tag, sizeof(texts->from_tag));
    leg->call_id = slice_of(texts->call_id, sizeof(texts->call_id));
    leg->cseq = message->cseq;
    return !from.is_full && !to.is_full;
}

static bool wait_for_name(struct relay *relay, struct exchange *exchange,
                          const struct text *written, uint16_t front)
{
    relay->counters.lookups_waited++;
    if (!exchange_keep(relay, exchange, written, front)) {
        return false;
    }
    exchange->client_state = CLIENT_WAITING;
    exchange_set_timer(relay, exchange, EXCHANGE_CLIENT_END, relay->policy->timers.lookup);
    return true;
}

static enum route_step first_target(struct relay *relay, struct exchange *exchange,
                                    struct route_target *target, struct outbox *outbox)
{
    const struct registration *registration =
        pool_find(&relay->state->registrations, exchange->registration);
    enum route_step step = ROUTE_NONE;

    if (registration != NULL && exchange->method != SIP_REGISTER) {
        return registration_target(relay, registration, target) ? ROUTE_FOUND : ROUTE_NONE;
    }
    step = route_next(relay, exchange, target, outbox);
    if (step == ROUTE_WAITING) {
        *target = (struct route_target){.peer = exchange->peer_out};
        if (!any_flow(relay, exchange->zone_out, &target->flow)) {
            return ROUTE_NONE;
        }
    }
    return step;
}

/* Names and numbers of the far leg. */
static bool leg_begin(struct relay *relay, const struct inspection *inspection,
                      struct dialog *dialog, struct request_texts *texts, struct leg *leg)
{
    uint32_t start = 1 + random_below(relay->random, RELAY_CSEQ_SHIFT);
    struct slice uri = leg->uri;
    struct flow flow = leg->flow;

    if (dialog == NULL) {
        return leg_without_dialog(relay, inspection, texts, leg);
    }
    dialog_leg(relay, dialog, 1, leg);
    leg->uri = uri;
    leg->flow = flow;
    leg->cseq = start;
    dialog->sides[1].cseq_shift = start - inspection->message.cseq;
    dialog->sides[1].local_cseq = dialog->sides[1].invite_cseq = start;
    return true; /* dialog_begin looked */
}

/* The flow by which the core reaches the device has ended (RFC 5626 5.3). */
static bool is_cut_off(const struct relay *relay, const struct exchange *exchange)
{
    const struct registration *registration =
        pool_find(&relay->state->registrations, exchange->registration);

    return registration != NULL && exchange->method != SIP_REGISTER && registration->is_cut_off;
}

/* The first sending of a request outside dialogs. */
static void request_send(struct relay *relay, struct inspection *inspection,
                         struct exchange *exchange, struct dialog *dialog, struct outbox *outbox)
{
    const struct sip_message *message = &inspection->message;
    struct request_texts texts;
    struct route_target target = {.peer = exchange->peer_out};
    enum route_step step = first_target(relay, exchange, &target, outbox);
    struct leg leg = {.side_from = 0};
    struct text uri, contact, path, room;
    unsigned status = 0;

    if (step == ROUTE_NONE) {
        request_fail(relay, exchange, is_cut_off(relay, exchange) ? 430 : 503, outbox);
        return;
    }
    request_aim(relay, exchange, dialog, &target);
    inspection->peer_out = target.peer;
    leg.zone = exchange->zone_out;
    leg.peer = exchange->peer_out;
    leg.flow = target.flow;
    text_init(&uri, texts.uri, sizeof(texts.uri));
    route_write_uri(relay, &uri, message->head, &message->uri, exchange, &target);
    leg.uri = text_slice(&uri);
    bool is_whole = leg_begin(relay, inspection, dialog, &texts, &leg);
    exchange->client_cseq = leg.cseq;
    leg.routes = registration_routes(relay, inspection);
    leg_new_branch(relay, texts.branch, &leg.branch);
    text_init(&contact, texts.contact, sizeof(texts.contact));
    leg_set_contact(relay, &contact, inspection, &leg);
    text_init(&path, texts.path, sizeof(texts.path));
    registration_write_path(relay, &path, inspection, exchange, &leg.flow);
    leg.path = text_slice(&path);
    if (!is_whole || uri.is_full || contact.is_full || path.is_full) {
        relay->counters.too_large++;
        request_fail(relay, exchange, 513, outbox);
        return;
    }
    text_init(&room, texts.body, sizeof(texts.body));
    status = media_body(relay, inspection, dialog, 0, &room, &leg.body, outbox);
    if (status != 0) {
        request_fail(relay, exchange, status, outbox);
        return;
    }
    struct text text = outbox_text(outbox);
    uint16_t front = leg_write_request(relay, &text, inspection, &leg);
    exchange_set_client(relay->state, exchange, leg.branch);
    if (step == ROUTE_WAITING ? !wait_for_name(relay, exchange, &text, front)
                              : !exchange_send(relay, exchange, &text, front, outbox)) {
        request_fail(relay, exchange, 503, outbox);
    }
}

/* Whose device is meant: named by its token, or by its user where the route says so.  False: he is
 * not registered. */
static bool find_device(struct relay *relay, const struct inspection *inspection,
                        struct exchange *exchange)
{
    const struct registration *registration = inspection->match.registration;
    bool is_wanted = inspection->route < relay->policy->route_count &&
                     relay->policy->routes[inspection->route].is_registered;

    if (registration != NULL && inspection->match.is_by_route) {
        registration = registration_on_flow(relay, registration, &inspection->message);
    }
    if (registration == NULL && is_wanted) {
        registration = registration_called(relay, exchange->zone_out, &inspection->message);
        if (registration == NULL) {
            return false;
        }
    }
    if (registration != NULL) {
        exchange->registration = pool_handle(&relay->state->registrations, registration);
    }
    return true;
}

/* New calls are not taken when the store ends, nor anything new when tables are nearly full;
 * emergencies are. */
static bool is_turned_away(struct relay *relay, const struct inspection *inspection)
{
    const struct state *state = relay->state;
    uint8_t method = inspection->message.method;

    if (relay_is_emergency(inspection)) {
        return false;
    }
    if (relay->is_draining && method == SIP_INVITE) {
        return true;
    }
    if (relay_is_reserve(&state->exchanges) ||
        (relay_opens_dialog(method) && relay_is_reserve(&state->dialogs)) ||
        texts_are_scarce(&state->texts, RELAY_RESERVE_PART)) {
        relay->counters.table_full++;
        return true;
    }
    return false;
}

void request_new(struct relay *relay, struct inspection *inspection, struct outbox *outbox)
{
    const struct sip_message *message = &inspection->message;
    struct exchange *exchange = NULL;
    struct dialog *dialog = NULL;

    if (inspection->is_for_us) {
        answer_options(relay, inspection, outbox);
        return;
    }
    if (is_turned_away(relay, inspection)) {
        answer_busy(relay, inspection, outbox);
        return;
    }
    exchange = exchange_begin(relay, inspection);
    if (exchange == NULL) {
        answer_busy(relay, inspection, outbox);
        return;
    }
    if (message->method == SIP_INVITE) {
        answer_own(relay, exchange, 100, SLICE_NONE, outbox);
    }
    if (message->method == SIP_REGISTER && !registration_request(relay, inspection, exchange)) {
        request_fail(relay, exchange, 503, outbox);
        return;
    }
    if (!find_device(relay, inspection, exchange)) {
        request_fail(relay, exchange, 480, outbox);
        return;
    }
    if (relay_opens_dialog(message->method)) {
        dialog = dialog_begin(relay, inspection, exchange);
        if (dialog == NULL) {
            request_fail(relay, exchange, 503, outbox);
            return;
        }
    }
    request_send(relay, inspection, exchange, dialog, outbox);
}
