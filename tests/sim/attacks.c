/*
 * Attacks of the threat catalogue, one row each, made again and again while good calls go on.
 *
 * Who makes them has an address nobody knows, another one each time, or one of a neighbour who
 * lies. The word "EVIL" stands where nothing may cross; a mark tells which row a packet is of, so
 * that the control the row names can be held to have found it.
 */
#include "sim.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

enum attack_needs {
    NOTHING,
    CALL, /* the names of a call somebody in the access zone is in, as a listener on the line has
             them */
    RING, /* of an INVITE of somebody there that is not answered yet */
};

static const struct attack {
    const char *threat, *control;
    enum assailant who;
    enum attack_needs needs;
    const char *start, *lines, *body;
} attacks[] = {
// clang-format off
#define ATTACK(threat, control, who, needs, start, lines, body) {threat, control, ASSAILANT_##who, needs, start, lines, body},
#include "attacks.def"
#undef ATTACK
    // clang-format on
};

static const struct {
    const char *name, *zone, *address;
} assailants[] = {
    [ASSAILANT_STRANGER] = {"stranger", "access", "100.66.0.1:5060"},
    [ASSAILANT_NEIGHBOUR] = {"neighbour", "carrier", "192.0.2.5:5060"},
    [ASSAILANT_NOBODY] = {"nobody", "carrier", "100.67.0.1:5060"},
    [ASSAILANT_TRANSIT] = {"transiter", "transit", "192.0.2.133:5060"},
    [ASSAILANT_COMPANY] = {"insider", "company", "198.18.0.200:5099"},
};

/* What stands in braces. */
static void put_word(struct sim *sim, struct text *text, struct slice word)
{
    const struct overheard *heard = sim->assault_needs == RING ? &sim->ringing : &sim->talking;
    char room[16];

    if (slice_equal(word, SLICE("mark"))) {
        snprintf(room, sizeof(room), "atk%03u", sim->assault_row);
        text_put_string(text, room);
    } else if (slice_equal(word, SLICE("chance"))) {
        for (unsigned i = 0; i < 12; i++) {
            text_put_octet(text, (char)('a' + net_below(&sim->net, 26)));
        }
    } else if (slice_equal(word, SLICE("here"))) {
        address_write(text, &sim->assault_from);
    } else if (slice_equal(word, SLICE("uri"))) {
        text_put_string(text, heard->uri);
    } else if (slice_equal(word, SLICE("call-id"))) {
        text_put_string(text, heard->call_id);
    } else if (slice_equal(word, SLICE("from-tag"))) {
        text_put_string(text, heard->from_tag);
    } else if (slice_equal(word, SLICE("to-tag"))) {
        text_put_string(text, heard->to_tag);
    } else if (slice_equal(word, SLICE("from"))) {
        text_put_string(text, heard->from);
    } else if (slice_equal(word, SLICE("to"))) {
        text_put_string(text, heard->to);
    } else if (slice_equal(word, SLICE("branch"))) {
        text_put_string(text, heard->branch);
    } else if (slice_equal(word, SLICE("cseq"))) {
        text_put_number(text, heard->cseq);
    } else if (slice_equal(word, SLICE("next"))) {
        text_put_number(text, heard->cseq + 1);
    } else if (slice_equal(word, SLICE("device"))) {
        text_put_string(text, sim->devices[net_below(&sim->net, SIM_DEVICES)].user);
    } else {
        must(!"a word in braces is known");
    }
}

static void put_filled(struct sim *sim, struct text *text, const char *words)
{
    struct slice rest = slice_string(words);

    while (rest.len > 0) {
        size_t at = slice_find(rest, '{'), end = slice_find(rest, '}');

        if (at == rest.len || end < at) {
            text_put(text, rest);
            return;
        }
        text_put(text, slice_head(rest, at));
        put_word(sim, text, slice_between(rest.at + at + 1, rest.at + end));
        rest = slice_skip(rest, end + 1);
    }
}

/* The row says this line itself, or that there is none ("-Name"). */
static bool says_line(const char *lines, const char *name)
{
    struct slice rest = slice_string(lines), line, wanted = slice_string(name);

    while (slice_cut(&rest, '\n', &line)) {
        if (slice_starts(line, SLICE("-"))) {
            line = slice_skip(line, 1);
        }
        if (slice_starts(line, wanted) && (line.len == wanted.len || line.at[wanted.len] == ':')) {
            return true;
        }
    }
    return false;
}

