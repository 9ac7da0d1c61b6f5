/* `sipwarden inspect`: what it says, to whom, and how it ends. */
#include "io/capture_kit.h"

#include "app/verbs.h"
#include "io/capture/write.h"

#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <sys/stat.h>

enum { TOLD_MAX = 1 << 20, PATH_LEN = 256 };

static char folder[PATH_LEN];
static char told[TOLD_MAX], complained[TOLD_MAX];

#define CALL_HEADERS                                                                               \
    "Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>\r\n"           \
    "Call-ID: c1\r\nContact: <sip:a@192.0.2.1>\r\n"
#define GOOD                                                                                       \
    "OPTIONS sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "                                       \
    "192.0.2.1;branch=z9hG4bKa\r\n" CALL_HEADERS "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
/* Two Content-Lengths: CT-FW-06. */
#define BAD                                                                                        \
    "OPTIONS sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "                                       \
    "192.0.2.1;branch=z9hG4bKb\r\n" CALL_HEADERS                                                   \
    "CSeq: 2 OPTIONS\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n"

static const char *path_of(const char *name)
{
    static char paths[64][PATH_LEN + 32];
    static unsigned next;
    char *path = paths[next++ % 64];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static const char *file_write(const char *name, struct slice octets)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(octets.at, 1, octets.len, file), octets.len);
    assert_int_equal(fclose(file), 0);
    return path;
}

static const char *kit_save(struct kit *kit, const char *name)
{
    const char *path = file_write(name, text_slice(&kit->text));

    kit_close(kit);
    return path;
}

static void message(struct kit *kit, uint8_t from, struct slice bytes)
{
    static struct kit_room room, inner;

    kit_frame(kit, kit_v4(&room, (struct kit_ip){from, 200, 17, 0, 0},
                          kit_udp(&inner, 5060, 5060, bytes)));
}

/* Two good, one bad between them. */
static const char *capture_saved(const char *name)
{
    struct kit kit = kit_open(101);

    message(&kit, 1, SLICE(GOOD));
    message(&kit, 7, SLICE(BAD));
    message(&kit, 1, SLICE(GOOD));
    return kit_save(&kit, name);
}

static void told_read(char *at, const char *name)
{
    FILE *file = fopen(path_of(name), "rb");

    assert_non_null(file);
    size_t len = fread(at, 1, TOLD_MAX - 1, file);
    at[len] = '\0';
    fclose(file);
}

static void descriptor_become(int fd, const char *name, int flags)
{
    int opened = open(path_of(name), flags, 0600);

    if (opened < 0 || dup2(opened, fd) < 0) {
        _exit(99);
    }
}

