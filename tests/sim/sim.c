/*
 *     sim [--seed N] [--calls N] [--call N] [--with WORD] [--loss PERMILLE] [--kill SECONDS]
 *         [--attacks PERMILLE] [--assaults MS] [--change SECONDS] [--rot OCTETS]
 *
 * --assaults: how often somebody makes the next of the attacks of attacks.def, 0 never.
 * --tell-attacks prints those that another control than theirs stopped.
 *
 * --change: a new policy that often.  --rot: so many octets of the records turn into others at each
 * kill; then nothing is asked but that nobody falls over them.
 *
 * --call prints the messages of one call of the same run, --with those with a word in them.
 * Without --seed the day is the seed, and it is printed.
 */
#include "sim.h"

#include "base/must.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

bool sim_fail(struct sim *sim, const struct call *call, const char *format, ...)
{
    va_list list;

    if (sim->rot > 0) {
        return true;
    }
    sim->has_failed = true;
    fprintf(stderr, "seed %llu, %.3f s", (unsigned long long)sim->seed,
            (double)(sim->net.now_ms - 5000000) / 1000);
    if (call != NULL) {
        fprintf(stderr, ", call %u", call->number);
    }
    fprintf(stderr, ": ");
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    return false;
}

static bool put(void *owner, const struct net_packet *packet)
{
    strangers_hear(owner, packet);
    attacks_hear(owner, packet);
    return check_put(owner, packet);
}

static void arrives(void *owner, const struct net_packet *packet)
{
    (void)owner;
    (void)packet;
}

static void judged(void *owner, const struct net_packet *packet)
{
    check_judged(owner, packet);
    attacks_judged(owner, packet);
}

struct answer_later {
    struct net_event event; /* first */
    char name[128];
};

static void answer_name(struct net *net, struct net_event *event)
{
    struct answer_later *later = (struct answer_later *)event;
    struct name_target targets[2] = {{.transport = TRANSPORT_UDP}, {.transport = TRANSPORT_UDP}};

    must(address_read_port(&targets[0].address, SLICE("192.0.2.33:5060")) &&
         address_read_port(&targets[1].address, SLICE("192.0.2.34:5060")));
    world_answer_name(&net->world, slice_string(later->name), targets, 2);
    free(later);
}

static void asked(void *owner, struct slice name)
{
    struct sim *sim = owner;
    struct answer_later *later = calloc(1, sizeof(*later));

    must(later != NULL && name.len < sizeof(later->name));
    later->event.happen = answer_name;
    memcpy(later->name, name.at, name.len);
    net_set(&sim->net, &later->event, 10 + net_below(&sim->net, 1000));
}

static void broken(void *owner, const char *what, struct slice evidence)
{
    sim_fail(owner, NULL, "%s:\n%.*s", what, (int)evidence.len,
             evidence.at == NULL ? "" : evidence.at);
}

static void arrival(struct net *net, struct net_event *event)
{
    struct sim *sim = (struct sim *)(void *)((char *)event - offsetof(struct sim, arrival));

    if (sim->begun == sim->wanted) {
        return;
    }
    if (sim->active < SIM_ACTIVE_MAX || sim->rot > 0) {
        call_begin(sim);
    }
    net_set(net, event, net_below(net, 200));
}

/* Octets where records lie; the front of the memory is the parent's to guard. */
static void rot(struct sim *sim)
{
    struct world *world = &sim->net.world;
    const struct state *state = world->state;
    const struct pool *pools[] = {&state->dialogs, &state->registrations, &state->streams,
                                  &state->exchanges, &state->texts.pools[1]};

    for (unsigned i = 0; i < sim->rot; i++) {
        const struct pool *pool = pools[net_below(&sim->net, ARRAY_COUNT(pools))];
        size_t used = (size_t)pool->fresh * pool->slot_size;

        pool->slots[net_chance(&sim->net) % used] = (char)net_below(&sim->net, 256);
    }
}

