#include "agent.h"

#include "base/must.h"

#include <stdlib.h>

enum {
    T1_MS = 500,
    T2_MS = 4000,
    T4_MS = 5000,
    LONGEST_MS = 64 * T1_MS,
    LINGER_MS = LONGEST_MS + T1_MS,
};

/* The ACK of a 2xx, by the answerer's tag. */
struct letter_of_ack {
    struct letter_of_ack *next;
    struct net_event end;
    struct agent *agent;
    char call_id[256], tag[136];
    uint32_t cseq;
    size_t len;
    char bytes[];
};

static uint32_t bucket_of(struct slice branch)
{
    uint32_t sum = 2166136261U;

    for (size_t i = 0; i < branch.len; i++) {
        sum = (sum ^ (unsigned char)branch.at[i]) * 16777619U;
    }
    return sum % AGENT_BUCKETS;
}

static bool is_datagram(const struct agent *agent)
{
    return !transport_is_stream(agent->party.host.transport);
}

static void say(struct agent *agent, const char *bytes, size_t len)
{
    net_send(agent->party.net, &agent->party.host, slice_of(bytes, len));
}

static char *copy(struct slice bytes)
{
    char *at = malloc(bytes.len + 1);

    must(at != NULL);
    memcpy(at, bytes.at, bytes.len);
    at[bytes.len] = '\0';
    return at;
}

static void keep_text(char *at, size_t max, struct slice text)
{
    must(text.len < max);
    memcpy(at, text.at, text.len);
    at[text.len] = '\0';
}

/*
 * Asking.
 */

static void client_free(struct agent_client *client)
{
    struct agent *agent = client->agent;
    struct agent_client **link = &agent->clients[bucket_of(slice_string(client->branch))];

    while (*link != client) {
        link = &(*link)->next;
    }
    *link = client->next;
    net_stop(agent->party.net, &client->resend);
    net_stop(agent->party.net, &client->end);
    free(client->bytes);
    free(client);
}

static struct agent_client *client_of_end(struct net_event *event)
{
    return (struct agent_client *)(void *)((char *)event - offsetof(struct agent_client, end));
}

static void client_end(struct net *net, struct net_event *event)
{
    struct agent_client *client = client_of_end(event);

    (void)net;
    if (!client->is_final) {
        client->is_final = true;
        client->status = 408;
        client->agent->events->timed_out(client->agent, client);
    }
    client_free(client);
}

static void client_resend(struct net *net, struct net_event *event)
{
    struct agent_client *client = (struct agent_client *)event;
    uint64_t interval = (uint64_t)T1_MS << (client->resends < 10 ? ++client->resends : 10);

    say(client->agent, client->bytes, client->len);
    if (client->method != SIP_INVITE && (interval > T2_MS || client->has_provisional)) {
        interval = T2_MS;
    }
    net_set(net, &client->resend, interval);
}

static struct agent_client *client_new(struct agent *agent, struct dialogue *dialogue,
                                       uint8_t method, struct slice bytes, void *owner)
{
    struct agent_client *client = calloc(1, sizeof(*client));
    struct agent_client **bucket = NULL;

    must(client != NULL);
    client->agent = agent;
    client->dialogue = dialogue;
    client->method = method;
    client->owner = owner;
    client->bytes = copy(bytes);
    client->len = bytes.len;
    keep_text(client->branch, sizeof(client->branch), slice_string(dialogue->branch));
    client->resend.happen = client_resend;
    client->end.happen = client_end;
    bucket = &agent->clients[bucket_of(slice_string(client->branch))];
    client->next = *bucket;
    *bucket = client;
    say(agent, client->bytes, client->len);
    if (is_datagram(agent)) {
        net_set(agent->party.net, &client->resend, T1_MS);
    }
    net_set(agent->party.net, &client->end, LONGEST_MS);
    return client;
}

struct agent_client *agent_ask(struct agent *agent, struct dialogue *dialogue,
                               struct party_wish *wish, void *owner)
{
    static char room[PARTY_MESSAGE_MAX];
    struct agent_client *client = NULL;
    struct text text;

