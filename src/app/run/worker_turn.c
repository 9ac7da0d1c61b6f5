#include "app/run/hand.h"
#include "guard/event.h"

#include <time.h>

enum {
    /* What one packet may add at most is far less; so the outbox is emptied before it is full. */
    OUTBOX_ITEMS_ROOM = OUTBOX_ITEMS_MAX / 4,
    OUTBOX_TEXT_ROOM = OUTBOX_ROOM / 4,
    NEWS_ROUNDS_MAX = 4, /* a failed message may cause another one that fails */
};

/*
 * Out.
 */

void worker_note_failed(void *owner, uint32_t reference)
{
    struct worker *worker = owner;

    if (worker->news.failed_count < WORKER_NEWS_MAX) {
        worker->news.failed[worker->news.failed_count++] = reference;
    } else {
        worker->counts.news_lost++; /* its timers will notice */
    }
    loop_alarm_at(&worker->tick, 0);
}

void worker_note_closed(void *owner, uint32_t connection)
{
    struct worker *worker = owner;

    if (worker->news.closed_count < WORKER_NEWS_MAX) {
        worker->news.closed[worker->news.closed_count++] = connection;
    } else {
        worker->counts.news_lost++;
    }
    loop_alarm_at(&worker->tick, 0);
}

/*
 * Calls, for the journal.
 */

static struct ipc_link *recorder_of(struct worker *worker)
{
    return links_at(&worker->links, ROLE_RECORDER);
}

static uint64_t wall_us(const struct worker *worker)
{
    return loop_now_us(&worker->loop) + worker->wall_offset_us;
}

/* Which call a stream is of is known while it is opened, and the gate tells its counts later. */
static void worker_note_stream(struct worker *worker, const struct media_order *order)
{
    const struct state *state = worker->state;
    const struct media_stream *stream = NULL;

    if (worker->notes.is_wanted && order->kind == MEDIA_OPEN && order->epoch <= 1) {
        const struct handle handle = {order->stream, order->generation};

        stream = pool_find(&state->streams, handle);
    }
    const struct dialog *dialog =
        stream == NULL ? NULL : pool_find(&state->dialogs, stream->dialog);
    if (dialog != NULL) {
        notes_stream(&worker->notes, recorder_of(worker),
                     dialog_text(state, dialog, 0, DIALOG_CALL_ID), order, wall_us(worker));
    }
}

/* A store that passes all media by has no gate, and nobody misses it. */
static void worker_send_orders(struct worker *worker)
{
    bool has_gate = links_has(&worker->links, ROLE_MEDIA);

    for (uint32_t i = 0; has_gate && i < worker->outbox.order_count; i++) {
        worker_note_stream(worker, &worker->outbox.orders[i]);
        if (!ipc_say(links_at(&worker->links, ROLE_MEDIA), IPC_ORDER, &worker->outbox.orders[i])) {
            worker->counts.orders_lost++;
        }
    }
}

static void worker_send_questions(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->outbox.question_count; i++) {
        struct ipc_ask ask = {.name = worker->outbox.questions[i],
                              .version = worker->policy->version};

        (void)ipc_say(links_at(&worker->links, ROLE_RESOLVER), IPC_ASK, &ask);
    }
}

/*
 * Copies.
 */

static bool worker_mirrors(const struct worker *worker)
{
    return worker->mirror != NULL && worker->policy->hep.to.family != ADDRESS_NONE;
}

static struct mirrored mirrored_of(const struct worker *worker, const struct packet *packet)
{
    return (struct mirrored){
        .from = packet->flow.remote,
        .to = packet->local,
        .transport = (enum transport)packet->flow.transport,
        .when_us = packet->when_us + worker->wall_offset_us,
        .bytes = packet->bytes,
    };
}

/* What was not read is not copied: a flood that is refused unread stops here. */
static void worker_mirror_taken(struct worker *worker)
{
    const struct inspection *inspection = &worker->inspection;

    if (worker_mirrors(worker) && inspection->is_read && inspection->reading == SIP_READ) {
        struct mirrored mirrored = mirrored_of(worker, inspection->packet);

        mirror_message(worker->mirror, &worker->policy->hep, &mirrored);
    }
}

