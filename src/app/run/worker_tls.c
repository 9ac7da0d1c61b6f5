/*
 * Connections over TLS: who is expected there, what came of it, what is told and counted.
 */
#include "app/run/porter.h"
#include "app/run/tls_event.h"
#include "app/run/worker.h"
#include "policy/host.h"

#include <stdlib.h>

enum {
    TLS_TOLD_MAX = 20, /* events of one second: a storm of handshakes is counted */
    EXPIRIES_MS = 600000,
    SECONDS_A_DAY = 24 * 3600,
};

/* The names of a peer one behind the other, each ended by an octet zero. */
static void write_names(struct text *text, const struct policy_peer *peer)
{
    for (uint32_t i = 0; i < peer->certificates.count; i++) {
        text_put(text, peer->certificates.at[i]);
        text_put_octet(text, '\0');
    }
}

/* An operator's zone has its peers: for whoever else comes no key is used (CT-SEG-04). */
static bool is_expected(const struct policy *policy, uint16_t zone, uint16_t peer)
{
    return peer != POLICY_NONE || policy->zones[zone].accepts_unknown;
}

static void worker_refuse(struct worker *worker, uint32_t connection, int fd)
{
    tcp_secured(worker->tcp, connection, fd, NULL);
}

void worker_secure(void *owner, uint32_t connection, int fd, const struct flow *flow,
                   bool is_client)
{
    struct worker *worker = owner;
    const struct policy *policy = worker->policy;
    const struct policy_listener *listener = &policy->listeners[flow->listener];
    uint16_t peer = policy_peer_at(policy, listener->zone, &flow->remote);
    struct tls_job job = {
        .connection = connection,
        .worker = worker->index,
        .zone = policy_zone_id(policy, listener->zone),
        .fd = fd,
        .is_client = is_client,
        .remote = flow->remote,
        .local = listener->address,
    };
    char room[TLS_EXPECTED_OCTETS];
    struct text names;

    text_init(&names, room, sizeof(room));
    if (peer != POLICY_NONE) {
        job.peer = policy->peers[peer].id;
        write_names(&names, &policy->peers[peer]);
    }
    job.names = text_slice(&names);
    if (!is_expected(policy, listener->zone, peer)) {
        worker->page->tls.strangers++;
        worker_refuse(worker, connection, fd);
    } else if (!is_client && !tls_budget_take(&worker->tls_budget, &flow->remote,
                                              peer != POLICY_NONE, loop_now_us(&worker->loop))) {
        worker->page->tls.refused[TLS_BUDGET]++;
        worker_refuse(worker, connection, fd);
    } else if (!porter_ask(worker->crew->porter, worker->index, &job)) {
        worker->page->tls.refused[TLS_CROWDED]++;
        worker_refuse(worker, connection, fd);
    }
}

/*
 * What came of it.
 */

