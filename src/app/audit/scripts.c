#include "app/audit/scripts.h"

#include <stdio.h>

audit_script *script_find(const char *id)
{
    static const struct {
        const char *id;
        audit_script *script;
    } scripts[] = {
// clang-format off
#define SCRIPT(id, function) {id, function},
#include "app/audit/scripts.def"
#undef SCRIPT
        // clang-format on
    };

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        if (strcmp(id, scripts[i].id) == 0) {
            return scripts[i].script;
        }
    }
    return NULL;
}

struct good_call *script_call(struct audit *audit)
{
    struct good_call *call = NULL;

    if (!ground_is_there(&audit->ground, VANTAGE_CORE)) {
        outcome_add(audit->outcome, "", 0, VERDICT_INCONCLUSIVE, 0,
                    "the scope has no core to call");
        return NULL;
    }
    audit->ground.comment = audit->test->id;
    call = callers_hold(&audit->callers);
    if (call == NULL) {
        outcome_add(audit->outcome, "", 0, VERDICT_INCONCLUSIVE, 0,
                    "no call came up to be attacked");
    }
    sightings_clear(audit);
    return call;
}

void script_call_judge(struct audit *audit, struct good_call *call, const char *what)
{
    uint64_t byes = audit->callers.core_requests[SIP_BYE];

    if (!callers_end(&audit->callers, call)) {
        outcome_add(audit->outcome, what, 0, VERDICT_FAIL, 0, "the call was gone afterwards");
    } else if (audit->callers.core_requests[SIP_BYE] == byes) {
        outcome_add(audit->outcome, what, 0, VERDICT_FAIL, 0, "its end did not reach the core");
    } else {
        outcome_add(audit->outcome, what, 0, VERDICT_PASS, 0, "the call went on and ended well");
    }
}

static const char *branch_next(struct audit *audit, char room[40])
{
    snprintf(room, 40, "z9hG4bK%016llx", (unsigned long long)chance_next(&audit->chance));
    return room;
}

/* A request in the caller's dialog, sent by somebody else; true when the core heard it. */
static bool steal(struct audit *audit, const struct talk *victim, const char *method,
                  const char *extra, struct slice body)
{
    char room[8192], branch[40];
    struct talk talk = *victim;
    const struct scope_socket *to = &audit->scope.access.list[0];
    enum sip_method heard = sip_method_find(slice_string(method));
    uint64_t before = audit->callers.core_requests[heard];
    struct text text;

    talk.here = audit->scope.places[VANTAGE_ATTACKER];
    talk.next = *to;
    text_init(&text, room, sizeof(room));
    talk_request(&talk, &text, method, branch_next(audit, branch), extra, body);
    (void)ground_send(&audit->ground, VANTAGE_ATTACKER, to, text_slice(&text));
    audit_wait(audit, audit->settle_ms * 2);
    return audit->callers.core_requests[heard] != before;
}

static void stolen_judge(struct audit *audit, const char *what, bool has_reached)
{
    uint16_t status = sightings_final(audit, VANTAGE_ATTACKER);

    if (has_reached) {
        outcome_add(audit->outcome, what, 0, VERDICT_FAIL, status, "it was carried to the core");
    } else if (status >= 200 && status < 300) {
        outcome_add(audit->outcome, what, 0, VERDICT_FAIL, status, "answered %u", status);
    } else {
        outcome_add(audit->outcome, what, 0, VERDICT_PASS, status,
                    status == 0 ? "dropped" : "refused");
    }
}

void script_foreign_bye(struct audit *audit)
{
    struct good_call *call = script_call(audit);
    struct talk talk;

    if (call == NULL) {
        return;
    }
    stolen_judge(audit, "BYE with the right names from another address",
                 steal(audit, &call->caller, "BYE", "", SLICE_NONE));
    talk = call->caller;
    char *tag = strstr(talk.to, ";tag=");
    if (tag != NULL) {
        *tag = '\0';
        stolen_judge(audit, "BYE without a To tag", steal(audit, &talk, "BYE", "", SLICE_NONE));
    }
    script_call_judge(audit, call, "the attacked call");
}

void script_foreign_reinvite(struct audit *audit)
{
    char sdp[256];
    struct good_call *call = script_call(audit);

    if (call == NULL) {
        return;
    }
    int len = snprintf(sdp, sizeof(sdp),
                       "v=0\r\no=- 2 2 IN IP4 192.0.2.99\r\ns=-\r\nc=IN IP4 192.0.2.99\r\nt=0 0\r\n"
                       "m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n");
    stolen_judge(audit, "re-INVITE from another address that moves the media",
                 steal(audit, &call->caller, "INVITE", "", slice_of(sdp, (size_t)len)));
    stolen_judge(audit, "UPDATE from another address that moves the media",
                 steal(audit, &call->caller, "UPDATE", "", slice_of(sdp, (size_t)len)));
    script_call_judge(audit, call, "the attacked call");
}

