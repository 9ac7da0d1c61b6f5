/*
 * Look-ups against dnsmasq on loopback, and against servers that are silent.
 */
#include "echo.h"

#include "io/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>

enum { SKIPPED = 77 };

struct asker {
    struct loop loop;
    struct dns *dns;
    uint64_t answered;
    uint32_t tag;
    struct name_answer answer;
};

static pid_t server;
static char server_name[32];

static void on_answer(void *owner, uint32_t tag, const struct name_answer *answer)
{
    struct asker *asker = owner;

    asker->answered++;
    asker->tag = tag;
    asker->answer = *answer;
}

static void asker_open(struct asker *asker, const char *servers)
{
    struct fault fault = {{0}};

    memset(asker, 0, sizeof(*asker));
    assert_true(loop_init(&asker->loop, &fault));
    asker->dns = dns_new(&asker->loop, servers, on_answer, asker, &fault);
    assert_non_null(asker->dns);
}

static void asker_close(struct asker *asker)
{
    dns_close(asker->dns);
    loop_end(&asker->loop);
    dns_free(asker->dns);
}

static void ask(struct asker *asker, const char *host, uint16_t port, uint8_t transport)
{
    const struct dns_question question = {slice_string(host), port, transport};
    static uint32_t tag;

    assert_true(dns_ask(asker->dns, &question, ++tag));
    assert_true(loop_turns(&asker->loop, &asker->answered, asker->answered + 1, 10000));
    assert_int_equal(asker->tag, tag);
}

static void expect_target(const struct asker *asker, unsigned index, const char *address,
                          enum transport transport)
{
    char shown[ADDRESS_TEXT_MAX + 1];
    struct text text;

    assert_true(index < asker->answer.count);
    text_init(&text, shown, ADDRESS_TEXT_MAX);
    address_write(&text, &asker->answer.targets[index].address);
    shown[text.len] = '\0';
    assert_string_equal(shown, address);
    assert_int_equal(asker->answer.targets[index].transport, transport);
}

static void naptr_then_srv_then_addresses(void **state)
{
    struct asker asker;

    (void)state;
    asker_open(&asker, server_name);
    ask(&asker, "naptr.example", 0, TRANSPORT_COUNT);
    assert_int_equal(asker.answer.count, 4);
    expect_target(&asker, 0, "192.0.2.11:5071", TRANSPORT_TCP);
    expect_target(&asker, 1, "[2001:db8::11]:5071", TRANSPORT_TCP);
    expect_target(&asker, 2, "192.0.2.12:5072", TRANSPORT_TCP);
    expect_target(&asker, 3, "192.0.2.13:5073", TRANSPORT_UDP);
    assert_int_equal(asker.answer.ttl_seconds, 77);
    asker_close(&asker);
}

static void without_naptr_the_services_are_guessed(void **state)
{
    struct asker asker;

    (void)state;
    asker_open(&asker, server_name);
    ask(&asker, "srv.example", 0, TRANSPORT_COUNT);
    assert_int_equal(asker.answer.count, 1);
    expect_target(&asker, 0, "192.0.2.13:5080", TRANSPORT_UDP);
    ask(&asker, "srv.example", 0, TRANSPORT_TCP); /* that service is not there: the host itself */
    assert_int_equal(asker.answer.count, 1);
    expect_target(&asker, 0, "192.0.2.14:5060", TRANSPORT_TCP);
    asker_close(&asker);
}

static void with_a_port_only_addresses_are_asked(void **state)
{
    struct asker asker;

    (void)state;
    asker_open(&asker, server_name);
    ask(&asker, "naptr.example", 5099, TRANSPORT_UDP);
    assert_int_equal(asker.answer.count, 1);
    expect_target(&asker, 0, "192.0.2.10:5099", TRANSPORT_UDP);
    assert_int_equal(dns_questions(asker.dns), 2);
    ask(&asker, "plain.example", 0, TRANSPORT_TLS);
    expect_target(&asker, 0, "192.0.2.15:5061", TRANSPORT_TLS);
    asker_close(&asker);
}

