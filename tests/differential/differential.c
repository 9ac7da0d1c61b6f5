/*
 * Our reader and writer beside other people's readers.
 *
 *     differential [--count N] [--seed N] [--kamailio PORT] [--show N] KNOWN.TSV POLICY
 * FILE|FOLDER...
 *
 * Each message of the files, and then N mutants of those that pass, is judged by the guard under
 * the policy.
 * What passes is written as we would write it, line by line and by a store that takes it, and given
 * to every peer.  A peer may refuse it; who
 * reads something else in it than we do has found a message that two readers understand
 * differently, and that fails unless KNOWN.TSV says why it is the peer's own.
 */
#include "guard/lab.h"
#include "mutate.h"
#include "peer_kamailio.h"
#include "store.h"
#include "wire/sip/stream.h"
#include "wire/sip/write.h"

#include <dirent.h>
#include <getopt.h>
#include <sys/stat.h>

/* The lab has room for what four messages seed. */
enum { SEEDS_MAX = 8192, SEED_LEN_MAX = 20000, KNOWN_MAX = 64, RESET_EVERY = 4 };

#define PEER(name) extern const struct peer peer_##name;
PEER_LIST
#undef PEER

#define PEER(name) &peer_##name,
static const struct peer *const peers[] = {PEER_LIST NULL};
#undef PEER

enum { PEERS = ARRAY_COUNT(peers) - 1, KAMAILIO = PEERS };

/* A disagreement that is the peer's own. */
struct known {
    struct slice peer, part;
    struct slice has; /* what our reading or theirs contains or, longer than three, the message */
    unsigned long count;
};

static struct known known[KNOWN_MAX];
static unsigned known_count;
static struct slice seeds[SEEDS_MAX];
static unsigned seed_count;
static struct lab lab;
static unsigned long judged, passed, sent_on, disagreed, shown_max = 20;
static unsigned long taken[PEERS + 1], refused[PEERS + 1];
static bool has_kamailio;

static void seeds_load(const char *path)
{
    struct stat what;
    struct dirent *entry;
    DIR *folder;

    if (stat(path, &what) != 0) {
        fprintf(stderr, "%s: not here\n", path);
        return;
    }
    if (!S_ISDIR(what.st_mode)) {
        if (what.st_size > 0 && what.st_size <= SEED_LEN_MAX && seed_count < SEEDS_MAX) {
            seeds[seed_count++] = lab_file(path);
        }
        return;
    }
    folder = opendir(path);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char inside[4096];

        if (entry->d_name[0] != '.') {
            snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name);
            seeds_load(inside);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

/* peer, part, has, reason; the first row names the columns. */
static void known_load(const char *path)
{
    struct slice rest = lab_file(path), row;

    slice_cut(&rest, '\n', &row);
    while (slice_cut(&rest, '\n', &row) && known_count < KNOWN_MAX) {
        struct known *one = &known[known_count++];

        slice_cut(&row, '\t', &one->peer);
        slice_cut(&row, '\t', &one->part);
        slice_cut(&row, '\t', &one->has);
        if (row.len < 10) {
            fprintf(stderr, "%s: a row without its reason\n", path);
            exit(2);
        }
    }
}

static bool is_known(const char *peer, unsigned part, struct slice ours, struct slice theirs,
                     struct slice bytes)
{
    for (unsigned i = 0; i < known_count; i++) {
        struct known *one = &known[i];

        if (slice_equal(one->peer, slice_string(peer)) &&
            slice_equal(one->part, slice_string(reading_names[part])) &&
            (slice_has(ours, one->has) || slice_has(theirs, one->has) ||
             (one->has.len > 3 && slice_has(bytes, one->has)))) {
            one->count++;
            return true;
        }
    }
    return false;
}

static void compare(const char *peer, struct slice bytes, const struct reading *ours,
                    const struct reading *theirs)
{
    for (unsigned part = 0; part < READING_PARTS; part++) {
        struct slice a = slice_string(ours->parts[part]), b = slice_string(theirs->parts[part]);

        if (slice_equal(a, b) || a.at[0] == '?' || b.at[0] == '?' ||
            is_known(peer, part, a, b, bytes)) {
            continue;
        }
        disagreed++;
        if (disagreed <= shown_max) {
            printf("---- %s reads another %s: \"%s\", we \"%s\"\n%.*s\n", peer, reading_names[part],
                   b.at, a.at, (int)bytes.len, bytes.at);
        }
    }
}

static void kamailio_told(struct slice bytes, const struct reading *theirs)
{
    struct reading ours;

    taken[KAMAILIO]++;
    if (reading_ours(bytes, true, &ours)) {
        compare("kamailio", bytes, &ours, theirs);
    }
}

/* What the guard leaves of a message, as we write it. */
static void message_write(struct text *text, const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (message->is_request) {
        sip_write_request_line(text, sip_slice(message, message->method_text),
                               sip_slice(message, message->uri.whole));
    } else {
        sip_write_status_line(text, message->status);
    }
    for (unsigned i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];

        if (header->id != SIP_HEADER_CONTENT_LENGTH &&
            !inspection_is_stripped(inspection, header)) {
            sip_write_line(text, message, header);
        }
    }
    sip_write_body(text, inspection->strips_body ? SLICE_NONE : message->body);
}

