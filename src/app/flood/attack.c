/*
 * The attacker: messages of each kind at its rate, from many addresses, in batches.
 */
#include "app/flood/flood.h"
#include "io/socket.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 64,
    PAUSE_NS = 200000,   /* between two looks at the clock: what is due then goes out at once */
    DUE_MOST_US = 20000, /* a sender that fell behind does not catch up with more than that */
};

/* One address for each packet: any of 127.0.0.0/8 is ours on loopback. */
struct source {
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

struct attack_batch {
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH];
    struct source sources[BATCH];
    char octets[BATCH][FLOOD_MESSAGE];
    unsigned count;
};

struct attacker {
    const struct flood_wish *wish;
    struct flood_sent *sent;
    struct socket_address to;
    char host[ADDRESS_TEXT_MAX + 1]; /* of the store, as written in a URI */
    int fd;
    uint64_t seed;
    uint32_t source; /* the next one */
    struct attack_batch batch;
};

// clang-format off
static const struct {
    const char *written, *what;
} attacks[] = {
#define ATTACK(kind, written, what) {written, what},
#include "app/flood/attacks.def"
#undef ATTACK
};
// clang-format on

const char *flood_attack_name(enum flood_attack attack)
{
    return attacks[attack].written;
}

const char *flood_attack_what(enum flood_attack attack)
{
    return attacks[attack].what;
}

uint64_t flood_now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void source_next(struct attacker *attacker, char written[ADDRESS_TEXT_MAX + 1],
                        struct in_pktinfo *info)
{
    struct address address = attacker->wish->first_source;
    uint32_t host = (uint32_t)address.bytes[0] << 24 | (uint32_t)address.bytes[1] << 16 |
                    (uint32_t)address.bytes[2] << 8 | address.bytes[3];
    struct text text;

    host += attacker->source;
    attacker->source = (attacker->source + 1) % attacker->wish->sources;
    for (unsigned i = 0; i < 4; i++) {
        address.bytes[i] = (uint8_t)(host >> (24 - 8 * i));
    }
    text_init(&text, written, ADDRESS_TEXT_MAX);
    address_write_host(&text, &address, true);
    written[text.len] = '\0';
    *info = (struct in_pktinfo){.ipi_spec_dst.s_addr = htonl(host)};
}

static int put_malformed(char *octets, uint64_t number)
{
    static const char *const kinds[] = {
        "INVITE sip:%llx SIP/2.0\r\nVia: SIP/2.0/UDP x\r\nCSeq: x\r\nContent-Length: -1\r\n\r\n",
        "GET /%llx HTTP/1.1\r\nHost: x\r\n\r\n",
        "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%llx\r\nFrom: <sip:",
        "\x01\x02\x03%llx\xff\xfe",
    };
    const char *kind = kinds[number % (sizeof(kinds) / sizeof(kinds[0]))];

    // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): one of the above
    return snprintf(octets, FLOOD_MESSAGE, kind, (unsigned long long)number);
}

static int put_request(char *octets, const char *method, const char *uri, const char *from,
                       uint64_t number, const char *host, const char *more)
{
    unsigned long long letters = number;

    return snprintf(octets, FLOOD_MESSAGE,
                    "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%llx;rport\r\n"
                    "Max-Forwards: 70\r\nFrom: <sip:%s>;tag=%llx\r\nTo: <%s>\r\n"
                    "Call-ID: %llx@%s\r\nCSeq: 1 %s\r\nContact: <sip:x@%s:5060>\r\n%s"
                    "Content-Length: 0\r\n\r\n",
                    method, uri, host, letters, from, letters, uri, letters, host, method, host,
                    more);
}

static int put_response(char *octets, uint64_t number, const char *store, const char *host)
{
    unsigned long long letters = number;

    return snprintf(octets, FLOOD_MESSAGE,
                    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%llx\r\n"
                    "Via: SIP/2.0/UDP nowhere.example;branch=z9hG4bK%llx\r\n"
                    "From: <sip:a@%s>;tag=%llx\r\nTo: <sip:b@%s>;tag=x\r\nCall-ID: %llx\r\n"
                    "CSeq: 1 INVITE\r\nContact: <sip:x@%s>\r\nContent-Length: 0\r\n\r\n",
                    store, letters, letters, host, letters, store, letters, host);
}

