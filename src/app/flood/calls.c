/*
 * The good calls: a caller and whom it calls, with the store between, and what became of each.
 *
 * INVITE 180 200 ACK BYE 200, repeated as RFC 3261 17 and 13.3.1.4 say when nothing comes.  A call
 * is found again by the number that its Call-ID (of the caller's leg) and our tag (of the called
 * party's) begin with.
 */
#include "app/flood/side.h"

#include "base/must.h"
#include "io/socket.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    T1_MS = 500,
    T2_MS = 4000,
    PATIENCE_MS = 32000,
    READ_AT_ONCE = 256, /* datagrams of one socket before the other gets its turn */
    SETTLE_MS = 4000,   /* for what is under way when the last call has begun */
};

enum { TIMER_CALLER, TIMER_CALLED };

static struct flood_leg *leg_at(struct flood_side *side, uint32_t index)
{
    return index > 0 && index < FLOOD_CALL_SLOTS ? &side->legs[index] : NULL;
}

static void leg_free(struct flood_side *side, struct flood_leg *leg)
{
    wheel_stop(&side->wheel, &leg->timer);
    leg->state = LEG_FREE;
    leg->generation++;
    side->free[side->free_count++] = (uint32_t)(leg - side->legs);
}

static struct flood_leg *leg_take(struct flood_side *side)
{
    if (side->free_count == 0) {
        side->calls->slots_missing++;
        return NULL;
    }
    struct flood_leg *leg = &side->legs[side->free[--side->free_count]];

    leg->timer.owner = (uint32_t)(leg - side->legs);
    leg->interval_ms = T1_MS;
    leg->again = 0;
    return leg;
}

static void leg_wait(struct flood_side *side, struct flood_leg *leg, uint64_t now_us)
{
    wheel_set(&side->wheel, &leg->timer, now_us / 1000 + leg->interval_ms);
    leg->interval_ms =
        leg->interval_ms * 2 > T2_MS && leg->state != LEG_INVITED ? T2_MS : leg->interval_ms * 2;
}

/*
 * Who calls.
 */

static void call_begin(struct flood_side *side, uint64_t now_us)
{
    struct flood_leg *leg = leg_take(side);

    side->calls->offered++;
    if (leg == NULL) {
        return;
    }
    leg->state = LEG_INVITED;
    leg->began_us = now_us;
    leg->number = flood_number(&side->seed);
    leg->to_tag[0] = leg->target[0] = '\0';
    side_send_request(side, leg, "INVITE");
    leg_wait(side, leg, now_us);
}

static void call_answered(struct flood_side *side, struct flood_leg *leg, uint64_t now_us)
{
    struct flood_calls *calls = side->calls;

    if (leg->state == LEG_INVITED || leg->state == LEG_RINGING) {
        calls->answered++;
        if (calls->setup_count < calls->setup_max) {
            calls->setup_us[calls->setup_count++] = (uint32_t)(now_us - leg->began_us);
        }
        side_keep_dialog(side, leg);
        leg->state = LEG_LEAVING;
        leg->interval_ms = T1_MS;
        side_send_request(side, leg, "ACK");
        side_send_request(side, leg, "BYE");
        leg_wait(side, leg, now_us);
    } else if (leg->state == LEG_LEAVING) {
        side_send_request(side, leg, "ACK"); /* the last one was lost */
    }
}

static void caller_hears(struct flood_side *side, uint64_t now_us)
{
    const struct sip_message *message = &side->message;
    uint32_t index = 0, generation = 0;
    struct flood_leg *leg = NULL;

    if (message->is_request || !side_number_read(sip_call_id(message), &index, &generation)) {
        return;
    }
    leg = leg_at(side, index);
    if (leg == NULL || leg->generation != generation || leg->state == LEG_FREE) {
        return;
    }
    if (message->cseq_method == SIP_BYE) {
        if (message->status >= 200 && leg->state == LEG_LEAVING) {
            side->calls->completed += message->status < 300;
            leg_free(side, leg);
        }
    } else if (message->status < 200) {
        if (leg->state == LEG_INVITED) {
            leg->state = LEG_RINGING;
            leg->interval_ms = PATIENCE_MS;
            leg_wait(side, leg, now_us);
        }
    } else if (message->status < 300) {
        call_answered(side, leg, now_us);
    } else if (leg->state != LEG_LEAVING) {
        side_keep_dialog(side, leg);
        side_send_refusal_ack(side, leg);
        side->calls->refused++;
        leg_free(side, leg);
    }
}

static void caller_again(struct flood_side *side, struct flood_leg *leg, uint64_t now_us)
{
    if (now_us - leg->began_us > PATIENCE_MS * 1000ULL || leg->state == LEG_RINGING) {
        side->calls->silent += leg->state != LEG_LEAVING;
        leg_free(side, leg);
        return;
    }
    side->calls->again_asked++;
    leg->again++;
    side_send_request(side, leg, leg->state == LEG_LEAVING ? "BYE" : "INVITE");
    leg_wait(side, leg, now_us);
}

/*
 * Who is called.
 */