    text_init(&text, room, sizeof(room));
    party_write_request(&agent->party, dialogue, wish, &text);
    client = client_new(agent, dialogue, (uint8_t)sip_method_find(wish->method), text_slice(&text),
                        owner);
    client->cseq = dialogue->local_cseq;
    return client;
}

static void send_cancel(struct agent_client *client)
{
    static char room[PARTY_MESSAGE_MAX];
    struct dialogue *dialogue = client->dialogue;
    char branch[64];
    struct text text;

    client->is_cancelled = true;
    memcpy(branch, dialogue->branch, sizeof(branch));
    text_init(&text, room, sizeof(room));
    party_write_request(&client->agent->party, dialogue,
                        &(struct party_wish){.method = SLICE("CANCEL"),
                                             .uri = slice_string(dialogue->invite_uri)},
                        &text);
    client_new(client->agent, dialogue, SIP_CANCEL, text_slice(&text), NULL);
    memcpy(dialogue->branch, branch, sizeof(branch));
}

void agent_cancel(struct agent_client *client)
{
    client->wants_cancel = true;
    if (client->has_provisional && !client->is_final && !client->is_cancelled) {
        send_cancel(client);
    }
}

static void ack_free(struct letter_of_ack *ack)
{
    struct letter_of_ack **link = &ack->agent->acks;

    while (*link != ack) {
        link = &(*link)->next;
    }
    *link = ack->next;
    net_stop(ack->agent->party.net, &ack->end);
    free(ack);
}

static void ack_end(struct net *net, struct net_event *event)
{
    (void)net;
    ack_free((struct letter_of_ack *)(void *)((char *)event - offsetof(struct letter_of_ack, end)));
}

void agent_acknowledge(struct agent *agent, struct dialogue *dialogue, struct party_wish *wish)
{
    static char room[PARTY_MESSAGE_MAX];
    struct letter_of_ack *ack = NULL;
    struct text text;

    wish->method = SLICE("ACK");
    text_init(&text, room, sizeof(room));
    party_write_request(&agent->party, dialogue, wish, &text);
    ack = calloc(1, sizeof(*ack) + text.len);
    must(ack != NULL);
    ack->agent = agent;
    ack->cseq = wish->cseq != 0 ? wish->cseq : dialogue->invite_cseq;
    keep_text(ack->call_id, sizeof(ack->call_id), slice_string(dialogue->call_id));
    keep_text(ack->tag, sizeof(ack->tag), slice_string(dialogue->remote_tag));
    ack->len = text.len;
    memcpy(ack->bytes, room, text.len);
    ack->next = agent->acks;
    agent->acks = ack;
    ack->end.happen = ack_end;
    net_set(agent->party.net, &ack->end, LINGER_MS);
    say(agent, ack->bytes, ack->len);
}

static bool acknowledge_again(struct agent *agent, const struct sip_message *response)
{
    for (struct letter_of_ack *ack = agent->acks; ack != NULL; ack = ack->next) {
        if (ack->cseq == response->cseq &&
            slice_equal(slice_string(ack->call_id), sip_call_id(response)) &&
            slice_equal(slice_string(ack->tag), sip_to_tag(response))) {
            say(agent, ack->bytes, ack->len);
            return true;
        }
    }
    return false;
}

/* The ACK of a refusal goes the way the INVITE went (RFC 3261 17.1.1.3). */
static void acknowledge_refusal(struct agent_client *client, const struct sip_message *response)
{
    static char room[PARTY_MESSAGE_MAX];
    struct sip_message *invite = client->agent->again;
    char from[700], to[700];
    struct text text;

    must(sip_read(invite, slice_of(client->bytes, client->len), false) == SIP_READ);
    keep_text(from, sizeof(from), sip_header_value(invite, SIP_HEADER_FROM));
    keep_text(to, sizeof(to), sip_header_value(response, SIP_HEADER_TO));
    text_init(&text, room, sizeof(room));
    text_put_format(&text, "ACK %.*s SIP/2.0\r\n", (int)invite->uri.whole.len,
                    sip_slice(invite, invite->uri.whole).at);
    text_put_format(&text, "Via: %.*s\r\n", (int)sip_header_value(invite, SIP_HEADER_VIA).len,
                    sip_header_value(invite, SIP_HEADER_VIA).at);
    if (sip_has(invite, SIP_HEADER_ROUTE)) {
        text_put_format(&text, "Route: %.*s\r\n",
                        (int)sip_header_value(invite, SIP_HEADER_ROUTE).len,
                        sip_header_value(invite, SIP_HEADER_ROUTE).at);
    }
    text_put_format(&text,
                    "Max-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %.*s\r\n"
                    "CSeq: %u ACK\r\nContent-Length: 0\r\n\r\n",
                    from, to, (int)sip_call_id(invite).len, sip_call_id(invite).at, invite->cseq);
    must(!text.is_full);
    say(client->agent, room, text.len);
}

