#include "app/audit/audit.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BACKGROUND_MS = 2000, /* between good calls while something else is waited for */
    TIDY_MS = 100,
    OTHERS_MEDIA_PORT = 42000, /* of whoever answers a test's call: nobody listens there */
    SLOW_TIMES = 3,            /* G2 */
    SLOW_LEAST_US = 50000,     /* a machine that is busy elsewhere is not the box's fault */
};

enum vantage_id vantage_behind(enum vantage_id from)
{
    return from == VANTAGE_CORE ? VANTAGE_PEER : VANTAGE_CORE;
}

/* What is heard. */

void sightings_clear(struct audit *audit)
{
    audit->sighting_count = 0;
    audit->room_len = 0;
    audit->known_before = audit->known_next;
    audit->leaked = NULL;
}

static struct sighting *sighting_keep(struct audit *audit, const struct heard *heard)
{
    if (audit->sighting_count == SIGHTINGS_MAX ||
        heard->bytes.len > SIGHTINGS_ROOM - audit->room_len) {
        audit->sightings_lost++;
        return NULL;
    }
    char *at = audit->room + audit->room_len;
    struct sighting *sighting = &audit->sightings[audit->sighting_count++];

    memcpy(at, heard->bytes.at, heard->bytes.len);
    audit->room_len += heard->bytes.len;
    *sighting = (struct sighting){.at = heard->at,
                                  .transport = heard->transport,
                                  .from = heard->from,
                                  .bytes = slice_of(at, heard->bytes.len)};
    return sighting;
}

uint16_t sightings_final(const struct audit *audit, enum vantage_id at)
{
    uint16_t status = 0;

    for (uint32_t i = 0; i < audit->sighting_count; i++) {
        const struct sighting *sighting = &audit->sightings[i];

        if (sighting->at == at && sighting->is_sip && !sighting->is_request &&
            sighting->status >= 200) {
            status = sighting->status;
        }
    }
    return status;
}

const struct sighting *sightings_request(const struct audit *audit, enum vantage_id at)
{
    for (uint32_t i = 0; i < audit->sighting_count; i++) {
        const struct sighting *sighting = &audit->sightings[i];

        if (sighting->at == at && (!sighting->is_sip || sighting->is_request)) {
            return sighting;
        }
    }
    return NULL;
}

bool sightings_have(const struct audit *audit, enum vantage_id at, struct slice text)
{
    for (uint32_t i = 0; i < audit->sighting_count; i++) {
        if (audit->sightings[i].at == at && slice_has(audit->sightings[i].bytes, text)) {
            return true;
        }
    }
    return false;
}

/* G5: what is inside shows outside. */
static void leak_look(struct audit *audit, const struct heard *heard)
{
    if (heard->at == VANTAGE_CORE) {
        return;
    }
    for (uint32_t i = 0; i < audit->scope.internal.count && audit->leaked == NULL; i++) {
        struct slice word = audit->scope.internal.list[i];

        /* What the probe itself said may come back. */
        if (slice_has(heard->bytes, word) &&
            !slice_has(slice_of(audit->written, audit->written_len), word)) {
            snprintf(audit->leaked_word, sizeof(audit->leaked_word), "%.*s", (int)word.len,
                     word.at);
            audit->leaked_to = vantage_letter(heard->at);
            audit->leaked = audit->leaked_word;
        }
    }
}

/* The box asks whether its neighbours live. */
static bool is_liveness(const struct sip_message *message)
{
    return message->is_request && message->method == SIP_OPTIONS && message->uri.user.len == 0;
}

static void neighbour_answers(struct audit *audit, const struct heard *heard)
{
    const struct sip_message *message = audit->message;
    const struct address *here = &audit->scope.places[heard->at];
    unsigned status = is_liveness(message) ? 200 : audit->core_status;
    char room[16384];
    struct text text;

    if (message->method == SIP_ACK || (audit->core_is_silent && !is_liveness(message))) {
        return;
    }
    text_init(&text, room, sizeof(room));
    answer_write(&text, message, status, "audit-core", here, audit->scope.callee,
                 message->method == SIP_INVITE && status == 200 ? OTHERS_MEDIA_PORT : 0);
    if (!text.is_full) {
        (void)ground_answer(&audit->ground, heard->at, &heard->from, text_slice(&text));
    }
}

