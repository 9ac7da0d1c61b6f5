/*
 * `sipwarden flood`.
 */
#include "app/flood/flood.h"

#include "app/say.h"
#include "app/verbs.h"

#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(FILE *out, int status)
{
    fputs("usage: sipwarden flood --to ADDRESS:PORT [options]\n"
          "\n"
          "Good calls through a store while it is attacked, and what became of them.  Only on\n"
          "loopback, or in a network namespace named sipwarden-...; it goes nowhere else.\n"
          "\n"
          "  --to ADDRESS:PORT      the store's socket that callers and attackers send to\n"
          "  --from ADDRESS:PORT    the caller's, one that a peer of the policy has\n"
          "  --answer ADDRESS:PORT  where the store sends the calls; without it there are none\n"
          "  --call URI             whom to call, each # a digit (default: sip:+1555#######@TO)\n"
          "  --calls N              good calls a second (default: 100)\n"
          "  --seconds N            how long (default: 5)\n"
          "  --at ADDRESS:PORT      the socket that is attacked, when it is another one than --to\n"
          "  --attack KIND=N        so many messages a second; may be given several times\n"
          "  --sources N            addresses the attack comes from (default: 50)\n"
          "  --first ADDRESS        the first of them, the others follow (default: 127.64.0.1;\n"
          "                         in a namespace the machine's own)\n"
          "  --seed N               the same seed sends the same (default: 1)\n"
          "  --json                 the sum for other programs, and nothing else\n"
          "\n"
          "Kinds of attack:\n",
          out);
    for (unsigned i = 0; i < ATTACK_COUNT; i++) {
        fprintf(out, "  %-11s %s\n", flood_attack_name((enum flood_attack)i),
                flood_attack_what((enum flood_attack)i));
    }
    fputs("\nExit: 0 every call was completed, 1 some were not, 2 usage, 3 it may not or cannot.\n",
          out);
    return status;
}

static bool number_option(const char *written, uint64_t max, uint64_t *number)
{
    if (slice_number(slice_string(written), max, number)) {
        return true;
    }
    say("\"%s\" is no number up to %llu", written, (unsigned long long)max);
    return false;
}

static bool small_option(const char *written, uint32_t max, uint32_t *number)
{
    uint64_t read = 0;

    if (!number_option(written, max, &read)) {
        return false;
    }
    *number = (uint32_t)read;
    return true;
}

static bool address_option(const char *written, struct address *address)
{
    if (address_read_port(address, slice_string(written))) {
        return true;
    }
    say("\"%s\" is no address; expected 127.0.0.1:5060", written);
    return false;
}

static bool attack_option(const char *written, struct flood_wish *wish)
{
    struct slice name = slice_string(written);
    size_t equals = slice_find(name, '=');

    for (unsigned i = 0; i < ATTACK_COUNT; i++) {
        if (slice_equal(slice_head(name, equals),
                        slice_string(flood_attack_name((enum flood_attack)i)))) {
            return equals < name.len &&
                   small_option(written + equals + 1, FLOOD_RATE_MAX, &wish->rates[i]);
        }
    }
    say("\"%s\" is no attack; see sipwarden flood --help", written);
    return false;
}

static bool option_read(struct flood_wish *wish, int option)
{
    switch (option) {
    case 't':
        return address_option(optarg, &wish->to);
    case 'A':
        return address_option(optarg, &wish->at);
    case 'f':
        return address_option(optarg, &wish->from);
    case 'a':
        return address_option(optarg, &wish->answer);
    case 'u':
        if (strlen(optarg) < sizeof(wish->uri)) {
            memcpy(wish->uri, optarg, strlen(optarg) + 1);
            return true;
        }
        return false;
    case 'c':
        return small_option(optarg, FLOOD_CALLS_MAX, &wish->calls);
    case 's':
        return small_option(optarg, FLOOD_SECONDS_MAX, &wish->seconds);
    case 'k':
        return attack_option(optarg, wish);
    case 'n':
        return small_option(optarg, FLOOD_SOURCES_MAX, &wish->sources) && wish->sources > 0;
    case 'F':
        return address_option(optarg, &wish->first_source);
    case 'S':
        return number_option(optarg, UINT64_MAX, &wish->seed);
    case 'j':
        wish->is_json = true;
        return true;
    default:
        return false;
    }
}

