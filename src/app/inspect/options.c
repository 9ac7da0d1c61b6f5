/*
 * `sipwarden inspect`: what was asked for.
 */
#include "app/inspect/run.h"
#include "app/verbs.h"

#include <getopt.h>
#include <stdio.h>

enum { SECONDS_MAX = 366 * 24 * 60 * 60 }; /* of a live source */

static int usage(FILE *out, int status)
{
    fputs(
        "usage: sipwarden inspect [options] FILE...\n"
        "       sipwarden inspect [options] --hep udp:ADDRESS:PORT | tcp:ADDRESS:PORT\n"
        "       sipwarden inspect [options] --interface NAME [--filter EXPRESSION]\n"
        "\n"
        "Judges every SIP message of captures (pcap, pcapng; - is standard input) as a store with\n"
        "that policy would have, and tells what was found.  Nothing is sent or changed.  Live\n"
        "messages come from agents that send HEP 3, or from a network interface; SIGINT ends them\n"
        "and the report is written.\n"
        "\n"
        "  --policy FILE    whose zones, peers and limits apply; without it messages are judged\n"
        "                   for what they are, whoever sent them\n"
        "  --json           one object a line: each finding, then a summary\n"
        "  --quiet          the summary alone\n"
        "  --evidence FILE  the messages with findings, as a capture whose comments name them\n"
        "  --keylog FILE    secrets of TLS connections, as programs log them (SSLKEYLOGFILE): what was\n"
        "                   said in them is judged, too; pcapng files may carry their own\n"
        "  --store FILE     findings, messages of calls and calls, as the journal of a store has\n"
        "                   them; events, calls and call read it with --store FILE\n"
        "  --html FILE      the report as a page of its own: findings with the offending octets\n"
        "                   marked, calls as ladders; nothing is fetched from anywhere\n"
        "  --hep WHERE      receive what agents capture; whoever reaches this socket is believed\n"
        "  --interface NAME capture here, wherever SIP is found; wants CAP_NET_RAW or root\n"
        "  --filter EXPR    only what the expression of libpcap allows (port 5060)\n"
        "  --seconds N      live: end after so long\n"
        "  --count N        live: end after so many messages\n"
        "\n"
        "Exit: 0 nothing found, 1 findings, 2 usage, 3 not all of it could be read or written.\n",
        out);
    return status;
}

bool inspect_is_live(const struct inspect_options *options)
{
    return options->hep != NULL || options->interface != NULL;
}

static bool number_read(const char *word, uint64_t max, uint64_t *number)
{
    return slice_number(slice_string(word), max, number) && *number > 0;
}

/* Files or one live source, and nothing of a live source without it. */
static bool fits_together(const struct inspect_options *options, int files)
{
    if (!inspect_is_live(options)) {
        return files > 0 && files <= REPORT_FILES_MAX && options->filter == NULL &&
               options->seconds == 0 && options->count == 0;
    }
    return files == 0 && (options->hep == NULL || options->interface == NULL) &&
           (options->filter == NULL || options->interface != NULL);
}

/* False at a word that is none of ours, and at a number that is none. */
static bool option_take(struct inspect_options *chosen, int option)
{
    switch (option) {
    case 'p':
        chosen->policy = optarg;
        return true;
    case 'j':
        chosen->is_json = true;
        return true;
    case 'q':
        chosen->is_quiet = true;
        return true;
    case 'e':
        chosen->evidence = optarg;
        return true;
    case 'k':
        chosen->keylog = optarg;
        return true;
    case 'S':
        chosen->store = optarg;
        return true;
    case 'T':
        chosen->html = optarg;
        return true;
    case 'H':
        chosen->hep = optarg;
        return true;
    case 'i':
        chosen->interface = optarg;
        return true;
    case 'f':
        chosen->filter = optarg;
        return true;
    case 's':
        return number_read(optarg, SECONDS_MAX, &chosen->seconds);
    case 'c':
        return number_read(optarg, UINT64_MAX, &chosen->count);
    default:
        return false;
    }
}

int inspect_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"policy", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {"quiet", no_argument, NULL, 'q'},
        {"evidence", required_argument, NULL, 'e'},
        {"keylog", required_argument, NULL, 'k'},
        {"store", required_argument, NULL, 'S'},
        {"html", required_argument, NULL, 'T'},
        {"hep", required_argument, NULL, 'H'},
        {"interface", required_argument, NULL, 'i'},
        {"filter", required_argument, NULL, 'f'},
        {"seconds", required_argument, NULL, 's'},
        {"count", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct inspect_options chosen = {0};
    int option = 0;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            return usage(stdout, EXIT_OK);
        }
        if (!option_take(&chosen, option)) {
            return usage(stderr, EXIT_USAGE);
        }
    }
    if (!fits_together(&chosen, argc - optind)) {
        return usage(stderr, EXIT_USAGE);
    }
    return inspect_sources(&chosen, argv + optind, (uint32_t)(argc - optind));
}
