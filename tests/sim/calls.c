/* Calls: what each is meant to become, what its parties do, and whether it became that. */
#include "sim.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINGER_MS = 45000, OFFER_ROOM = 2048 };

static const struct {
    enum sim_place from, to;
} ways[] = {
    {PLACE_ACCESS, PLACE_CORE},  {PLACE_ACCESS, PLACE_CORE},  {PLACE_ACCESS, PLACE_CORE},
    {PLACE_CORE, PLACE_ACCESS},  {PLACE_CORE, PLACE_ACCESS},  {PLACE_CORE, PLACE_CARRIER},
    {PLACE_CORE, PLACE_CARRIER}, {PLACE_CORE, PLACE_NAMED},   {PLACE_CORE, PLACE_TRANSIT},
    {PLACE_CORE, PLACE_COMPANY}, {PLACE_CARRIER, PLACE_CORE}, {PLACE_NAMED, PLACE_CORE},
    {PLACE_TRANSIT, PLACE_CORE}, {PLACE_COMPANY, PLACE_CORE},
};

static const char *const domains[SIM_PLACES] = {"example.net",     "example.net",
                                                "carrier.example", "named.example",
                                                "transit.example", "factory.example"};

/*
 * The plan.
 */

static void plan_session(struct net *net, struct call_plan *plan)
{
    static const uint16_t refusals[] = {486, 404, 480, 603, 503, 500, 302, 488, 403};
    uint32_t dice = net_below(net, 100);

    plan->end = dice < 62   ? END_ANSWERED
                : dice < 76 ? END_REFUSED
                : dice < 92 ? END_CANCELLED
                : dice < 95 ? END_UNACKNOWLEDGED
                            : END_SILENT;
    plan->refusal = refusals[net_below(net, ARRAY_COUNT(refusals))];
    plan->rings = net_below(net, 4);
    plan->forks = net_below(net, 10) == 0 ? 2 + net_below(net, 2) : 1;
    plan->wait_ms = net_below(net, 300);
    plan->ring_ms = 20 + net_below(net, 4000);
    plan->cancel_ms = net_below(net, 6000);
    plan->talk_ms = net_below(net, 20000);
    plan->steps = net_below(net, 5);
    plan->is_reliable = net_below(net, 4) == 0;
    plan->has_early_media = net_below(net, 3) == 0;
    plan->offers_late = net_below(net, 12) == 0;
    plan->has_video = net_below(net, 6) == 0;
    plan->first_hop_fails = net_below(net, 8) == 0;
    plan->first_hop_is_silent = net_below(net, 2) == 0;
    plan->second_yes = net_below(net, 2) == 0;
    plan->callee_hangs_up = net_below(net, 2) == 0;
    plan->both_hang_up = net_below(net, 12) == 0;
}

static void plan_make(struct net *net, struct call *call)
{
    static const uint8_t singles[] = {SIP_MESSAGE, SIP_MESSAGE, SIP_OPTIONS, SIP_PUBLISH};
    struct call_plan *plan = &call->plan;
    uint32_t dice = net_below(net, 100);

    plan_session(net, plan);
    plan->kind = dice < 82 ? CALL_SESSION : dice < 94 ? CALL_SINGLE : CALL_SUBSCRIPTION;
    if (plan->kind == CALL_SINGLE) {
        plan->method = singles[net_below(net, ARRAY_COUNT(singles))];
        plan->end = net_below(net, 5) == 0 ? END_REFUSED : END_ANSWERED;
    }
    if (plan->kind == CALL_SUBSCRIPTION) {
        plan->end = END_ANSWERED;
    }
    if (call->from == PLACE_ACCESS && plan->kind == CALL_SESSION && net_below(net, 20) == 0) {
        plan->is_emergency = true;
    }
    if (call->to != PLACE_CARRIER || plan->kind != CALL_SESSION) {
        plan->first_hop_fails = false;
    }
}

static bool may_be_asked(const struct call *call)
{
    /* What the tables of methods let through between the two. */
    if (call->plan.kind == CALL_SUBSCRIPTION) {
        return call->from == PLACE_ACCESS && call->to == PLACE_CORE;
    }
    if (call->plan.kind == CALL_SINGLE) {
        return call->plan.method == SIP_MESSAGE
                   ? call->from != PLACE_TRANSIT && call->to != PLACE_TRANSIT
                   : call->from == PLACE_ACCESS && call->to == PLACE_CORE;
    }
    return true;
}