/* Whether a request is one that was heard in an earlier variant, sent again. */
static bool is_repeated(struct audit *audit, const struct sip_message *message, enum vantage_id at)
{
    static const struct hash_key key = {0x617564697473, 0x7265706561743F};
    char room[512];
    struct text text;

    text_init(&text, room, sizeof(room));
    text_put_number(&text, at);
    text_put_octet(&text, ' ');
    text_put(&text, slice_head(sip_call_id(message), 256));
    text_put(&text, slice_head(sip_branch(message), 128));
    text_put_number(&text, message->cseq);
    uint64_t hash = hash_bytes(&key, text_slice(&text));
    for (uint32_t i = 0; i < KNOWN_MAX && i < audit->known_before; i++) {
        if (audit->known[(audit->known_before - 1 - i) % KNOWN_MAX] == hash) {
            return true;
        }
    }
    audit->known[audit->known_next++ % KNOWN_MAX] = hash;
    return false;
}

/* What belongs to calls taken up before is no sighting of this test. */
static bool is_leftover(const struct audit *audit, const struct sip_message *message)
{
    bool is_ending =
        message->method == SIP_ACK || message->method == SIP_BYE || message->method == SIP_CANCEL;

    return is_liveness(message) ||
           (is_ending && message->is_request &&
            !slice_equal(slice_string(audit->draft.method), sip_method_token(message->method)));
}

static void audit_hears(void *owner, const struct heard *heard)
{
    struct audit *audit = owner;
    struct sip_message *message = audit->message;
    bool is_sip = sip_read(message, heard->bytes, false) == SIP_READ;

    leak_look(audit, heard);
    if (is_sip && !message->is_request && message->cseq_method == SIP_REGISTER) {
        audit->register_status = message->status;
    }
    if (is_sip && callers_hear(&audit->callers, heard, message)) {
        return;
    }
    bool is_old = is_sip && message->is_request && is_repeated(audit, message, heard->at);
    if (!is_sip || (!is_old && !is_leftover(audit, message))) {
        struct sighting *sighting = sighting_keep(audit, heard);

        if (sighting != NULL) {
            sighting->is_sip = is_sip;
            sighting->is_request = is_sip && message->is_request;
            sighting->method = message->method;
            sighting->status = is_sip && !message->is_request ? message->status : 0;
        }
    }
    if (is_sip && message->is_request && (heard->at == VANTAGE_CORE || heard->at == VANTAGE_PEER)) {
        neighbour_answers(audit, heard);
    }
}

/* Sending. */

struct decided {
    const struct audit *audit;
    enum vantage_id from, behind;
};

static bool is_decided(void *asked)
{
    const struct decided *decided = asked;

    return sightings_final(decided->audit, decided->from) != 0 ||
           decided->audit->register_status >= 200;
}

void audit_wait(struct audit *audit, uint64_t ms)
{
    uint64_t until = ground_clock_ms() + ms;

    while (ground_clock_ms() < until && *audit->ground.is_stopped == 0) {
        uint64_t left = until - ground_clock_ms();

        if (left > BACKGROUND_MS) {
            callers_more(&audit->callers);
        }
        ground_wait(&audit->ground, left < BACKGROUND_MS ? left : BACKGROUND_MS, NULL, NULL);
        callers_turn(&audit->callers);
    }
}

void audit_send_draft(struct audit *audit, const struct scope_socket *to)
{
    struct decided decided = {audit, audit->draft.from, vantage_behind(audit->draft.from)};
    struct text text;

    text_init(&text, audit->written, WRITTEN_MAX);
    draft_write(&audit->draft, &text);
    audit->written_len = text.len;
    audit->register_status = 0;
    (void)ground_send(&audit->ground, audit->draft.from, to, text_slice(&text));
    ground_wait(&audit->ground, audit->settle_ms, is_decided, &decided);
}

