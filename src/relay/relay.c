#include "relay/relay.h"

#include "guard/event_package.h"
#include "guard/least.h"
#include "relay/machine.h"
#include "relay/registrations.h"

#include <stdlib.h>

enum { RELAY_WATCH_MS = 1000 };

struct relay_name *relay_names_new(const struct policy *policy)
{
    return calloc(policy->names.count + 1, sizeof(struct relay_name));
}

struct relay_peer *relay_peers_new(const struct policy *policy)
{
    return calloc(policy->peer_count + 1, sizeof(struct relay_peer));
}

void relay_records_free(struct relay_name *names, struct relay_peer *peers)
{
    free(names);
    free(peers);
}

uint32_t relay_pools(const struct policy *policy, struct media_pool pools[MEDIA_POOLS_MAX])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < policy->zone_count; i++) {
        const struct policy_zone *zone = &policy->zones[i];
        const struct address *ours[] = {&zone->media_v4, &zone->media_v6};

        for (size_t family = 0; family < ARRAY_COUNT(ours); family++) {
            if (ours[family]->family != ADDRESS_NONE) {
                pools[count++] = (struct media_pool){
                    .address = *ours[family],
                    .zone = (uint16_t)i,
                    .port_min = zone->media_port_min,
                    .port_max = zone->media_port_max,
                };
            }
        }
    }
    return count;
}

struct media_ports *relay_ports_new(const struct relay *relay, const struct policy *policy)
{
    struct media_pool pools[MEDIA_POOLS_MAX];
    uint32_t count = relay_pools(policy, pools);
    void *memory = malloc(media_ports_size(pools, count) + 1);

    if (memory == NULL) {
        return NULL;
    }
    return media_ports_init(memory, pools, count,
                            (struct media_ports_share){
                                .worker = relay->worker,
                                .workers = relay->shares == 0 ? 1 : relay->shares,
                            });
}

struct relay *relay_new(const struct relay_setup *setup)
{
    struct relay *relay = calloc(1, sizeof(*relay));

    if (relay == NULL) {
        return NULL;
    }
    relay->state = setup->state;
    relay->random = setup->random;
    relay->tallies = setup->tallies;
    relay->now_ms = setup->now_ms;
    relay->worker = setup->worker;
    relay->state->node = setup->node;
    relay->state->worker = setup->worker;
    relay->plan = setup->plan;
    relay->policy = plan_policy(setup->plan);
    relay->names = relay_names_new(relay->policy);
    relay->peers = relay_peers_new(relay->policy);
    relay->kept = malloc(sizeof(*relay->kept));
    relay->shares = setup->media_port_shares;
    relay->fingerprint = setup->fingerprint;
    relay->ports = relay_ports_new(relay, relay->policy);
    relay_keys(relay, setup->keys);
    if (relay->names == NULL || relay->peers == NULL || relay->kept == NULL ||
        relay->ports == NULL) {
        relay_free(relay);
        return NULL;
    }
    media_ports_set_rest(relay->ports, relay->policy->timers.media_rest);
    relay_take_over(relay);
    return relay;
}

void relay_free(struct relay *relay)
{
    if (relay == NULL) {
        return;
    }
    free(relay->ports);
    relay_records_free(relay->names, relay->peers);
    free(relay->kept);
    free(relay);
}

void relay_keys(struct relay *relay, const struct siv *const keys[STATE_KEYS_MAX])
{
    memcpy(relay->state->keys, keys, sizeof(relay->state->keys));
}

/* What the request was answered with is said again; what was not answered yet is known. */
static void retransmission(struct relay *relay, struct exchange *exchange, struct outbox *outbox)
{
    struct slice answer = texts_slice(&relay->state->texts, exchange->answer);

    relay->counters.retransmissions_in++;
    if (answer.len > 0) {
        relay->counters.repeated +=
            exchange_send_kept(relay, answer, &exchange->server_flow, outbox);
    } else if (exchange->status >= 200 && exchange->server_flow.transport == TRANSPORT_UDP &&
               exchange->server_state == SERVER_COMPLETED) {
        /* It was never sent. */
        if (answer_again(relay, exchange, outbox, &relay->counters.repeated) &&
            exchange->method != SIP_INVITE) {
            wheel_stop(&relay->state->wheel, &exchange->timers[EXCHANGE_SERVER_RESEND]);
        }
    }
}

