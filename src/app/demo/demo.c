/*
 * `sipwarden demo`: a store on loopback, good calls through it, attacks against it, and what
 * stopped them.
 */
#include "app/demo/demo.h"

#include "app/demo/demo_policy.h"
#include "app/demo/stage.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static int usage(FILE *out, int status)
{
    fputs(
        "usage: sipwarden demo [--keep]\n"
        "\n"
        "Starts a store on 127.0.0.1:5060 with a shipped policy, a built-in core and a carrier,\n"
        "places good calls through it and attacks it, and shows what passed and what stopped the\n"
        "rest.  Everything stays on loopback.\n"
        "\n"
        "  --keep     leave the store running afterwards for a softphone of yours, until Ctrl-C\n"
        "  --policy   print the policy it uses, and end\n"
        "\n"
        "Exit: 0 all as it should be, 1 something was not, 2 usage, 3 the store did not start.\n",
        out);
    return status;
}

static void keep_running(struct stage *stage)
{
    sigset_t set;
    int signal_taken = 0;

    printf("\nThe store is still running; Ctrl-C ends it.  A softphone registers or calls through\n"
           "127.0.0.1:5060 (UDP or TCP); the core at 127.0.0.20:5060 is yours to start, e.g.\n"
           "  sipp -sn uas -i 127.0.0.20 -p 5060 -rtp_echo\n"
           "  sipp -sn uac 127.0.0.1:5060 -s bob -i 127.0.0.3 -m 1\n"
           "Policy, journal and log: %s\n",
           stage->folder);
    fflush(stdout);
    /* The core's address is free for the user's own. */
    actor_close(&stage->core);
    stage->core.signalling = stage->core.audio = -1;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigwait(&set, &signal_taken);
}

static int demo_play(bool keeps)
{
    struct stage stage;
    struct fault fault = {{0}};

    if (!stage_open(&stage, &fault)) {
        fprintf(stderr, "sipwarden demo: %s\n", fault.text);
        stage.failed = 1; /* the log stays */
        stage_close(&stage);
        return 3;
    }
    printf("A store stands between phones (127.0.0.1), a core (127.0.0.10) and a carrier "
           "(127.0.0.11).\n");
    demo_calls(&stage);
    demo_attacks(&stage);
    printf("\n%u as they should be, %u not\n", stage.passed, stage.failed);
    if (keeps) {
        keep_running(&stage);
    }
    unsigned failed = stage.failed;
    if (failed > 0) {
        printf("policy, journal and log are kept in %s\n", stage.folder);
    }
    stage_close(&stage);
    return failed == 0 ? 0 : 1;
}

int demo_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"keep", no_argument, NULL, 'k'},
        {"policy", no_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    bool keeps = false;
    int option = 0;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'k':
            keeps = true;
            break;
        case 'p':
            fputs(demo_policy, stdout);
            return 0;
        case 'h':
            return usage(stdout, 0);
        default:
            return usage(stderr, 2);
        }
    }
    return optind == argc ? demo_play(keeps) : usage(stderr, 2);
}