/*
 * Saying.
 */

static void put_ports(struct call *call, const struct agent *agent, struct party *party)
{
    party->media_port = agent == call->caller ? call->caller_port : call->callee_port;
}

static struct slice offer(struct call *call, struct agent *agent, struct dialogue *dialogue,
                          const char *direction, char room[OFFER_ROOM])
{
    struct text text;

    put_ports(call, agent, &agent->party);
    text_init(&text, room, OFFER_ROOM);
    party_write_sdp(&agent->party, dialogue, direction, call->plan.has_video ? 2 : 1, &text);
    return text_slice(&text);
}

/* Somebody inside is careless: his headers tell of hosts that nobody outside may know. */
static void plant(struct sim *sim, const struct agent *agent, struct extras *extras)
{
    static const char *const lines[] = {
        "Warning: 399 scscf1.core.internal \"10.0.0.21 says\"",
        "Call-Info: <http://mrf.core.internal/icon>;purpose=icon",
        "P-Charging-Vector: icid-value=abc;icid-generated-at=10.0.0.20",
        "User-Agent: scscf1.core.internal/1.0",
        "X-Node: 10.0.0.22",
        "P-Asserted-Identity: <sip:core@scscf1.core.internal>",
        "Reply-To: <sip:x@10.0.0.23;node=scscf1.core.internal>",
        "Organization: rack 7 of 10.0.0.20",
        "History-Info: <sip:x@as1.core.internal?Reason=SIP%3Bcause%3D302>;index=1",
        "Reason: SIP;cause=200;text=\"10.0.0.20\"",
        "Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000",
    };

    if (agent->party.host.zone == sim->agents[0].party.host.zone && net_below(&sim->net, 2) == 0) {
        for (unsigned i = net_below(&sim->net, 4); i > 0; i--) {
            const char *line = lines[net_below(&sim->net, ARRAY_COUNT(lines))];
            bool is_there = false;

            for (unsigned j = 0; j < extras->count; j++) {
                is_there |= slice_starts(slice_string(line), extras->names[j]);
            }
            if (!is_there) {
                must(extras_add_line(extras, slice_string(line)));
            }
        }
    }
}

static struct agent_client *ask(struct call *call, struct agent *agent, struct dialogue *dialogue,
                                const char *method, const char *const *lines, struct slice body)
{
    struct extras extras = {.count = 0};
    struct party_wish wish = {
        .method = slice_string(method),
        .body = body,
        .body_type = SLICE("application/sdp"),
        .extras = &extras,
    };

    for (unsigned i = 0; lines != NULL && lines[i] != NULL; i++) {
        must(extras_add_line(&extras, slice_string(lines[i])));
    }
    plant(call->sim, agent, &extras);
    return agent_ask(agent, dialogue, &wish, call);
}

static void answer(struct call *call, struct agent_server *server, struct dialogue *dialogue,
                   unsigned status, struct slice body, uint32_t rseq)
{
    struct extras extras = {.count = 0};
    char digits[16];
    struct party_wish wish = {
        .status = status,
        .body = body,
        .body_type = SLICE("application/sdp"),
        .extras = &extras,
    };

    if (rseq != 0) {
        snprintf(digits, sizeof(digits), "%u", rseq);
        extras_add(&extras, SLICE("Require"), SLICE("100rel"));
        extras_add(&extras, SLICE("RSeq"), slice_string(digits));
    }
    if (status == 302) {
        extras_add(&extras, SLICE("Contact"), SLICE("<sip:elsewhere@example.org>"));
    }
    if (server->method == SIP_SUBSCRIBE && status == 200) {
        extras_add(&extras, SLICE("Expires"), SLICE("60"));
    }
    plant(call->sim, server->agent, &extras);
    agent_answer(server, dialogue, &wish, rseq);
}

/*
 * The end.
 */

static void forget_of(struct agent *agent, struct dialogue **dialogue)
{
    struct dialogue *found = agent->party.dialogues;

    while (found != NULL && found != *dialogue) {
        found = found->next;
    }
    if (found != NULL) {
        agent_forget(agent, found);
    }
    *dialogue = NULL;
}