void script_foreign_cancel(struct audit *audit)
{
    struct good_call *call = script_call(audit);
    struct draft *draft = &audit->callers.draft; /* it still holds the call's INVITE */
    const struct scope_socket *to = &audit->scope.access.list[0];
    uint64_t before = audit->callers.core_requests[SIP_CANCEL];
    char room[8192];
    struct text text;

    if (call == NULL) {
        return;
    }
    text_init(&text, room, sizeof(room));
    (void)draft_edit(draft, SLICE("start CANCEL {target} SIP/2.0"));
    (void)draft_edit(draft, SLICE("set CSeq: 1 CANCEL"));
    (void)draft_edit(draft, SLICE("body "));
    draft_write(draft, &text);
    (void)ground_send(&audit->ground, VANTAGE_ATTACKER, to, text_slice(&text));
    audit_wait(audit, audit->settle_ms * 2);
    stolen_judge(audit, "CANCEL with the right names from another address",
                 audit->callers.core_requests[SIP_CANCEL] != before);
    script_call_judge(audit, call, "the attacked call");
}

void script_forged_responses(struct audit *audit)
{
    static const unsigned statuses[] = {404, 486, 200, 302};
    const struct scope_socket *to = &audit->scope.access.list[0];
    char room[8192], what[48];
    unsigned lost = 0;
    uint32_t middle_us = 0;

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct text text;

        sightings_clear(audit);
        draft_begin(&audit->draft, &audit->scope, VANTAGE_ATTACKER, to->transport, "INVITE",
                    &audit->chance);
        snprintf(room, sizeof(room), "start SIP/2.0 %u Forged", statuses[i]);
        (void)draft_edit(&audit->draft, slice_string(room));
        text_init(&text, room, sizeof(room));
        draft_write(&audit->draft, &text);
        for (unsigned n = 0; n < 20; n++) {
            (void)ground_send(&audit->ground, VANTAGE_ATTACKER, to, text_slice(&text));
        }
        lost = callers_group(&audit->callers, 2, &middle_us);
        snprintf(what, sizeof(what), "20 forged %u while calls begin", statuses[i]);
        outcome_add(audit->outcome, what, (uint8_t)to->transport,
                    lost == 0 ? VERDICT_PASS : VERDICT_FAIL,
                    sightings_final(audit, VANTAGE_ATTACKER),
                    lost == 0 ? "calls were not touched" : "%u calls were lost", lost);
    }
}

/* Replaces with the names of somebody else's call (RFC 3891). */
void script_foreign_replaces(struct audit *audit)
{
    struct good_call *call = script_call(audit);
    const struct scope_socket *to = &audit->scope.access.list[0];
    char line[512];

    if (call == NULL) {
        return;
    }
    static const char *const headers[] = {"Replaces", "Join"};
    for (size_t i = 0; i < 2; i++) {
        const char *to_tag = strstr(call->caller.to, ";tag=");
        const char *from_tag = strstr(call->caller.from, ";tag=");

        sightings_clear(audit);
        draft_begin(&audit->draft, &audit->scope, VANTAGE_ATTACKER, to->transport, "INVITE",
                    &audit->chance);
        snprintf(line, sizeof(line), "add %s: %s;to-tag=%s;from-tag=%s", headers[i],
                 call->caller.call_id, to_tag == NULL ? "" : to_tag + 5,
                 from_tag == NULL ? "" : from_tag + 5);
        (void)draft_edit(&audit->draft, slice_string(line));
        audit_send_draft(audit, to);
        bool has_it = sightings_have(audit, VANTAGE_CORE, slice_string(headers[i]));
        outcome_add(audit->outcome, headers[i], (uint8_t)to->transport,
                    has_it ? VERDICT_FAIL : VERDICT_PASS, sightings_final(audit, VANTAGE_ATTACKER),
                    has_it ? "it was carried to the core" : "refused, or taken out");
        audit_tidy(audit, VANTAGE_ATTACKER, to);
    }
    script_call_judge(audit, call, "the attacked call");
}