/* Runs the verb in a process of its own; what it said is in told and complained. */
static int run_with(const char *input, const char *const *words)
{
    char *argv[16] = {(char *)(uintptr_t) "inspect"};
    int argc = 1;
    int status = 0;

    for (; words[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    }
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        descriptor_become(STDIN_FILENO, input, O_RDONLY);
        descriptor_become(STDOUT_FILENO, "out", O_WRONLY | O_CREAT | O_TRUNC);
        descriptor_become(STDERR_FILENO, "err", O_WRONLY | O_CREAT | O_TRUNC);
        optind = 0;
        int result = inspect_main(argc, argv);
        fflush(NULL);
        _exit(result);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    told_read(told, "out");
    told_read(complained, "err");
    return WEXITSTATUS(status);
}

#define run(...) run_with("nothing", (const char *const[]){__VA_ARGS__, NULL})

static void expect_told(const char *words)
{
    if (strstr(told, words) == NULL) {
        fail_msg("\"%s\" is not in\n%s", words, told);
    }
}

static void expect_complained(const char *words)
{
    if (strstr(complained, words) == NULL) {
        fail_msg("\"%s\" is not in\n%s", words, complained);
    }
}

static void nothing_found(void **state)
{
    struct kit kit = kit_open(101);

    (void)state;
    message(&kit, 1, SLICE(GOOD));
    assert_int_equal(run(kit_save(&kit, "good.pcap")), 0);
    expect_told("1 message (1 request, 0 responses) in 1 capture; 0 findings in 0 messages");
    expect_told("Without a policy");
    expect_told("SIP messages over UDP");
    assert_string_equal(complained, "");
}

static void findings_for_people(void **state)
{
    (void)state;
    assert_int_equal(run(capture_saved("a.pcap"), capture_saved("b.pcap")), 1);
    expect_told("6 messages (6 requests, 0 responses) in 2 captures; 2 findings in 2 messages, 2 "
                "would be refused");
    expect_told("CT-FW-06  high  2 findings  (close 2)");
    expect_told("a.pcap frame 2  2023-11-14T22:13:20.001000Z  192.0.2.7:5060 > 192.0.2.200:5060");
    expect_told("b.pcap frame 2");
    expect_told("HYG-F");
    expect_told("sources: 192.0.2.7 2");
    expect_told("anybody                  captured                  6              2          2");
    expect_told("failed CT-FW-06 2");
    expect_told("CT-FW-06              4          2               0");
    assert_string_equal(complained, "");
}

static json_t *line_parse(char **at)
{
    char *line = *at;
    char *end = strchr(line, '\n');

    assert_non_null(end);
    *end = '\0';
    *at = end + 1;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    return object;
}

static void expect_member(const json_t *object, const char *name, const char *wanted)
{
    const char *value = json_string_value(json_object_get(object, name));

    assert_non_null(value);
    assert_string_equal(value, wanted);
}

static void findings_for_programs(void **state)
{
    char *at = told;

    (void)state;
    assert_int_equal(run("--json", capture_saved("a.pcap")), 1);
    json_t *finding = line_parse(&at);
    expect_member(finding, "type", "finding");
    expect_member(finding, "control", "CT-FW-06");
    expect_member(finding, "method", "OPTIONS");
    expect_member(finding, "call_id", "c1");
    expect_member(finding, "peer", "anybody");
    expect_member(finding, "@timestamp", "2023-11-14T22:13:20.001000Z");
    expect_member(json_object_get(finding, "source"), "ip", "192.0.2.7");
    assert_int_equal(json_integer_value(json_object_get(finding, "frame")), 2);
    json_decref(finding);

    json_t *summary = line_parse(&at);
    assert_int_equal(*at, '\0');
    expect_member(summary, "type", "summary");
    assert_int_equal(json_integer_value(json_object_get(summary, "requests")), 3);
    assert_int_equal(json_integer_value(json_object_get(summary, "findings")), 1);
    json_t *control = json_object_get(json_object_get(summary, "controls"), "CT-FW-06");
    assert_int_equal(json_integer_value(json_object_get(control, "passed")), 2);
    assert_int_equal(json_integer_value(json_object_get(control, "failed")), 1);
    json_t *peer = json_array_get(json_object_get(summary, "peers"), 0);
    assert_int_equal(json_integer_value(json_object_get(peer, "messages")), 3);
    json_t *counts =
        json_object_get(json_array_get(json_object_get(summary, "files"), 0), "counts");
    assert_int_equal(json_integer_value(json_object_get(counts, "SIP_UDP")), 3);
    json_decref(summary);
}

static void quietly(void **state)
{
    char *at = told;

    (void)state;
    assert_int_equal(run("--quiet", capture_saved("a.pcap")), 1);
    assert_ptr_equal(strchr(told, '\n'), told + strlen(told) - 1);
    assert_int_equal(run("--json", "--quiet", capture_saved("a.pcap")), 1);
    json_decref(line_parse(&at));
    assert_int_equal(*at, '\0');
}

static void from_standard_input(void **state)
{
    (void)state;
    capture_saved("a.pcap");
    assert_int_equal(run_with("a.pcap", (const char *const[]){"-", NULL}), 1);
    expect_told("3 messages");
}

static void what_cannot_be_read(void **state)
{
    struct stat status;
    const char *path = capture_saved("a.pcap");

    (void)state;
    assert_int_equal(run(path_of("missing.pcap")), 3);
    expect_complained("missing.pcap: No such file");
    assert_int_equal(run(file_write("words.txt", SLICE("no capture"))), 3);
    expect_complained("neither pcap nor pcapng");

    /* What came before the fault counts, and so do other files. */
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(truncate(path, status.st_size - 10), 0);
    assert_int_equal(run(path, capture_saved("b.pcap")), 3);
    expect_complained("the file ends inside a frame");
    expect_told("5 messages (5 requests, 0 responses) in 2 captures; 2 findings");
    expect_told("what came before it counts: octet");
}

static void usage(void **state)
{
    (void)state;
    assert_int_equal(run("--help"), 0);
    expect_told("usage: sipwarden inspect");
    assert_int_equal(run("--no-such-word"), 2);
    expect_complained("usage: sipwarden inspect");
    assert_int_equal(run_with("nothing", (const char *const[]){NULL}), 2);
    assert_int_equal(run("--policy", path_of("missing.yaml"), capture_saved("a.pcap")), 3);
    expect_complained("missing.yaml");
    assert_int_equal(
        run("--policy", file_write("bad.yaml", SLICE("zones: 7\n")), capture_saved("a.pcap")), 3);
    expect_complained("bad.yaml:");
}

static const char policy[] = "site: test\n"
                             "domains: [example.com]\n"
                             "zones:\n"
                             "  carriers:\n"
                             "    class: interconnect\n"
                             "    listeners: [udp:192.0.2.200:5060]\n"
                             "    media: pass\n"
                             "    methods: [OPTIONS]\n"
                             "  core:\n"
                             "    class: core\n"
                             "    listeners: [udp:10.0.0.1:5060]\n"
                             "    media: pass\n"
                             "peers:\n"
                             "  known:\n"
                             "    zone: carriers\n"
                             "    addresses: [192.0.2.1]\n"
                             "    methods: [OPTIONS]\n"
                             "  cscf:\n"
                             "    zone: core\n"
                             "    hops: [udp:10.0.0.2:5060]\n"
                             "routes:\n"
                             "  - {from: carriers, to: cscf}\n";

static void under_a_policy(void **state)
{
    (void)state;
    assert_int_equal(run("--policy", file_write("policy.yaml", slice_string(policy)),
                         capture_saved("a.pcap")),
                     1);
    expect_told("CT-SEG-04  high  1 finding  (drop 1)");
    expect_told("known                    carriers                  2              0          0");
    expect_told("(nobody under contract)  -                         1              1          1");
    assert_null(strstr(told, "Without a policy"));
}

static void evidence(void **state)
{
    (void)state;
    const char *path = path_of("evidence.pcapng");

    assert_int_equal(run("--evidence", path, capture_saved("a.pcap")), 1);
    told_read(told, "evidence.pcapng");
    struct fault fault = {.text = ""};
    struct capture *capture = capture_open(path, &fault);
    struct packet packet;
    assert_non_null(capture);
    assert_true(capture_next(capture, &packet, &fault));
    expect_slice(packet.bytes, BAD);
    assert_int_equal(packet.flow.remote.bytes[3], 7);
    assert_false(capture_next(capture, &packet, &fault));
    capture_close(capture);
    /* The comment is in the file, behind zeros that end no string of ours. */
    bool is_told = false;
    for (size_t i = 0; i + 8 < TOLD_MAX && !is_told; i++) {
        is_told = memcmp(told + i, "CT-FW-06", 8) == 0;
    }
    assert_true(is_told);
    assert_int_equal(run("--evidence", "/nonexistent/file", capture_saved("a.pcap")), 3);
    expect_complained("/nonexistent/file");
}

/* Of many sources the busy one is told, whenever it came. */
static void busiest_sources(void **state)
{
    struct kit kit = kit_open(101);

    (void)state;
    for (uint8_t i = 1; i <= 30; i++) {
        message(&kit, i, SLICE(BAD));
    }
    for (unsigned i = 0; i < 50; i++) {
        message(&kit, 99, SLICE(BAD));
    }
    assert_int_equal(run(kit_save(&kit, "many.pcap")), 1);
    expect_told("80 findings");
    expect_told("sources: 192.0.2.99 at most 5");
}

static void call_message(struct kit *kit, unsigned number, uint8_t from, const char *format)
{
    char room[1024], call[32];
    struct text text;
    struct slice rest = slice_string(format), part;

    snprintf(call, sizeof(call), "call-%u", number);
    text_init(&text, room, sizeof(room));
    while (slice_cut(&rest, '#', &part)) {
        text_put(&text, part);
        text_put_string(&text, rest.at == NULL || rest.len == 0 ? "" : call);
    }
    static struct kit_room outer, inner;
    struct kit_ip ip = {from, (uint8_t)(3 - from), 17, 0, 0};
    kit_frame(kit, kit_v4(&outer, ip, kit_udp(&inner, 5060, 5060, text_slice(&text))));
}

#define PARTIES "From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>;tag=t\r\nCall-ID: #\r\n"
#define FIRST_PARTIES "From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>\r\nCall-ID: #\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKsame\r\n"

/* Every call has the same tags and branches: each is still a call of its own, and the time for many
 * is that of few, many times. */
static void same_tags_in_every_call(void **state)
{
    enum { CALLS = 5000 };
    struct kit kit = kit_open(101);

    (void)state;
    for (unsigned i = 0; i < CALLS; i++) {
        call_message(&kit, i, 1,
                     "INVITE sip:b@example.com SIP/2.0\r\n" VIA "Max-Forwards: 70\r\n" FIRST_PARTIES
                     "CSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.1>\r\nContent-Length: 0\r\n\r\n");
        kit.when_us -= 1000;
        call_message(&kit, i, 2,
                     "SIP/2.0 200 OK\r\n" VIA PARTIES
                     "CSeq: 1 INVITE\r\nContact: <sip:b@192.0.2.2>\r\nContent-Length: 0\r\n\r\n");
        kit.when_us -= 1000;
        call_message(&kit, i, 1,
                     "ACK sip:b@192.0.2.2 SIP/2.0\r\n" VIA "Max-Forwards: 70\r\n" PARTIES
                     "CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n");
        /* Thirty-two seconds on, the next caller may use the branch again. */
        kit.when_us += 65000000;
    }
    assert_int_equal(run(kit_save(&kit, "same.pcap")), 0);
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "CT-FW-19 %14d          0", CALLS);
    expect_told(wanted);
}