static void forget_all(struct call *call, struct agent *agent)
{
    struct dialogue *dialogue = agent == NULL ? NULL : agent->party.dialogues;

    while (dialogue != NULL) {
        struct dialogue *next = dialogue->next;

        if (dialogue->owner == call) {
            forget_of(agent, &dialogue);
        }
        dialogue = next;
    }
}

static void call_free(struct call *call)
{
    struct sim *sim = call->sim;
    struct call **link = &sim->calls;

    while (*link != call) {
        link = &(*link)->next;
    }
    *link = call->next;
    net_stop(&sim->net, &call->caller_turn);
    net_stop(&sim->net, &call->callee_turn);
    net_stop(&sim->net, &call->over);
    forget_all(call, call->caller);
    for (unsigned i = 0; i < sim->agent_count; i++) {
        forget_all(call, &sim->agents[i]);
    }
    if (call->callee != NULL) {
        forget_all(call, call->callee);
    }
    free(call);
}

static void over(struct net *net, struct net_event *event)
{
    (void)net;
    call_free((struct call *)(void *)((char *)event - offsetof(struct call, over)));
}

static void check_result(struct call *call)
{
    struct sim *sim = call->sim;
    const struct call_plan *plan = &call->plan;

    if (call->is_shaken) {
        sim->outcomes[7]++;
        return;
    }
    sim->outcomes[plan->end]++;
    switch (plan->end) {
    case END_ANSWERED:
        if (call->status < 200 || call->status >= 300) {
            sim_fail(sim, call, "was to be answered and got %u", call->status);
        }
        return;
    case END_REFUSED:
        if (call->status < 300) {
            sim_fail(sim, call, "was to be refused with %u and got %u", plan->refusal,
                     call->status);
        }
        return;
    case END_CANCELLED:
        /* Either the CANCEL came in time or the answer did. */
        if (call->status != 487 && (call->status < 200 || call->status >= 300) &&
            call->status < 300) {
            sim_fail(sim, call, "was to be cancelled and got %u", call->status);
        }
        return;
    case END_SILENT:
        if (call->status != 408 && call->status != 503) {
            sim_fail(sim, call, "was to be met with silence and got %u", call->status);
        }
        return;
    case END_UNACKNOWLEDGED:
        return;
    }
}

static void finish(struct call *call)
{
    struct sim *sim = call->sim;

    if (call->state == CALL_DONE) {
        return;
    }
    call->state = CALL_DONE;
    call->finished_ms = sim->net.now_ms;
    sim->finished++;
    sim->active--;
    net_stop(&sim->net, &call->caller_turn);
    check_result(call);
    net_set(&sim->net, &call->over, LINGER_MS);
}

/*
 * While it is up.
 */

static bool is_up_at_callee(const struct call *call)
{
    return call->is_acknowledged && call->theirs != NULL;
}

static void hang_up(struct call *call, bool is_callee)
{
    struct agent *agent = is_callee ? call->callee : call->caller;
    struct dialogue *dialogue = is_callee ? call->theirs : call->mine;

    if (call->has_byed[is_callee]) {
        return;
    }
    call->has_byed[is_callee] = true;
    call->state = CALL_ENDING;
    ask(call, agent, dialogue, "BYE", NULL, SLICE_NONE);
}

static void check_media(struct call *call)
{
    const struct gate *gate = call->sim->net.world.gate;

    for (uint32_t i = 0; i < gate->open_count; i++) {
        const struct media_side *sides = gate->streams[gate->open_streams[i]].order.sides;

        for (unsigned side = 0; side < 2; side++) {
            if (sides[side].remote.port == call->caller_port &&
                address_same_host(&sides[side].remote, &call->caller->party.host.address)) {
                if (sides[side ^ 1].remote.port == call->callee_port &&
                    address_same_host(&sides[side ^ 1].remote, &call->callee->party.host.address)) {
                    return;
                }
            }
        }
    }
    sim_fail(call->sim, call, "is up and its media are not joined");
}