/* The operator changes his mind, and back. */
static void change_policy(struct net *net, struct net_event *event)
{
    struct sim *sim = (struct sim *)(void *)((char *)event - offsetof(struct sim, change));
    const char *text = sim->changes % 2 == 0 ? sim_policy_changed : sim_policy;
    struct slice zones[NET_HOSTS_MAX];
    char names[64][64];

    for (uint32_t i = 0; i < net->world.policy->zone_count; i++) {
        struct slice name = net->world.policy->zones[i].name;

        snprintf(names[i], sizeof(names[i]), "%.*s", (int)name.len, name.at);
    }
    for (uint32_t i = 0; i < net->host_count; i++) {
        zones[i] = slice_string(names[net->hosts[i]->zone]);
    }
    must(world_reload(&net->world, slice_string(text), SLICE("town")));
    for (uint32_t i = 0; i < net->host_count; i++) {
        struct net_host *host = net->hosts[i];

        host->zone = world_zone(&net->world, zones[i]);
        host->listener = world_listener(&net->world, host->zone, host->transport, ADDRESS_V4);
    }
    sim->changes++;
    calls_wait(sim);
    if (sim->begun < sim->wanted) {
        net_set(net, event, sim->change_ms / 2 + net_below(net, sim->change_ms));
    }
}

static void kill_worker(struct net *net, struct net_event *event)
{
    struct sim *sim = (struct sim *)(void *)((char *)event - offsetof(struct sim, kill));

    if (sim->begun == sim->wanted) {
        return; /* the last ones are left in peace */
    }
    calls_shake(sim);
    for (uint32_t i = 0; i < net->host_count; i++) {
        net->hosts[i]->connection = 0;
    }
    for (unsigned i = 0; i < SIM_DEVICES; i++) {
        if (sim->devices[i].agent.party.host.transport == TRANSPORT_TCP) {
            sim->devices[i].is_registered = false;
        }
    }
    if (sim->rot > 0) {
        rot(sim);
        gate_forget_all(net->world.gate);
    }
    world_restart(&net->world);
    sim->kills++;
    net_set(net, event, sim->kill_ms / 2 + net_below(net, sim->kill_ms));
}

static void start(struct sim *sim)
{
    sim->arrival.happen = arrival;
    sim->kill.happen = kill_worker;
    sim->change.happen = change_policy;
    if (sim->change_ms > 0) {
        net_set(&sim->net, &sim->change, sim->change_ms);
    }
    cast_register(sim);
    net_set(&sim->net, &sim->arrival, 10000);
    if (sim->kill_ms > 0) {
        net_set(&sim->net, &sim->kill, sim->kill_ms);
    }
}

/* A BYE on a connection that ended with its worker is lost: the gate hears that the call is over.
 */
static void report_silence(struct sim *sim)
{
    const struct gate *gate = sim->net.world.gate;

    for (uint32_t i = gate->open_count; i-- > 0;) {
        struct media_report report = {.version = MEDIA_ORDER_VERSION, .kind = MEDIA_REPORT_SILENT};

        if (i >= gate->open_count) {
            continue; /* a call of several streams ended with the first of them */
        }
        report.stream = gate->open_streams[i];
        report.generation = gate->streams[report.stream].order.generation;
        world_report(&sim->net.world, &report);
    }
}

/* Calls begin every 100 ms or so, and the longest of them is over in minutes. */
static uint64_t longest_ms(const struct sim *sim)
{
    return sim->net.now_ms + (uint64_t)sim->wanted * 500 + 600000;
}

static void play(struct sim *sim)
{
    uint64_t end_ms = longest_ms(sim);

    start(sim);
    while ((sim->begun < sim->wanted || sim->active > 0) && !sim->has_failed) {
        if (sim->net.now_ms > end_ms) {
            sim_fail(sim, NULL, "%u calls do not end", sim->active);
            break; /* rotten calls may stay for ever: nobody misses them */
        }
        net_run(&sim->net, 1000);
    }
    if (sim->has_failed) {
        return;
    }
    net_run(&sim->net, 60000);
    if (sim->kills > 0) {
        report_silence(sim);
    }
    sim->net.weather = (struct net_weather){.lost_permille = 0};
    cast_go_home(sim);
    net_run(&sim->net, 400000);
    check_end(sim);
}