static void what_does_not_exist_is_an_answer(void **state)
{
    struct asker asker;

    (void)state;
    asker_open(&asker, server_name);
    ask(&asker, "nowhere.example", 0, TRANSPORT_COUNT);
    assert_int_equal(asker.answer.count, 0);
    assert_int_equal(asker.answer.ttl_seconds, DNS_TTL_FAILED_S);
    asker_close(&asker);
}

static int silent_server(char name[32])
{
    struct address local = loopback(0);
    struct fault fault;
    int fd = socket_open_udp(&local, false, &fault);

    assert_true(fd >= 0);
    assert_true(socket_local(fd, &local));
    snprintf(name, 32, "127.0.0.1:%u", local.port);
    return fd;
}

static void a_dead_server_costs_one_try(void **state)
{
    struct asker asker;
    char silent[32], both[80];
    int fd = silent_server(silent);

    (void)state;
    snprintf(both, sizeof(both), "%s,%s", silent, server_name);
    asker_open(&asker, both);
    uint64_t begun_ms = loop_now_ms(&asker.loop);
    ask(&asker, "plain.example", 5060, TRANSPORT_UDP);
    assert_int_equal(asker.answer.count, 1);
    assert_true(loop_now_ms(&asker.loop) - begun_ms < 4 * DNS_TRY_MS);
    close(fd);
    asker_close(&asker);
}

/* The loop goes on while a name waits: another one's time is its own. */
static void silence_ends(void **state)
{
    struct asker asker;
    char silent[32];
    int fd = silent_server(silent);
    const struct dns_question question = {SLICE("silent.example"), 0, TRANSPORT_COUNT};
    uint64_t turns = 0;

    (void)state;
    asker_open(&asker, silent);
    uint64_t begun_ms = loop_now_ms(&asker.loop);
    assert_true(dns_ask(asker.dns, &question, 1));
    /* By the clock, not by turns: how many there are is the machine's affair. */
    while (asker.answered == 0 && loop_now_ms(&asker.loop) - begun_ms < 6 * DNS_TRY_MS) {
        (void)uv_run(&asker.loop.uv, UV_RUN_NOWAIT);
        loop_read_clock(&asker.loop);
        turns++;
    }
    assert_int_equal(asker.answered, 1);
    assert_int_equal(asker.answer.count, 0);
    assert_true(turns > 1000);
    /* A server that is silent once is not asked for everything that would follow. */
    assert_true(loop_now_ms(&asker.loop) - begun_ms < 6 * DNS_TRY_MS);
    close(fd);
    asker_close(&asker);
}

static void closing_ends_what_is_under_way(void **state)
{
    struct asker asker;
    char silent[32];
    int fd = silent_server(silent);
    const struct dns_question question = {SLICE("silent.example"), 0, TRANSPORT_COUNT};
    const struct dns_question host = {SLICE("silent.example"), 5060, TRANSPORT_UDP};

    (void)state;
    asker_open(&asker, silent);
    assert_true(dns_ask(asker.dns, &question, 1));
    assert_true(dns_ask(asker.dns, &host, 2));
    loop_turns_for(&asker.loop, 20);
    asker_close(&asker); /* and the sanitizer finds nothing left */
    assert_int_equal(asker.answered, 0);
    close(fd);
}