static bool acknowledge(struct audit *audit, enum vantage_id who, const struct scope_socket *to,
                        const struct sighting *sighting)
{
    char room[8192], branch[40];
    struct talk talk = {.who = who, .next = *to, .here = audit->scope.places[who]};
    struct text text;

    if (sip_read(audit->message, sighting->bytes, false) != SIP_READ ||
        audit->message->cseq_method != SIP_INVITE || !talk_of_response(&talk, audit->message)) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        snprintf(branch, sizeof(branch), "z9hG4bK%016llx",
                 (unsigned long long)chance_next(&audit->chance));
        text_init(&text, room, sizeof(room));
        talk_request(&talk, &text, i == 0 ? "ACK" : "BYE", branch, "", SLICE_NONE);
        (void)ground_send(&audit->ground, who, to, text_slice(&text));
    }
    return true;
}

void audit_tidy(struct audit *audit, enum vantage_id who, const struct scope_socket *to)
{
    bool is_ended = false;

    for (uint32_t i = 0; i < audit->sighting_count; i++) {
        const struct sighting *sighting = &audit->sightings[i];

        if (sighting->at == who && sighting->is_sip && !sighting->is_request &&
            sighting->status >= 200 && sighting->status < 300) {
            is_ended |= acknowledge(audit, who, to, sighting);
        }
    }
    if (is_ended) {
        ground_wait(&audit->ground, TIDY_MS, NULL, NULL);
    }
}

/* Running. */

bool audit_open(struct audit *audit, const char *folder, volatile sig_atomic_t *is_stopped,
                struct fault *fault)
{
    audit->room = malloc(SIGHTINGS_ROOM);
    audit->message = malloc(sizeof(*audit->message));
    audit->written = malloc(WRITTEN_MAX);
    audit->ground.hears = audit_hears;
    audit->ground.owner = audit;
    audit->ground.is_stopped = is_stopped;
    audit->chance.state = audit->seed;
    audit->core_status = 200;
    audit->settle_ms = SETTLE_MS;
    audit->attacker_first = audit->scope.places[VANTAGE_ATTACKER];
    audit->attacker_name = audit->scope.attacker;
    if (audit->room == NULL || audit->message == NULL || audit->written == NULL ||
        !draft_open(&audit->draft) ||
        !callers_open(&audit->callers, &audit->ground, &audit->scope, audit->seed)) {
        return fault_set(fault, "no memory");
    }
    return ground_open(&audit->ground, &audit->scope, folder, fault);
}

void audit_close(struct audit *audit)
{
    ground_close(&audit->ground);
    callers_close(&audit->callers);
    draft_close(&audit->draft);
    free(audit->room);
    free(audit->written);
    free(audit->message);
}

bool audit_register(struct audit *audit, enum vantage_id id, const struct scope_socket *to,
                    struct fault *fault)
{
    sightings_clear(audit);
    audit->callers.is_registering = true;
    draft_begin(&audit->draft, &audit->scope, id, to->transport, "REGISTER", &audit->chance);
    audit->register_status = 0;
    audit_send_draft(audit, to);
    audit->callers.is_registering = false;
    return (audit->register_status >= 200 && audit->register_status < 300) ||
           fault_set(fault,
                     "the %s was not registered (%u); remedy: check the user in the scope, or "
                     "write registers: false",
                     vantage_name(id), audit->register_status);
}

bool audit_baseline(struct audit *audit, struct fault *fault)
{
    const struct scope_socket *access = &audit->scope.access.list[0];
    unsigned lost = 0;

    audit->ground.comment = "baseline";
    if (audit->scope.registers && (!audit_register(audit, VANTAGE_CALLER, access, fault) ||
                                   !audit_register(audit, VANTAGE_ATTACKER, access, fault))) {
        return false;
    }
    if (!ground_is_there(&audit->ground, VANTAGE_CORE)) {
        return true; /* who answers is the target's own; nothing is known of good calls */
    }
    for (unsigned i = 0; i < CALLERS_BASELINE; i++) {
        uint32_t setup_us = 0;

        lost += callers_group(&audit->callers, 1, &setup_us);
        if (setup_us > audit->callers.baseline_us) {
            audit->callers.baseline_us = setup_us;
        }
    }
    return lost == 0 ||
           fault_set(fault,
                     "the box lost %u of %d good calls before anything was tried; remedy: check "
                     "that %.*s may call %.*s@%.*s through it and that it forwards to core-at",
                     lost, CALLERS_BASELINE, (int)audit->scope.caller.len, audit->scope.caller.at,
                     (int)audit->scope.callee.len, audit->scope.callee.at,
                     (int)audit->scope.domain.len, audit->scope.domain.at);
}

