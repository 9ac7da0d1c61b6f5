/*
 * The verb explain: one message, judged under a policy and told step by step.
 */
#include "app/file.h"
#include "app/lists.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "guard/event.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    MESSAGE_MAX = SIP_MESSAGE_MAX + 4096, /* octets read; the reader says what is too long */
    TOLD_MAX = 1 << 18,                   /* octets: every control, every finding, every header */
};

/* A store of its own with nothing in it: one message needs no more. */
static const struct state_capacity capacity = {
    .exchanges = 4, .dialogs = 4, .registrations = 4, .media_streams = 4, .text_octets = 1 << 20};

struct question {
    const char *message, *policy;
    struct address from, to;
    enum transport transport;
    struct slice certified;
    bool is_text, is_json;
};

static bool address_option(const char *written, struct address *address)
{
    if (address_read_port(address, slice_string(written))) {
        return true;
    }
    say("\"%s\" is no address; expected 192.0.2.1, 192.0.2.1:5060 or [2001:db8::1]:5060", written);
    return false;
}

static bool option_read(struct question *question, int option)
{
    switch (option) {
    case 'p':
        question->policy = optarg;
        return true;
    case 'f':
        return address_option(optarg, &question->from);
    case 't':
        return address_option(optarg, &question->to);
    case 'T':
        return transport_read(slice_string(optarg), &question->transport);
    case 'c':
        question->certified = slice_string(optarg);
        return true;
    case 'x':
        question->is_text = true;
        return true;
    case 'j':
        question->is_json = true;
        return true;
    default:
        return false;
    }
}

static bool question_read(struct question *question, int argc, char **argv)
{
    static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
                                            {"from", required_argument, NULL, 'f'},
                                            {"to", required_argument, NULL, 't'},
                                            {"transport", required_argument, NULL, 'T'},
                                            {"certified", required_argument, NULL, 'c'},
                                            {"text", no_argument, NULL, 'x'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    int option = 0;

    *question = (struct question){.transport = TRANSPORT_UDP, .certified = SLICE_NONE};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!option_read(question, option)) {
            return false;
        }
    }
    if (argc != optind + 1 || question->policy == NULL || question->from.family == ADDRESS_NONE) {
        return false;
    }
    question->message = argv[optind];
    return true;
}

/* The octets of the message on the heap; at is NULL when there are none to be had. */
static struct slice message_read(const struct question *question)
{
    bool is_input = strcmp(question->message, "-") == 0;
    FILE *file = is_input ? stdin : fopen(question->message, "rb");
    char *at = malloc(MESSAGE_MAX);
    size_t len = 0;

    must(at != NULL);
    if (file != NULL) {
        len = fread(at, 1, MESSAGE_MAX, file);
    }
    if (file == NULL || ferror(file)) {
        say("%s: %s", question->message, strerror(errno));
        free(at);
        at = NULL;
    }
    if (file != NULL && !is_input) {
        (void)fclose(file);
    }
    return slice_of(at, at == NULL ? 0 : len);
}

/* Lines as on the wire. */
static struct slice lines_ended(struct slice text)
{
    char *room = malloc((size_t)2 * MESSAGE_MAX);
    struct text wire;
    struct slice line;

    must(room != NULL);
    text_init(&wire, room, (size_t)2 * MESSAGE_MAX);
    while (slice_cut(&text, '\n', &line)) {
        text_put(&wire, line);
        text_put(&wire, SLICE("\r\n"));
    }
    return text_slice(&wire);
}

static struct slice message_of(const struct question *question)
{
    struct slice read = message_read(question);

    if (read.at == NULL) {
        return read;
    }
    if (!question->is_text) {
        if (slice_find(read, '\n') < read.len && slice_find(read, '\r') == read.len) {
            say("%s has LF alone at the end of its lines; --text makes them CRLF",
                question->message);
        }
        return read;
    }
    struct slice wire = lines_ended(read);
    free((char *)(uintptr_t)read.at);
    return wire;
}

static bool is_socket_of(const struct policy_listener *listener, const struct question *question)
{
    return listener->transport == question->transport &&
           listener->address.family == question->from.family;
}

/* The socket the sender would use: that of the zone he is a peer in, else one that is open to
 * anybody. */
static void socket_find(const struct policy *policy, struct question *question)
{
    const struct policy_listener *open = NULL;

    for (uint32_t i = 0; i < policy->listener_count; i++) {
        const struct policy_listener *listener = &policy->listeners[i];

        if (!is_socket_of(listener, question)) {
            continue;
        }
        if (policy_peer_find(policy, listener->zone, &question->from, question->transport,
                             question->certified) != POLICY_NONE) {
            question->to = listener->address;
            return;
        }
        if (open == NULL && policy->zones[listener->zone].accepts_unknown) {
            open = listener;
        }
    }
    if (open != NULL) {
        question->to = open->address;
    }
}

/* "198.51.100.1" is the socket on that address, whatever its port. */
static void port_find(const struct policy *policy, struct question *question)
{
    for (uint32_t i = 0; i < policy->listener_count && question->to.port == 0; i++) {
        const struct policy_listener *listener = &policy->listeners[i];

        if (listener->transport == question->transport &&
            address_same_host(&listener->address, &question->to)) {
            question->to.port = listener->address.port;
        }
    }
}

static uint64_t now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int tell(const struct inspection *inspection, bool is_json)
{
    char *room = malloc(TOLD_MAX);
    struct text text;

    must(room != NULL);
    text_init(&text, room, TOLD_MAX);
    if (is_json) {
        event_write_whole(&text, inspection, inspection->packet->when_us);
    } else {
        explain_write(&text, inspection);
    }
    bool is_out = fwrite(room, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    free(room);
    if (!is_out) {
        return EXIT_RUNTIME;
    }
    return inspection->finding_count > 0 ? EXIT_FINDINGS : EXIT_OK;
}

static int explain(const struct question *question, const struct policy *policy,
                   struct slice message)
{
    const struct hash_key key = {0, 0};
    struct inspection *inspection = calloc(1, sizeof(*inspection));
    void *memory = calloc(1, state_size(&capacity));
    struct plan *plan = plan_new(policy);
    struct lists *lists = lists_of_policy(policy);
    struct packet packet = {
        .bytes = message,
        .when_us = now_us(),
        .flow = {.remote = question->from,
                 .listener = LISTENER_NONE,
                 .transport = (uint8_t)question->transport},
        .local = question->to,
        .certified_name = question->certified,
    };

    must(inspection != NULL && memory != NULL && plan != NULL);
    if (lists == NULL || !plan_use(plan, lists)) {
        say("what lies beside the policy is not judged");
    }
    struct state *state = state_init(memory, state_size(&capacity), &capacity, &key, 0);
    inspect(inspection, plan, state, &packet, NULL);
    int status = tell(inspection, question->is_json);
    plan_free(plan);
    lists_free(lists);
    free(memory);
    free(inspection);
    return status;
}

int explain_main(int argc, char **argv)
{
    struct question question;
    struct policy_file file;

    if (!question_read(&question, argc, argv)) {
        return EXIT_USAGE;
    }
    if (!policy_file_read(&file, question.policy)) {
        return EXIT_RUNTIME;
    }
    if (question.to.family == ADDRESS_NONE) {
        socket_find(file.policy, &question);
    }
    port_find(file.policy, &question);
    struct slice message = message_of(&question);
    int status = message.at == NULL ? EXIT_RUNTIME : explain(&question, file.policy, message);
    free((char *)(uintptr_t)message.at);
    policy_file_free(&file);
    return status;
}
