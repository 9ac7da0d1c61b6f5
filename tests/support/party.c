#include "party.h"

#include "base/must.h"

#include <stdlib.h>

#define KEEP(room, slice) keep((room), sizeof(room), (slice))

static void keep(char *at, size_t max, struct slice slice)
{
    must(slice.len < max);
    if (slice.len > 0) {
        memmove(at, slice.at, slice.len);
    }
    at[slice.len] = '\0';
}

void party_init(struct party *party, struct net *net, const char *name, const char *aor)
{
    struct text text;
    struct slice user = slice_string(aor);

    party->net = net;
    party->host.name = party->name;
    KEEP(party->name, slice_string(name));
    KEEP(party->aor, slice_string(aor));
    text_init(&text, party->place, sizeof(party->place) - 1);
    address_write(&text, &party->host.address);
    party->place[text.len] = '\0';
    user = slice_skip(user, slice_find(user, ':') + 1);
    user = slice_head(user, slice_find(user, '@'));
    text_init(&text, party->contact, sizeof(party->contact) - 1);
    text_put_format(&text, "<sip:%.*s@%s", (int)user.len, user.at, party->place);
    if (party->host.transport != TRANSPORT_UDP) {
        text_put_format(&text, ";transport=%s", transport_name(party->host.transport));
    }
    text_put_octet(&text, '>');
    party->contact[text.len] = '\0';
    party->media_port = 40000;
}

void party_end(struct party *party)
{
    while (party->dialogues != NULL) {
        dialogue_free(party, party->dialogues);
    }
}

struct dialogue *dialogue_new(struct party *party, const char *name)
{
    struct dialogue *dialogue = calloc(1, sizeof(*dialogue));

    must(dialogue != NULL);
    KEEP(dialogue->name, slice_string(name));
    dialogue->next = party->dialogues;
    party->dialogues = dialogue;
    return dialogue;
}

void dialogue_free(struct party *party, struct dialogue *dialogue)
{
    struct dialogue **link = &party->dialogues;

    while (*link != dialogue) {
        must(*link != NULL);
        link = &(*link)->next;
    }
    *link = dialogue->next;
    free(dialogue);
}

struct dialogue *dialogue_of(const struct party *party, const struct sip_message *message)
{
    struct slice call_id = sip_call_id(message);
    struct slice local = message->is_request ? sip_to_tag(message) : sip_from_tag(message);
    struct slice remote = message->is_request ? sip_from_tag(message) : sip_to_tag(message);
    struct dialogue *half = NULL;

    for (struct dialogue *dialogue = party->dialogues; dialogue != NULL;
         dialogue = dialogue->next) {
        if (!slice_equal(slice_string(dialogue->call_id), call_id) ||
            !slice_equal(slice_string(dialogue->local_tag), local)) {
            continue;
        }
        if (slice_equal(slice_string(dialogue->remote_tag), remote)) {
            return dialogue;
        }
        if (dialogue->remote_tag[0] == '\0') {
            half = dialogue;
        }
    }
    return half;
}

struct dialogue *party_begin(struct party *party, const char *name, struct slice to)
{
    struct dialogue *dialogue = dialogue_new(party, name);
    struct text text;

    dialogue->is_mine = true;
    net_letters(party->net, dialogue->call_id, 16);
    text_init(&text, dialogue->call_id + 16, sizeof(dialogue->call_id) - 17);
    text_put_octet(&text, '@');
    address_write_host(&text, &party->host.address, false);
    dialogue->call_id[16 + text.len] = '\0';
    net_letters(party->net, dialogue->local_tag, 10);
    text_init(&text, dialogue->local, sizeof(dialogue->local) - 1);
    text_put_format(&text, "<%s>", party->aor);
    dialogue->local[text.len] = '\0';
    text_init(&text, dialogue->remote, sizeof(dialogue->remote) - 1);
    text_put_octet(&text, '<');
    text_put(&text, to);
    text_put_octet(&text, '>');
    must(!text.is_full);
    dialogue->remote[text.len] = '\0';
    KEEP(dialogue->target, to);
    dialogue->local_cseq = 100 + net_below(party->net, 1000);
    return dialogue;
}

/* The name-addr of From or To without its tag. */
static void keep_address(char *at, size_t max, const struct sip_message *message,
                         enum sip_header_name name)
{
    const struct sip_value *value = sip_value(message, name);
    struct text text;

    text_init(&text, at, max - 1);
    text_put_octet(&text, '<');
    /* Rot in a kept text may make an address unreadable: what is said back then is not. */
    text_put(&text, value == NULL ? SLICE("sip:unreadable@invalid.invalid")
                                  : sip_slice(message, value->uri.whole));
    text_put_octet(&text, '>');
    must(!text.is_full);
    at[text.len] = '\0';
}