/* What nobody said. */
static bool wish_complete(struct flood_wish *wish)
{
    char host[ADDRESS_TEXT_MAX + 1];
    struct text text;

    if (wish->to.family == ADDRESS_NONE || wish->to.port == 0) {
        say("where to? --to ADDRESS:PORT");
        return false;
    }
    if (wish->answer.family != ADDRESS_NONE && wish->from.family == ADDRESS_NONE) {
        say("calls need a caller: --from ADDRESS:PORT");
        return false;
    }
    if (wish->first_source.family == ADDRESS_NONE) {
        (void)address_read(&wish->first_source, SLICE("127.64.0.1"));
    }
    if (wish->at.family == ADDRESS_NONE) {
        wish->at = wish->to;
    }
    text_init(&text, host, sizeof(host) - 1);
    address_write_host(&text, &wish->to, true);
    host[text.len] = '\0';
    if (wish->uri[0] == '\0') {
        snprintf(wish->uri, sizeof(wish->uri), "sip:+1555#######@%s", host);
    }
    return true;
}

static int flood_play(const struct flood_wish *wish)
{
    struct flood_calls calls = {.setup_max = wish->calls * wish->seconds + 1};
    struct flood_sent sent = {.is_over = false};
    struct flood_attacker attacker = {wish, &sent};
    struct fault fault = {{0}};
    pthread_t thread;

    if (!flood_may_send_to(&wish->to, &fault) || !flood_may_send_to(&wish->at, &fault) ||
        (wish->answer.family != ADDRESS_NONE && !flood_may_send_to(&wish->answer, &fault))) {
        say("%s", fault.text);
        return EXIT_RUNTIME;
    }
    calls.setup_us = calloc(calls.setup_max, sizeof(*calls.setup_us));
    if (calls.setup_us == NULL || pthread_create(&thread, NULL, flood_attack, &attacker) != 0) {
        free(calls.setup_us);
        say("no memory for the attack");
        return EXIT_RUNTIME;
    }
    uint64_t began_us = flood_now_us();
    bool is_good = flood_call(wish, &calls, &sent, &fault);
    (void)pthread_join(thread, NULL);
    if (!is_good) {
        say("%s", fault.text);
    } else {
        double seconds = (double)(flood_now_us() - began_us) / 1e6;

        flood_summed(wish, &calls, &sent, seconds < wish->seconds ? seconds : wish->seconds);
    }
    free(calls.setup_us);
    return !is_good ? EXIT_RUNTIME : calls.completed == calls.offered ? EXIT_OK : EXIT_FINDINGS;
}

int flood_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"to", required_argument, NULL, 't'},      {"at", required_argument, NULL, 'A'},
        {"from", required_argument, NULL, 'f'},    {"answer", required_argument, NULL, 'a'},
        {"call", required_argument, NULL, 'u'},    {"calls", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 's'}, {"attack", required_argument, NULL, 'k'},
        {"sources", required_argument, NULL, 'n'}, {"first", required_argument, NULL, 'F'},
        {"seed", required_argument, NULL, 'S'},    {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    struct flood_wish wish = {.calls = 100, .seconds = 5, .sources = 50, .seed = 1};
    int option = 0;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            return usage(stdout, EXIT_OK);
        }
        if (!option_read(&wish, option)) {
            return usage(stderr, EXIT_USAGE);
        }
    }
    if (optind != argc || !wish_complete(&wish)) {
        return usage(stderr, EXIT_USAGE);
    }
    return flood_play(&wish);
}