static void worker_mirror_event(struct worker *worker, struct slice event)
{
    const struct inspection *inspection = &worker->inspection;

    if (worker_mirrors(worker)) {
        struct mirrored mirrored = mirrored_of(worker, inspection->packet);
        bool is_read = inspection->is_read && inspection->reading == SIP_READ;

        mirrored.bytes = event;
        mirror_event(worker->mirror, &worker->policy->hep, &mirrored,
                     is_read ? sip_call_id(&inspection->message) : SLICE_NONE);
    }
}

static void worker_mirror_sent(struct worker *worker, const struct outgoing *item)
{
    const struct policy *policy = worker->policy;
    struct mirrored mirrored = {
        .to = item->flow.remote,
        .transport = (enum transport)item->flow.transport,
        .when_us = loop_now_us(&worker->loop) + worker->wall_offset_us,
        .bytes = item->bytes,
    };

    if (!worker_mirrors(worker) || item->bytes.len == 0) {
        return;
    }
    if (item->flow.listener < policy->listener_count) {
        mirrored.from = policy->listeners[item->flow.listener].address;
    }
    mirror_message(worker->mirror, &policy->hep, &mirrored);
}

static void worker_empty_outbox(struct worker *worker)
{
    struct outbox *outbox = &worker->outbox;

    notes_before(&worker->notes, recorder_of(worker), worker->policy, outbox, wall_us(worker));
    for (uint32_t i = 0; i < outbox->item_count; i++) {
        struct outgoing *item = &outbox->items[i];

        worker_mirror_sent(worker, item);
        item->reference = hand_reference(worker, item->reference);
        if (item->flow.transport == TRANSPORT_UDP) {
            udp_send(worker->udp, item);
        } else if (!hand_over_sending(worker, item)) {
            tcp_send(worker->tcp, item);
        }
    }
    udp_flush(worker->udp);
    tcp_flush(worker->tcp);
    worker_send_orders(worker);
    worker_send_questions(worker);
    outbox_reset(outbox);
    notes_flush(&worker->notes, recorder_of(worker));
}

/* What could not be sent, and whose connection ended: the relay may want to send because of it. */
static bool worker_tell_news(struct worker *worker)
{
    struct worker_news *news = &worker->news;
    uint64_t now_ms = loop_now_ms(&worker->loop);
    struct worker_news told;

    if (news->failed_count == 0 && news->closed_count == 0) {
        return false;
    }
    told = *news;
    news->failed_count = news->closed_count = 0;
    worker->counts.sends_failed += told.failed_count;
    for (unsigned i = 0; i < told.failed_count; i++) {
        hand_failed(worker, told.failed[i]);
    }
    for (unsigned i = 0; i < told.closed_count; i++) {
        relay_connection_closed(worker->relay, told.closed[i], now_ms, &worker->outbox);
        hand_over_closed(worker, told.closed[i]);
    }
    return true;
}

void worker_send(struct worker *worker)
{
    unsigned rounds = 0;

    do {
        worker_empty_outbox(worker);
    } while (++rounds < NEWS_ROUNDS_MAX && worker_tell_news(worker));
    if (worker->mirror != NULL) {
        mirror_flush(worker->mirror);
    }
    loop_alarm_at(&worker->tick, worker->news.failed_count + worker->news.closed_count > 0
                                     ? 0
                                     : relay_next_ms(worker->relay));
}

bool worker_is_filling(const struct worker *worker)
{
    const struct outbox *outbox = &worker->outbox;

    return outbox->item_count > OUTBOX_ITEMS_MAX - OUTBOX_ITEMS_ROOM ||
           outbox->order_count > OUTBOX_ORDERS_MAX / 2 ||
           outbox->room.len > outbox->room.max - OUTBOX_TEXT_ROOM;
}

/*
 * In.
 */

