/*
 * A dozen attacks: none may reach the core, each is explained by the control that stopped it.
 */
#include "app/demo/stage.h"

#include <stdio.h>
#include <stdlib.h>

struct attack {
    const char *what;
    const char *method, *uri;
    const char *extra; /* header lines */
    const char *body;
    const char *strikes; /* what an attacker does to the octets: "old=>new", or NULL */
    bool is_from_carrier;
};

/* Every one starts as a request that would pass; what makes it an attack is in the row. */
static const struct attack attacks[] = {
    {"two Content-Length, a second message behind", "INVITE", "sip:bob@demo.example",
     "Content-Length: 9\r\n", "", NULL, false},
    {"a bare LF that other parsers take for a line end", "OPTIONS", "sip:bob@demo.example",
     "Subject: a\nRoute: <sip:127.0.0.20>\r\n", "", NULL, false},
    {"a NUL in a header value", "INVITE", "sip:bob@demo.example", "Subject: a~b\r\n", "", "~",
     false},
    {"CSeq beyond 2^31", "INVITE", "sip:bob@demo.example", "", "", "CSeq: 1=>CSeq: 4294967297",
     false},
    {"a header smuggled in the Request-URI", "INVITE",
     "sip:bob@demo.example?Route=%3Csip:127.0.0.20%3E", "", "", NULL, false},
    {"an escaped line end in the user part", "INVITE", "sip:bob%0d%0aX@demo.example", "", "", NULL,
     false},
    {"a call through us to somebody else's network", "INVITE", "sip:+9005551234@victim.example", "",
     "", NULL, false},
    {"a target in our own inside", "INVITE", "sip:admin@127.0.0.20", "", "", NULL, false},
    {"no hops left", "INVITE", "sip:bob@demo.example", "", "", "Max-Forwards: 70=>Max-Forwards: 0",
     false},
    {"REGISTER from a carrier", "REGISTER", "sip:demo.example", "", "", NULL, true},
    {"a BYE for a call that is not known", "BYE", "sip:bob@demo.example", "", "",
     "To: <sip:bob@demo.example>=>To: <sip:bob@demo.example>;tag=guess", false},
    {"two From headers", "INVITE", "sip:bob@demo.example", "From: <sip:ceo@demo.example>;tag=x\r\n",
     "", NULL, false},
    {"a method nobody knows", "PWN", "sip:bob@demo.example", "", "", NULL, false},
};

/* Applies "old=>new" once; "~" becomes a NUL. */
static size_t strike(char *bytes, size_t len, size_t max, const char *how)
{
    const char *arrow = strstr(how, "=>");

    if (arrow == NULL) {
        char *at = memchr(bytes, how[0], len);

        if (at != NULL) {
            *at = '\0';
        }
        return len;
    }
    size_t old_len = (size_t)(arrow - how), new_len = strlen(arrow + 2);
    for (size_t i = 0; i + old_len <= len && len + new_len - old_len < max; i++) {
        if (memcmp(bytes + i, how, old_len) == 0) {
            memmove(bytes + i + new_len, bytes + i + old_len, len - i - old_len);
            memcpy(bytes + i, arrow + 2, new_len);
            return len + new_len - old_len;
        }
    }
    return len;
}

static void tell_attack(struct stage *stage, const char *what, bool is_stopped, unsigned status,
                        const char *whose)
{
    char control[32], how[96];

    stage_control(stage, whose, control, sizeof(control));
    if (status > 0) {
        snprintf(how, sizeof(how), "%s, answered %u", control, status);
    } else {
        snprintf(how, sizeof(how), "%s, dropped in silence", control);
    }
    stage_tell(stage, is_stopped && control[0] != '\0', what,
               is_stopped ? how : "REACHED THE CORE");
}

static void attack_with(struct stage *stage, const struct attack *attack)
{
    struct actor *attacker = attack->is_from_carrier ? &stage->partner : &stage->alice;
    const struct address *border =
        attack->is_from_carrier ? &stage->partner_side : &stage->device_side;
    char room[8192];
    struct actor_call call;
    struct text text;
    size_t len = 0;

    text_init(&text, room, sizeof(room));
    actor_begin(attacker, &call, attack->uri, "sip:alice@demo.example");
    actor_request(attacker, &text, &call, attack->method, attack->uri, attack->extra, SLICE_NONE);
    len = text.len;
    if (attack->strikes != NULL) {
        len = strike(room, len, sizeof(room), attack->strikes);
    }
    actor_send(attacker, border, slice_of(room, len));
    unsigned status = actor_gets_final(attacker);
    bool is_stopped = !actor_receive(&stage->core, 50);
    tell_attack(stage, attack->what, is_stopped && status != 200, status, call.call_id);
}

/* A stranger who knows everything about a call, in the core's own zone. */
static void stranger_in_core(struct stage *stage)
{
    char room[4096];
    struct actor_call call;
    struct text text;

    text_init(&text, room, sizeof(room));
    actor_begin(&stage->stranger, &call, "sip:+15550123456@partner.example",
                "sip:core@demo.example");
    actor_request(&stage->stranger, &text, &call, "INVITE", "sip:+15550123456@partner.example", "",
                  SLICE_NONE);
    actor_send(&stage->stranger, &stage->core_side, text_slice(&text));
    unsigned status = actor_gets_final(&stage->stranger);
    bool is_stopped = !actor_receive(&stage->partner, 50);
    tell_attack(stage, "a stranger on the core's own listener", is_stopped, status, "127.0.0.66");
}

static void forged_identity(struct stage *stage)
{
    char room[4096];
    struct actor_call call;
    struct text text;

    text_init(&text, room, sizeof(room));
    actor_begin(&stage->alice, &call, "sip:bob@demo.example", "sip:alice@demo.example");
    actor_request(&stage->alice, &text, &call, "MESSAGE", "sip:bob@demo.example",
                  "P-Asserted-Identity: <sip:ceo@demo.example>\r\nX-Debug: 127.0.0.2\r\n"
                  "Content-Type: text/plain\r\n",
                  SLICE("hi"));
    actor_send(&stage->alice, &stage->device_side, text_slice(&text));
    bool is_there = actor_gets_request(&stage->core, SIP_MESSAGE);
    bool is_clean = is_there && !actor_sees(&stage->core, "ceo@demo.example") &&
                    !actor_sees(&stage->core, "X-Debug");
    if (is_there) {
        actor_answer(&stage->core, 200, "m", SLICE_NONE);
        actor_gets_status(&stage->alice, 200);
    }
    stage_tell(stage, is_clean, "a phone that asserts the boss's identity",
               is_clean ? "passed without it: headers are default deny" : "BELIEVED");
}

void demo_attacks(struct stage *stage)
{
    printf("\nAttacks\n");
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        attack_with(stage, &attacks[i]);
    }
    stranger_in_core(stage);
    forged_identity(stage);
}