static void keep_routes(struct dialogue *dialogue, const struct sip_message *message,
                        bool is_reversed)
{
    struct slice values[32];
    unsigned count = 0;
    struct text text;

    for (const struct sip_value *value = sip_value(message, SIP_HEADER_RECORD_ROUTE); value != NULL;
         value = sip_value_next(message, value)) {
        must(count < ARRAY_COUNT(values));
        values[count++] = sip_slice(message, value->text);
    }
    text_init(&text, dialogue->routes, sizeof(dialogue->routes) - 1);
    for (unsigned i = 0; i < count; i++) {
        text_put(&text, i > 0 ? SLICE(", ") : SLICE(""));
        text_put(&text, values[is_reversed ? count - 1 - i : i]);
    }
    must(!text.is_full);
    dialogue->routes[text.len] = '\0';
    dialogue->is_routed = true;
}

static void keep_target(struct dialogue *dialogue, const struct sip_message *message)
{
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);

    if (contact != NULL && !contact->is_star && message->method != SIP_REGISTER) {
        KEEP(dialogue->target, sip_slice(message, contact->uri.whole));
    }
}

struct dialogue *party_asked(struct party *party, const char *name,
                             const struct sip_message *request)
{
    struct dialogue *dialogue = dialogue_new(party, name);

    KEEP(dialogue->call_id, sip_call_id(request));
    KEEP(dialogue->remote_tag, sip_from_tag(request));
    net_letters(party->net, dialogue->local_tag, 12);
    keep_address(dialogue->local, sizeof(dialogue->local), request, SIP_HEADER_TO);
    keep_address(dialogue->remote, sizeof(dialogue->remote), request, SIP_HEADER_FROM);
    keep_routes(dialogue, request, false);
    KEEP(dialogue->target, sip_slice(request, sip_value(request, SIP_HEADER_FROM)->uri.whole));
    dialogue_heard_request(dialogue, request);
    dialogue->local_cseq = 500 + net_below(party->net, 1000);
    return dialogue;
}

struct dialogue *party_fork(struct party *party, const struct dialogue *first,
                            struct slice remote_tag)
{
    struct dialogue *fork = dialogue_new(party, first->name);
    struct dialogue *next = fork->next;

    *fork = *first;
    fork->next = next;
    fork->is_routed = false;
    KEEP(fork->remote_tag, remote_tag);
    return fork;
}

void dialogue_heard_request(struct dialogue *dialogue, const struct sip_message *request)
{
    if (request->method != SIP_ACK && request->method != SIP_CANCEL) {
        dialogue->remote_cseq = request->cseq;
    }
    if (request->method == SIP_INVITE) {
        dialogue->remote_invite_cseq = request->cseq;
    }
    keep_target(dialogue, request);
}

void dialogue_heard_response(struct dialogue *dialogue, const struct sip_message *response)
{
    uint32_t rseq = 0;

    if (response->status == 100 || response->status >= 300) {
        return;
    }
    if (dialogue->remote_tag[0] == '\0' && sip_to_tag(response).len > 0 &&
        (response->cseq_method == SIP_INVITE || response->cseq_method == SIP_SUBSCRIBE ||
         response->cseq_method == SIP_REFER)) {
        KEEP(dialogue->remote_tag, sip_to_tag(response));
    }
    if (!dialogue->is_routed && dialogue->is_mine) {
        keep_routes(dialogue, response, true);
    }
    keep_target(dialogue, response);
    if (sip_number(response, SIP_HEADER_RSEQ, &rseq)) {
        dialogue->rseq = rseq;
    }
}

static bool takes_invites_numbers(struct slice method)
{
    return slice_equal(method, SLICE("ACK")) || slice_equal(method, SLICE("CANCEL"));
}

static void put_via(struct party *party, struct slice branch, struct text *text)
{
    struct slice transport = transport_token(party->host.transport);

    text_put_format(text, "Via: SIP/2.0/%.*s %s;branch=%.*s;rport\r\n", (int)transport.len,
                    transport.at, party->place, (int)branch.len, branch.at);
}

static void choose_branch(struct party *party, struct dialogue *dialogue,
                          const struct party_wish *wish)
{
    if (wish->branch.len > 0) {
        KEEP(dialogue->branch, wish->branch);
    } else if (slice_equal(wish->method, SLICE("CANCEL"))) {
        KEEP(dialogue->branch, slice_string(dialogue->invite_branch));
    } else {
        KEEP(dialogue->branch, SLICE("z9hG4bK"));
        net_letters(party->net, dialogue->branch + 7, 16);
    }
    if (slice_equal(wish->method, SLICE("INVITE"))) {
        KEEP(dialogue->invite_branch, slice_string(dialogue->branch));
        KEEP(dialogue->invite_uri, wish->uri.len > 0 ? wish->uri : slice_string(dialogue->target));
    }
}