static void worker_tell(struct worker *worker)
{
    uint64_t now_us = worker->inspection.packet->when_us;
    struct text text;

    if (worker->inspection.finding_count == 0) {
        return;
    }
    if (!tell_is_wanted(&worker->tell, &worker->inspection, now_us)) {
        worker->counts.events_withheld++;
        return;
    }
    text_init(&text, worker->event_room, sizeof(worker->event_room));
    event_write(&text, &worker->inspection, now_us + worker->wall_offset_us);
    if (text.len > 0 && !text.is_full) {
        worker_mirror_event(worker, slice_trim(text_slice(&text)));
    }
    if (text.len == 0 || text.is_full ||
        !ipc_send(links_at(&worker->links, ROLE_RECORDER), IPC_EVENT, slice_trim(text_slice(&text)),
                  NULL, 0)) {
        worker->counts.events_lost++;
        return;
    }
    worker->counts.events++;
}

void worker_trip(struct worker *worker, const struct packet *packet)
{
    inspect(&worker->inspection, worker->plan, worker->state, packet, worker->tallies);
    worker_mirror_taken(worker);
    notes_before(&worker->notes, recorder_of(worker), worker->policy, &worker->outbox,
                 wall_us(worker));
    if (worker->inspection.outcomes[CONTROL_INDEX_clear_text] == OUTCOME_FAILED) {
        worker_note_clear(worker, packet);
    }
    relay_act(worker->relay, &worker->inspection, &worker->outbox);
    notes_after(&worker->notes, recorder_of(worker), &worker->inspection, &worker->outbox,
                packet->when_us + worker->wall_offset_us);
    worker_tell(worker);
    worker->counts.packets++;
    if (packet->flow.connection != 0 && worker->inspection.peer != POLICY_NONE) {
        tcp_know(worker->tcp, packet->flow.connection);
        worker_note_alias(worker, packet);
    }
}

void worker_receive(void *owner, const struct packet *packets, unsigned count)
{
    struct worker *worker = owner;

    for (unsigned i = 0; i < count; i++) {
        if (hand_over_packet(worker, &packets[i])) {
            continue;
        }
        worker_trip(worker, &packets[i]);
        if (worker_is_filling(worker)) {
            worker_send(worker);
        }
    }
    worker->counts.batches++;
    worker_send(worker);
}

/* The resolver reads what strangers send: it is believed in what it found, not in how it says it.
 */
static bool answer_is_sound(const struct name_answer *answer)
{
    for (unsigned i = 0; i < answer->count && i < NAME_TARGETS_MAX; i++) {
        const struct name_target *target = &answer->targets[i];

        if (target->transport >= TRANSPORT_COUNT ||
            (target->address.family != ADDRESS_V4 && target->address.family != ADDRESS_V6)) {
            return false;
        }
    }
    return answer->count <= NAME_TARGETS_MAX;
}

void worker_hear_answer(struct worker *worker, const struct ipc_answer *answer)
{
    struct name_answer checked = answer->answer;

    if (worker->relay == NULL || answer->version != worker->policy->version ||
        checked.name >= worker->policy->names.count || !answer_is_sound(&checked)) {
        return; /* of a policy that is no more */
    }
    relay_name(worker->relay, &checked, loop_now_ms(&worker->loop), &worker->outbox);
    worker_send(worker);
}

void worker_hear_report(struct worker *worker, const struct media_report *report)
{
    notes_media(&worker->notes, recorder_of(worker), report, wall_us(worker));
    if (worker->relay != NULL) {
        relay_media_report(worker->relay, report, loop_now_ms(&worker->loop), &worker->outbox);
        worker_send(worker);
    }
}

/*
 * Time.
 */

void worker_tick(void *owner)
{
    struct worker *worker = owner;

    if (worker->relay == NULL) {
        return;
    }
    relay_tick(worker->relay, loop_now_ms(&worker->loop), &worker->outbox);
    worker_send(worker);
}

static void worker_compare_clocks(struct worker *worker)
{
    struct timespec wall;

    (void)clock_gettime(CLOCK_REALTIME, &wall);
    loop_read_clock(&worker->loop);
    worker->wall_offset_us = (uint64_t)wall.tv_sec * 1000000 + (uint64_t)wall.tv_nsec / 1000 -
                             loop_now_us(&worker->loop);
}

