#include "app/audit/callers.h"

#include "wire/sdp/sdp.h"

#include <stdio.h>
#include <stdlib.h>

bool callers_open(struct callers *callers, struct ground *ground, const struct scope *scope,
                  uint64_t seed)
{
    callers->ground = ground;
    callers->scope = scope;
    callers->chance.state = seed ^ UINT64_C(0xA11CE);
    return draft_open(&callers->draft);
}

void callers_close(struct callers *callers)
{
    draft_close(&callers->draft);
}

static const char *branch_next(struct callers *callers)
{
    snprintf(callers->letters, sizeof(callers->letters), "z9hG4bK%016llx",
             (unsigned long long)chance_next(&callers->chance));
    return callers->letters;
}

static void send_text(struct callers *callers, enum vantage_id from, const struct scope_socket *to,
                      const struct text *text)
{
    (void)ground_send(callers->ground, from, to, text_slice(text));
}

static void call_repeat(struct callers *callers, struct good_call *call)
{
    (void)ground_send(callers->ground, VANTAGE_CALLER, &callers->scope->access.list[0],
                      slice_of(call->invite, call->invite_len));
    call->due_ms = ground_clock_ms() + CALLERS_REPEAT_MS;
}

static struct good_call *call_begin(struct callers *callers)
{
    const struct scope *scope = callers->scope;
    struct good_call *call = NULL;
    struct text text;

    for (unsigned i = 0; i < CALLERS_MAX && call == NULL; i++) {
        enum call_state state = callers->calls[i].state;

        if (state == CALL_FREE || state == CALL_ENDED || state == CALL_LOST) {
            call = &callers->calls[i];
        }
    }
    if (call == NULL) {
        return NULL;
    }
    *call = (struct good_call){.state = CALL_ASKED, .begun_us = ground_now_us()};
    draft_begin(&callers->draft, scope, VANTAGE_CALLER, scope->access.list[0].transport, "INVITE",
                &callers->chance);
    text_init(&text, call->invite, sizeof(call->invite));
    draft_write(&callers->draft, &text);
    call->invite_len = text.len;
    snprintf(call->call_id, sizeof(call->call_id), "%s", callers->draft.call_id);
    call->caller.who = VANTAGE_CALLER;
    call->caller.next = scope->access.list[0];
    call->caller.here = scope->places[VANTAGE_CALLER];
    call->over_ms = ground_clock_ms() + CALLERS_PATIENCE_MS;
    callers->begun++;
    call_repeat(callers, call);
    return call;
}

static void call_request(struct callers *callers, struct good_call *call, const char *method)
{
    char room[4096];
    struct text text;

    text_init(&text, room, sizeof(room));
    talk_request(&call->caller, &text, method, branch_next(callers), "", SLICE_NONE);
    send_text(callers, VANTAGE_CALLER, &call->caller.next, &text);
}

static void media_learn(const struct sip_message *message, struct address *media)
{
    struct sdp sdp;

    if (sdp_read(&sdp, message->body) == SDP_READ && sdp.media_count > 0) {
        (void)sdp_media_address(&sdp, &sdp.media[0], media);
    }
}

static void call_answered(struct callers *callers, struct good_call *call,
                          const struct sip_message *message)
{
    if (message->cseq_method == SIP_BYE) {
        call->state = message->status < 300 ? CALL_ENDED : CALL_LOST;
        callers->ended += call->state == CALL_ENDED;
        callers->lost += call->state == CALL_LOST;
        return;
    }
    if (message->cseq_method != SIP_INVITE || call->state != CALL_ASKED) {
        return;
    }
    if (message->status >= 300 || !talk_of_response(&call->caller, message)) {
        call->state = CALL_LOST;
        callers->lost++;
        return;
    }
    call->setup_us = (uint32_t)(ground_now_us() - call->begun_us);
    media_learn(message, &call->caller_media);
    call->state = CALL_UP;
    call_request(callers, call, "ACK");
    if (!call->is_held) {
        call->state = CALL_ENDING;
        call->over_ms = ground_clock_ms() + CALLERS_PATIENCE_MS;
        call_request(callers, call, "BYE");
    }
}

/* Our own end of a call, at the core: which one it is, only the held one needs to know. */
static void core_learns(struct callers *callers, const struct sip_message *message, const char *tag,
                        const struct heard *heard)
{
    for (unsigned i = 0; i < CALLERS_MAX; i++) {
        struct good_call *call = &callers->calls[i];

        if (call->state == CALL_ASKED && call->is_held) {
            call->core.who = VANTAGE_CORE;
            call->core.next = (struct scope_socket){heard->from, TRANSPORT_UDP};
            call->core.here = callers->scope->places[VANTAGE_CORE];
            (void)talk_of_request(&call->core, message, tag);
            media_learn(message, &call->core_media);
        }
    }
}

