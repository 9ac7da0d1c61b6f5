#include "app/run/hand.h"

#include "base/must.h"

enum {
    REFERENCE_BITS = 26, /* what the relay refers with; the worker stands above */
    REFERENCE_MASK = (1 << REFERENCE_BITS) - 1,
    OWN_NAME_LETTERS = 2,     /* of the identifiers we make, relay/leg.c and relay/dialog.c */
    V6_HOST_OCTETS = 8,       /* a device is its /64 */
    HAND_TURN = 1024,         /* records taken before other things get their turn */
    HAND_KEPT_ROOM = 1 << 20, /* of a ring, for what comes once: a policy, all its listeners */
};

enum hand_kind { HAND_PACKET, HAND_SENDING, HAND_FAILED, HAND_CLOSED, HAND_WANTED, HAND_COMMAND };

/* In front of every record. */
struct hand_head {
    uint32_t kind;
    uint32_t number; /* reference or connection */
};

static bool hand_put(struct worker *worker, uint32_t to, const struct slice *pieces, unsigned count)
{
    struct worker *other = worker->crew->workers[to];

    if (!ring_put(other->in[worker->index], pieces, count)) {
        worker->counts.hand_over_full++;
        return false;
    }
    loop_wake(&other->loop);
    return true;
}

static struct slice slice_over(const void *at, size_t len)
{
    return slice_of(at, len);
}

/*
 * Who owns what.
 */

/* The worker named by an identifier we made. */
static bool worker_named(struct slice letters, uint32_t count, uint32_t *worker)
{
    if (letters.len < OWN_NAME_LETTERS) {
        return false;
    }
    uint32_t high = (uint32_t)(letters.at[0] - 'a');
    uint32_t low = (uint32_t)(letters.at[1] - 'a');
    *worker = high * 26 + low;
    return high < 26 && low < 26 && *worker < count;
}

static uint32_t owner_of_call(const struct worker *worker, const struct sip_message *message)
{
    struct slice call_id = sip_call_id(message);
    uint32_t owner;

    if (call_id.len == RELAY_CALL_ID_LETTERS && worker_named(call_id, worker->count, &owner)) {
        return owner;
    }
    return (uint32_t)(hash_bytes(&worker->crew->key, call_id) % worker->count);
}

static uint32_t owner_of_device(const struct worker *worker, const struct address *host)
{
    size_t len = host->family == ADDRESS_V6 ? V6_HOST_OCTETS : 4;
    struct slice octets = slice_of((const char *)host->bytes, len);

    return (uint32_t)(hash_bytes(&worker->crew->key, octets) % worker->count);
}

static uint32_t owner_of_request(const struct worker *worker, const struct sip_message *message,
                                 const struct packet *packet)
{
    const struct policy *policy = worker->policy;
    const struct sip_value *route = sip_value(message, SIP_HEADER_ROUTE);
    uint16_t number;

    if ((registration_token_worker(worker->state, sip_slice(message, message->uri.user), &number) ||
         (route != NULL && registration_token_worker(
                               worker->state, sip_slice(message, route->uri.user), &number))) &&
        number < worker->count) {
        return number;
    }
    const struct policy_listener *listener = &policy->listeners[packet->flow.listener];
    return zone_class_is_access(policy->zones[listener->zone].class)
               ? owner_of_device(worker, &packet->flow.remote)
               : owner_of_call(worker, message);
}

static uint32_t owner_of_response(const struct worker *worker, const struct sip_message *message)
{
    struct slice branch = sip_branch(message);
    uint32_t owner;

    if (slice_starts(branch, SLICE("z9hG4bK")) &&
        worker_named(slice_skip(branch, 7), worker->count, &owner)) {
        return owner;
    }
    return worker->index;
}

uint32_t hand_owner(struct worker *worker, const struct packet *packet)
{
    struct sip_message *message = &worker->peek;

    if (sip_read(message, packet->bytes, transport_is_stream(packet->flow.transport)) != SIP_READ) {
        return worker->index;
    }
    return message->is_request ? owner_of_request(worker, message, packet)
                               : owner_of_response(worker, message);
}

/*
 * Out.
 */

bool hand_over_packet(struct worker *worker, const struct packet *packet)
{
    const struct hand_head head = {.kind = HAND_PACKET};

    if (worker->count == 1) {
        return false;
    }
    uint32_t owner = hand_owner(worker, packet);
    if (owner == worker->index) {
        return false;
    }
    const struct slice pieces[] = {slice_over(&head, sizeof(head)),
                                   slice_over(packet, sizeof(*packet)), packet->certified_name,
                                   packet->bytes};
    /* A flood must not keep the worker from hearing of a new policy: the store would wait for it
     * for ever. */
    if (ring_room(worker->crew->workers[owner]->in[worker->index]) < HAND_KEPT_ROOM) {
        worker->counts.hand_over_full++;
    } else if (hand_put(worker, owner, pieces, ARRAY_COUNT(pieces))) {
        worker->counts.handed_over++;
    }
    return true;
}

/* Connections are numbered so that the number names the worker (worker_new). */
static uint32_t connection_owner(const struct worker *worker, uint32_t connection)
{
    return connection == 0 ? worker->index : (connection - 1) % worker->count;
}

bool hand_over_sending(struct worker *worker, const struct outgoing *outgoing)
{
    uint32_t owner = connection_owner(worker, outgoing->flow.connection);
    const struct hand_head head = {.kind = HAND_SENDING};

    if (owner == worker->index) {
        return false;
    }
    const struct slice pieces[] = {slice_over(&head, sizeof(head)),
                                   slice_over(outgoing, sizeof(*outgoing)), outgoing->bytes};
    if (!hand_put(worker, owner, pieces, ARRAY_COUNT(pieces)) && outgoing->reference != 0) {
        worker_note_failed(worker, outgoing->reference);
    }
    return true;
}

