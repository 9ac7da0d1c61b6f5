/*
 * Connections over TLS: who is expected there, what came of it, what is told and counted.
 */
#include "app/run/porter.h"
#include "app/run/worker.h"

#include <unistd.h>

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
    if (!is_expected(policy, listener->zone, peer) ||
        !porter_ask(worker->crew->porter, worker->index, &job)) {
        worker_refuse(worker, connection, fd);
    }
}

void worker_hear_porter(struct worker *worker)
{
    struct tls_outcome outcome;

    while (worker->crew->porter != NULL &&
           porter_answer(worker->crew->porter, worker->index, &outcome)) {
        tcp_secured(worker->tcp, outcome.connection, outcome.fd, outcome.tls);
    }
}