static struct agent_client *client_find(const struct agent *agent,
                                        const struct sip_message *response)
{
    struct slice branch = sip_branch(response);
    struct agent_client *client = agent->clients[bucket_of(branch)];

    while (client != NULL && (client->method != response->cseq_method ||
                              !slice_equal(slice_string(client->branch), branch))) {
        client = client->next;
    }
    return client;
}

/* The answerer's dialog: the one that was begun, or another fork's. */
static struct dialogue *answerer_of(struct agent_client *client, const struct sip_message *response)
{
    struct party *party = &client->agent->party;
    struct dialogue *dialogue = dialogue_of(party, response);

    if (dialogue == NULL && client->method == SIP_INVITE && response->status > 100 &&
        response->status < 300 && sip_to_tag(response).len > 0) {
        dialogue = party_fork(party, client->dialogue, sip_to_tag(response));
    }
    return dialogue == NULL ? client->dialogue : dialogue;
}

static void heard_provisional(struct agent_client *client)
{
    struct net *net = client->agent->party.net;

    if (client->method == SIP_INVITE) {
        net_stop(net, &client->resend);
        net_set(net, &client->end, 400000);
    }
    client->has_provisional = true;
    if (client->wants_cancel && !client->is_cancelled) {
        send_cancel(client);
    }
}

static void heard_final(struct agent_client *client)
{
    struct net *net = client->agent->party.net;

    client->is_final = true;
    net_stop(net, &client->resend);
    net_set(net, &client->end, client->method == SIP_INVITE ? LINGER_MS : T4_MS);
}

static void response_take(struct agent *agent, const struct sip_message *response)
{
    struct agent_client *client = client_find(agent, response);
    struct dialogue *dialogue = NULL;
    uint16_t status = response->status;
    bool was_final = false;

    if (client == NULL) {
        agent->strays++;
        return;
    }
    was_final = client->is_final;
    if (client->method == SIP_INVITE && status >= 300) {
        acknowledge_refusal(client, response);
    }
    if (was_final && (client->method != SIP_INVITE || status < 200 || status >= 300)) {
        return;
    }
    if (client->method == SIP_INVITE && status >= 200 && status < 300 &&
        acknowledge_again(agent, response)) {
        return;
    }
    client->status = status;
    if (status < 200) {
        heard_provisional(client);
    } else {
        heard_final(client);
    }
    if (client->method == SIP_CANCEL) {
        return;
    }
    dialogue = answerer_of(client, response);
    dialogue_heard_response(dialogue, response);
    agent->events->answered(agent, client, dialogue, response);
}

/*
 * Answering.
 */

static void server_free(struct agent_server *server)
{
    struct agent *agent = server->agent;
    struct agent_server **link = &agent->servers[bucket_of(slice_string(server->branch))];

    while (*link != server) {
        link = &(*link)->next;
    }
    *link = server->next;
    net_stop(agent->party.net, &server->resend);
    net_stop(agent->party.net, &server->end);
    free(server->request);
    free(server->response);
    free(server);
}

static void server_end(struct net *net, struct net_event *event)
{
    struct agent_server *server =
        (struct agent_server *)(void *)((char *)event - offsetof(struct agent_server, end));

    (void)net;
    if (server->method == SIP_INVITE && !server->is_acknowledged && server->status >= 200 &&
        server->status < 300) {
        server->is_acknowledged = true;
        server->agent->events->unacknowledged(server->agent, server);
    }
    server_free(server);
}