uint32_t hand_reference(const struct worker *worker, uint32_t reference)
{
    must(reference <= REFERENCE_MASK);
    return reference == 0 ? 0 : reference | worker->index << REFERENCE_BITS;
}

void hand_failed(struct worker *worker, uint32_t reference)
{
    uint32_t owner = reference >> REFERENCE_BITS;
    const struct hand_head head = {.kind = HAND_FAILED, .number = reference};
    const struct slice piece = slice_over(&head, sizeof(head));

    if (owner == worker->index) {
        relay_send_failed(worker->relay, reference & REFERENCE_MASK, loop_now_ms(&worker->loop),
                          &worker->outbox);
    } else {
        (void)hand_put(worker, owner, &piece, 1);
    }
}

void hand_over_closed(struct worker *worker, uint32_t connection)
{
    const struct hand_head head = {.kind = HAND_CLOSED, .number = connection};
    const struct slice piece = slice_over(&head, sizeof(head));

    for (uint32_t i = 0; i < worker->count; i++) {
        if (i != worker->index) {
            (void)hand_put(worker, i, &piece, 1);
        }
    }
}

void hand_wanted(struct worker *worker, const struct ipc_open *open)
{
    const struct hand_head head = {.kind = HAND_WANTED};
    const struct slice pieces[] = {slice_over(&head, sizeof(head)),
                                   slice_over(open, sizeof(*open))};

    if (worker->index == 0) {
        worker->crew->want(worker->crew->owner, open);
    } else {
        (void)hand_put(worker, 0, pieces, ARRAY_COUNT(pieces));
    }
}

bool hand_command(struct worker *from, uint32_t to, const struct worker_command *command)
{
    const struct hand_head head = {.kind = HAND_COMMAND};
    const struct slice pieces[] = {slice_over(&head, sizeof(head)),
                                   slice_over(command, sizeof(*command))};

    return hand_put(from, to, pieces, ARRAY_COUNT(pieces));
}

/*
 * In.
 */

/* Of two workers one has a new policy a moment earlier, and listeners may have other numbers there.
 * The zone of a packet hangs on it: what counts is the address it came to. */
static bool listener_again(const struct worker *worker, struct packet *packet)
{
    const struct policy *policy = worker->policy;
    uint32_t first = packet->flow.listener;

    for (uint32_t i = 0; i < policy->listener_count; i++) {
        uint32_t at = (first + i) % policy->listener_count; /* hardly ever another one */
        const struct policy_listener *listener = &policy->listeners[at];

        if (listener->transport == packet->flow.transport &&
            address_equal(&listener->address, &packet->local)) {
            packet->flow.listener = (uint16_t)at;
            return true;
        }
    }
    return false;
}

static void take_packet(struct worker *worker, struct slice record)
{
    struct packet packet;

    memcpy(&packet, record.at, sizeof(packet));
    record = slice_skip(record, sizeof(packet));
    packet.certified_name = slice_head(record, packet.certified_name.len);
    packet.bytes = slice_skip(record, packet.certified_name.len);
    if (listener_again(worker, &packet)) {
        worker_trip(worker, &packet);
    }
}

static void take_sending(struct worker *worker, struct slice record)
{
    struct outgoing outgoing;

    memcpy(&outgoing, record.at, sizeof(outgoing));
    outgoing.bytes = slice_skip(record, sizeof(outgoing));
    tcp_send(worker->tcp, &outgoing);
    tcp_flush(worker->tcp); /* the octets are the ring's */
}

static void take_wanted(struct worker *worker, struct slice record)
{
    struct ipc_open open;

    memcpy(&open, record.at, sizeof(open));
    worker->crew->want(worker->crew->owner, &open);
}

static void take_command(struct worker *worker, struct slice record)
{
    struct worker_command command;

    memcpy(&command, record.at, sizeof(command));
    worker_obey(worker, &command);
}

static void take_record(struct worker *worker, struct slice record)
{
    struct hand_head head;

    memcpy(&head, record.at, sizeof(head));
    record = slice_skip(record, sizeof(head));
    switch ((enum hand_kind)head.kind) {
    case HAND_PACKET:
        take_packet(worker, record);
        return;
    case HAND_SENDING:
        take_sending(worker, record);
        return;
    case HAND_FAILED:
        hand_failed(worker, head.number);
        return;
    case HAND_CLOSED:
        if (worker->relay != NULL) {
            relay_connection_closed(worker->relay, head.number, loop_now_ms(&worker->loop),
                                    &worker->outbox);
        }
        return;
    case HAND_WANTED:
        take_wanted(worker, record);
        return;
    case HAND_COMMAND:
        take_command(worker, record);
        return;
    }
}

void hand_take(void *owner)
{
    struct worker *worker = owner;
    struct slice record;
    unsigned taken = 0;

    for (uint32_t i = 0; i < worker->count; i++) {
        while (worker->in[i] != NULL && ring_peek(worker->in[i], &record)) {
            if (taken++ == HAND_TURN) {
                loop_wake(&worker->loop); /* sockets and timers get their turn, too */
                break;
            }
            take_record(worker, record);
            ring_drop(worker->in[i]);
            if (worker->relay != NULL && worker_is_filling(worker)) {
                worker_send(worker);
            }
        }
    }
    worker_hear_porter(worker);
    if (worker->relay != NULL) {
        worker_send(worker);
    }
    if (worker->index == 0) {
        worker->crew->look(worker->crew->owner);
    }
}