static void step(struct call *call, bool is_callee)
{
    static const char *const methods[] = {"INVITE", "UPDATE", "INFO", "INVITE"};
    static const char *const info[] = {"Content-Type: application/dtmf-relay", NULL};
    struct agent *agent = is_callee ? call->callee : call->caller;
    struct dialogue *dialogue = is_callee ? call->theirs : call->mine;
    const char *method = methods[net_below(&call->sim->net, ARRAY_COUNT(methods))];
    bool is_info = strcmp(method, "INFO") == 0;
    char room[OFFER_ROOM];

    if (is_info && (call->from == PLACE_TRANSIT || call->to == PLACE_TRANSIT)) {
        method = "UPDATE"; /* INFO does not pass there */
        is_info = false;
    }
    call->is_busy = true;
    ask(call, agent, dialogue, method, is_info ? info : NULL,
        is_info ? SLICE_NONE
                : offer(call, agent, dialogue,
                        net_below(&call->sim->net, 3) == 0 ? "sendonly" : NULL, room));
}

static void caller_turn(struct net *net, struct net_event *event)
{
    struct call *call = (struct call *)(void *)((char *)event - offsetof(struct call, caller_turn));
    bool is_callee = net_below(net, 2) == 0 && is_up_at_callee(call);

    if (call->state == CALL_ASKING) {
        if (call->plan.end == END_CANCELLED && call->invite != NULL) {
            agent_cancel(call->invite);
        }
        return;
    }
    if (call->state == CALL_ENDING && call->plan.end == END_UNACKNOWLEDGED) {
        if (!call->is_shaken) {
            sim_fail(call->sim, call, "was never acknowledged and not ended");
        }
        finish(call);
        return;
    }
    if (call->state != CALL_UP || call->is_busy) {
        return;
    }
    if (!call->is_acknowledged) {
        net_set(net, event, 200); /* the ACK is under way */
        if (net->now_ms - call->began_ms < 300000) {
            return;
        }
    }
    if (call->stepped < call->plan.steps) {
        call->stepped++;
        step(call, is_callee);
        return;
    }
    if (!call->is_shaken && call->plan.kind == CALL_SESSION && net_below(net, 4) == 0) {
        check_media(call);
    }
    if (call->plan.both_hang_up && is_up_at_callee(call)) {
        hang_up(call, true);
        hang_up(call, false);
        return;
    }
    hang_up(call, call->plan.callee_hangs_up && is_up_at_callee(call));
}

/*
 * The callee.
 */

static void callee_turn(struct net *net, struct net_event *event)
{
    struct call *call = (struct call *)(void *)((char *)event - offsetof(struct call, callee_turn));
    const struct call_plan *plan = &call->plan;
    struct dialogue *dialogue = NULL;
    char room[OFFER_ROOM];
    uint32_t rseq = 0;

    if (call->ring == NULL || call->ring->status >= 300) {
        return;
    }
    if (call->rung < plan->rings * plan->forks) {
        unsigned fork = call->rung % plan->forks;
        bool has_media = plan->has_early_media && !plan->offers_late;

        dialogue = call->forks[fork];
        if (plan->is_reliable && plan->forks == 1 && call->ring->rseq == 0) {
            rseq = ++dialogue->rseq + 1000;
        }
        call->rung++;
        if (call->ring->rseq == 0) {
            answer(call, call->ring, dialogue, has_media ? 183 : 180,
                   has_media ? offer(call, call->callee, dialogue, NULL, room) : SLICE_NONE, rseq);
        }
        net_set(net, event, plan->ring_ms / (plan->rings * plan->forks + 1) + 1);
        return;
    }
    if (call->ring->rseq != 0) {
        net_set(net, event, 100); /* no final answer before the PRACK (RFC 3262 3) */
        return;
    }
    dialogue = call->forks[call->chosen];
    if (plan->end == END_REFUSED) {
        answer(call, call->ring, dialogue, plan->refusal, SLICE_NONE, 0);
        return;
    }
    if (call->ring->status < 200) {
        call->theirs = dialogue;
        answer(call, call->ring, dialogue, 200, offer(call, call->callee, dialogue, NULL, room), 0);
        if (plan->forks > 1 && plan->second_yes) {
            net_set(net, event, 50 + net_below(net, 500));
        }
        return;
    }
    /* Another telephone was picked up too.  Its 200 goes once: the transaction is the first's. */
    dialogue = call->forks[(call->chosen + 1) % plan->forks];
    if (call->ring->is_acknowledged && call->state == CALL_UP) {
        struct party_wish wish = {.status = 200};
        static char bytes[PARTY_MESSAGE_MAX];
        struct text text;

        must(sip_read(call->callee->again, slice_of(call->ring->request, call->ring->request_len),
                      false) == SIP_READ);
        text_init(&text, bytes, sizeof(bytes));
        party_write_response(&call->callee->party, dialogue, call->callee->again, &wish, &text);
        net_send(net, &call->callee->party.host, text_slice(&text));
    }
}