/* G1 and G2: how the box is after a test. */
static void liveness_judge(struct audit *audit, struct test_outcome *outcome)
{
    struct callers *callers = &audit->callers;
    uint32_t middle_us = 0;
    uint32_t slow_us = callers->baseline_us * SLOW_TIMES;
    unsigned lost = 0;

    if (!ground_is_there(&audit->ground, VANTAGE_CORE) || *audit->ground.is_stopped != 0) {
        return;
    }
    audit->ground.comment = "after";
    lost = callers_group(callers, 1, &middle_us);
    for (unsigned i = 1; lost > 0 && i < CALLERS_GROUP; i++) {
        lost += callers_group(callers, 1, &middle_us);
    }
    if (lost > 1) {
        outcome->severity = SEVERITY_CRITICAL;
        outcome_add(outcome, "", 0, VERDICT_FAIL, 0, "good calls are lost after it (%u of %d)",
                    lost, CALLERS_GROUP);
    } else if (lost > 0) {
        outcome_add(outcome, "", 0, VERDICT_WEAK, 0, "%u of %d good calls was lost right after it",
                    lost, CALLERS_GROUP);
    } else if (middle_us > slow_us && middle_us > SLOW_LEAST_US) {
        outcome_add(outcome, "", 0, VERDICT_WEAK, 0, "good calls took %u ms after it, %u ms before",
                    middle_us / 1000, callers->baseline_us / 1000);
    }
}

/* Another user at another address for each test: what one did is not held against the next. */
static void attacker_next(struct audit *audit, uint32_t index, struct slice name)
{
    uint64_t number = index % audit->scope.attackers;
    struct address place = audit->attacker_first;
    unsigned last = place.family == ADDRESS_V6 ? 15 : 3;
    struct fault unused;

    if (audit->scope.attackers == 1) {
        return;
    }
    uint32_t carried = place.bytes[last] + (uint32_t)number;
    place.bytes[last] = (uint8_t)carried;
    place.bytes[last - 1] = (uint8_t)(place.bytes[last - 1] + (carried >> 8));
    snprintf(audit->attacker, sizeof(audit->attacker), "%.*s-%llu", (int)name.len, name.at,
             (unsigned long long)number);
    audit->scope.attacker = slice_string(audit->attacker);
    if (!ground_move(&audit->ground, VANTAGE_ATTACKER, &place, &unused)) {
        (void)ground_move(&audit->ground, VANTAGE_ATTACKER, &audit->attacker_first, &unused);
    }
}

void audit_run(struct audit *audit, uint32_t index)
{
    const struct audit_test *test = &audit_tests[index];
    const char *probe = probe_text(test->id);
    audit_script *script = script_find(test->id);
    struct test_outcome *outcome = &audit->outcomes[index];

    *outcome = (struct test_outcome){.severity = test->severity, .begun_us = ground_now_us()};
    audit->test = test;
    audit->outcome = outcome;
    audit->core_status = 200;
    audit->core_is_silent = false;
    if (probe == NULL && script == NULL) {
        snprintf(outcome->reason, sizeof(outcome->reason), "no probe is built for it yet");
        return;
    }
    attacker_next(audit, index, audit->attacker_name);
    if (script != NULL) {
        script(audit);
    } else {
        (void)probe_run(audit, slice_string(probe));
    }
    if (outcome->tried > 0) {
        liveness_judge(audit, outcome);
    }
    outcome->ended_us = ground_now_us();
}