static void worker_show_gauges(const struct worker *worker)
{
    const struct state *state = worker->state;

    worker->page->gauges = (struct worker_gauges){
        .exchanges = state->exchanges.used,
        .exchanges_most = state->exchanges.most_used,
        .dialogs = state->dialogs.used,
        .dialogs_most = state->dialogs.most_used,
        .registrations = state->registrations.used,
        .streams = state->streams.used,
        .connections = tcp_connections(worker->tcp),
        .timers = state->wheel.count,
        .table_refused = state->exchanges.refused + state->dialogs.refused +
                         state->registrations.refused + state->streams.refused,
        .text_refused = texts_refused(&state->texts),
        .dropped_records = state->dropped_records,
    };
}

static void worker_show(struct worker *worker)
{
    struct worker_page *page = worker->page;

    worker->counts.outbox_refused = worker->outbox.refused;
    worker->counts.notes = worker->notes.taken;
    worker->counts.notes_withheld = worker->notes.withheld;
    worker->counts.notes_lost = worker->notes.lost;
    if (worker->mirror != NULL) {
        worker->counts.copies = mirror_sent(worker->mirror);
        worker->counts.copies_lost = mirror_lost(worker->mirror);
    }
    page->relay = *relay_counters(worker->relay);
    page->udp = *udp_counts(worker->udp);
    page->tcp = *tcp_counts(worker->tcp);
    page->worker = worker->counts;
    page->policy_version = worker->policy->version;
    worker_show_gauges(worker);
    worker->page->gauges.loss = tallies_loss(worker->tallies);
    for (uint32_t i = 0; i < tallies_limits(); i++) {
        struct tallied_limit limit = tallies_limit(worker->tallies, i);

        page->limits.refused[i] = limit.refused;
        page->limits.nearly[i] = limit.nearly;
    }
    for (uint32_t i = 0; i < worker->policy->peer_count; i++) {
        struct relay_peer_standing standing = relay_peer_standing(worker->relay, (uint16_t)i);

        page->peer_is_down[i] = standing.is_down;
        page->peer_calls[i] = standing.calls;
    }
}

static uint32_t percent_used(const struct pool *pool)
{
    return (uint32_t)((uint64_t)pool->used * 100 / pool->count);
}

/* How long what lies in the kernel's buffers will have waited, at the pace of the last beat; and
 * the fullest table (OVL-03). */
static void worker_measure(struct worker *worker)
{
    uint64_t now_us = loop_now_us(&worker->loop);
    uint64_t octets = udp_counts(worker->udp)->octets_in - worker->drained;
    uint64_t waiting = udp_waiting(worker->udp) / 2; /* the kernel counts its own things too */
    uint64_t wait_us = waiting * (now_us - worker->drained_us) / (octets == 0 ? 1 : octets);
    uint32_t exchanges = percent_used(&worker->state->exchanges);
    uint32_t dialogs = percent_used(&worker->state->dialogs);
    const struct load_sample sample = {
        .wait_us = (uint32_t)(wait_us < UINT32_MAX ? wait_us : UINT32_MAX),
        .table_percent = exchanges > dialogs ? exchanges : dialogs,
    };

    worker->drained += octets;
    worker->drained_us = now_us;
    tallies_load(worker->tallies, &sample);
}

void worker_wait(void *owner)
{
    struct worker *worker = owner;

    gather_wait(&worker->gather, worker->counts.packets, loop_now_us(&worker->loop));
}

void worker_beat(void *owner)
{
    struct worker *worker = owner;

    worker_compare_clocks(worker);
    worker->page->beat_ms = loop_now_ms(&worker->loop);
    if (worker->relay != NULL) {
        worker_measure(worker);
        worker_show(worker);
        worker_look_at_expiries(worker);
        notes_flush(&worker->notes, recorder_of(worker));
        notes_tally(&worker->notes, recorder_of(worker), worker->index,
                    worker->counts.events + worker->counts.events_lost);
    }
    if (worker->is_draining) {
        crew_note_idle(worker->crew, worker->index,
                       worker->relay == NULL || relay_is_idle(worker->relay));
    }
    loop_alarm_at(&worker->beat, loop_now_ms(&worker->loop) + WORKER_BEAT_MS);
}