/* Two of them in a stream are two, wherever a reader goes by what he read. */
static bool is_framed(struct slice bytes)
{
    static const struct sip_stream_limits limits = {SIP_HEAD_MAX, SIP_MESSAGE_MAX};
    static char room[4 * MUTANT_MAX];
    struct sip_stream stream = {0};
    struct slice rest = slice_of(room, 2 * bytes.len);
    size_t len = 0;
    unsigned count = 0;

    memcpy(room, bytes.at, bytes.len);
    memcpy(room + bytes.len, bytes.at, bytes.len);
    while (rest.len > 0 && sip_stream_frame(&stream, rest, &limits, &len) == SIP_FRAME_MESSAGE &&
           len == bytes.len) {
        rest = slice_skip(rest, len);
        count++;
    }
    return count == 2 && rest.len == 0;
}

static void peers_ask(struct slice bytes)
{
    struct reading ours, theirs;

    if (bytes.len > 2 * MUTANT_MAX || !reading_ours(bytes, false, &ours) || !is_framed(bytes)) {
        printf("---- we cannot read what we wrote\n%.*s\n", (int)bytes.len, bytes.at);
        disagreed++;
        return;
    }
    for (unsigned i = 0; i < PEERS; i++) {
        theirs = (struct reading){0};
        if (peers[i]->take(bytes, &theirs)) {
            taken[i]++;
            compare(peers[i]->name, bytes, &ours, &theirs);
        } else {
            refused[i]++;
        }
    }
    if (has_kamailio && !slice_starts(bytes, SLICE("SIP/2.0 ")) &&
        !slice_starts(bytes, SLICE("ACK "))) {
        kamailio_send(bytes);
    }
}

static void store_sent(struct slice bytes)
{
    sent_on++;
    peers_ask(bytes);
}

static void message_try(struct slice bytes)
{
    static char room[2 * MUTANT_MAX];
    struct lab_source source;
    struct text text;

    lab_source(&lab, SLICE("visited"), TRANSPORT_UDP, &source);
    if (judged % RESET_EVERY == 0) {
        lab_reset(&lab);
    }
    lab_seed_response(&lab, &source, bytes);
    lab_seed_invite(&lab, &source, bytes);
    lab_seed_dialog(&lab, &source, bytes);
    lab_judge(&lab, &source, bytes, 0);
    judged++;
    if (lab.inspection->verdict.action != ACTION_PASS || lab.inspection->reading != SIP_READ) {
        return;
    }
    passed++;
    text_init(&text, room, sizeof(room));
    message_write(&text, lab.inspection);
    peers_ask(text_slice(&text));
    if (lab.inspection->message.is_request) {
        store_take(bytes);
    }
}

static int summary(void)
{
    printf("%lu messages judged, %lu passed and were written; the store itself sent %lu\n", judged,
           passed, sent_on);
    for (unsigned i = 0; i < PEERS; i++) {
        printf("%-10s read %lu, refused %lu\n", peers[i]->name, taken[i], refused[i]);
    }
    if (has_kamailio) {
        printf("kamailio   was sent %lu requests, read %lu\n", kamailio_figures.sent,
               kamailio_figures.answered);
    }
    for (unsigned i = 0; i < known_count; i++) {
        printf("known: %.*s, %.*s with '%.*s': %lu times\n", (int)known[i].peer.len,
               known[i].peer.at, (int)known[i].part.len, known[i].part.at, (int)known[i].has.len,
               known[i].has.at, known[i].count);
    }
    printf("%lu disagreements, %lu complaints of the store\n", disagreed, store_complaints());
    return disagreed + store_complaints() == 0 && passed > 0 ? 0 : 1;
}

int main(int argument_count, char **arguments)
{
    static const struct option options[] = {{"count", required_argument, NULL, 'n'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"kamailio", required_argument, NULL, 'k'},
                                            {"show", required_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    static char room[MUTANT_MAX];
    struct mutator mutator = {.chance = 1, .seeds = seeds};
    unsigned long count = 3000;
    int option;

    while ((option = getopt_long(argument_count, arguments, "", options, NULL)) != -1) {
        unsigned long number = optarg == NULL ? 0 : strtoul(optarg, NULL, 10);

        count = option == 'n' ? number : count;
        shown_max = option == 'v' ? number : shown_max;
        mutator.chance = option == 's' ? number * UINT64_C(0x9E3779B97F4A7C15) | 1 : mutator.chance;
        if (option == 'k') {
            has_kamailio = kamailio_open((unsigned)number, kamailio_told);
        }
    }
    if (argument_count - optind < 3) {
        fprintf(stderr, "usage: differential [--count N] [--seed N] [--kamailio PORT] [--show N] "
                        "KNOWN.TSV POLICY FILE|FOLDER...\n");
        return 2;
    }
    if (PEERS == 0 && !has_kamailio) {
        printf("SKIPPED: no other reader is here (libsofia-sip-ua-dev, libosip2-dev, libre-dev)\n");
        return 77;
    }
    known_load(arguments[optind]);
    lab_open(&lab, arguments[optind + 1]);
    if (!store_open(arguments[optind + 1], store_sent)) {
        return 2;
    }
    for (int i = optind + 2; i < argument_count; i++) {
        seeds_load(arguments[i]);
    }
    for (unsigned i = 0; i < PEERS; i++) {
        if (!peers[i]->begin()) {
            fprintf(stderr, "%s does not begin\n", peers[i]->name);
            return 2;
        }
    }
    for (unsigned i = 0; i < seed_count; i++) {
        unsigned long before = passed;

        message_try(seeds[i]);
        if (passed > before) {
            seeds[mutator.seed_count++] = seeds[i];
        }
    }
    for (; count > 0 && mutator.seed_count > 0; count--) {
        message_try(mutate(&mutator, room));
    }
    if (has_kamailio) {
        kamailio_close();
    }
    return summary();
}