static void put_usual(struct sim *sim, struct text *text, const struct attack *attack)
{
    static const struct {
        const char *name, *outside, *within;
    } usual[] = {
        {"Via", "Via: SIP/2.0/UDP {here};branch=z9hG4bK{mark}{chance};rport", NULL},
        {"Max-Forwards", "Max-Forwards: 70", NULL},
        {"From", "From: <sip:{mark}@carrier.example>;tag={chance}", "From: {from};tag={from-tag}"},
        {"To", "To: <sip:core0@example.net>", "To: {to};tag={to-tag}"},
        {"Call-ID", "Call-ID: {mark}{chance}", "Call-ID: {call-id}"},
        {"CSeq", "CSeq: 1 ", "CSeq: {next} "},
        {"Contact", "Contact: <sip:{mark}@{here}>", NULL},
    };
    struct slice method =
        slice_head(slice_string(attack->start), slice_find(slice_string(attack->start), ' '));

    for (size_t i = 0; i < ARRAY_COUNT(usual); i++) {
        bool is_within = attack->needs != NOTHING && usual[i].within != NULL;

        if (says_line(attack->lines, usual[i].name)) {
            continue;
        }
        put_filled(sim, text, is_within ? usual[i].within : usual[i].outside);
        if (strcmp(usual[i].name, "CSeq") == 0) {
            text_put(text, method);
        }
        text_put(text, SLICE("\r\n"));
    }
}

static void put_lines(struct sim *sim, struct text *text, const char *lines)
{
    struct slice rest = slice_string(lines), line;
    char room[4096];

    while (slice_cut(&rest, '\n', &line)) {
        if (line.len == 0 || slice_starts(line, SLICE("-"))) {
            continue;
        }
        must(line.len < sizeof(room));
        memcpy(room, line.at, line.len);
        room[line.len] = '\0';
        put_filled(sim, text, room);
        text_put(text, SLICE("\r\n"));
    }
}

static void write_attack(struct sim *sim, const struct attack *attack, struct text *text)
{
    char body_room[8192];
    struct text body;

    text_init(&body, body_room, sizeof(body_room));
    put_filled(sim, &body, attack->body);
    put_filled(sim, text, attack->start);
    text_put(text, slice_starts(slice_string(attack->start), SLICE("SIP/2.0 ")) ||
                           slice_ends(slice_string(attack->start), SLICE("."))
                       ? SLICE("\r\n")
                       : SLICE(" SIP/2.0\r\n"));
    put_usual(sim, text, attack);
    put_lines(sim, text, attack->lines);
    if (!says_line(attack->lines, "Content-Length")) {
        text_put(text, SLICE("Content-Length: "));
        text_put_number(text, body.len);
        text_put(text, SLICE("\r\n"));
    }
    text_put(text, SLICE("\r\n"));
    text_put(text, text_slice(&body));
    must(!text->is_full);
}

/* Another address each time: nothing one has done may speak for the next. */
static void choose_address(struct sim *sim, enum assailant who)
{
    struct address *from = &sim->assault_from;

    must(address_read_port(from, slice_string(assailants[who].address)));
    if (who == ASSAILANT_STRANGER || who == ASSAILANT_NOBODY) {
        char room[64];
        uint32_t number = ++sim->assault_number;

        snprintf(room, sizeof(room), "100.%u.%u.%u:5060", who == ASSAILANT_STRANGER ? 66 : 67,
                 number >> 8 & 255, number & 255);
        must(address_read_port(from, slice_string(room)));
    }
}

static void assault(struct net *net, struct net_event *event)
{
    struct sim *sim = (struct sim *)(void *)((char *)event - offsetof(struct sim, assault));
    const struct attack *attack = &attacks[sim->assault_row];
    static char room[32768];
    struct text text;

    sim->assault_needs = attack->needs;
    if (attack->needs == NOTHING ||
        (attack->needs == CALL ? sim->talking.is_known : sim->ringing.is_known)) {
        choose_address(sim, attack->who);
        text_init(&text, room, sizeof(room));
        write_attack(sim, attack, &text);
        net_send_from(net, &sim->assailants[attack->who].party.host, &sim->assault_from,
                      text_slice(&text));
        sim->attack_tallies[sim->assault_row].made++;
        sim->assaults++;
        sim->ringing.is_known = attack->needs != RING && sim->ringing.is_known;
        sim->talking.is_known = attack->needs != CALL && sim->talking.is_known;
    }
    sim->assault_row = (sim->assault_row + 1) % (unsigned)ARRAY_COUNT(attacks);
    if (sim->begun < sim->wanted) {
        net_set(net, event, sim->assault_ms / 2 + net_below(net, sim->assault_ms));
    }
}

static void keep(char *room, size_t max, struct slice text)
{
    snprintf(room, max, "%.*s", (int)text.len, text.len == 0 ? "" : text.at);
}

static void overhear(struct overheard *heard, const struct sip_message *message)
{
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);
    struct slice whole[2] = {sip_slice(message, from->uri.whole),
                             sip_slice(message, to->uri.whole)};

    keep(heard->uri, sizeof(heard->uri), sip_slice(message, message->uri.whole));
    keep(heard->call_id, sizeof(heard->call_id), sip_call_id(message));
    keep(heard->from_tag, sizeof(heard->from_tag), sip_from_tag(message));
    keep(heard->to_tag, sizeof(heard->to_tag), sip_to_tag(message));
    keep(heard->branch, sizeof(heard->branch), sip_branch(message));
    snprintf(heard->from, sizeof(heard->from), "<%.*s>", (int)whole[0].len, whole[0].at);
    snprintf(heard->to, sizeof(heard->to), "<%.*s>", (int)whole[1].len, whole[1].at);
    heard->cseq = message->cseq;
    heard->is_known = true;
}

