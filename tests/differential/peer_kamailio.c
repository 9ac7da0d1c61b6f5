#include "peer_kamailio.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UNDER_WAY = 64, WAIT_MS = 200 };

struct sent {
    char bytes[KAMAILIO_MESSAGE_MAX];
    size_t len;
    unsigned long number;
    bool is_open;
};

struct kamailio_figures kamailio_figures;

static int place = -1;
static kamailio_heard *told;
static struct sent sent[UNDER_WAY];

bool kamailio_open(unsigned port, kamailio_heard *heard)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    told = heard;
    place = socket(AF_INET, SOCK_DGRAM, 0);
    return place >= 0 && connect(place, (const struct sockaddr *)&to, sizeof(to)) == 0;
}

static void set_short_uri(struct reading *reading, enum reading_part part, struct slice line)
{
    size_t at = slice_find_last(line, '@');
    struct slice user = slice_head(line, at), host = slice_skip(line, at + 1);

    if (host.len == 0 || slice_equal(host, SLICE("<null>"))) {
        reading_set(reading, part, SLICE("?")); /* not there, or refused */
        return;
    }
    if (slice_equal(user, SLICE("<null>"))) {
        user = SLICE_NONE;
    }
    reading_set_uri(reading, part, SLICE("sip"), user, host, SLICE_NONE);
}

/* The lines of kamailio.cfg. */
static void answer_take(struct slice answer)
{
    struct reading theirs = {0};
    struct slice line;
    uint64_t number;
    size_t head = 0;

    while (head + 4 <= answer.len && memcmp(answer.at + head, "\r\n\r\n", 4) != 0) {
        head++;
    }
    answer = slice_skip(answer, head + 4);
    slice_cut(&answer, '\n', &line);
    if (!slice_number(line, UINT64_MAX, &number) || sent[number % UNDER_WAY].number != number ||
        !sent[number % UNDER_WAY].is_open) {
        return;
    }
    for (unsigned part = READING_TARGET; part <= READING_ASSERTED; part++) {
        slice_cut(&answer, '\n', &line);
        set_short_uri(&theirs, part, line);
    }
    for (unsigned part = READING_CALL_ID; part < READING_PARTS; part++) {
        slice_cut(&answer, '\n', &line);
        reading_set(&theirs, part, slice_equal(line, SLICE("<null>")) ? SLICE("0") : line);
    }
    sent[number % UNDER_WAY].is_open = false;
    kamailio_figures.answered++;
    told(slice_of(sent[number % UNDER_WAY].bytes, sent[number % UNDER_WAY].len), &theirs);
}

static unsigned open_count(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < UNDER_WAY; i++) {
        count += sent[i].is_open;
    }
    return count;
}

/* Takes answers until no more than most are under way, or nothing has come for a while: then those
 * left were not taken. */
static void hear(unsigned most)
{
    static char answer[65536];
    struct pollfd readable = {.fd = place, .events = POLLIN};

    for (;;) {
        ssize_t len = recv(place, answer, sizeof(answer), MSG_DONTWAIT);

        if (len > 0) {
            answer_take(slice_of(answer, (size_t)len));
        } else if (open_count() <= most) {
            return;
        } else if (poll(&readable, 1, WAIT_MS) == 0) {
            for (unsigned i = 0; i < UNDER_WAY; i++) {
                sent[i].is_open = false;
            }
            return;
        }
    }
}

void kamailio_send(struct slice bytes)
{
    static char room[KAMAILIO_MESSAGE_MAX + 64];
    static unsigned long number;
    size_t line = slice_find(bytes, '\n') + 1;
    struct text text;

    if (bytes.len > KAMAILIO_MESSAGE_MAX) {
        return;
    }
    hear(UNDER_WAY / 2);
    number++;
    if (sent[number % UNDER_WAY].is_open) {
        hear(0);
    }
    text_init(&text, room, sizeof(room));
    text_put(&text, slice_head(bytes, line));
    text_put(&text, SLICE("X-Number: "));
    text_put_number(&text, number);
    text_put(&text, SLICE("\r\n"));
    text_put(&text, slice_skip(bytes, line));
    memcpy(sent[number % UNDER_WAY].bytes, bytes.at, bytes.len);
    sent[number % UNDER_WAY].len = bytes.len;
    sent[number % UNDER_WAY].number = number;
    sent[number % UNDER_WAY].is_open = true;
    kamailio_figures.sent++;
    (void)!send(place, room, text.len, 0);
}

void kamailio_close(void)
{
    hear(0);
    close(place);
}
