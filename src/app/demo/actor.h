/*
 * The people of the demonstration: a socket, an address, and enough SIP to place and take calls.
 *
 * Straight-line and synchronous on purpose: the demonstration reads as the conversation it shows.
 */
#pragma once

#include "base/fault.h"
#include "wire/packet.h"
#include "wire/sip/message.h"

enum {
    ACTOR_MESSAGE_MAX = 65536,
    ACTOR_PATIENCE_MS = 2000, /* the border answers within milliseconds, or not at all */
    ACTOR_SILENCE_MS = 400,   /* long enough to say that nothing came */
};

struct actor {
    const char *name;
    struct address address, media;
    int signalling, audio;
    char bytes[ACTOR_MESSAGE_MAX]; /* of the message received last */
    struct slice received;
    struct address from; /* who sent it */
    struct sip_message message;
};

/* A call as one party sees it: what its next request needs. */
struct actor_call {
    char call_id[64], local_tag[32], remote_tag[128], target[512], to[256], from[256];
    char branch[48];
    unsigned cseq;
};

/* host: a loopback literal; port 0 for any. */
bool actor_open(struct actor *actor, const char *name, const char *host, uint16_t port,
                struct fault *fault);
void actor_close(struct actor *actor);

bool actor_send(const struct actor *actor, const struct address *to, struct slice bytes);

/* The next message but 100 Trying; false after the patience. */
bool actor_receive(struct actor *actor, int patience_ms);
bool actor_gets_request(struct actor *actor, enum sip_method method);
bool actor_gets_status(struct actor *actor, unsigned status);
/* Any final response; 0 when none came. */
unsigned actor_gets_final(struct actor *actor);
/* Whether what was received shows text anywhere. */
bool actor_sees(const struct actor *actor, const char *text);

/* A new call towards uri. */
void actor_begin(const struct actor *actor, struct actor_call *call, const char *uri,
                 const char *from_uri);
/* Lines of request and headers up to Content-Length are written; extra are whole lines. */
void actor_request(const struct actor *actor, struct text *text, struct actor_call *call,
                   const char *method, const char *uri, const char *extra, struct slice body);
/* The received response's tag and target are the call's from now on. */
void actor_learn(const struct actor *actor, struct actor_call *call);
/* The call as the party that got the received INVITE sees it. */
void actor_take(const struct actor *actor, struct actor_call *call, const char *tag);
/* A response to the request received last. */
bool actor_answer(struct actor *actor, unsigned status, const char *tag, struct slice body);

/* SDP of the actor, audio and perhaps video; the second port is not used. */
void actor_sdp(const struct actor *actor, struct text *text, bool has_video);
/* Where the received SDP wants audio. */
bool actor_audio_target(const struct actor *actor, struct address *target);
/* packets of audio to target, and how many of them arrived at the other. */
unsigned actor_talk(const struct actor *actor, const struct address *target,
                    const struct actor *listener, unsigned packets, uint32_t ssrc);
