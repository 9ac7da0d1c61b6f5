/*
 * A SIP user agent with a will of its own: transactions by RFC 3261 17 and RFC 6026, reliable
 * provisionals by RFC 3262.  What it asks and answers is its owner's decision.
 *
 * It is patient as the book says and no more: what its retransmissions cannot save is lost.
 */
#pragma once

#include "party.h"

enum { AGENT_BUCKETS = 1024 };

struct agent;

struct agent_client {
    struct net_event resend, end; /* resend first */
    struct agent_client *next;
    struct agent *agent;
    struct dialogue *dialogue; /* as asked; answers of forks name their own */
    uint8_t method;
    char branch[64];
    uint32_t cseq;
    char *bytes;
    size_t len;
    unsigned resends;
    uint16_t status; /* last one heard */
    bool has_provisional, is_final, wants_cancel, is_cancelled;
    void *owner;
};

struct agent_server {
    struct net_event resend, end; /* resend first */
    struct agent_server *next;
    struct agent *agent;
    struct dialogue *dialogue;
    uint8_t method;
    char branch[256], sent_by[256];
    uint32_t cseq;
    char *request;
    size_t request_len;
    char *response;
    size_t response_len;
    unsigned resends;
    uint16_t status; /* last one said */
    uint32_t rseq;   /* of the reliable provisional that waits for its PRACK; 0: none */
    bool is_acknowledged;
    void *owner;
};

/* What the owner is told.  Messages live until the call returns. */
struct agent_events {
    /* A request but ACK and CANCEL, for the first time. */
    void (*asked)(struct agent *agent, struct agent_server *server,
                  const struct sip_message *request);
    /* The ACK of a 2xx, for the first time. */
    void (*acknowledged)(struct agent *agent, struct agent_server *server,
                         const struct sip_message *request);
    /* CANCEL: 200 and 487 were said already. */
    void (*cancelled)(struct agent *agent, struct agent_server *server);
    /* A response that is not a retransmission; dialogue: the answerer's. */
    void (*answered)(struct agent *agent, struct agent_client *client, struct dialogue *dialogue,
                     const struct sip_message *response);
    void (*timed_out)(struct agent *agent, struct agent_client *client);
    void (*unacknowledged)(struct agent *agent, struct agent_server *server);
};

struct agent {
    struct party party; /* first */
    const struct agent_events *events;
    struct agent_client *clients[AGENT_BUCKETS];
    struct agent_server *servers[AGENT_BUCKETS];
    struct sip_message *message; /* being read */
    struct sip_message *again;   /* our own, read again */
    struct letter_of_ack *acks;
    uint64_t strays;
    void *owner;
};

void agent_open(struct agent *agent, struct net *net, const char *name, const char *aor,
                const struct agent_events *events);
void agent_close(struct agent *agent);

/* NULL when the dialogue has ended.  The wish's bytes are copied. */
struct agent_client *agent_ask(struct agent *agent, struct dialogue *dialogue,
                               struct party_wish *wish, void *owner);
void agent_cancel(struct agent_client *client);
/* ACK of a 2xx, kept: said again when the 2xx comes again. */
void agent_acknowledge(struct agent *agent, struct dialogue *dialogue, struct party_wish *wish);
/* A status of 101 to 199 with rseq in the wish's extras is said again until its PRACK. */
void agent_answer(struct agent_server *server, struct dialogue *dialogue, struct party_wish *wish,
                  uint32_t rseq);
/* The dialog is over: nothing of it is remembered. */
void agent_forget(struct agent *agent, struct dialogue *dialogue);
