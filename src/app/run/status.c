/*
 * How the store is, from the pages its processes count in.
 */
#include "app/run/control.h"

#include "app/run/page.h"
#include "base/must.h"

#include <stddef.h>

/* One number of a page: where it is, how it is written. */
struct number {
    const char *written;
    size_t at;
};

static const struct number worker_numbers[] = {
#define GAUGE(name, written, what) {written, offsetof(struct worker_page, gauges.name)},
#include "app/run/worker_gauges.def"
#undef GAUGE
#define COUNTER(name, written, what) {written, offsetof(struct worker_page, relay.name)},
#include "relay/counters.def"
#undef COUNTER
#define COUNT(name, written, what) {written, offsetof(struct worker_page, worker.name)},
#include "app/run/worker_counts.def"
#undef COUNT
#define COUNT(name, written, what) {written, offsetof(struct worker_page, udp.name)},
#include "io/udp_counts.def"
#undef COUNT
#define COUNT(name, written, what) {written, offsetof(struct worker_page, tcp.name)},
#include "io/tcp_counts.def"
#undef COUNT
    {"tls-made", offsetof(struct worker_page, tls.made)},
    {"tls-resumed", offsetof(struct worker_page, tls.resumed)},
    {"tls-version-12", offsetof(struct worker_page, tls.version_12)},
    {"tls-downgrades", offsetof(struct worker_page, tls.downgrades)},
    {"tls-refused-stranger", offsetof(struct worker_page, tls.strangers)},
#define REASON(name, written, what)                                                                \
    {"tls-refused-" written, offsetof(struct worker_page, tls.refused[TLS_##name])},
#include "io/tls_reasons.def"
#undef REASON
};

static const struct number media_numbers[] = {
#define MEDIA_TOTAL(name, written, what) {written, offsetof(struct media_totals, name)},
#include "io/media/totals.def"
#undef MEDIA_TOTAL
};

static const struct number recorder_numbers[] = {
#define COUNT(name, written, what) {written, offsetof(struct recorder_page, name)},
#include "app/run/recorder_counts.def"
#undef COUNT
};

static const struct number resolver_numbers[] = {
#define COUNT(name, written, what) {written, offsetof(struct resolver_page, name)},
#include "app/run/resolver_counts.def"
#undef COUNT
};

static const struct number keeper_numbers[] = {
    {"keys", offsetof(struct keeper_page, keys)},
    {"keys-made", offsetof(struct keeper_page, made)},
    {"private-keys", offsetof(struct keeper_page, secrets)},
    {"signatures", offsetof(struct keeper_page, signatures)},
    {"signatures-refused", offsetof(struct keeper_page, refused)},
};

struct numbers {
    enum ipc_role role;
    const struct number *at;
    size_t count;
};

static const struct numbers all_numbers[] = {
    {ROLE_BORDER, worker_numbers, ARRAY_COUNT(worker_numbers)},
    {ROLE_MEDIA, media_numbers, ARRAY_COUNT(media_numbers)},
    {ROLE_KEEPER, keeper_numbers, ARRAY_COUNT(keeper_numbers)},
    {ROLE_RECORDER, recorder_numbers, ARRAY_COUNT(recorder_numbers)},
    {ROLE_RESOLVER, resolver_numbers, ARRAY_COUNT(resolver_numbers)},
};

/* Of all workers together. */
static uint64_t number_of(const struct parent *parent, enum ipc_role role,
                          const struct number *number)
{
    const char *page = parent->holdings.counters[role].at;
    uint32_t pages = role == ROLE_BORDER ? parent->holdings.start.workers : 1;
    uint64_t sum = 0;

    for (uint32_t i = 0; page != NULL && i < pages; i++) {
        uint64_t value;

        memcpy(&value, page + i * sizeof(struct worker_page) + number->at, sizeof(value));
        sum += value;
    }
    return sum;
}

static const char *state_name(const struct parent *parent)
{
    if (parent->is_leaving) {
        return "stopping";
    }
    if (parent->is_draining) {
        return "draining";
    }
    return children_are_running(parent) ? "running" : "starting";
}

static const char *child_state_name(enum child_state state)
{
    static const char *const names[] = {"absent", "starting", "running", "resting"};

    return names[state];
}

/* What the workers know of a peer: down for one of them is down. */
struct peer_status {
    bool is_down;
    uint64_t calls;
};

static struct peer_status peer_status(const struct parent *parent, uint32_t peer)
{
    const struct worker_page *pages = parent->holdings.counters[ROLE_BORDER].at;
    struct peer_status status = {.is_down = false};

    for (uint32_t i = 0; i < parent->holdings.start.workers; i++) {
        status.is_down |= pages[i].peer_is_down[peer] != 0;
        status.calls += pages[i].peer_calls[peer];
    }
    return status;
}

static struct tls_ledger peer_ledger(const struct parent *parent, uint32_t peer)
{
    const struct worker_page *pages = parent->holdings.counters[ROLE_BORDER].at;
    struct tls_ledger sum = {0};

    for (uint32_t i = 0; i < parent->holdings.start.workers; i++) {
        const struct tls_ledger *one = &pages[i].peer_tls[peer];

        sum.version_13 += one->version_13;
        sum.version_12 += one->version_12;
        sum.resumed += one->resumed;
        sum.refused += one->refused;
        sum.downgrades += one->downgrades;
        sum.clear += one->clear;
        if (one->version != 0) {
            sum.until_s = one->until_s;
            sum.version = one->version;
            memcpy(sum.suite, one->suite, sizeof(sum.suite));
        }
    }
    sum.suite[sizeof(sum.suite) - 1] = '\0';
    return sum;
}

static const char *version_name(uint16_t version)
{
    return version == 0x0304 ? "1.3" : version == 0x0303 ? "1.2" : "";
}

static void write_ledger_json(struct text *text, const struct parent *parent, uint32_t peer)
{
    struct tls_ledger ledger = peer_ledger(parent, peer);

    text_put_format(text, ",\"tls\":{\"version\":\"%s\",\"suite\":", version_name(ledger.version));
    text_put_json(text, slice_string(ledger.suite));
    text_put_format(text,
                    ",\"made_13\":%u,\"made_12\":%u,"
                    "\"resumed\":%u,\"refused\":%u,\"downgrades\":%u,\"clear\":%u,"
                    "\"certificate_ends\":%lld}",
                    ledger.version_13, ledger.version_12, ledger.resumed, ledger.refused,
                    ledger.downgrades, ledger.clear, (long long)ledger.until_s);
}

static void write_numbers(struct text *text, const struct parent *parent,
                          const struct numbers *numbers)
{
    text_put_format(text, "\n%s\n", ipc_role_name(numbers->role));
    for (size_t i = 0; i < numbers->count; i++) {
        uint64_t value = number_of(parent, numbers->role, &numbers->at[i]);

        if (value != 0) {
            text_put_format(text, "  %-26s %llu\n", numbers->at[i].written,
                            (unsigned long long)value);
        }
    }
}

/* Requests a limit refused, and how often it was used up to 80 percent; of all workers. */
struct limit_status {
    uint64_t refused, nearly;
};

static struct limit_status limit_status(const struct parent *parent, uint32_t limit)
{
    const struct worker_page *pages = parent->holdings.counters[ROLE_BORDER].at;
    struct limit_status status = {0};

    for (uint32_t i = 0; pages != NULL && i < parent->holdings.start.workers; i++) {
        status.refused += pages[i].limits.refused[limit];
        status.nearly += pages[i].limits.nearly[limit];
    }
    return status;
}

static void write_limits(struct text *text, const struct parent *parent)
{
    bool is_first = true;

    for (uint32_t i = 0; i < tallies_limits(); i++) {
        struct limit_status status = limit_status(parent, i);

        if (status.refused == 0 && status.nearly == 0) {
            continue;
        }
        text_put(text, is_first ? SLICE("\nlimits\n") : SLICE(""));
        text_put_format(text, "  %-26s %llu refused, nearly used up in %llu minutes\n",
                        tallies_limit_name(i), (unsigned long long)status.refused,
                        (unsigned long long)status.nearly);
        is_first = false;
    }
}

void status_write(struct text *text, const struct parent *parent)
{
    uint64_t up_s = (loop_now_ms(&parent->loop) - parent->started_ms) / 1000;

    text_put_format(text, "%.*s %s, up %llu s, policy %u\n", (int)parent->policy->site.len,
                    parent->policy->site.at, state_name(parent), (unsigned long long)up_s,
                    parent->policy->version);
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        const struct parent_child *child = &parent->children[role];

        if (child->state != CHILD_ABSENT) {
            text_put_format(text, "  %-10s %-9s pid %-7d started %llu times\n", ipc_role_name(role),
                            child_state_name(child->state), (int)child->pid,
                            (unsigned long long)child->starts);
        }
    }
    text_put(text, SLICE("\npeers\n"));
    for (uint32_t i = 0; i < parent->policy->peer_count; i++) {
        const struct policy_peer *peer = &parent->policy->peers[i];
        struct peer_status status = peer_status(parent, i);

        struct tls_ledger ledger = peer_ledger(parent, i);
        text_put_format(text, "  %-26.*s %-5s %llu calls", (int)peer->name.len, peer->name.at,
                        status.is_down ? "down" : "up", (unsigned long long)status.calls);
        if (ledger.version != 0) {
            text_put_format(text, ", TLS %s ", version_name(ledger.version));
            text_put_shown(text, slice_string(ledger.suite));
        }
        if (ledger.refused + ledger.clear > 0) {
            text_put_format(text, ", %u refused, %u in clear", ledger.refused, ledger.clear);
        }
        text_put_octet(text, '\n');
    }
    write_limits(text, parent);
    for (size_t i = 0; i < ARRAY_COUNT(all_numbers); i++) {
        write_numbers(text, parent, &all_numbers[i]);
    }
}

/*
 * JSON.
 */

static void put_name(struct text *text, const char *name, bool *is_first)
{
    text_put(text, *is_first ? SLICE("") : SLICE(","));
    *is_first = false;
    text_put_json(text, slice_string(name));
    text_put_octet(text, ':');
}

static void write_children_json(struct text *text, const struct parent *parent)
{
    bool is_first = true;

    text_put(text, SLICE("{"));
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        const struct parent_child *child = &parent->children[role];

        if (child->state != CHILD_ABSENT) {
            put_name(text, ipc_role_name(role), &is_first);
            text_put_format(text, "{\"state\":\"%s\",\"pid\":%d,\"starts\":%llu,\"policy\":%u}",
                            child_state_name(child->state), (int)child->pid,
                            (unsigned long long)child->starts, child->policy_version);
        }
    }
    text_put(text, SLICE("}"));
}

static void write_peers_json(struct text *text, const struct parent *parent)
{
    text_put(text, SLICE("["));
    for (uint32_t i = 0; i < parent->policy->peer_count; i++) {
        struct peer_status status = peer_status(parent, i);

        text_put(text, i == 0 ? SLICE("{\"name\":") : SLICE(",{\"name\":"));
        text_put_json(text, parent->policy->peers[i].name);
        text_put_format(text, ",\"is_up\":%s,\"calls\":%llu", status.is_down ? "false" : "true",
                        (unsigned long long)status.calls);
        write_ledger_json(text, parent, i);
        text_put_octet(text, '}');
    }
    text_put(text, SLICE("]"));
}

static void write_limits_json(struct text *text, const struct parent *parent)
{
    bool is_first = true;

    text_put(text, SLICE("{"));
    for (uint32_t i = 0; i < tallies_limits(); i++) {
        struct limit_status status = limit_status(parent, i);

        put_name(text, tallies_limit_name(i), &is_first);
        text_put_format(text, "{\"refused\":%llu,\"nearly\":%llu}",
                        (unsigned long long)status.refused, (unsigned long long)status.nearly);
    }
    text_put(text, SLICE("}"));
}

static void write_numbers_json(struct text *text, const struct parent *parent)
{
    bool is_first_role = true;

    text_put(text, SLICE("{"));
    for (size_t i = 0; i < ARRAY_COUNT(all_numbers); i++) {
        const struct numbers *numbers = &all_numbers[i];
        bool is_first = true;

        put_name(text, ipc_role_name(numbers->role), &is_first_role);
        text_put(text, SLICE("{"));
        for (size_t j = 0; j < numbers->count; j++) {
            put_name(text, numbers->at[j].written, &is_first);
            text_put_number(text, number_of(parent, numbers->role, &numbers->at[j]));
        }
        text_put(text, SLICE("}"));
    }
    text_put(text, SLICE("}"));
}

void status_write_json(struct text *text, const struct parent *parent)
{
    text_put(text, SLICE("{\"site\":"));
    text_put_json(text, parent->policy->site);
    text_put_format(text,
                    ",\"state\":\"%s\",\"up_seconds\":%llu,\"policy\":%u,\"reloads\":%u,"
                    "\"reloads_refused\":%u,\"processes\":",
                    state_name(parent),
                    (unsigned long long)(loop_now_ms(&parent->loop) - parent->started_ms) / 1000,
                    parent->policy->version, parent->reloads, parent->reloads_refused);
    write_children_json(text, parent);
    text_put(text, SLICE(",\"peers\":"));
    write_peers_json(text, parent);
    text_put(text, SLICE(",\"limits\":"));
    write_limits_json(text, parent);
    text_put(text, SLICE(",\"counters\":"));
    write_numbers_json(text, parent);
    text_put(text, SLICE("}\n"));
}
