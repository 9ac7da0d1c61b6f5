/*
 * A network of hosts around one store: packets take their time, are lost, doubled and overtaken by
 * chance, and every run can be replayed from its seed.
 */
#pragma once

#include "base/table.h"
#include "base/wheel.h"
#include "world.h"

enum { NET_HOSTS_MAX = 1024 };

struct net;

/* Something that happens later. */
struct net_event {
    struct wheel_timer timer; /* first */
    void (*happen)(struct net *net, struct net_event *event);
};

struct net_host {
    const char *name;
    struct address address;
    enum transport transport;
    uint16_t zone, listener;
    uint32_t connection;                     /* of a stream, 0: none yet */
    bool is_deaf;                            /* nothing that is sent to it arrives */
    bool is_unreachable;                     /* the same, and nobody is told until it fails */
    uint32_t unreached;                      /* the reference of what was sent to it last */
    uint64_t arrives_to_ms, arrives_from_ms; /* streams keep their order */
    void (*receive)(struct net_host *host, struct slice bytes);
    void *owner;
};

struct net_weather {
    uint32_t lost_permille, doubled_permille;
    uint32_t delay_min_ms, delay_max_ms;
};

/* A message under way. */
struct net_packet {
    struct net_event event; /* first */
    struct net_host *host;
    struct flow flow;
    bool is_to_store;
    uint32_t reference;
    size_t len;
    char bytes[];
};

struct net_owner {
    /* Everything that is put under way; false: it is lost. */
    bool (*put)(void *owner, const struct net_packet *packet);
    /* Before and after the store took a message. */
    void (*arrives)(void *owner, const struct net_packet *packet);
    void (*judged)(void *owner, const struct net_packet *packet);
    void (*asked)(void *owner, struct slice name);
    void (*broken)(void *owner, const char *what, struct slice evidence);
    void *owner;
};

struct net {
    struct world world;
    struct net_owner owner;
    struct net_weather weather;
    struct wheel wheel;
    uint64_t now_ms, chance;
    struct net_host *hosts[NET_HOSTS_MAX];
    uint32_t host_count, connections;
    uint64_t lost, doubled, undeliverable;
};

bool net_open(struct net *net, struct slice policy, struct slice policy_name, uint64_t seed,
              const struct net_owner *owner);
void net_close(struct net *net);

/* The host stays the caller's.  It reaches the store at its zone's listener of that transport. */
void net_add(struct net *net, struct net_host *host);
struct net_host *net_host_at(const struct net *net, const struct address *address,
                             enum transport transport);

void net_send(struct net *net, struct net_host *host, struct slice bytes);
/* The same from somewhere else: whoever it was, it came from this address. */
void net_send_from(struct net *net, struct net_host *host, const struct address *source,
                   struct slice bytes);

void net_set(struct net *net, struct net_event *event, uint64_t in_ms);
void net_stop(struct net *net, struct net_event *event);

/* What is due at once, however much follows from it. */
void net_settle(struct net *net);
void net_run(struct net *net, uint64_t for_ms);

uint64_t net_chance(struct net *net);
uint32_t net_below(struct net *net, uint32_t limit);
bool net_happens(struct net *net, uint32_t permille);
void net_letters(struct net *net, char *at, size_t letters); /* terminated: at[letters] */