static void called_hears(struct flood_side *side, uint64_t now_us)
{
    const struct sip_message *message = &side->message;
    uint32_t index = 0, generation = 0;
    struct flood_leg *leg = NULL;

    if (!message->is_request) {
        return;
    }
    if (message->method == SIP_INVITE && sip_to_tag(message).len == 0) {
        if (!side_is_ours(side)) {
            side_answer(side, NULL, 480); /* of the attack: it got through, and rings nowhere */
            return;
        }
        leg = side_find_invited(side);
        if (leg == NULL) {
            leg = leg_take(side);
            if (leg == NULL) {
                return;
            }
            leg->state = LEG_ASKED;
            leg->began_us = now_us;
            leg->number = side_branch_hash(side);
            side_remember_invited(side, leg);
            leg_wait(side, leg, now_us);
        }
        side_answer(side, leg, 180);
        side_answer(side, leg, 200);
        return;
    }
    if (side_number_read(sip_to_tag(message), &index, &generation)) {
        leg = leg_at(side, index);
    }
    if (leg != NULL && (leg->generation != generation || leg->state == LEG_FREE)) {
        leg = NULL;
    }
    if (message->method == SIP_ACK) {
        if (leg != NULL) {
            side_forget_invited(side, leg);
            leg_free(side, leg);
        }
    } else {
        side_answer(side, NULL, 200); /* BYE, also of a call we have let go; OPTIONS */
    }
}

static void called_again(struct flood_side *side, struct flood_leg *leg, uint64_t now_us)
{
    if (now_us - leg->began_us > PATIENCE_MS * 1000ULL) {
        side_forget_invited(side, leg);
        leg_free(side, leg);
        return;
    }
    side->calls->again_answered++;
    side_send_kept(side, leg);
    leg_wait(side, leg, now_us);
}

/*
 * Both.
 */

static void side_read(struct flood_side *side, uint64_t now_us)
{
    for (unsigned i = 0; i < READ_AT_ONCE && side_receive(side); i++) {
        if (side->is_caller) {
            caller_hears(side, now_us);
        } else {
            called_hears(side, now_us);
        }
    }
}

static void side_timers(struct flood_side *side, uint64_t now_us)
{
    struct wheel_timer *timer = NULL;

    while ((timer = wheel_take(&side->wheel, now_us / 1000)) != NULL) {
        struct flood_leg *leg = &side->legs[timer->owner];

        if (side->is_caller) {
            caller_again(side, leg, now_us);
        } else {
            called_again(side, leg, now_us);
        }
    }
}

static bool is_over(const struct flood_wish *wish, const struct flood_side *caller,
                    uint64_t passed_us)
{
    uint64_t calling_us = wish->seconds * 1000000ULL;

    return passed_us >= calling_us + SETTLE_MS * 1000ULL ||
           (passed_us >= calling_us && caller->free_count == FLOOD_CALL_SLOTS - 1);
}

static void play(const struct flood_wish *wish, struct flood_side sides[2], struct flood_sent *sent)
{
    struct pollfd polled[2] = {{.fd = sides[0].fd, .events = POLLIN},
                               {.fd = sides[1].fd, .events = POLLIN}};
    uint64_t began_us = flood_now_us(), begun = 0;
    uint32_t told = 0;

    for (uint64_t now_us = began_us; !is_over(wish, &sides[0], now_us - began_us);
         now_us = flood_now_us()) {
        uint64_t passed_us = now_us - began_us;

        while (passed_us < wish->seconds * 1000000ULL &&
               begun * 1000000 < passed_us * wish->calls) {
            call_begin(&sides[0], now_us);
            begun++;
        }
        if (passed_us >= wish->seconds * 1000000ULL) {
            sent->is_over = true; /* the attack ends when calls do; what is under way may settle */
        }
        (void)poll(polled, 2, 1);
        for (unsigned i = 0; i < 2; i++) {
            side_read(&sides[i], flood_now_us());
            side_timers(&sides[i], flood_now_us());
            side_flush(&sides[i]);
        }
        if (passed_us / 1000000 > told && told < wish->seconds) { /* once a second */
            told = (uint32_t)(passed_us / 1000000);
            flood_told(wish, sides[0].calls, sent, told);
        }
    }
}

static void attack_alone(const struct flood_wish *wish, struct flood_calls *calls,
                         struct flood_sent *sent)
{
    for (uint32_t second = 1; second <= wish->seconds; second++) {
        (void)sleep(1);
        flood_told(wish, calls, sent, second);
    }
}

bool flood_call(const struct flood_wish *wish, struct flood_calls *calls, struct flood_sent *sent,
                struct fault *fault)
{
    struct flood_side *sides = NULL;
    bool is_good = true;

    if (wish->answer.family == ADDRESS_NONE || wish->calls == 0) {
        attack_alone(wish, calls, sent);
        sent->is_over = true;
        return true;
    }
    sides = calloc(2, sizeof(*sides));
    is_good = sides != NULL && side_open(&sides[0], wish, true, fault) &&
              side_open(&sides[1], wish, false, fault);
    if (is_good) {
        sides[0].calls = sides[1].calls = calls;
        play(wish, sides, sent);
    }
    sent->is_over = true;
    for (unsigned i = 0; sides != NULL && i < 2; i++) {
        side_close(&sides[i]);
    }
    free(sides);
    return is_good;
}