static int put_attack(struct attacker *attacker, enum flood_attack attack, char *octets,
                      const char *host)
{
    uint64_t number = flood_number(&attacker->seed);
    const char *store = attacker->host;
    char uri[FLOOD_URI], from[FLOOD_URI];

    snprintf(uri, sizeof(uri), "sip:%s", store);
    snprintf(from, sizeof(from), "%u@%s", (unsigned)(number % 10000000), store);
    switch (attack) {
    case ATTACK_MALFORMED:
        return put_malformed(octets, number);
    case ATTACK_OPTIONS:
        return put_request(octets, "OPTIONS", uri, from, number, host, "");
    case ATTACK_REGISTER:
        return put_request(octets, "REGISTER", uri, from, number, host, "Expires: 3600\r\n");
    case ATTACK_INVITE:
        snprintf(uri, sizeof(uri), "sip:+1555%07u@%s", (unsigned)(number >> 32) % 10000000, store);
        return put_request(octets, "INVITE", uri, from, number, host, "");
    case ATTACK_PASSWORD:
        snprintf(from, sizeof(from), "victim@%s", store);
        return put_request(octets, "REGISTER", uri, from, number, host,
                           "Authorization: Digest username=\"victim\", realm=\"example.net\", "
                           "nonce=\"0\", uri=\"sip:example.net\", "
                           "response=\"00000000000000000000000000000000\"\r\n");
    case ATTACK_RESPONSE:
    case ATTACK_COUNT:
        break;
    }
    return put_response(octets, number, store, host);
}

static void batch_flush(struct attacker *attacker)
{
    struct attack_batch *batch = &attacker->batch;
    unsigned done = 0;

    while (done < batch->count) {
        int sent = sendmmsg(attacker->fd, batch->messages + done, batch->count - done, 0);

        if (sent <= 0) {
            attacker->sent->unsent += batch->count - done;
            break;
        }
        done += (unsigned)sent;
    }
    batch->count = 0;
}

static void batch_add(struct attacker *attacker, enum flood_attack attack)
{
    struct attack_batch *batch = &attacker->batch;
    struct msghdr *header = &batch->messages[batch->count].msg_hdr;
    struct iovec *piece = &batch->pieces[batch->count];
    struct source *source = &batch->sources[batch->count];
    char host[ADDRESS_TEXT_MAX + 1];
    struct in_pktinfo info;

    source_next(attacker, host, &info);
    int len = put_attack(attacker, attack, batch->octets[batch->count], host);
    *piece = (struct iovec){batch->octets[batch->count],
                            (size_t)(len < FLOOD_MESSAGE ? len : FLOOD_MESSAGE - 1)};
    *header = (struct msghdr){.msg_name = &attacker->to.storage,
                              .msg_namelen = attacker->to.len,
                              .msg_iov = piece,
                              .msg_iovlen = 1};
    if (attacker->wish->at.family == ADDRESS_V4 && address_is_loopback(&attacker->wish->at)) {
        header->msg_control = source->room;
        header->msg_controllen = sizeof(source->room);
        struct cmsghdr *control = CMSG_FIRSTHDR(header);
        control->cmsg_level = IPPROTO_IP;
        control->cmsg_type = IP_PKTINFO;
        control->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(control), &info, sizeof(info));
    }
    attacker->sent->sent[attack]++;
    if (++batch->count == BATCH) {
        batch_flush(attacker);
    }
}

/* What is due of each kind since the last look. */
static void attack_for(struct attacker *attacker, uint64_t passed_us, uint64_t owed[ATTACK_COUNT])
{
    for (unsigned kind = 0; kind < ATTACK_COUNT; kind++) {
        owed[kind] += passed_us * attacker->wish->rates[kind];
        for (; owed[kind] >= 1000000; owed[kind] -= 1000000) {
            batch_add(attacker, (enum flood_attack)kind);
        }
    }
    batch_flush(attacker);
}

void *flood_attack(void *argument)
{
    const struct flood_attacker *wanted = argument;
    struct attacker *attacker = calloc(1, sizeof(*attacker));
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    uint64_t owed[ATTACK_COUNT] = {0};
    uint64_t looked_us = flood_now_us();
    struct text text;

    if (attacker == NULL) {
        return NULL;
    }
    attacker->wish = wanted->wish;
    attacker->sent = wanted->sent;
    attacker->seed = wanted->wish->seed ^ 0xF100D;
    attacker->fd = socket(wanted->wish->at.family == ADDRESS_V4 ? AF_INET : AF_INET6,
                          SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socket_address_write(&attacker->to, &wanted->wish->at);
    text_init(&text, attacker->host, sizeof(attacker->host) - 1);
    address_write_host(&text, &wanted->wish->to, true);
    while (attacker->fd >= 0 && !wanted->sent->is_over) {
        uint64_t now_us = flood_now_us();
        uint64_t passed_us = now_us - looked_us;

        looked_us = now_us;
        attack_for(attacker, passed_us < DUE_MOST_US ? passed_us : DUE_MOST_US, owed);
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    if (attacker->fd >= 0) {
        (void)close(attacker->fd);
    }
    free(attacker);
    return NULL;
}