static void core_answers(struct callers *callers, const struct heard *heard,
                         const struct sip_message *message)
{
    const struct scope *scope = callers->scope;
    const struct address *here = &scope->places[VANTAGE_CORE];
    char room[16384], tag[24];
    struct text text;

    if (message->method == SIP_ACK) {
        return;
    }
    snprintf(tag, sizeof(tag), "%016llx", (unsigned long long)chance_next(&callers->chance));
    text_init(&text, room, sizeof(room));
    bool is_invite = message->method == SIP_INVITE;
    answer_write(&text, message, 200, tag, here, scope->callee, is_invite ? CORE_MEDIA_PORT : 0);
    if (is_invite && sip_to_tag(message).len == 0) {
        core_learns(callers, message, tag, heard);
    }
    if (!text.is_full) {
        (void)ground_answer(callers->ground, VANTAGE_CORE, &heard->from, text_slice(&text));
    }
}

/* Nobody else's message is taken for the caller's own, though it says so. */
static bool is_expected(const struct callers *callers)
{
    bool is_expected = callers->is_registering;

    for (unsigned i = 0; i < CALLERS_MAX; i++) {
        enum call_state state = callers->calls[i].state;

        is_expected |= state == CALL_ASKED || state == CALL_UP || state == CALL_ENDING;
    }
    return is_expected;
}

bool callers_hear(struct callers *callers, const struct heard *heard,
                  const struct sip_message *message)
{
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);

    if (heard->at == VANTAGE_CORE && message->is_request && from != NULL && is_expected(callers) &&
        slice_equal(sip_slice(message, from->uri.user), callers->scope->caller)) {
        callers->core_requests[message->method]++;
        core_answers(callers, heard, message);
        return true;
    }
    if (heard->at != VANTAGE_CALLER) {
        return false;
    }
    if (message->is_request || message->status < 200) {
        return !message->is_request;
    }
    for (unsigned i = 0; i < CALLERS_MAX; i++) {
        struct good_call *call = &callers->calls[i];

        if (call->state != CALL_FREE &&
            slice_equal(sip_call_id(message), slice_string(call->call_id))) {
            call_answered(callers, call, message);
            return true;
        }
    }
    return true;
}

void callers_turn(struct callers *callers)
{
    uint64_t now_ms = ground_clock_ms();

    for (unsigned i = 0; i < CALLERS_MAX; i++) {
        struct good_call *call = &callers->calls[i];
        bool is_waiting = call->state == CALL_ASKED || call->state == CALL_ENDING;

        if (is_waiting && now_ms >= call->over_ms) {
            call->state = CALL_LOST;
            callers->lost++;
        } else if (call->state == CALL_ASKED && now_ms >= call->due_ms) {
            callers->repeated++;
            call->repeats++;
            call_repeat(callers, call);
        }
    }
}

static bool none_waits(void *asked)
{
    struct callers *callers = asked;

    callers_turn(callers);
    for (unsigned i = 0; i < CALLERS_MAX; i++) {
        enum call_state state = callers->calls[i].state;

        if (state == CALL_ASKED || state == CALL_ENDING) {
            return false;
        }
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

unsigned callers_group(struct callers *callers, unsigned count, uint32_t *middle_us)
{
    struct good_call *calls[CALLERS_MAX];
    uint32_t setups[CALLERS_MAX];
    unsigned lost = 0, up = 0;

    for (unsigned i = 0; i < count; i++) {
        calls[i] = call_begin(callers);
    }
    ground_wait(callers->ground, 2UL * CALLERS_PATIENCE_MS, none_waits, callers);
    for (unsigned i = 0; i < count; i++) {
        if (calls[i] == NULL || calls[i]->state != CALL_ENDED) {
            lost++;
        } else {
            setups[up++] = calls[i]->setup_us;
        }
    }
    if (up > 0) {
        qsort(setups, up, sizeof(setups[0]), by_number);
        *middle_us = setups[up / 2];
    }
    return lost;
}

void callers_more(struct callers *callers)
{
    (void)call_begin(callers);
}

static bool is_settled(void *asked)
{
    const struct good_call *call = asked;

    return call->state != CALL_ASKED && call->state != CALL_ENDING;
}

struct good_call *callers_hold(struct callers *callers)
{
    struct good_call *call = call_begin(callers);

    if (call == NULL) {
        return NULL;
    }
    call->is_held = true;
    ground_wait(callers->ground, CALLERS_PATIENCE_MS, is_settled, call);
    return call->state == CALL_UP ? call : NULL;
}

bool callers_end(struct callers *callers, struct good_call *call)
{
    call->state = CALL_ENDING;
    call->over_ms = ground_clock_ms() + CALLERS_PATIENCE_MS;
    call_request(callers, call, "BYE");
    ground_wait(callers->ground, CALLERS_PATIENCE_MS, is_settled, call);
    return call->state == CALL_ENDED;
}
