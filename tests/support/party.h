/*
 * One party of a conversation: where it is, what it calls itself, and the dialogs it is in.
 *
 * It writes what it is told to and learns from what it hears; nothing happens by itself.  agent.h
 * gives it a will of its own.
 */
#pragma once

#include "net.h"
#include "words.h"

enum { PARTY_NAME_MAX = 24, PARTY_MESSAGE_MAX = 65536 };

/* A dialog as one side sees it; before the first answer its remote tag is empty. */
struct dialogue {
    struct dialogue *next;
    char name[PARTY_NAME_MAX];
    char call_id[256], local_tag[136], remote_tag[136];
    char local[512], remote[512]; /* name-addr without tag */
    char target[1100], routes[4096];
    uint32_t local_cseq, remote_cseq;
    uint32_t invite_cseq;        /* of the last INVITE sent here: ACK, CANCEL and PRACK name it */
    uint32_t remote_invite_cseq; /* of the last INVITE heard */
    char branch[64];             /* of the last request sent */
    char invite_branch[64]; /* of the last INVITE sent: CANCEL and the ACK of a failure have it */
    char invite_uri[1100];
    uint32_t rseq; /* last reliable 1xx heard, or sent */
    unsigned sdp_version;
    bool is_mine;   /* begun by this side */
    bool is_routed; /* the route set is known */
    void *owner;
};

struct party {
    struct net_host host; /* first */
    struct net *net;
    char name[PARTY_NAME_MAX];
    char aor[160];     /* sip:alice@example.net */
    char place[64];    /* host:port as the party writes itself */
    char contact[256]; /* the whole value */
    unsigned media_port;
    struct dialogue *dialogues;
    unsigned made;
};

struct party_wish {
    struct slice method, uri;
    unsigned status;
    uint32_t cseq;       /* 0: the next one */
    struct slice branch; /* empty: a new one */
    struct slice tag;    /* of a response: empty: the dialogue's */
    struct slice body, body_type;
    struct extras *extras;
    bool has_no_contact;
};

void party_init(struct party *party, struct net *net, const char *name, const char *aor);
void party_end(struct party *party);

struct dialogue *dialogue_new(struct party *party, const char *name);
void dialogue_free(struct party *party, struct dialogue *dialogue);
/* Whose dialog a message belongs to; the remote tag may still be unknown. */
struct dialogue *dialogue_of(const struct party *party, const struct sip_message *message);

/* A call, subscription or the like of the party's own. */
struct dialogue *party_begin(struct party *party, const char *name, struct slice to);
/* As the one who is asked. */
struct dialogue *party_asked(struct party *party, const char *name,
                             const struct sip_message *request);
/* Another answerer of the same request. */
struct dialogue *party_fork(struct party *party, const struct dialogue *first,
                            struct slice remote_tag);
void dialogue_heard_request(struct dialogue *dialogue, const struct sip_message *request);
void dialogue_heard_response(struct dialogue *dialogue, const struct sip_message *response);

/* The message, in text; the dialogue's numbers move on.  ACK and CANCEL take the INVITE's. */
void party_write_request(struct party *party, struct dialogue *dialogue, struct party_wish *wish,
                         struct text *text);
void party_write_response(struct party *party, const struct dialogue *dialogue,
                          const struct sip_message *request, const struct party_wish *wish,
                          struct text *text);
void party_write_sdp(struct party *party, struct dialogue *dialogue, const char *direction,
                     unsigned media, struct text *text);