/* Octets that are no DNS. */
static void garbage_is_no_answer(void **state)
{
    struct asker asker;
    char silent[32];
    int fd = silent_server(silent);
    const struct dns_question question = {SLICE("x.example"), 5060, TRANSPORT_UDP};
    uint64_t seed = 3;

    (void)state;
    asker_open(&asker, silent);
    assert_true(dns_ask(asker.dns, &question, 1));
    for (unsigned i = 0; i < 200 && asker.answered == 0; i++) {
        struct socket_address from = {.len = sizeof(from.storage)};
        unsigned char query[512];
        ssize_t len = recvfrom(fd, query, sizeof(query), MSG_DONTWAIT, &from.any, &from.len);

        loop_turns_for(&asker.loop, 5);
        if (len < 12) {
            continue;
        }
        query[2] |= 0x80; /* an answer with the right number, and nonsense behind */
        query[7] = 3;
        for (ssize_t j = 12; j < len; j++) {
            query[j] = (unsigned char)chance(&seed);
        }
        (void)!sendto(fd, query, (size_t)len, 0, &from.any, from.len);
    }
    assert_true(loop_turns(&asker.loop, &asker.answered, 1, 5000));
    assert_int_equal(asker.answer.count, 0);
    close(fd);
    asker_close(&asker);
}

static uint16_t free_port(void)
{
    struct address local = loopback(0);
    struct fault fault;
    int fd = socket_open_udp(&local, false, &fault);

    assert_true(fd >= 0 && socket_local(fd, &local));
    close(fd);
    return local.port;
}

static void start_server(uint16_t port)
{
    char port_option[32];

    snprintf(server_name, sizeof(server_name), "127.0.0.1:%u", port);
    snprintf(port_option, sizeof(port_option), "--port=%u", port);
    server = fork();
    if (server == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        execlp("dnsmasq", "dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--no-resolv",
               "--no-hosts", "--no-daemon", "--bind-interfaces", "--listen-address=127.0.0.1",
               port_option, "--local=/example/", "--local-ttl=77", "--auth-ttl=77", "--pid-file=",
               "--naptr-record=naptr.example,10,10,s,SIP+D2T,,_sip._tcp.naptr.example",
               "--naptr-record=naptr.example,20,10,s,SIP+D2U,,_sip._udp.naptr.example",
               "--srv-host=_sip._tcp.naptr.example,one.example,5071,1,1",
               "--srv-host=_sip._tcp.naptr.example,two.example,5072,2,1",
               "--srv-host=_sip._udp.naptr.example,three.example,5073,1,1",
               "--srv-host=_sip._udp.srv.example,three.example,5080,1,1",
               "--host-record=naptr.example,192.0.2.10",
               "--host-record=one.example,192.0.2.11,2001:db8::11",
               "--host-record=two.example,192.0.2.12", "--host-record=three.example,192.0.2.13",
               "--host-record=srv.example,192.0.2.14", "--host-record=plain.example,192.0.2.15",
               (char *)NULL);
        _exit(127);
    }
}

/* Until it answers; false when it cannot be run. */
static bool server_is_there(void)
{
    for (unsigned i = 0; i < 50; i++) {
        struct asker asker;

        if (waitpid(server, NULL, WNOHANG) == server) {
            return false;
        }
        asker_open(&asker, server_name);
        ask(&asker, "plain.example", 5060, TRANSPORT_UDP);
        asker_close(&asker);
        if (asker.answer.count > 0) {
            return true;
        }
        usleep(50000);
    }
    return false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(naptr_then_srv_then_addresses),
        cmocka_unit_test(without_naptr_the_services_are_guessed),
        cmocka_unit_test(with_a_port_only_addresses_are_asked),
        cmocka_unit_test(what_does_not_exist_is_an_answer),
        cmocka_unit_test(a_dead_server_costs_one_try),
    };
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(silence_ends),
        cmocka_unit_test(closing_ends_what_is_under_way),
        cmocka_unit_test(garbage_is_no_answer),
    };
    int failed = cmocka_run_group_tests(alone, NULL, NULL);

    start_server(free_port());
    if (!server_is_there()) {
        printf("SKIPPED: dnsmasq cannot be run here\n");
        return failed != 0 ? failed : SKIPPED;
    }
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    kill(server, SIGTERM);
    return failed;
}
