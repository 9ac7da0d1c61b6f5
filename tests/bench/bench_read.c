/*
 * What reading a message costs: nanoseconds per message, the median of some rounds over all kinds
 * of messages in turn.
 *
 *     bench_read [FOLDER [KIND COUNT [sdp]]]
 *
 * FOLDER (tests/bench/messages) holds KIND.sip.  With KIND and COUNT it reads that one COUNT times,
 * its SDP too if asked, and prints nothing: for instructions.sh, which counts instructions.
 */
#include "base/must.h"
#include "wire/sdp/sdp.h"
#include "wire/sip/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BYTES_MAX = 65536, READS = 20000, ROUNDS = 9 };

static const char *const kinds[] = {"invite", "register", "ok", "options", "message"};
enum { KINDS = ARRAY_COUNT(kinds) };

static struct sip_message message;
static struct sdp sdp;

static struct slice file_read(const char *folder, const char *kind, char room[BYTES_MAX])
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s.sip", folder, kind);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size_t len = fread(room, 1, BYTES_MAX, file);
    fclose(file);
    return slice_of(room, len);
}

static void reads(struct slice bytes, unsigned long count, bool with_sdp)
{
    for (; count > 0; count--) {
        must(sip_read(&message, bytes, false) == SIP_READ);
        must((message.oddities.bits[0] | message.oddities.bits[1]) == 0);
        if (with_sdp) {
            sdp_read(&sdp, message.body);
        }
    }
}

static double read_ns(struct slice bytes)
{
    struct timespec begin, end;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    reads(bytes, READS, false);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) /
           READS;
}

static int less(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argument_count, char **arguments)
{
    static char rooms[KINDS][BYTES_MAX];
    double rounds[KINDS][ROUNDS];
    struct slice bytes[KINDS];

    if (argument_count == 4 || argument_count == 5) {
        reads(file_read(arguments[1], arguments[2], rooms[0]), strtoul(arguments[3], NULL, 10),
              argument_count == 5);
        return 0;
    }
    const char *folder = argument_count == 2 ? arguments[1] : "tests/bench/messages";

    for (unsigned i = 0; i < KINDS; i++) {
        bytes[i] = file_read(folder, kinds[i], rooms[i]);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < KINDS; i++) {
            rounds[i][round] = read_ns(bytes[i]);
        }
    }
    for (unsigned i = 0; i < KINDS; i++) {
        qsort(rounds[i], ROUNDS, sizeof(double), less);
        printf("%-10s %5zu octets %7.0f ns %6.2f GB/s\n", kinds[i], bytes[i].len,
               rounds[i][ROUNDS / 2], (double)bytes[i].len / rounds[i][ROUNDS / 2]);
    }
    return 0;
}
