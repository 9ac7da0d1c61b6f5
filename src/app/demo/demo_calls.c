/*
 * Good traffic: it must pass, and neither side may see the other.
 */
#include "app/demo/stage.h"

#include <stdio.h>

enum { DEMO_PACKETS = 25 /* half a second of audio each way */ };

static const char phone_uri[] = "sip:alice@demo.example";

struct heard {
    unsigned there, back;
};

/* A call as both ends hold it. */
struct demo_call {
    struct actor_call asked, taken;
    struct address asked_target, taken_target; /* where each sends its audio */
};

/* The caller's INVITE up to the ACK; true when both sides hold the call. */
static bool call_up(struct actor *caller, const struct address *border, struct actor *callee,
                    const char *uri, const char *from, bool has_video, struct demo_call *call)
{
    char room[8192], sdp_room[1024];
    struct text text, sdp;

    text_init(&text, room, sizeof(room));
    text_init(&sdp, sdp_room, sizeof(sdp_room));
    actor_sdp(caller, &sdp, has_video);
    actor_begin(caller, &call->asked, uri, from);
    actor_request(caller, &text, &call->asked, "INVITE", uri, "", text_slice(&sdp));
    actor_send(caller, border, text_slice(&text));
    if (!actor_gets_request(callee, SIP_INVITE) ||
        !actor_audio_target(callee, &call->taken_target)) {
        return false;
    }
    actor_take(callee, &call->taken, "calleetag");
    sdp.len = 0;
    actor_sdp(callee, &sdp, has_video);
    if (!actor_answer(callee, 180, "calleetag", SLICE_NONE) ||
        !actor_answer(callee, 200, "calleetag", text_slice(&sdp)) ||
        !actor_gets_status(caller, 200) || !actor_audio_target(caller, &call->asked_target)) {
        return false;
    }
    actor_learn(caller, &call->asked);
    text.len = 0;
    actor_request(caller, &text, &call->asked, "ACK", call->asked.target, "", SLICE_NONE);
    actor_send(caller, border, text_slice(&text));
    return actor_gets_request(callee, SIP_ACK);
}

static bool call_down(struct actor *who, const struct address *border, struct actor_call *call,
                      struct actor *other)
{
    char room[4096];
    struct text text;

    text_init(&text, room, sizeof(room));
    actor_request(who, &text, call, "BYE", call->target, "", SLICE_NONE);
    actor_send(who, border, text_slice(&text));
    return actor_gets_request(other, SIP_BYE) && actor_answer(other, 200, "", SLICE_NONE) &&
           actor_gets_status(who, 200);
}

static void voice_call(struct stage *stage)
{
    struct demo_call call;
    struct heard heard = {0, 0};
    char how[160];
    bool is_up = call_up(&stage->alice, &stage->device_side, &stage->core,
                         "sip:+4315550100@demo.example", phone_uri, false, &call);
    bool is_hidden = is_up && !actor_sees(&stage->core, "127.0.0.2:") &&
                     !actor_sees(&stage->alice, "127.0.0.20");

    if (is_up) {
        heard.there = actor_talk(&stage->alice, &call.asked_target, &stage->core, DEMO_PACKETS, 11);
        heard.back = actor_talk(&stage->core, &call.taken_target, &stage->alice, DEMO_PACKETS, 22);
    }
    bool is_down =
        is_up && call_down(&stage->alice, &stage->device_side, &call.asked, &stage->core);
    snprintf(how, sizeof(how), "audio %u/%d and %u/%d packets, topology hidden", heard.there,
             DEMO_PACKETS, heard.back, DEMO_PACKETS);
    stage_tell(stage,
               is_down && is_hidden && heard.there == DEMO_PACKETS && heard.back == DEMO_PACKETS,
               "voice call, phone to core, caller hangs up", is_up ? how : "no call");
}

static void video_call(struct stage *stage)
{
    struct demo_call call;
    bool is_up =
        call_up(&stage->core, &stage->core_side, &stage->partner,
                "sip:+15550123456@partner.example", "sip:+4315550100@demo.example", true, &call);
    bool is_hidden = is_up && !actor_sees(&stage->partner, "127.0.0.20");
    bool is_down =
        is_up && call_down(&stage->partner, &stage->partner_side, &call.taken, &stage->core);

    stage_tell(stage, is_down && is_hidden, "video call, core to carrier, callee hangs up",
               is_up ? "two media streams anchored" : "no call");
}

static void incoming_call(struct stage *stage)
{
    struct demo_call call;
    bool is_up =
        call_up(&stage->partner, &stage->partner_side, &stage->core, "sip:+4315550100@demo.example",
                "sip:+15550123456@partner.example", false, &call);
    bool is_down =
        is_up && call_down(&stage->partner, &stage->partner_side, &call.asked, &stage->core);

    stage_tell(stage, is_down, "voice call, carrier to core",
               is_up ? "answered, ended" : "no call");
}

static void message(struct stage *stage)
{
    char room[4096];
    struct actor_call call;
    struct text text;

    text_init(&text, room, sizeof(room));
    actor_begin(&stage->alice, &call, "sip:bob@demo.example", phone_uri);
    actor_request(&stage->alice, &text, &call, "MESSAGE", "sip:bob@demo.example",
                  "Content-Type: text/plain\r\n", SLICE("hello"));
    actor_send(&stage->alice, &stage->device_side, text_slice(&text));
    bool is_there =
        actor_gets_request(&stage->core, SIP_MESSAGE) && actor_sees(&stage->core, "hello") &&
        actor_answer(&stage->core, 200, "m", SLICE_NONE) && actor_gets_status(&stage->alice, 200);
    stage_tell(stage, is_there, "MESSAGE, phone to core", is_there ? "delivered" : "lost");
}

static void registration(struct stage *stage)
{
    char room[4096];
    struct actor_call call;
    struct text text;

    text_init(&text, room, sizeof(room));
    actor_begin(&stage->alice, &call, phone_uri, phone_uri);
    actor_request(&stage->alice, &text, &call, "REGISTER", "sip:demo.example", "Expires: 120\r\n",
                  SLICE_NONE);
    actor_send(&stage->alice, &stage->device_side, text_slice(&text));
    bool is_there = actor_gets_request(&stage->core, SIP_REGISTER);
    bool is_hidden = is_there && !actor_sees(&stage->core, "127.0.0.2:");
    bool is_done = is_there && actor_answer(&stage->core, 200, "r", SLICE_NONE) &&
                   actor_gets_status(&stage->alice, 200) &&
                   actor_sees(&stage->alice, "sip:alice@127.0.0.2");
    stage_tell(stage, is_done && is_hidden, "REGISTER, phone to core",
               is_done ? "the core sees our contact, the phone its own" : "not registered");
}

static void emergency(struct stage *stage)
{
    struct demo_call call;
    bool is_up = call_up(&stage->alice, &stage->device_side, &stage->core, "urn:service:sos",
                         "sip:anonymous@anonymous.invalid", false, &call);
    bool is_down =
        is_up && call_down(&stage->alice, &stage->device_side, &call.asked, &stage->core);

    stage_tell(stage, is_down, "emergency call, anonymous, not registered",
               is_up ? "passed on the emergency route" : "LOST");
}

void demo_calls(struct stage *stage)
{
    printf("\nGood traffic\n");
    voice_call(stage);
    video_call(stage);
    incoming_call(stage);
    message(stage);
    registration(stage);
    emergency(stage);
}