/* The caller itself asks for more than a call needs. */
void script_reinvites(struct audit *audit)
{
    struct good_call *call = script_call(audit);
    uint64_t before = audit->callers.core_requests[SIP_INVITE];
    char room[8192], branch[40];

    enum { REINVITES = 200, SOME = 150 };
    if (call == NULL) {
        return;
    }
    for (unsigned i = 0; i < REINVITES; i++) {
        struct text text;

        text_init(&text, room, sizeof(room));
        talk_request(&call->caller, &text, "INVITE", branch_next(audit, branch), "", SLICE_NONE);
        (void)ground_send(&audit->ground, VANTAGE_CALLER, &call->caller.next, text_slice(&text));
    }
    audit_wait(audit, 1000);
    uint64_t carried = audit->callers.core_requests[SIP_INVITE] - before;
    outcome_add(audit->outcome, "200 re-INVITE at once", (uint8_t)call->caller.next.transport,
                carried > SOME ? VERDICT_FAIL : VERDICT_PASS, 0,
                "%llu of %d were carried to the core", (unsigned long long)carried, REINVITES);
    script_call_judge(audit, call, "the call itself");
}

/* A message in pieces is the same message. */
void script_segments(struct audit *audit)
{
    const struct scope_socket *tcp = NULL;
    char room[8192];
    struct text text;

    for (uint32_t i = 0; i < audit->scope.access.count; i++) {
        if (audit->scope.access.list[i].transport == TRANSPORT_TCP) {
            tcp = &audit->scope.access.list[i];
        }
    }
    if (tcp == NULL) {
        outcome_add(audit->outcome, "", 0, VERDICT_NOT_APPLICABLE, 0, "the box has no TCP there");
        return;
    }
    audit->ground.comment = audit->test->id;
    sightings_clear(audit);
    draft_begin(&audit->draft, &audit->scope, VANTAGE_ATTACKER, tcp->transport, "OPTIONS",
                &audit->chance);
    text_init(&text, room, sizeof(room));
    draft_write(&audit->draft, &text);
    for (size_t i = 0; i < text.len; i += 7) {
        size_t len = text.len - i < 7 ? text.len - i : 7;

        (void)ground_send(&audit->ground, VANTAGE_ATTACKER, tcp, slice_of(room + i, len));
    }
    audit_wait(audit, audit->settle_ms * 2);
    uint16_t status = sightings_final(audit, VANTAGE_ATTACKER);
    outcome_add(audit->outcome, "OPTIONS in pieces of 7 octets", TRANSPORT_TCP,
                status != 0 ? VERDICT_PASS : VERDICT_FAIL, status,
                status != 0 ? "answered" : "a good message in pieces was not answered");
    ground_hang_up(&audit->ground, VANTAGE_ATTACKER);

    static const char pings[] = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
                                "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
    for (unsigned i = 0; i < 100; i++) {
        (void)ground_send(&audit->ground, VANTAGE_ATTACKER, tcp, SLICE(pings));
    }
    audit_wait(audit, audit->settle_ms);
    outcome_add(audit->outcome, "3,200 keep-alives", TRANSPORT_TCP, VERDICT_PASS, 0, "survived");
    ground_hang_up(&audit->ground, VANTAGE_ATTACKER);
}

/* What belongs to one side, sent to the socket of another. */
void script_wrong_side(struct audit *audit)
{
    const struct scope_sockets *sides[] = {&audit->scope.inside, &audit->scope.peering};
    static const char *const names[] = {"the core's socket", "the peer's socket"};

    for (size_t i = 0; i < 2; i++) {
        if (sides[i]->count == 0) {
            continue;
        }
        sightings_clear(audit);
        audit->ground.comment = audit->test->id;
        draft_begin(&audit->draft, &audit->scope, VANTAGE_ATTACKER, sides[i]->list[0].transport,
                    "INVITE", &audit->chance);
        audit_send_draft(audit, &sides[i]->list[0]);
        uint16_t status = sightings_final(audit, VANTAGE_ATTACKER);
        bool has_passed = sightings_request(audit, VANTAGE_CORE) != NULL ||
                          sightings_request(audit, VANTAGE_PEER) != NULL;
        enum audit_verdict verdict = has_passed || (status >= 200 && status < 300) ? VERDICT_FAIL
                                     : status != 0                                 ? VERDICT_WEAK
                                                                                   : VERDICT_PASS;
        outcome_add(audit->outcome, names[i], (uint8_t)sides[i]->list[0].transport, verdict, status,
                    has_passed    ? "an outsider's INVITE was carried on"
                    : status != 0 ? "an outsider was answered"
                                  : "silence");
    }
    if (audit->outcome->tried == 0) {
        outcome_add(audit->outcome, "", 0, VERDICT_NOT_APPLICABLE, 0,
                    "the scope names no other socket of the box");
    }
}