/* A file of an earlier day after one of a later: a story of its own, not a clock that stands. */
static void time_steps_back(void **state)
{
    struct kit kit = kit_open(101);

    (void)state;
    kit.when_us -= UINT64_C(86400000000);
    message(&kit, 1, SLICE(GOOD));
    kit.when_us += 40000000;
    message(&kit, 1, SLICE(GOOD));
    const char *earlier = kit_save(&kit, "earlier.pcap");
    kit = kit_open(101);
    message(&kit, 1, SLICE(GOOD));
    assert_int_equal(run(kit_save(&kit, "later.pcap"), earlier), 0);
    expect_told("3 messages");
}

static int folder_make(void **state)
{
    const char *temporary = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof(folder), "%s/inspect-XXXXXX", temporary == NULL ? "/tmp" : temporary);
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    file_write("nothing", SLICE(""));
    return 0;
}

static int folder_remove(void **state)
{
    static const char *const names[] = {
        "nothing",   "out",          "err",        "good.pcap",       "a.pcap",
        "b.pcap",    "words.txt",    "bad.yaml",   "policy.yaml",     "many.pcap",
        "same.pcap", "earlier.pcap", "later.pcap", "evidence.pcapng",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        unlink(path_of(names[i]));
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_found),
        cmocka_unit_test(findings_for_people),
        cmocka_unit_test(findings_for_programs),
        cmocka_unit_test(quietly),
        cmocka_unit_test(from_standard_input),
        cmocka_unit_test(what_cannot_be_read),
        cmocka_unit_test(usage),
        cmocka_unit_test(under_a_policy),
        cmocka_unit_test(evidence),
        cmocka_unit_test(busiest_sources),
        cmocka_unit_test(same_tags_in_every_call),
        cmocka_unit_test(time_steps_back),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