static struct call *call_of_request(struct sim *sim, const struct sip_message *request)
{
    struct slice user = sip_slice(request, sip_value(request, SIP_HEADER_FROM)->uri.user);
    uint64_t number = 0;

    if (!slice_starts(user, SLICE("c")) ||
        !slice_number(slice_skip(user, 1), UINT32_MAX, &number)) {
        return NULL;
    }
    for (struct call *call = sim->calls; call != NULL; call = call->next) {
        if (call->number == number) {
            return call;
        }
    }
    return NULL;
}

/* Which host the first try went to fails, as the plan says. */
static bool first_hop_fails(struct call *call, struct agent_server *server)
{
    if (!call->plan.first_hop_fails || call->tries > 0) {
        return false;
    }
    call->tries++;
    server->owner = NULL;
    if (!call->plan.first_hop_is_silent) {
        answer(call, server, NULL, 503, SLICE_NONE, 0);
    }
    return true;
}

static void invited(struct call *call, struct agent *agent, struct agent_server *server,
                    const struct sip_message *request)
{
    struct net *net = &call->sim->net;

    if (call->plan.end == END_SILENT) {
        server->owner = NULL;
        return;
    }
    if (call->ring != NULL || call->state == CALL_DONE) {
        server->owner = NULL;
        /* Somebody else's copy, or a second hop: there is one callee.  Which of the two was the
         * caller's own nobody can tell. */
        call->is_shaken |= call->sim->attack_permille > 0;
        answer(call, server, NULL, 486, SLICE_NONE, 0);
        return;
    }
    if (first_hop_fails(call, server)) {
        return;
    }
    call->callee = agent;
    call->ring = server;
    for (unsigned i = 0; i < call->plan.forks; i++) {
        call->forks[i] = party_asked(&agent->party, "call", request);
        call->forks[i]->owner = call;
    }
    server->dialogue = call->forks[0];
    call->chosen = net_below(net, call->plan.forks);
    net_set(net, &call->callee_turn, call->plan.wait_ms);
}

static void asked_single(struct call *call, struct agent_server *server)
{
    call->callee = server->agent;
    answer(call, server, NULL, call->plan.end == END_REFUSED ? call->plan.refusal : 200, SLICE_NONE,
           0);
}

static void notify(struct call *call, const char *state)
{
    char line[80];
    const char *const lines[] = {"Event: message-summary", line, NULL};

    snprintf(line, sizeof(line), "Subscription-State: %s", state);
    call->pending++;
    ask(call, call->callee, call->theirs, "NOTIFY", lines, SLICE_NONE);
}

static void asked_subscription(struct call *call, struct agent *agent, struct agent_server *server,
                               const struct sip_message *request)
{
    if (call->theirs != NULL) {
        answer(call, server, call->theirs, 200, SLICE_NONE, 0);
        return;
    }
    call->callee = agent;
    call->theirs = party_asked(&agent->party, "call", request);
    call->theirs->owner = call;
    if (net_below(&call->sim->net, 2) == 0) {
        notify(call, "active;expires=60"); /* it may overtake the answer */
        answer(call, server, call->theirs, 200, SLICE_NONE, 0);
    } else {
        answer(call, server, call->theirs, 200, SLICE_NONE, 0);
        notify(call, "active;expires=60");
    }
}

static void asked_within(struct call *call, struct agent *agent, struct agent_server *server,
                         const struct sip_message *request)
{
    bool is_callee = agent == call->callee && call->theirs != NULL &&
                     server->dialogue != call->mine && server->dialogue != call->begun;
    bool has_offer =
        (request->method == SIP_INVITE || request->method == SIP_UPDATE) && request->body.len > 0;
    char room[OFFER_ROOM];

    if (request->method == SIP_BYE) {
        answer(call, server, server->dialogue, 200, SLICE_NONE, 0);
        if (is_callee && server->dialogue != call->theirs) {
            call->surplus_byes++;
            return;
        }
        if (call->state == CALL_UP) {
            call->state = CALL_ENDING;
        }
        if (call->plan.end == END_UNACKNOWLEDGED ||
            (call->is_shaken && !call->has_byed[0] && !call->has_byed[1])) {
            finish(call);
        }
        return;
    }
    answer(call, server, server->dialogue, 200,
           has_offer ? offer(call, agent, server->dialogue, NULL, room) : SLICE_NONE, 0);
}

