/*
 * How many requests and responses a capture holds: for the comparison with other programs, and for
 * the speed of the walk.
 *
 *     capture_tally [-v] FILE...     -v: the counters that are not 0, too
 *     capture_tally -w OUT FILE...   and writes the messages to OUT, each with a comment
 */
#include "base/text.h"
#include "io/capture/capture.h"
#include "io/capture/write.h"

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

static void message_write(struct capture_writer *writer, const struct packet *packet)
{
    char memory[64];
    struct text comment;

    text_init(&comment, memory, sizeof(memory));
    text_put_format(&comment, "frame %" PRIu32, packet->number);
    (void)capture_write_packet(writer, packet, text_slice(&comment));
}

static bool tally_file(const char *path, bool is_verbose, struct capture_writer *writer)
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
        if (writer != NULL) {
            message_write(writer, &packet);
        }
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
    bool is_written = argc > 2 && strcmp(argv[1], "-w") == 0;
    FILE *out = is_written ? fopen(argv[2], "wb") : NULL;
    struct capture_writer writer;
    bool is_well = !is_written || out != NULL;

    if (out != NULL) {
        is_well =
            capture_write_start(&writer, capture_put_file, out, SLICE("capture_tally"), SLICE_NONE);
    }
    for (int i = is_written ? 3 : is_verbose ? 2 : 1; i < argc; i++) {
        is_well = tally_file(argv[i], is_verbose, out == NULL ? NULL : &writer) && is_well;
    }
    if (out != NULL) {
        is_well = fclose(out) == 0 && !writer.has_failed && is_well;
    }
    return is_well ? 0 : 1;
}