/* What would be taken instead. */
static void write_least(struct text *extra, const struct inspection *inspection)
{
    enum zone_class class = inspection->policy->zones[inspection->zone].class;
    enum sip_method method = inspection->message.method;

    if (inspection->verdict.status == 489) {
        /* Strangers get no answer that is longer than what they sent (GEN-04). */
        if (inspection->peer != POLICY_NONE) {
            event_packages_write(extra, class);
        }
    } else if (inspection->verdict.status == 422) {
        sip_write_header_number(extra, SIP_HEADER_MIN_SE, session_least(class));
    } else if (inspection->verdict.status == 423) {
        sip_write_header_number(extra, SIP_HEADER_MIN_EXPIRES,
                                method == SIP_REGISTER  ? REGISTRATION_LEAST
                                : method == SIP_PUBLISH ? PUBLICATION_LEAST
                                                        : SUBSCRIPTION_LEAST);
    }
}

static void refuse(struct relay *relay, const struct inspection *inspection, struct outbox *outbox)
{
    unsigned status = inspection->verdict.status;
    char room[1024];
    struct text extra;

    text_init(&extra, room, sizeof(room));
    if (status == 405 || status == 501) {
        answer_write_allow(relay, &extra, inspection->zone, inspection->peer);
    } else if (status == 503 || status == 500 || status == 480) {
        answer_write_retry_after(relay, &extra);
    } else if (status == 415) {
        sip_write_header(&extra, SIP_HEADER_ACCEPT, SLICE("application/sdp"));
        sip_write_header(&extra, SIP_HEADER_ACCEPT_ENCODING, SLICE("identity"));
    } else if (status == 420) {
        sip_write_header(&extra, SIP_HEADER_UNSUPPORTED, SLICE("multiple-refer"));
    } else {
        write_least(&extra, inspection);
    }
    answer_stateless(relay, inspection, status, text_slice(&extra), outbox);
}

static void drop(struct relay *relay, const struct inspection *inspection, struct outbox *outbox)
{
    relay->counters.dropped++;
    if (inspection->verdict.action == ACTION_CLOSE) {
        struct outgoing *end = outbox_send_kept(outbox, SLICE_NONE, &inspection->packet->flow);

        if (end != NULL) {
            end->closes = true;
        }
    }
}

/* An emergency call may come from the worst of telephones, whose Max-Forwards says 0; but in a
 * circle of borders that all think so it would go round for ever.  So one caller's are counted for
 * as long as they may be unanswered; the first ones always pass. */
static bool is_in_circle(struct relay *relay, const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    struct slice host = slice_of((const char *)inspection->packet->flow.remote.bytes, 16);
    struct slice caller = from == NULL ? SLICE_NONE : sip_slice(message, from->uri.user);
    uint64_t key = hash_pair(&relay->state->key, caller, host) | 1;
    struct relay_last_hops *passes = &relay->last_hops[key / 2 % RELAY_LAST_HOPS];

    if (passes->key != key || relay->now_ms - passes->since_ms > RELAY_CIRCLE_MS) {
        *passes = (struct relay_last_hops){.key = key, .since_ms = relay->now_ms};
    }
    if (inspection->match.kind != MATCH_NONE) {
        return false; /* a call that is up leads somewhere */
    }
    if (passes->count >= RELAY_CIRCLE_PASSES) {
        return true;
    }
    passes->count++;
    return false;
}

/* Whatever is enforced: what may go no further does not, or two borders in a circle would pass it
 * to each other for ever. */
static bool is_at_its_end(struct relay *relay, const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    bool goes_on = inspection->match.kind == MATCH_NONE || inspection->match.kind == MATCH_DIALOG;

    return message->max_forwards == 0 && goes_on && message->method != SIP_CANCEL &&
           !inspection->is_for_us &&
           (!relay_is_emergency(inspection) || is_in_circle(relay, inspection));
}

static void request_take(struct relay *relay, struct inspection *inspection, struct outbox *outbox)
{
    relay->counters.requests++;
    if (is_at_its_end(relay, inspection)) {
        answer_stateless(relay, inspection, 483, SLICE_NONE, outbox);
        return;
    }
    switch (inspection->match.kind) {
    case MATCH_RETRANSMISSION:
        retransmission(relay, inspection->match.exchange, outbox);
        return;
    case MATCH_MERGED:
        relay->counters.answered_alone++;
        answer_stateless(relay, inspection, 482, SLICE_NONE, outbox);
        return;
    case MATCH_ACK:
        relay->counters.acks++;
        exchange_acknowledged(relay, inspection->match.exchange);
        return;
    case MATCH_CANCEL:
        relay->counters.cancels++;
        cancel_take(relay, inspection, outbox);
        return;
    case MATCH_DIALOG:
        if (inspection->message.method == SIP_ACK) {
            acknowledge_take(relay, inspection, outbox);
        } else {
            request_in_dialog(relay, inspection, outbox);
        }
        return;
    case MATCH_NONE:
    case MATCH_RESPONSE:
    case MATCH_DIALOG_PARTLY:
        break;
    }
    if (inspection->message.method == SIP_ACK) {
        relay->counters.stray_acks++;
    } else if (inspection->message.method == SIP_CANCEL) {
        relay->counters.answered_alone++;
        answer_stateless(relay, inspection, 481, SLICE_NONE, outbox);
    } else {
        request_new(relay, inspection, outbox);
    }
}