static void server_resend(struct net *net, struct net_event *event)
{
    struct agent_server *server = (struct agent_server *)event;
    uint64_t interval = (uint64_t)T1_MS << (server->resends < 10 ? ++server->resends : 10);

    say(server->agent, server->response, server->response_len);
    if (server->status >= 200 && interval > T2_MS) {
        interval = T2_MS;
    }
    net_set(net, &server->resend, interval);
}

static struct agent_server *server_find(const struct agent *agent,
                                        const struct sip_message *request)
{
    struct slice branch = sip_branch(request);
    uint8_t method =
        request->method == SIP_ACK || request->method == SIP_CANCEL ? SIP_INVITE : request->method;
    struct agent_server *server = agent->servers[bucket_of(branch)];

    while (server != NULL &&
           (server->method != method || !slice_equal(slice_string(server->branch), branch))) {
        server = server->next;
    }
    return server;
}

static struct agent_server *server_new(struct agent *agent, const struct sip_message *request)
{
    struct agent_server *server = calloc(1, sizeof(*server));
    struct agent_server **bucket = NULL;

    must(server != NULL);
    server->agent = agent;
    server->method = request->method;
    server->cseq = request->cseq;
    server->request = copy(request->bytes);
    server->request_len = request->bytes.len;
    keep_text(server->branch, sizeof(server->branch), sip_branch(request));
    server->resend.happen = server_resend;
    server->end.happen = server_end;
    bucket = &agent->servers[bucket_of(slice_string(server->branch))];
    server->next = *bucket;
    *bucket = server;
    /* Should nobody ever answer it. */
    net_set(agent->party.net, &server->end, 600000);
    return server;
}

static void start_timers(struct agent_server *server, uint32_t rseq)
{
    struct net *net = server->agent->party.net;
    uint16_t status = server->status;

    net_stop(net, &server->resend);
    server->resends = 0;
    server->rseq = rseq;
    if (server->method == SIP_INVITE &&
        (rseq != 0 || (status >= 200 && (status < 300 || is_datagram(server->agent))))) {
        net_set(net, &server->resend, T1_MS);
    }
    if (status >= 200) {
        net_set(net, &server->end, LONGEST_MS);
    }
}

void agent_answer(struct agent_server *server, struct dialogue *dialogue, struct party_wish *wish,
                  uint32_t rseq)
{
    static char room[PARTY_MESSAGE_MAX];
    struct sip_message *request = server->agent->again;
    struct text text;

    if (server->status >= 200 && (server->method != SIP_INVITE || wish->status >= 300)) {
        return; /* answered already */
    }
    must(sip_read(request, slice_of(server->request, server->request_len), false) == SIP_READ);
    text_init(&text, room, sizeof(room));
    party_write_response(&server->agent->party, dialogue, request, wish, &text);
    free(server->response);
    server->response = copy(text_slice(&text));
    server->response_len = text.len;
    server->status = (uint16_t)wish->status;
    server->dialogue = dialogue;
    start_timers(server, rseq);
    say(server->agent, server->response, server->response_len);
}

static void cancel_take(struct agent *agent, struct agent_server *invite,
                        const struct sip_message *request)
{
    struct agent_server *server = server_new(agent, request);

    server->method = SIP_CANCEL;
    agent_answer(server, invite == NULL ? NULL : invite->dialogue,
                 &(struct party_wish){.status = invite == NULL ? 481 : 200}, 0);
    if (invite != NULL && invite->status < 200) {
        agent_answer(invite, invite->dialogue, &(struct party_wish){.status = 487}, 0);
        agent->events->cancelled(agent, invite);
    }
}

/* The server transaction whose 2xx is acknowledged. */
static struct agent_server *server_acknowledged(struct agent *agent, const struct sip_message *ack,
                                                const struct dialogue *dialogue)
{
    for (unsigned i = 0; i < AGENT_BUCKETS; i++) {
        for (struct agent_server *server = agent->servers[i]; server != NULL;
             server = server->next) {
            if (server->method == SIP_INVITE && server->cseq == ack->cseq &&
                server->dialogue == dialogue && server->status >= 200 && server->status < 300) {
                return server;
            }
        }
    }
    return NULL;
}