static uint16_t zone_by_id(const struct policy *policy, uint32_t id)
{
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        if (policy_zone_id(policy, (uint16_t)i) == id) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

/* Policies come and go while hands are shaken. */
static uint16_t peer_by_id(const struct policy *policy, uint32_t id)
{
    for (uint32_t i = 0; id != 0 && i < policy->peer_count; i++) {
        if (policy->peers[i].id == id) {
            return (uint16_t)i;
        }
    }
    return POLICY_NONE;
}

static bool may_tell(struct worker *worker)
{
    uint64_t second = loop_now_us(&worker->loop) / 1000000;

    if (worker->tls_told_second != second) {
        worker->tls_told_second = second;
        worker->tls_told = 0;
    }
    if (worker->tls_told == TLS_TOLD_MAX) {
        worker->counts.events_withheld++;
        return false;
    }
    worker->tls_told++;
    return true;
}

static void worker_tell_tls(struct worker *worker, const struct tls_outcome *outcome, uint16_t peer,
                            bool is_downgrade)
{
    uint64_t now_us = loop_now_us(&worker->loop) + worker->wall_offset_us;
    struct text text;

    if (!may_tell(worker)) {
        return;
    }
    text_init(&text, worker->event_room, sizeof(worker->event_room));
    tls_event_write(&text, worker->policy, outcome, zone_by_id(worker->policy, outcome->zone), peer,
                    is_downgrade, now_us);
    if (text.is_full ||
        !ipc_send(links_at(&worker->links, ROLE_RECORDER), IPC_EVENT, text_slice(&text), NULL, 0)) {
        worker->counts.events_lost++;
        return;
    }
    worker->counts.events++;
}

/*
 * Certificates that end.
 */

static void worker_tell_expiry(struct worker *worker, const struct tls_told_expiry *told)
{
    struct text text;

    text_init(&text, worker->event_room, sizeof(worker->event_room));
    tls_expiry_write(&text, worker->policy, told,
                     loop_now_us(&worker->loop) + worker->wall_offset_us);
    if (text.is_full ||
        !ipc_send(links_at(&worker->links, ROLE_RECORDER), IPC_EVENT, text_slice(&text), NULL, 0)) {
        worker->counts.events_lost++;
        return;
    }
    worker->counts.events++;
}

void worker_take_book(struct worker *worker, struct slice book)
{
    tls_expiries_read(&worker->tls_expiries, book);
    worker->expiries_due_ms = 0;
}

/* Now and then is enough for days. */
void worker_look_at_expiries(struct worker *worker)
{
    uint64_t now_ms = loop_now_ms(&worker->loop);
    int64_t now_s = (int64_t)((loop_now_us(&worker->loop) + worker->wall_offset_us) / 1000000);
    const struct tls_expiry *expiry = NULL;
    int64_t days = 0;

    if (worker->index != 0 || now_ms < worker->expiries_due_ms) {
        return;
    }
    worker->expiries_due_ms = now_ms + EXPIRIES_MS;
    while ((expiry = tls_expiries_next(&worker->tls_expiries, now_s, &days)) != NULL) {
        const struct tls_told_expiry told = {.zone = zone_by_id(worker->policy, expiry->zone),
                                             .peer = POLICY_NONE,
                                             .name = slice_string(expiry->name),
                                             .days = days};

        worker_tell_expiry(worker, &told);
    }
}

/* That of a peer is seen when it comes. */
static void worker_look_at_peer(struct worker *worker, const struct tls_outcome *outcome,
                                uint16_t peer)
{
    struct tls_ledger *ledger = &worker->page->peer_tls[peer];
    int64_t now_s = (int64_t)((loop_now_us(&worker->loop) + worker->wall_offset_us) / 1000000);
    int64_t days = (outcome->until_s - now_s) / SECONDS_A_DAY;

    if (outcome->until_s != ledger->until_s) {
        ledger->until_s = outcome->until_s;
        ledger->expiry_told = 0;
    }
    if (outcome->until_s != 0 && tls_thresholds_passed(days) > ledger->expiry_told) {
        const struct tls_told_expiry told = {.zone = zone_by_id(worker->policy, outcome->zone),
                                             .peer = peer,
                                             .name = slice_string(outcome->shown),
                                             .days = days};

        ledger->expiry_told = (uint8_t)tls_thresholds_passed(days);
        worker_tell_expiry(worker, &told);
    }
}

/* True when the peer has done better before (TLS-23). */
static bool ledger_note(struct tls_ledger *ledger, const struct tls_outcome *outcome)
{
    bool is_downgrade = outcome->version < ledger->best_version;

    ledger->version_13 += outcome->version == TLS1_3_VERSION;
    ledger->version_12 += outcome->version == TLS1_2_VERSION;
    ledger->resumed += outcome->is_resumed;
    ledger->downgrades += is_downgrade;
    ledger->version = outcome->version;
    memcpy(ledger->suite, outcome->suite, sizeof(ledger->suite));
    if (!is_downgrade) {
        ledger->best_version = outcome->version;
    }
    return is_downgrade;
}

static void worker_note_made(struct worker *worker, const struct tls_outcome *outcome,
                             uint16_t peer)
{
    struct tls_counts *counts = &worker->page->tls;

    counts->made++;
    counts->resumed += outcome->is_resumed;
    counts->version_12 += outcome->version == TLS1_2_VERSION;
    if (peer != POLICY_NONE) {
        worker_look_at_peer(worker, outcome, peer);
    }
    if (peer != POLICY_NONE && ledger_note(&worker->page->peer_tls[peer], outcome)) {
        counts->downgrades++;
        worker_tell_tls(worker, outcome, peer, true);
    }
}

static void worker_note_refused(struct worker *worker, const struct tls_outcome *outcome,
                                uint16_t peer)
{
    worker->page->tls.refused[outcome->reason]++;
    if (peer != POLICY_NONE) {
        worker->page->peer_tls[peer].refused++;
    }
    worker_tell_tls(worker, outcome, peer, false);
}

void worker_hear_porter(struct worker *worker)
{
    struct tls_outcome outcome;

    while (worker->crew->porter != NULL &&
           porter_answer(worker->crew->porter, worker->index, &outcome)) {
        uint16_t peer = peer_by_id(worker->policy, outcome.peer);

        if (outcome.reason == TLS_GOOD) {
            worker_note_made(worker, &outcome, peer);
        } else {
            worker_note_refused(worker, &outcome, peer);
        }
        tcp_secured(worker->tcp, outcome.connection, outcome.fd, outcome.tls);
    }
}

/*
 * One connection for both directions, RFC 5923.
 */

static bool is_hop(const struct policy_peer *peer, const struct address *remote, uint16_t port)
{
    struct address there = *remote;

    there.port = port;
    for (uint32_t i = 0; i < peer->hop_count; i++) {
        if (peer->hops[i].transport == TRANSPORT_TLS &&
            address_equal(&peer->hops[i].address, &there)) {
            return true;
        }
    }
    return false;
}

/* Only for who proved his name, and only for a place the policy says is his: a Via that names
 * another one's port would draw his calls over here. */
void worker_note_alias(struct worker *worker, const struct packet *packet)
{
    const struct inspection *inspection = &worker->inspection;
    const struct policy_peer *peer = inspection_peer(inspection);
    struct slice word;

    if (packet->flow.transport != TRANSPORT_TLS || peer == NULL || peer->certificates.count == 0 ||
        !inspection->message.is_request || inspection->verdict.action != ACTION_PASS ||
        (packet->flow.connection - 1) % worker->count != worker->index) {
        return;
    }
    const struct sip_value *via = sip_value(&inspection->message, SIP_HEADER_VIA);
    if (via == NULL || via->params.len == 0 ||
        !sip_param_find(sip_slice(&inspection->message, via->params), SLICE("alias"), &word)) {
        return;
    }
    uint16_t port = via->via.port != 0 ? via->via.port : transport_port(TRANSPORT_TLS);
    if (is_hop(peer, &packet->flow.remote, port)) {
        tcp_alias(worker->tcp, packet->flow.connection, port);
    }
}

/* Whoever has certificates is not to speak in clear from the same addresses (TLS-22). */
void worker_note_clear(struct worker *worker, const struct packet *packet)
{
    uint16_t peer = policy_peer_at(worker->policy, worker->inspection.zone, &packet->flow.remote);

    if (peer != POLICY_NONE) {
        worker->page->peer_tls[peer].clear++;
    }
}

/* Peers have other numbers in another policy. */
void worker_move_ledger(struct worker *worker, const struct policy *old)
{
    struct tls_ledger *moved = calloc(PAGE_PEERS_MAX, sizeof(*moved));

    for (uint32_t i = 0; moved != NULL && i < old->peer_count; i++) {
        uint16_t peer = peer_by_id(worker->policy, old->peers[i].id);

        if (peer != POLICY_NONE) {
            moved[peer] = worker->page->peer_tls[i];
        }
    }
    if (moved != NULL) {
        memcpy(worker->page->peer_tls, moved, PAGE_PEERS_MAX * sizeof(*moved));
    }
    free(moved);
}