bool attacks_are_of(const struct sim *sim, const struct net_host *host)
{
    for (size_t i = 0; i < ARRAY_COUNT(assailants); i++) {
        if (host == &sim->assailants[i].party.host) {
            return true;
        }
    }
    return false;
}

void attacks_hear(struct sim *sim, const struct net_packet *packet)
{
    struct sip_message *message = sim->overheard_message;

    if (sim->assault_ms == 0 || !packet->is_to_store || packet->host == NULL ||
        attacks_are_of(sim, packet->host) || !net_happens(&sim->net, 200) ||
        packet->host->zone != world_zone(&sim->net.world, SLICE("access")) ||
        sip_read(message, slice_of(packet->bytes, packet->len), false) != SIP_READ ||
        !message->is_request || sip_value(message, SIP_HEADER_FROM) == NULL ||
        sip_value(message, SIP_HEADER_TO) == NULL) {
        return; /* strangers send what is none */
    }
    if (message->method == SIP_ACK && sip_to_tag(message).len > 0) {
        overhear(&sim->talking, message);
    } else if (message->method == SIP_INVITE && sip_to_tag(message).len == 0) {
        overhear(&sim->ringing, message);
    }
}

bool attacks_may_be_sent(const struct sim *sim, const struct net_packet *packet)
{
    return attacks_are_of(sim, packet->host) ||
           memmem(packet->bytes, packet->len, "EVIL", 4) == NULL;
}

static bool is_found(const struct inspection *inspection, const char *control)
{
    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        if (strcmp(control_at(inspection->findings[i].control)->id, control) == 0) {
            return true;
        }
    }
    return false;
}

/* Three digits behind "atk". */
static bool row_of(const struct net_packet *packet, uint64_t *row)
{
    const char *mark = memmem(packet->bytes, packet->len, "atk", 3);
    const char *end = packet->bytes + packet->len;

    return mark != NULL && end - mark >= 6 &&
           slice_number(slice_of(mark + 3, 3), ARRAY_COUNT(attacks) - 1, row);
}

void attacks_judged(struct sim *sim, const struct net_packet *packet)
{
    const struct inspection *inspection = sim->net.world.inspection;
    uint64_t row = 0;

    if (packet->host == NULL || !attacks_are_of(sim, packet->host) || !row_of(packet, &row)) {
        return;
    }
    if (is_found(inspection, attacks[row].control)) {
        sim->attack_tallies[row].found++;
    } else if (sim->tells_attacks) {
        printf("row %u, %s: not found by %s but by", (unsigned)row, attacks[row].threat,
               attacks[row].control);
        for (uint32_t i = 0; i < inspection->finding_count; i++) {
            const struct finding *finding = &inspection->findings[i];

            printf(" %s/%s", control_at(finding->control)->id,
                   finding->detail == NULL ? "" : finding->detail);
        }
        printf("; verdict %s %u\n", policy_action_name(inspection->verdict.action),
               inspection->verdict.status);
    }
}

void attacks_check(struct sim *sim)
{
    for (size_t i = 0; i < ARRAY_COUNT(attacks); i++) {
        const struct attack_tally *tally = &sim->attack_tallies[i];

        if (tally->made >= ATTACKS_ENOUGH && tally->found == 0) {
            sim_fail(sim, NULL, "row %zu, %s: made %u times, never found by %s", i,
                     attacks[i].threat, tally->made, attacks[i].control);
        }
    }
}

static void asked(struct agent *agent, struct agent_server *server,
                  const struct sip_message *request)
{
    (void)server;
    sim_fail(agent->owner, NULL, "%s was sent a request of method %u", agent->party.name,
             request->method);
}

static void receive(struct net_host *host, struct slice bytes)
{
    (void)host;
    (void)bytes;
}

void attacks_open(struct sim *sim)
{
    static const struct agent_events events = {.asked = asked};

    sim->attack_tallies = calloc(ARRAY_COUNT(attacks), sizeof(*sim->attack_tallies));
    sim->overheard_message = calloc(1, sizeof(*sim->overheard_message));
    must(sim->attack_tallies != NULL && sim->overheard_message != NULL);
    for (size_t i = 0; i < ARRAY_COUNT(assailants); i++) {
        struct agent *agent = &sim->assailants[i];

        must(address_read_port(&agent->party.host.address, slice_string(assailants[i].address)));
        agent->party.host.zone = world_zone(&sim->net.world, slice_string(assailants[i].zone));
        agent->owner = sim;
        agent_open(agent, &sim->net, assailants[i].name, "sip:nobody@nowhere.example", &events);
        agent->party.host.receive = receive;
    }
    sim->assault.happen = assault;
    if (sim->assault_ms > 0) {
        net_set(&sim->net, &sim->assault, 20000);
    }
}

void attacks_close(struct sim *sim)
{
    net_stop(&sim->net, &sim->assault);
    for (size_t i = 0; i < ARRAY_COUNT(assailants); i++) {
        agent_close(&sim->assailants[i]);
    }
    free(sim->attack_tallies);
    free(sim->overheard_message);
}