static void ack_take(struct agent *agent, struct agent_server *server,
                     const struct sip_message *ack)
{
    struct dialogue *dialogue = NULL;

    if (server != NULL && server->status >= 300) {
        net_stop(agent->party.net, &server->resend);
        server->is_acknowledged = true;
        return;
    }
    dialogue = dialogue_of(&agent->party, ack);
    server = dialogue == NULL ? NULL : server_acknowledged(agent, ack, dialogue);
    if (server == NULL) {
        agent->strays++;
        return;
    }
    net_stop(agent->party.net, &server->resend);
    if (!server->is_acknowledged) {
        server->is_acknowledged = true;
        agent->events->acknowledged(agent, server, ack);
    }
}

/* RFC 3262: the provisional is heard; it need not be said again. */
static void prack_take(struct agent *agent, const struct dialogue *dialogue)
{
    for (unsigned i = 0; dialogue != NULL && i < AGENT_BUCKETS; i++) {
        for (struct agent_server *server = agent->servers[i]; server != NULL;
             server = server->next) {
            if (server->method == SIP_INVITE && server->dialogue == dialogue && server->rseq != 0) {
                net_stop(agent->party.net, &server->resend);
                server->rseq = 0;
            }
        }
    }
}

static void request_take(struct agent *agent, const struct sip_message *request)
{
    struct agent_server *server = server_find(agent, request);
    struct dialogue *dialogue = NULL;

    if (request->method == SIP_ACK) {
        ack_take(agent, server, request);
        return;
    }
    if (request->method == SIP_CANCEL) {
        struct agent_server *same = agent->servers[bucket_of(sip_branch(request))];

        while (same != NULL && (same->method != SIP_CANCEL ||
                                !slice_equal(slice_string(same->branch), sip_branch(request)))) {
            same = same->next;
        }
        if (same != NULL) {
            say(agent, same->response, same->response_len);
        } else {
            cancel_take(agent, server, request);
        }
        return;
    }
    if (server != NULL) {
        if (server->response != NULL) {
            say(agent, server->response, server->response_len);
        }
        return;
    }
    server = server_new(agent, request);
    dialogue = dialogue_of(&agent->party, request);
    server->dialogue = dialogue;
    if (dialogue != NULL) {
        dialogue_heard_request(dialogue, request);
    }
    if (request->method == SIP_PRACK) {
        prack_take(agent, dialogue);
    }
    agent->events->asked(agent, server, request);
}

static void receive(struct net_host *host, struct slice bytes)
{
    struct agent *agent = (struct agent *)host;

    must(sip_read(agent->message, bytes, false) == SIP_READ);
    if (agent->message->is_request) {
        request_take(agent, agent->message);
    } else {
        response_take(agent, agent->message);
    }
}

void agent_open(struct agent *agent, struct net *net, const char *name, const char *aor,
                const struct agent_events *events)
{
    agent->events = events;
    agent->party.host.receive = receive;
    agent->message = calloc(1, sizeof(*agent->message));
    agent->again = calloc(1, sizeof(*agent->again));
    must(agent->message != NULL && agent->again != NULL);
    party_init(&agent->party, net, name, aor);
    net_add(net, &agent->party.host);
}

/* Nothing of it may be found any more by what is still kept. */
void agent_forget(struct agent *agent, struct dialogue *dialogue)
{
    for (unsigned i = 0; i < AGENT_BUCKETS; i++) {
        for (struct agent_client *client = agent->clients[i], *next = NULL; client != NULL;
             client = next) {
            next = client->next;
            if (client->dialogue == dialogue) {
                client_free(client);
            }
        }
        for (struct agent_server *server = agent->servers[i], *next = NULL; server != NULL;
             server = next) {
            next = server->next;
            if (server->dialogue == dialogue) {
                server_free(server);
            }
        }
    }
    dialogue_free(&agent->party, dialogue);
}

void agent_close(struct agent *agent)
{
    for (unsigned i = 0; i < AGENT_BUCKETS; i++) {
        while (agent->clients[i] != NULL) {
            client_free(agent->clients[i]);
        }
        while (agent->servers[i] != NULL) {
            server_free(agent->servers[i]);
        }
    }
    while (agent->acks != NULL) {
        ack_free(agent->acks);
    }
    party_end(&agent->party);
    free(agent->message);
    free(agent->again);
}
