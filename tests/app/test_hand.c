/*
 * Two workers in one process: whatever worker a datagram reaches, the call's own one judges it.
 */
#include "../io/echo.h"

#include "app/run/hand.h"
#include "app/run/worker.h"
#include "policy/policy.h"

#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

enum { WORKERS = 2, CALLS = 40, ROOM = 4096 };

static const char policy_text[] = "site: pair\n"
                                  "domains: [pair.example]\n"
                                  "zones:\n"
                                  "%s%s"
                                  "peers:\n"
                                  "  carrier:\n"
                                  "    zone: carriers\n"
                                  "    addresses: [127.0.0.2]\n"
                                  "    hops: [udp:127.0.0.2:%u]\n"
                                  "    rate: 10000/s\n"
                                  "  switch:\n"
                                  "    zone: inside\n"
                                  "    hops: [udp:127.0.0.20:%u]\n"
                                  "routes:\n"
                                  "  - {emergency: true, to: switch}\n"
                                  "  - {from: carriers, to: switch}\n"
                                  "  - {from: inside, to: carrier}\n"
                                  "capacity: {transactions: 512, dialogs: 256, registrations: 64,"
                                  " media-sessions: 64, text-memory: 2048, connections: 64,"
                                  " workers: 2}\n";

static const char carriers_text[] = "  carriers:\n"
                                    "    class: interconnect\n"
                                    "    rates: {called-number: 0, called-prefix: 0}\n"
                                    "    listeners: [udp:127.0.0.1:%u]\n"
                                    "    media: pass\n";

static const char inside_text[] = "  inside:\n"
                                  "    class: core\n"
                                  "    listeners: [udp:127.0.0.10:%u]\n"
                                  "    media: pass\n";

struct pair {
    struct crew crew;
    struct policy *policy;
    struct plan *plan;
    struct worker_page *pages;
    void *tables[WORKERS];
    struct address outside, inside, carrier, callee;
    int carrier_fds[8]; /* of different ports: the kernel spreads them over the workers */
    int callee_fd;
};

static void nothing_noted(void *owner)
{
    (void)owner;
}

static void nothing_wanted(void *owner, const struct ipc_open *open)
{
    (void)owner;
    (void)open;
}

static int bound(const char *host, struct address *address, bool is_shared)
{
    struct fault fault = {{0}};
    uint16_t port = address->port;

    assert_true(address_read(address, slice_string(host)));
    address->port = port;
    int fd = socket_open_udp(address, is_shared, &fault);
    assert_true(fd >= 0);
    assert_true(socket_local(fd, address));
    return fd;
}

/* Zones in another order are another policy: listeners have other numbers. */
static struct policy *read_policy(const struct pair *pair, bool is_turned)
{
    char text[sizeof(policy_text) + 512], carriers[256], inside[256];
    struct policy_complaints *complaints = policy_complaints_new();

    snprintf(carriers, sizeof(carriers), carriers_text, pair->outside.port);
    snprintf(inside, sizeof(inside), inside_text, pair->inside.port);
    int len = snprintf(text, sizeof(text), policy_text, is_turned ? inside : carriers,
                       is_turned ? carriers : inside, pair->carrier.port, pair->callee.port);
    struct policy *policy =
        policy_read(slice_of(text, (size_t)len), SLICE("pair"), control_names(), complaints);

    for (uint32_t i = 0; i < policy_complaint_count(complaints); i++) {
        struct slice complaint = policy_complaint(complaints, i);

        print_error("%.*s\n", (int)complaint.len, complaint.at);
    }
    assert_non_null(policy);
    policy_complaints_free(complaints);
    return policy;
}

static void make_worker(struct pair *pair, uint32_t index, const struct ipc_start *start,
                        const int listeners[2])
{
    const struct state_capacity capacity = {.exchanges = start->exchanges,
                                            .dialogs = start->dialogs,
                                            .registrations = start->registrations,
                                            .media_streams = start->media_streams,
                                            .text_octets = (size_t)start->text_octets};
    struct worker_setup setup = {.crew = &pair->crew,
                                 .index = index,
                                 .start = start,
                                 .plan = pair->plan,
                                 .page = &pair->pages[index],
                                 .key = {5, 6}};

    setup.tables_len = state_size(&capacity);
    setup.tables = pair->tables[index] = calloc(1, setup.tables_len);
    pair->crew.workers[index] = worker_new(&setup);
    assert_non_null(pair->crew.workers[index]);
    worker_listen(pair->crew.workers[index], 0, UDP_NEIGHBOURS, listeners[0]);
    worker_listen(pair->crew.workers[index], 1, UDP_NEIGHBOURS, listeners[1]);
}