static uint32_t choose_cseq(struct dialogue *dialogue, const struct party_wish *wish)
{
    if (takes_invites_numbers(wish->method)) {
        return wish->cseq != 0 ? wish->cseq : dialogue->invite_cseq;
    }
    dialogue->local_cseq = wish->cseq != 0 ? wish->cseq : dialogue->local_cseq + 1;
    if (slice_equal(wish->method, SLICE("INVITE"))) {
        dialogue->invite_cseq = dialogue->local_cseq;
    }
    return dialogue->local_cseq;
}

void party_write_request(struct party *party, struct dialogue *dialogue, struct party_wish *wish,
                         struct text *text)
{
    char via_room[256];
    struct text via;
    uint32_t cseq = choose_cseq(dialogue, wish);

    choose_branch(party, dialogue, wish);
    text_init(&via, via_room, sizeof(via_room));
    put_via(party, slice_string(dialogue->branch), &via);
    struct words words = {
        .method = wish->method,
        .uri = wish->uri.len > 0 ? wish->uri : slice_string(dialogue->target),
        .vias = text_slice(&via),
        .routes = slice_string(dialogue->routes),
        .from = slice_string(dialogue->local),
        .from_tag = slice_string(dialogue->local_tag),
        .to = slice_string(dialogue->remote),
        .to_tag = slice_string(dialogue->remote_tag),
        .call_id = slice_string(dialogue->call_id),
        .cseq = cseq,
        .contact = wish->has_no_contact || takes_invites_numbers(wish->method)
                       ? SLICE_NONE
                       : slice_string(party->contact),
        .body = wish->body,
        .body_type = wish->body_type,
        .extras = wish->extras,
    };
    if (slice_equal(wish->method, SLICE("CANCEL"))) {
        words.to_tag = SLICE_NONE;
        words.routes = SLICE_NONE;
    }
    words_write(text, &words);
}

static void put_lines(struct text *text, const struct sip_message *message,
                      enum sip_header_name name)
{
    for (const struct sip_value *value = sip_value(message, name); value != NULL;
         value = sip_value_next(message, value)) {
        text_put(text, text->len > 0 ? SLICE(", ") : SLICE(""));
        text_put(text, sip_slice(message, value->text));
    }
}

void party_write_response(struct party *party, const struct dialogue *dialogue,
                          const struct sip_message *request, const struct party_wish *wish,
                          struct text *text)
{
    char via_room[8192], route_room[8192], from[600], to[600];
    struct text vias, routes;
    bool is_dialog_answer = wish->status > 100 && wish->status < 300;

    text_init(&vias, via_room, sizeof(via_room));
    for (const struct sip_value *value = sip_value(request, SIP_HEADER_VIA); value != NULL;
         value = sip_value_next(request, value)) {
        struct slice via = sip_slice(request, value->text);

        text_put_format(&vias, "Via: %.*s\r\n", (int)via.len, via.at);
    }
    text_init(&routes, route_room, sizeof(route_room));
    if (is_dialog_answer) {
        put_lines(&routes, request, SIP_HEADER_RECORD_ROUTE);
    }
    keep_address(from, sizeof(from), request, SIP_HEADER_FROM);
    keep_address(to, sizeof(to), request, SIP_HEADER_TO);
    struct slice tag = wish->tag.len > 0  ? wish->tag
                       : dialogue != NULL ? slice_string(dialogue->local_tag)
                                          : SLICE("stateless1tag");
    struct words words = {
        .method = sip_slice(request, request->method_text),
        .status = wish->status,
        .vias = text_slice(&vias),
        .routes = text_slice(&routes),
        .from = slice_string(from),
        .from_tag = sip_from_tag(request),
        .to = slice_string(to),
        .to_tag = sip_to_tag(request).len > 0 ? sip_to_tag(request)
                  : wish->status == 100       ? SLICE_NONE
                                              : tag,
        .call_id = sip_call_id(request),
        .cseq = request->cseq,
        .contact = is_dialog_answer && request->method != SIP_REGISTER && !wish->has_no_contact &&
                           request->method != SIP_BYE && request->method != SIP_MESSAGE
                       ? slice_string(party->contact)
                       : SLICE_NONE,
        .body = wish->body,
        .body_type = wish->body_type,
        .extras = wish->extras,
    };
    words_write(text, &words);
}

void party_write_sdp(struct party *party, struct dialogue *dialogue, const char *direction,
                     unsigned media, struct text *text)
{
    char host[ADDRESS_TEXT_MAX];
    struct text address;

    text_init(&address, host, sizeof(host));
    address_write_host(&address, &party->host.address, false);
    words_sdp(text, &(struct words_sdp){
                        .host = text_slice(&address),
                        .is_v6 = party->host.address.family == ADDRESS_V6,
                        .port = party->media_port,
                        .media = media,
                        .version = ++dialogue->sdp_version,
                        .direction = direction,
                    });
}
