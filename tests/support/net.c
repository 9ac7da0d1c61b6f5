#include "net.h"

#include "base/must.h"

#include <stdlib.h>

enum { NET_START_MS = 5000000 }; /* a clock that has run for a while */

uint64_t net_chance(struct net *net)
{
    uint64_t value = net->chance += 0x9e3779b97f4a7c15U;

    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9U;
    value = (value ^ value >> 27) * 0x94d049bb133111ebU;
    return value ^ value >> 31;
}

uint32_t net_below(struct net *net, uint32_t limit)
{
    return (uint32_t)(net_chance(net) % limit);
}

bool net_happens(struct net *net, uint32_t permille)
{
    return permille > 0 && net_below(net, 1000) < permille;
}

void net_letters(struct net *net, char *at, size_t letters)
{
    for (size_t i = 0; i < letters; i++) {
        at[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[net_below(net, 36)];
    }
    at[letters] = '\0';
}

void net_set(struct net *net, struct net_event *event, uint64_t in_ms)
{
    wheel_set(&net->wheel, &event->timer, net->now_ms + in_ms);
}

void net_stop(struct net *net, struct net_event *event)
{
    wheel_stop(&net->wheel, &event->timer);
}

struct net_host *net_host_at(const struct net *net, const struct address *address,
                             enum transport transport)
{
    for (uint32_t i = 0; i < net->host_count; i++) {
        struct net_host *host = net->hosts[i];

        if (host->transport == transport && address_equal(&host->address, address)) {
            return host;
        }
    }
    return NULL;
}

static struct net_host *host_of_connection(const struct net *net, uint32_t connection)
{
    for (uint32_t i = 0; i < net->host_count; i++) {
        if (net->hosts[i]->connection == connection) {
            return net->hosts[i];
        }
    }
    return NULL;
}

void net_add(struct net *net, struct net_host *host)
{
    must(net->host_count < NET_HOSTS_MAX);
    host->listener = world_listener(&net->world, host->zone, host->transport, host->address.family);
    net->hosts[net->host_count++] = host;
}

static void arrive(struct net *net, struct net_event *event)
{
    struct net_packet *packet = (struct net_packet *)event;
    struct slice bytes = slice_of(packet->bytes, packet->len);

    if (packet->host != NULL && transport_is_stream(packet->flow.transport) &&
        packet->host->connection != packet->flow.connection) {
        net->undeliverable++; /* its connection has ended meanwhile */
    } else if (packet->is_to_store) {
        packet->flow.listener = packet->host->listener; /* numbers are of the policy in force now */
        net->owner.arrives(net->owner.owner, packet);
        net->world.now_ms = net->now_ms;
        world_deliver(&net->world, bytes, &packet->flow);
        net->owner.judged(net->owner.owner, packet);
    } else if (packet->host != NULL && packet->host->is_unreachable) {
        packet->host->unreached = packet->reference;
    } else if (packet->host != NULL && !packet->host->is_deaf) {
        packet->host->receive(packet->host, bytes);
    } else if (packet->reference != 0 && transport_is_stream(packet->flow.transport)) {
        world_send_failed(&net->world, packet->reference);
    }
    free(packet);
}

static uint64_t delay_of(struct net *net, const struct net_packet *packet)
{
    const struct net_weather *weather = &net->weather;
    uint64_t delay = weather->delay_min_ms;
    uint64_t *last = NULL;

    if (weather->delay_max_ms > weather->delay_min_ms) {
        delay += net_below(net, weather->delay_max_ms - weather->delay_min_ms + 1);
    }
    if (packet->host == NULL || !transport_is_stream(packet->flow.transport) || delay == 0) {
        return delay;
    }
    last = packet->is_to_store ? &packet->host->arrives_from_ms : &packet->host->arrives_to_ms;
    if (net->now_ms + delay <= *last) {
        delay = *last + 1 - net->now_ms;
    }
    *last = net->now_ms + delay;
    return delay;
}

static void put(struct net *net, const struct net_packet *head, struct slice bytes)
{
    struct net_packet *packet = malloc(sizeof(*packet) + bytes.len);

    must(packet != NULL);
    *packet = *head;
    packet->event = (struct net_event){.happen = arrive};
    packet->len = bytes.len;
    if (bytes.len > 0) {
        memcpy(packet->bytes, bytes.at, bytes.len);
    }
    net_set(net, &packet->event, delay_of(net, packet));
}

static void put_by_weather(struct net *net, struct net_packet *head, struct slice bytes)
{
    bool is_stream = transport_is_stream(head->flow.transport);
    struct net_packet *shown = malloc(sizeof(*shown) + bytes.len);
    bool is_kept = false;

    must(shown != NULL);
    *shown = *head;
    shown->len = bytes.len;
    if (bytes.len > 0) {
        memcpy(shown->bytes, bytes.at, bytes.len);
    }
    is_kept = net->owner.put(net->owner.owner, shown);
    free(shown);
    if (!is_kept || (!is_stream && net_happens(net, net->weather.lost_permille))) {
        net->lost++;
        return;
    }
    put(net, head, bytes);
    if (!is_stream && net_happens(net, net->weather.doubled_permille)) {
        net->doubled++;
        put(net, head, bytes);
    }
}

static void connect_host(struct net *net, struct net_host *host)
{
    if (transport_is_stream(host->transport) && host->connection == 0) {
        host->connection = ++net->connections;
    }
}

void net_send_from(struct net *net, struct net_host *host, const struct address *source,
                   struct slice bytes)
{
    struct net_packet head = {.host = host, .is_to_store = true};

    connect_host(net, host);
    head.flow = (struct flow){
        .remote = *source,
        .listener = host->listener,
        .transport = (uint8_t)host->transport,
        .connection = host->connection,
    };
    put_by_weather(net, &head, bytes);
}

void net_send(struct net *net, struct net_host *host, struct slice bytes)
{
    net_send_from(net, host, &host->address, bytes);
}

static void store_sent(void *owner, const struct outgoing *outgoing, const struct address *local)
{
    struct net *net = owner;
    struct net_packet head = {.flow = outgoing->flow, .reference = outgoing->reference};

    (void)local;
    head.host = outgoing->flow.connection != 0
                    ? host_of_connection(net, outgoing->flow.connection)
                    : net_host_at(net, &outgoing->flow.remote, outgoing->flow.transport);
    if (head.host == NULL && outgoing->flow.connection != 0 && outgoing->again_port != 0) {
        struct address again = outgoing->flow.remote;

        again.port = outgoing->again_port;
        head.host = net_host_at(net, &again, outgoing->flow.transport);
    }
    if (head.host != NULL) {
        connect_host(net, head.host);
        head.flow.connection = head.host->connection;
    } else {
        net->undeliverable++;
    }
    if (outgoing->bytes.len > 0) {
        put_by_weather(net, &head, outgoing->bytes);
    }
}

static void store_asked(void *owner, struct slice name)
{
    struct net *net = owner;

    net->owner.asked(net->owner.owner, name);
}

static void store_broken(void *owner, const char *what, struct slice evidence)
{
    struct net *net = owner;

    net->owner.broken(net->owner.owner, what, evidence);
}

bool net_open(struct net *net, struct slice policy, struct slice policy_name, uint64_t seed,
              const struct net_owner *owner)
{
    struct world_setup setup = {
        .policy = policy,
        .policy_name = policy_name,
        .seed = seed,
        .now_ms = NET_START_MS,
        .owner = {store_sent, store_asked, store_broken, net},
    };

    *net = (struct net){.owner = *owner, .now_ms = NET_START_MS, .chance = seed};
    wheel_init(&net->wheel, net->now_ms);
    return world_open(&net->world, &setup);
}

void net_close(struct net *net)
{
    struct wheel_timer *timer = NULL;

    /* What is still under way is ours; other events are their owners'. */
    while ((timer = wheel_take(&net->wheel, UINT64_MAX / 2)) != NULL) {
        struct net_event *event = (struct net_event *)timer;

        if (event->happen == arrive) {
            free(event);
        }
    }
    world_close(&net->world);
}

static void happen_due(struct net *net)
{
    struct wheel_timer *timer = NULL;

    while ((timer = wheel_take(&net->wheel, net->now_ms)) != NULL) {
        struct net_event *event = (struct net_event *)timer;

        event->happen(net, event);
    }
}

void net_settle(struct net *net)
{
    net_run(net, 0);
}

void net_run(struct net *net, uint64_t for_ms)
{
    uint64_t until_ms = net->now_ms + for_ms;

    for (;;) {
        uint64_t mine = wheel_next_ms(&net->wheel), store = world_next_ms(&net->world);
        uint64_t next = mine < store ? mine : store;

        if (next > until_ms) {
            break;
        }
        if (next > net->now_ms) {
            net->now_ms = next;
        }
        if (store <= net->now_ms) {
            world_advance(&net->world, net->now_ms);
        }
        happen_due(net);
    }
    net->now_ms = until_ms;
    world_advance(&net->world, until_ms);
}