void call_asked(struct sim *sim, struct agent *agent, struct agent_server *server,
                const struct sip_message *request)
{
    struct call *call =
        server->dialogue != NULL ? server->dialogue->owner : call_of_request(sim, request);

    if (call == NULL || (server->dialogue == NULL && sip_to_tag(request).len > 0)) {
        agent_answer(server, server->dialogue, &(struct party_wish){.status = 481}, 0);
        return;
    }
    server->owner = call;
    if (server->dialogue != NULL) {
        asked_within(call, agent, server, request);
    } else if (request->method == SIP_INVITE) {
        invited(call, agent, server, request);
    } else if (request->method == SIP_SUBSCRIBE) {
        asked_subscription(call, agent, server, request);
    } else {
        asked_single(call, server);
    }
}

void call_acknowledged(struct sim *sim, struct agent_server *server)
{
    struct call *call = server->owner;

    (void)sim;
    if (call != NULL && server->dialogue == call->theirs) {
        call->is_acknowledged = true;
    }
}

/* Nobody acknowledged the 2xx: the call is ended (RFC 3261 13.3.1.4). */
void call_unacknowledged(struct sim *sim, struct agent_server *server)
{
    struct call *call = server->owner;

    if (call == NULL || server->dialogue == NULL) {
        return;
    }
    if (!call->is_shaken && call->plan.end != END_UNACKNOWLEDGED && call->state != CALL_DONE) {
        sim_fail(sim, call, "a 2xx of %s was never acknowledged", server->agent->party.name);
    }
    if (call->state != CALL_DONE) {
        ask(call, server->agent, server->dialogue, "BYE", NULL, SLICE_NONE);
    }
}

void call_cancelled(struct sim *sim, struct agent_server *server)
{
    struct call *call = server->owner;

    if (call != NULL) {
        net_stop(&sim->net, &call->callee_turn);
    }
}

/*
 * The caller.
 */

static void acknowledge(struct call *call, struct dialogue *dialogue,
                        const struct sip_message *response)
{
    char room[OFFER_ROOM];
    struct party_wish wish = {.body_type = SLICE("application/sdp"), .cseq = response->cseq};

    if (call->plan.offers_late && call->state == CALL_ASKING) {
        wish.body = offer(call, call->caller, dialogue, NULL, room);
    }
    agent_acknowledge(call->caller, dialogue, &wish);
}

static void up(struct call *call, struct dialogue *dialogue, const struct sip_message *response)
{
    struct net *net = &call->sim->net;

    if (dialogue == call->mine) {
        return; /* again, because nobody acknowledges */
    }
    if (call->state != CALL_ASKING) {
        /* A second answerer reached the caller: the border should have let him go. */
        sim_fail(call->sim, call, "was answered twice");
        return;
    }
    call->status = response->status;
    call->mine = dialogue;
    if (call->plan.end == END_UNACKNOWLEDGED) {
        call->state = CALL_ENDING;
        net_set(net, &call->caller_turn, 100000);
        return;
    }
    acknowledge(call, dialogue, response);
    call->state = CALL_UP;
    if (call->plan.end == END_CANCELLED) {
        call->plan.steps = 0;
        net_set(net, &call->caller_turn, 500 + net_below(net, 500));
        return;
    }
    net_set(net, &call->caller_turn, 100 + call->plan.talk_ms / (call->plan.steps + 1));
}

static void heard_early(struct call *call, struct agent_client *client, struct dialogue *dialogue,
                        const struct sip_message *response)
{
    char line[80];
    const char *const lines[] = {line, NULL};
    uint32_t rseq = 0;

    (void)client;
    dialogue->owner = call;
    if (sip_list_has(response, SIP_HEADER_REQUIRE, SLICE("100rel")) &&
        sip_number(response, SIP_HEADER_RSEQ, &rseq) && rseq > call->pracked) {
        call->pracked = rseq;
        snprintf(line, sizeof(line), "RAck: %u %u INVITE", rseq, response->cseq);
        call->pending++;
        ask(call, call->caller, dialogue, "PRACK", lines, SLICE_NONE);
    }
}