static void report(const struct sim *sim, double seconds)
{
    const struct world *world = &sim->net.world;

    printf("seed %llu: %u calls (%llu answered, %llu refused, %llu cancelled, %llu silent, "
           "%llu unacknowledged, %llu shaken), %u at once, %llu packets in, %llu out, "
           "%llu lost, %llu doubled, %u kills, %u policies, %u attacks, %u assaults, %llu streams, "
           "%.0f s in "
           "%.1f s: %s\n",
           (unsigned long long)sim->seed, sim->finished, (unsigned long long)sim->outcomes[0],
           (unsigned long long)sim->outcomes[1], (unsigned long long)sim->outcomes[2],
           (unsigned long long)sim->outcomes[3], (unsigned long long)sim->outcomes[4],
           (unsigned long long)sim->outcomes[7], sim->peak, (unsigned long long)world->packets,
           (unsigned long long)world->sends, (unsigned long long)sim->net.lost,
           (unsigned long long)sim->net.doubled, sim->kills, sim->changes, sim->attacks,
           sim->assaults, (unsigned long long)world->gate->opened,
           (double)(sim->net.now_ms - 5000000) / 1000, seconds,
           sim->has_failed ? "FAILED" : "well");
}

static uint64_t option(int count, char **words, const char *name, uint64_t otherwise)
{
    for (int i = 1; i + 1 < count; i++) {
        uint64_t number = 0;

        if (strcmp(words[i], name) == 0 &&
            slice_number(slice_string(words[i + 1]), UINT64_MAX / 10, &number)) {
            return number;
        }
    }
    return otherwise;
}

/* Callers are known by their numbers. */
static void tell_of(struct sim *sim, int count, char **words)
{
    unsigned call = (unsigned)option(count, words, "--call", 0);

    if (call != 0) {
        snprintf(sim->told, sizeof(sim->told), "sip:c%u@", call);
    }
    for (int i = 1; i + 1 < count; i++) {
        if (strcmp(words[i], "--with") == 0) {
            snprintf(sim->told, sizeof(sim->told), "%s", words[i + 1]);
        }
    }
}

/* Days since 1970. */
static uint64_t today(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec / 86400;
}

int main(int count, char **words)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    struct net_owner owner = {put, arrives, judged, asked, broken, sim};
    clock_t before = clock();
    bool has_failed = false;

    must(sim != NULL);
    sim->seed = option(count, words, "--seed", today());
    sim->wanted = (unsigned)option(count, words, "--calls", 1000);
    tell_of(sim, count, words);
    sim->kill_ms = (uint32_t)option(count, words, "--kill", 60) * 1000;
    sim->rot = (unsigned)option(count, words, "--rot", 0);
    sim->change_ms = (uint32_t)option(count, words, "--change", 100) * 1000;
    sim->assault_ms = (uint32_t)option(count, words, "--assaults", 500);
    for (int i = 1; i < count; i++) {
        sim->tells_attacks |= strcmp(words[i], "--tell-attacks") == 0;
    }
    sim->attack_permille = (uint32_t)option(count, words, "--attacks", 30);
    if (!net_open(&sim->net, slice_string(sim_policy), SLICE("town"), sim->seed, &owner)) {
        return 2;
    }
    sim->net.weather = (struct net_weather){
        .lost_permille = (uint32_t)option(count, words, "--loss", 30),
        .doubled_permille = 15,
        .delay_min_ms = 2,
        .delay_max_ms = 60,
    };
    cast_open(sim);
    strangers_open(sim);
    attacks_open(sim);
    play(sim);
    report(sim, (double)(clock() - before) / CLOCKS_PER_SEC);
    has_failed = sim->has_failed;
    calls_end(sim);
    strangers_close(sim);
    attacks_close(sim);
    cast_close(sim);
    net_close(&sim->net);
    free(sim);
    return has_failed ? 1 : 0;
}
