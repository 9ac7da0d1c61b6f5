/*
 * A capture of calls for `tests/bench/run.sh inspect`: INVITE 100 180 200 ACK BYE 200, again and
 * again, between as many parties as a busy border has.
 *
 *     make_capture FILE MESSAGES
 */
#include "io/capture/write.h"

#include <stdio.h>
#include <stdlib.h>

enum { PARTIES = 4000, CALLS_AT_ONCE = 500, MESSAGE_MAX = 4096, MESSAGES_OF_CALL = 7 };

static const char sdp[] =
    "v=0\r\no=- 3941 3941 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
    "m=audio 20000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

static const struct step {
    const char *start;
    unsigned cseq;
    const char *method;
    bool is_back, has_sdp, has_tag;
} steps[MESSAGES_OF_CALL] = {
    {"INVITE sip:+4930%07u@b.example.net;user=phone SIP/2.0", 1, "INVITE", false, true, false},
    {"SIP/2.0 100 Trying", 1, "INVITE", true, false, false},
    {"SIP/2.0 180 Ringing", 1, "INVITE", true, false, true},
    {"SIP/2.0 200 OK", 1, "INVITE", true, true, true},
    {"ACK sip:callee@198.51.100.7:5060 SIP/2.0", 1, "ACK", false, false, true},
    {"BYE sip:callee@198.51.100.7:5060 SIP/2.0", 2, "BYE", false, false, true},
    {"SIP/2.0 200 OK", 2, "BYE", true, false, true},
};

static size_t message_make(char *room, const struct step *step, unsigned call)
{
    char start[128];
    const char *body = step->has_sdp ? sdp : "";
    const char *branch = step->cseq == 1 ? step->method[0] == 'A' ? "ack" : "inv" : "bye";

    snprintf(start, sizeof(start), step->start, call % 10000000);
    int len = snprintf(
        room, MESSAGE_MAX,
        "%s\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK%s%08x;rport\r\n"
        "Max-Forwards: 70\r\nFrom: \"Caller\" "
        "<sip:+4989%07u@a.example.net;user=phone>;tag=f%08x\r\n"
        "To: <sip:+4930%07u@b.example.net;user=phone>%s%s\r\nCall-ID: "
        "%08x-4711-c0de@a.example.net\r\n"
        "CSeq: %u %s\r\nContact: <sip:party@%s:5060;transport=udp>\r\n"
        "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK\r\nSupported: timer, 100rel\r\n"
        "User-Agent: bench 1.0\r\n%sContent-Length: %zu\r\n\r\n%s",
        start, branch, call, call % 10000000, call, call % 10000000, step->has_tag ? ";tag=t" : "",
        step->has_tag ? "0815" : "", call, step->cseq, step->method,
        step->is_back ? "198.51.100.7" : "192.0.2.10",
        step->has_sdp ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
    return (size_t)len;
}

static void packet_put(struct capture_writer *writer, unsigned call, unsigned at, uint64_t when_us)
{
    char room[MESSAGE_MAX];
    const struct step *step = &steps[at];
    unsigned party = call % PARTIES;
    struct address caller = {.family = ADDRESS_V4,
                             .port = 5060,
                             .bytes = {10, 1, (uint8_t)(party >> 8), (uint8_t)party}};
    struct address callee = {.family = ADDRESS_V4, .port = 5060, .bytes = {198, 51, 100, 7}};
    struct packet packet = {
        .bytes = slice_of(room, message_make(room, step, call)),
        .when_us = when_us,
        .flow = {.remote = step->is_back ? callee : caller, .transport = TRANSPORT_UDP},
        .local = step->is_back ? caller : callee,
    };

    if (!capture_write_packet(writer, &packet, SLICE_NONE)) {
        fputs("make_capture: the file cannot be written\n", stderr);
        exit(1);
    }
}

/* Calls run side by side: each turn moves every one of a row on by one message. */
int main(int argc, char **argv)
{
    struct capture_writer writer;
    uint64_t wanted = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    uint64_t written = 0, when_us = UINT64_C(1700000000000000);
    FILE *file = argc > 2 ? fopen(argv[1], "wb") : NULL;

    if (file == NULL ||
        !capture_write_start(&writer, capture_put_file, file, SLICE("make_capture"), SLICE_NONE)) {
        fputs("usage: make_capture FILE MESSAGES\n", stderr);
        return 2;
    }
    for (unsigned first = 0; written < wanted; first += CALLS_AT_ONCE) {
        for (unsigned at = 0; at < MESSAGES_OF_CALL; at++) {
            for (unsigned i = 0; i < CALLS_AT_ONCE && written < wanted; i++) {
                packet_put(&writer, first + i, at, when_us += 500);
                written++;
            }
        }
    }
    return fclose(file) == 0 && !writer.has_failed ? 0 : 1;
}