static void answered_invite(struct call *call, struct agent_client *client,
                            struct dialogue *dialogue, const struct sip_message *response)
{
    if (response->status < 200) {
        heard_early(call, client, dialogue, response);
        return;
    }
    if (response->status < 300) {
        dialogue->owner = call;
        up(call, dialogue, response);
        return;
    }
    call->status = response->status;
    finish(call);
}

static void answered_within(struct call *call, struct agent_client *client,
                            struct dialogue *dialogue, const struct sip_message *response)
{
    struct net *net = &call->sim->net;
    bool is_callee = client->agent == call->callee && dialogue == call->theirs;

    if (response->status < 200) {
        return;
    }
    if (client->method == SIP_INVITE && response->status < 300) {
        agent_acknowledge(client->agent, dialogue, &(struct party_wish){.cseq = response->cseq});
    }
    if (client->method == SIP_BYE) {
        call->is_bye_answered[is_callee] = true;
        if (response->status >= 300 && !call->is_shaken && !call->plan.both_hang_up &&
            call->plan.end != END_UNACKNOWLEDGED) {
            sim_fail(call->sim, call, "a BYE was answered %u", response->status);
        }
        finish(call);
        return;
    }
    if (client->method == SIP_PRACK || client->method == SIP_NOTIFY) {
        call->pending--;
        if (response->status >= 300 && !call->is_shaken && call->state != CALL_DONE &&
            call->plan.end != END_CANCELLED && call->plan.end != END_REFUSED) {
            sim_fail(call->sim, call, "%s was answered %u",
                     client->method == SIP_PRACK ? "a PRACK" : "a NOTIFY", response->status);
        }
        return;
    }
    if (response->status >= 300 && !call->is_shaken && call->state == CALL_UP) {
        sim_fail(call->sim, call, "a request of method %u within the dialog was answered %u",
                 client->method, response->status);
    }
    call->is_busy = false;
    net_set(net, &call->caller_turn, 50 + call->plan.talk_ms / (call->plan.steps + 1));
}

static void answered_subscribe(struct call *call, struct dialogue *dialogue,
                               const struct sip_message *response)
{
    dialogue->owner = call;
    call->status = response->status;
    if (response->status >= 300) {
        finish(call);
        return;
    }
    call->mine = dialogue;
    call->state = CALL_ENDING;
    if (call->theirs != NULL) {
        notify(call, "terminated;reason=timeout");
    }
    finish(call);
}

void call_answered(struct sim *sim, struct agent_client *client, struct dialogue *dialogue,
                   const struct sip_message *response)
{
    struct call *call = client->owner;

    (void)sim;
    if (call == NULL) {
        return;
    }
    if (client == call->invite && client->method == SIP_INVITE) {
        answered_invite(call, client, dialogue, response);
    } else if (client == call->invite && client->method == SIP_SUBSCRIBE) {
        if (response->status >= 200) {
            answered_subscribe(call, dialogue, response);
        }
    } else if (client == call->invite) {
        if (response->status >= 200) {
            call->status = response->status;
            finish(call);
        }
    } else {
        answered_within(call, client, dialogue, response);
    }
}

void call_timed_out(struct sim *sim, struct agent_client *client)
{
    struct call *call = client->owner;

    if (call == NULL) {
        return;
    }
    if (call->state == CALL_DONE) {
        return;
    }
    if (!call->is_shaken && call->plan.end != END_SILENT) {
        sim_fail(sim, call, "a request of method %u of %s was never answered", client->method,
                 client->agent->party.name);
    }
    if (client == call->invite) {
        call->status = 408;
    }
    call->is_busy = false;
    if (call->state == CALL_UP && client->method != SIP_BYE && call->mine != NULL) {
        hang_up(call, client->agent == call->callee); /* RFC 3261 12.2.1.2 */
        return;
    }
    finish(call);
}

