/*
 * Work for the cost test: one INVITE read with its SDP, or judged, a given number of times.
 *
 *     trip_work TESTS-FOLDER read|trip COUNT
 */
#include "guard/lab.h"

#include "wire/sdp/sdp.h"

enum { MESSAGE_MAX = 8192, VARIANTS = 512, CALLED_MS = 100 /* between two */ };

static struct slice message_read(const char *folder, char room[MESSAGE_MAX])
{
    char path[1024];
    struct text text;
    struct slice line;

    snprintf(path, sizeof(path), "%s/guard/volte_invite.sip", folder);
    struct slice file = lab_file(path);
    struct slice rest = file;
    text_init(&text, room, MESSAGE_MAX);
    while (slice_cut(&rest, '\n', &line)) {
        text_put(&text, line);
        text_put(&text, SLICE("\r\n"));
    }
    free((char *)(uintptr_t)file.at);
    return text_slice(&text);
}

/* Each call is another caller's and another number's, as on a border. */
static void turn_digits(struct slice bytes, uint64_t number)
{
    for (size_t i = 0; i + 12 < bytes.len; i++) {
        char *at = (char *)(uintptr_t)bytes.at + i;

        if (at[0] != '+' || at[1] < '0' || at[1] > '9') {
            continue;
        }
        size_t len = 1;
        while (at[len] >= '0' && at[len] <= '9') {
            len++;
        }
        for (size_t digit = 1; digit <= 4 && digit + 4 < len; digit++) {
            at[len - digit] = (char)('0' + number /
                                               (digit == 1   ? 1
                                                : digit == 2 ? 10
                                                : digit == 3 ? 100
                                                             : 1000) %
                                               10);
        }
        i += len;
    }
}

int main(int argument_count, char **arguments)
{
    static struct sip_message message;
    static struct sdp sdp;
    static char room[MESSAGE_MAX], variants[VARIANTS][MESSAGE_MAX];
    char policy[1024];
    struct lab lab;
    struct lab_source source;
    uint64_t count = 0;

    if (argument_count != 4 || !slice_number(slice_string(arguments[3]), UINT32_MAX, &count)) {
        fprintf(stderr, "usage: trip_work TESTS-FOLDER read|trip COUNT\n");
        return 2;
    }
    snprintf(policy, sizeof(policy), "%s/policies/corpus.yaml", arguments[1]);
    lab_open(&lab, policy);
    lab_source(&lab, SLICE("visited"), TRANSPORT_UDP, &source);
    struct slice whole = message_read(arguments[1], room);
    for (unsigned i = 0; i < VARIANTS; i++) {
        memcpy(variants[i], whole.at, whole.len);
        turn_digits(slice_of(variants[i], whole.len), i);
    }
    bool is_trip = strcmp(arguments[2], "trip") == 0;
    for (uint64_t i = 0; i < count; i++) {
        struct slice bytes = slice_of(variants[i % VARIANTS], whole.len);

        if (is_trip) {
            lab_judge(&lab, &source, bytes, i * CALLED_MS);
        } else {
            sip_read(&message, bytes, false);
            sdp_read(&sdp, message.body);
        }
    }
    bool is_good = !is_trip || (lab.inspection->verdict.action == ACTION_PASS &&
                                lab.inspection->finding_count == 0);
    lab_close(&lab);
    return is_good ? 0 : 1;
}