void relay_act(struct relay *relay, struct inspection *inspection, struct outbox *outbox)
{
    relay->now_ms = inspection->now_ms;
    if (inspection->match.token == TOKEN_BAD) {
        relay->counters.bad_tokens++;
    }
    switch ((enum policy_action)inspection->verdict.action) {
    case ACTION_REJECT:
        if (inspection->message.is_request) {
            refuse(relay, inspection, outbox);
            return;
        }
        drop(relay, inspection, outbox);
        return;
    case ACTION_CLOSE:
        if (inspection->message.is_request && inspection->verdict.status != 0 &&
            inspection->reading == SIP_READ) {
            refuse(relay, inspection, outbox);
        }
        drop(relay, inspection, outbox);
        return;
    case ACTION_DROP:
    case ACTION_THROTTLE:
        drop(relay, inspection, outbox);
        return;
    case ACTION_DEFAULT:
    case ACTION_PASS:
    case ACTION_STRIP:
        break;
    }
    if (inspection->reading != SIP_READ) {
        relay->counters.dropped++;
    } else if (inspection->message.is_request) {
        request_take(relay, inspection, outbox);
    } else {
        relay->counters.responses++;
        response_take(relay, inspection, outbox);
    }
}

uint64_t relay_next_ms(const struct relay *relay)
{
    uint64_t timer = wheel_next_ms(&relay->state->wheel);

    if (relay->tells_streams || relay->owes_streams || relay->wakes) {
        return relay->now_ms;
    }
    return timer < relay->next_watch_ms ? timer : relay->next_watch_ms;
}

/* What one event may lead to at most still finds room. */
static bool outbox_has_room(const struct outbox *outbox)
{
    return outbox->item_count < OUTBOX_ITEMS_MAX / 2 &&
           outbox->order_count < OUTBOX_ORDERS_MAX / 2 && outbox->room.len <= outbox->room.max / 2;
}

/* Thousands may have waited for one name: what does not fit into a turn goes in the next one. */
void relay_wake_some(struct relay *relay, struct outbox *outbox)
{
    struct exchange *exchange = NULL;

    while (relay->wakes && outbox_has_room(outbox)) {
        exchange = pool_next(&relay->state->exchanges, &relay->woken);
        relay->wakes = exchange != NULL;
        if (exchange != NULL && exchange->client_state == CLIENT_WAITING) {
            request_next_hop(relay, exchange, 503, outbox);
        }
    }
}

void relay_tick(struct relay *relay, uint64_t now_ms, struct outbox *outbox)
{
    struct wheel_timer *timer = NULL;

    relay->now_ms = now_ms;
    streams_tell(relay, outbox);
    relay_wake_some(relay, outbox);
    while (outbox_has_room(outbox) && (timer = wheel_take(&relay->state->wheel, now_ms)) != NULL) {
        if (timer->kind < RELAY_TIMER_DIALOG) {
            exchange_timer(relay, timer, outbox);
        } else if (timer->kind < RELAY_TIMER_REGISTRATION) {
            dialog_timer(relay, timer, outbox);
        } else {
            registration_timer(relay, timer);
        }
    }
    if (now_ms >= relay->next_watch_ms) {
        relay->next_watch_ms = now_ms + RELAY_WATCH_MS;
        liveness_watch(relay, outbox);
    }
}

void relay_drain(struct relay *relay)
{
    relay->is_draining = true;
}

bool relay_is_idle(const struct relay *relay)
{
    return relay->state->exchanges.used == 0 && relay->state->dialogs.used == 0;
}

struct relay_peer_standing relay_peer_standing(const struct relay *relay, uint16_t peer)
{
    return (struct relay_peer_standing){
        .is_down = relay->peers[peer].is_down,
        .calls = relay->peers[peer].calls,
    };
}

const struct relay_counters *relay_counters(const struct relay *relay)
{
    return &relay->counters;
}