void call_begin(struct sim *sim)
{
    struct net *net = &sim->net;
    struct call *call = calloc(1, sizeof(*call));
    unsigned way = net_below(net, ARRAY_COUNT(ways));
    static const char *const tokens[SIP_METHOD_COUNT] = {
        [SIP_MESSAGE] = "MESSAGE", [SIP_OPTIONS] = "OPTIONS", [SIP_PUBLISH] = "PUBLISH"};
    static const char *const presence[] = {"Event: presence", NULL};
    static const char *const summary[] = {"Event: message-summary", "Expires: 60", NULL};
    static const char *const reliable[] = {"Supported: 100rel", NULL};
    char to[512], local[64], room[OFFER_ROOM];

    must(call != NULL);
    call->sim = sim;
    call->from = ways[way].from;
    call->to = ways[way].to;
    do {
        plan_make(net, call);
    } while (!may_be_asked(call));
    call->number = ++sim->begun;
    call->next = sim->calls;
    sim->calls = call;
    sim->active++;
    sim->peak = sim->active > sim->peak ? sim->active : sim->peak;
    call->caller = cast_of(sim, call->from);
    call->caller_turn.happen = caller_turn;
    call->callee_turn.happen = callee_turn;
    call->over.happen = over;
    call->began_ms = net->now_ms;
    call->caller_port = 10000 + 4 * (call->number % 10000);
    call->callee_port = call->caller_port + 2;
    snprintf(to, sizeof(to), "sip:u%u@%s", call->number, domains[call->to]);
    if (call->to == PLACE_ACCESS) {
        struct device *device = cast_device(cast_of(sim, PLACE_ACCESS));
        bool is_known = device->is_registered && device->until_ms > net->now_ms;

        snprintf(to, sizeof(to), "sip:%s@example.net", device->user);
        if (is_known && net_below(net, 2) == 0) {
            snprintf(to, sizeof(to), "%s", device->bound);
        }
        if (!is_known) {
            call->is_shaken = true; /* whether he is there is not known */
        }
    } else if (call->plan.is_emergency) {
        snprintf(to, sizeof(to), "%s",
                 net_below(net, 2) == 0 ? "urn:service:sos" : "sip:112@example.net");
    }
    call->begun = party_begin(&call->caller->party, "call", slice_string(to));
    call->begun->owner = call;
    snprintf(local, sizeof(local), "<sip:c%u@%s>", call->number, domains[call->from]);
    snprintf(call->begun->local, sizeof(call->begun->local), "%s", local);
    if (call->plan.kind == CALL_SINGLE) {
        call->invite = ask(call, call->caller, call->begun, tokens[call->plan.method],
                           call->plan.method == SIP_PUBLISH ? presence : NULL, SLICE_NONE);
    } else if (call->plan.kind == CALL_SUBSCRIPTION) {
        call->invite = ask(call, call->caller, call->begun, "SUBSCRIBE", summary, SLICE_NONE);
    } else {
        call->invite =
            ask(call, call->caller, call->begun, "INVITE", reliable,
                call->plan.offers_late ? SLICE_NONE
                                       : offer(call, call->caller, call->begun, NULL, room));
        net_set(net, &call->caller_turn, 20 + call->plan.cancel_ms);
    }
}

/* What a killed worker may take with it: calls in set-up, and what was being asked. */
void calls_shake(struct sim *sim)
{
    for (struct call *call = sim->calls; call != NULL; call = call->next) {
        bool is_safe = call->state == CALL_DONE ||
                       (call->state == CALL_UP && call->is_acknowledged && !call->is_busy &&
                        call->pending == 0 && !call->has_byed[0] && !call->has_byed[1]);

        if (!is_safe) {
            call->is_shaken = true;
        }
    }
}

void calls_wait(struct sim *sim)
{
    for (struct call *call = sim->calls; call != NULL; call = call->next) {
        /* What is under way finishes where it is: no other hop is tried. */
        call->is_shaken |= call->state == CALL_ASKING;
    }
}

void calls_touched(struct sim *sim, struct slice bytes)
{
    for (struct call *call = sim->calls; call != NULL; call = call->next) {
        char number[32];

        snprintf(number, sizeof(number), "sip:c%u@", call->number);
        if (memmem(bytes.at, bytes.len, number, strlen(number)) != NULL) {
            call->is_shaken |= call->from == PLACE_CARRIER || call->to == PLACE_CARRIER;
        }
    }
}

void calls_end(struct sim *sim)
{
    while (sim->calls != NULL) {
        call_free(sim->calls);
    }
}
