/*
 * How many requests and responses a capture holds: for the comparison with other programs, and for
 * the speed of the walk.
 *
 *     capture_tally [-v] FILE...     -v: the counters that are not 0, too
 */
#include "io/capture/capture.h"

#include <inttypes.h>
#include <stdio.h>

struct tally {
    uint64_t requests[TRANSPORT_COUNT], responses[TRANSPORT_COUNT];
};

static void counts_print(const struct capture_counts *counts)
{
    for (enum capture_count count = 0; count < CAPTURE_COUNT_COUNT; count++) {
        if (counts->of[count] > 0) {
            printf("%12" PRIu64 "  %s\n", counts->of[count], capture_count_text(count));
        }
    }
}

static bool tally_file(const char *path, bool is_verbose)
{
    struct fault fault = {.text = ""};
    struct capture *capture = capture_open(path, &fault);
    struct tally tally = {0};
    struct packet packet;

    if (capture == NULL) {
        printf("%s fault %s\n", path, fault.text);
        return false;
    }
    while (capture_next(capture, &packet, &fault)) {
        bool is_response = slice_starts_nocase(packet.bytes, SLICE("SIP/"));

        (is_response ? tally.responses : tally.requests)[packet.flow.transport]++;
    }
    printf("%s udp %" PRIu64 " %" PRIu64 " tcp %" PRIu64 " %" PRIu64 "%s%s\n", path,
           tally.requests[TRANSPORT_UDP], tally.responses[TRANSPORT_UDP],
           tally.requests[TRANSPORT_TCP], tally.responses[TRANSPORT_TCP],
           fault.text[0] == '\0' ? "" : " fault ", fault.text);
    if (is_verbose) {
        counts_print(capture_counts(capture));
    }
    capture_close(capture);
    return fault.text[0] == '\0';
}

int main(int argc, char **argv)
{
    bool is_verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
    bool is_well = true;

    for (int i = is_verbose ? 2 : 1; i < argc; i++) {
        is_well = tally_file(argv[i], is_verbose) && is_well;
    }
    return is_well ? 0 : 1;
}