static struct pair *pair_open(void)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    const struct ipc_start start = {.workers = WORKERS,
                                    .node = 1,
                                    .exchanges = 256,
                                    .dialogs = 128,
                                    .registrations = 64,
                                    .media_streams = 64,
                                    .connections = 64,
                                    .text_octets = 1 << 20};
    struct ipc_keys keys = {.count = 1};
    int listeners[WORKERS][2];

    pair->callee_fd = bound("127.0.0.20", &pair->callee, false);
    for (size_t i = 0; i < ARRAY_COUNT(pair->carrier_fds); i++) {
        pair->carrier.port = 0;
        pair->carrier_fds[i] = bound("127.0.0.2", &pair->carrier, false);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        listeners[i][0] = bound("127.0.0.1", &pair->outside, true);
        listeners[i][1] = bound("127.0.0.10", &pair->inside, true);
    }
    pair->policy = read_policy(pair, false);
    pair->plan = plan_new(pair->policy);
    assert_non_null(pair->plan);
    pair->pages = calloc(WORKERS, sizeof(*pair->pages));
    pair->crew.count = WORKERS;
    pair->crew.key = (struct hash_key){7, 8};
    pair->crew.look = nothing_noted;
    pair->crew.want = nothing_wanted;
    for (uint32_t i = 0; i < WORKERS; i++) {
        make_worker(pair, i, &start, listeners[i]);
    }
    for (uint32_t i = 0; i < WORKERS; i++) {
        worker_take_keys(pair->crew.workers[i], &keys);
    }
    assert_true(crew_has_begun(&pair->crew));
    const struct worker_command begin = {.kind = COMMAND_BEGIN, .fd = -1};
    crew_tell_all(&pair->crew, &begin);
    return pair;
}

static void pair_close(struct pair *pair)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        worker_free(pair->crew.workers[i]);
        free(pair->tables[i]);
    }
    for (size_t i = 0; i < ARRAY_COUNT(pair->carrier_fds); i++) {
        (void)close(pair->carrier_fds[i]);
    }
    (void)close(pair->callee_fd);
    plan_free(pair->plan);
    policy_free(pair->policy);
    free(pair->pages);
    free(pair);
}

static void turn(struct pair *pair)
{
    for (uint32_t i = 0; i < WORKERS; i++) {
        loop_run_at_once(&pair->crew.workers[i]->loop);
    }
}

/* The next datagram there, terminated; fails when none comes. */
static void get(struct pair *pair, int fd, char at[ROOM])
{
    for (unsigned turns = 0; turns < 2000; turns++) {
        ssize_t len = recv(fd, at, ROOM - 1, MSG_DONTWAIT);

        if (len > 0) {
            at[len] = '\0';
            return;
        }
        turn(pair);
    }
    fail_msg("nothing came");
}

static void put(int fd, const struct address *to, const char *text)
{
    struct socket_address target;

    socket_address_write(&target, to);
    assert_int_equal(sendto(fd, text, strlen(text), 0, &target.any, target.len),
                     (ssize_t)strlen(text));
}

/* The lines of a message that begin with one of the names, as they are. */
static void copy_lines(char out[ROOM], const char *message, const char *const *names)
{
    struct text text;

    text_init(&text, out, ROOM - 1);
    for (const char *line = strstr(message, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        for (unsigned i = 0; names[i] != NULL; i++) {
            if (strncmp(line, names[i], strlen(names[i])) == 0) {
                size_t len = (size_t)(strstr(line, "\r\n") + 2 - line);

                text_put(&text, slice_of(line, len));
            }
        }
    }
    out[text.len] = '\0';
}

static void answer(struct pair *pair, const char *request, const char *status, const char *more)
{
    static const char *const copied[] = {"Via:",  "From:",         "Call-ID:",
                                         "CSeq:", "Record-Route:", NULL};
    static const char *const to[] = {"To:", NULL};
    char lines[ROOM], to_line[ROOM], text[3 * ROOM];

    copy_lines(lines, request, copied);
    copy_lines(to_line, request, to);
    to_line[strlen(to_line) - 2] = '\0';
    snprintf(text, sizeof(text), "SIP/2.0 %s\r\n%s%s%s\r\n%sContent-Length: 0\r\n\r\n", status,
             lines, to_line, strstr(to_line, "tag=") == NULL ? ";tag=callee" : "", more);
    put(pair->callee_fd, &pair->inside, text);
}

struct call {
    unsigned number;
    int fd;
    uint16_t port;
    char contact[256]; /* of the border, towards us */
    char to[ROOM];
};

static void ask(const struct pair *pair, const struct call *call, const char *method,
                const char *uri, unsigned cseq, const char *to)
{
    char text[ROOM];

    snprintf(text, sizeof(text),
             "%s %s SIP/2.0\r\n"
             "Via: SIP/2.0/UDP 127.0.0.2:%u;branch=z9hG4bK%s%u\r\n"
             "Max-Forwards: 70\r\nFrom: <sip:+15551234567@127.0.0.2>;tag=c%u\r\n%s\r\n"
             "Call-ID: call-%u@carrier.example\r\nCSeq: %u %s\r\n"
             "Contact: <sip:127.0.0.2:%u>\r\nContent-Length: 0\r\n\r\n",
             method, uri, call->port, method, call->number, call->number, to, call->number, cseq,
             method, call->port);
    put(call->fd, &pair->outside, text);
}

static void take_contact(struct call *call, const char *response)
{
    static const char *const to[] = {"To:", NULL};
    const char *begin = strstr(response, "\r\nContact: <");

    assert_non_null(begin);
    begin += strlen("\r\nContact: <");
    size_t len = strcspn(begin, ">");
    snprintf(call->contact, sizeof(call->contact), "%.*s", (int)len, begin);
    copy_lines(call->to, response, to);
    call->to[strlen(call->to) - 2] = '\0';
}

/* A call of which every message may reach either worker. */
static void a_call(struct pair *pair, unsigned number)
{
    struct call call = {.number = number};
    struct address own;
    char at[ROOM], contact[64];

    call.fd = pair->carrier_fds[number % ARRAY_COUNT(pair->carrier_fds)];
    assert_true(socket_local(call.fd, &own));
    call.port = own.port;
    ask(pair, &call, "INVITE", "sip:+15557654321@pair.example", 1,
        "To: <sip:+15557654321@pair.example>");
    get(pair, pair->callee_fd, at);
    assert_non_null(strstr(at, "INVITE sip:"));
    snprintf(contact, sizeof(contact), "Contact: <sip:127.0.0.20:%u>\r\n", pair->callee.port);
    answer(pair, at, "200 OK", contact);
    do {
        get(pair, call.fd, at);
    } while (strncmp(at, "SIP/2.0 100", 11) == 0);
    if (strncmp(at, "SIP/2.0 200", 11) != 0) {
        fail_msg("%s", at);
    }
    take_contact(&call, at);
    ask(pair, &call, "ACK", call.contact, 1, call.to);
    get(pair, pair->callee_fd, at);
    assert_non_null(strstr(at, "ACK sip:"));
    ask(pair, &call, "BYE", call.contact, 2, call.to);
    get(pair, pair->callee_fd, at);
    assert_non_null(strstr(at, "BYE sip:"));
    answer(pair, at, "200 OK", "");
    get(pair, call.fd, at);
    assert_non_null(strstr(at, "SIP/2.0 200"));
}

static void calls_go_through_whichever_worker(void **state)
{
    struct pair *pair = pair_open();
    const struct worker *const *workers = (const struct worker *const *)pair->crew.workers;

    (void)state;
    for (unsigned i = 0; i < CALLS; i++) {
        a_call(pair, i);
    }
    /* Both were reached, and both had calls of their own. */
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_true(workers[i]->counts.packets > CALLS / 2);
        assert_true(workers[i]->counts.handed_over > 0);
        assert_int_equal(workers[i]->counts.hand_over_full, 0);
    }
    assert_int_equal(workers[0]->counts.packets + workers[1]->counts.packets, 5 * CALLS);
    pair_close(pair);
}

/* One of them has a new policy already, in which listeners have changed their numbers. */
static void calls_go_through_while_a_policy_comes(void **state)
{
    struct pair *pair = pair_open();
    struct policy *policy = read_policy(pair, true);
    struct plan *plan = plan_new(policy);
    uint16_t renumbered[POLICY_LISTENERS_MAX];

    (void)state;
    assert_non_null(plan);
    for (unsigned i = 0; i < POLICY_LISTENERS_MAX; i++) {
        renumbered[i] = i < 2 ? (uint16_t)(1 - i) : LISTENER_NONE;
    }
    worker_take_policy(pair->crew.workers[1], plan, renumbered);
    for (unsigned i = 0; i < CALLS; i++) {
        a_call(pair, i);
    }
    pair_close(pair);
    plan_free(plan);
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_go_through_whichever_worker),
        cmocka_unit_test(calls_go_through_while_a_policy_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
