/*
 * What patterns and numbers cost: a message scanned with ten to ten thousand patterns, and numbers
 * looked up among ten thousand prefixes.  Figures of one run are compared with each other.
 */
#include "base/digits.h"
#include "io/patterns.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PATTERNS_MOST = 10000, TEXT_MOST = 40, ROUNDS = 200000, PREFIXES = 10000 };

static char texts[PATTERNS_MOST][TEXT_MOST];
static struct pattern_expression list[PATTERNS_MOST];

static const char message[] =
    "INVITE sip:+431234567@ims.example.net;user=phone SIP/2.0\r\n"
    "Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK-74bf9-1\r\nMax-Forwards: 70\r\n"
    "From: \"Alice\" <sip:+15551234567@carrier.example;user=phone>;tag=8f3ba1\r\n"
    "To: <sip:+431234567@ims.example.net;user=phone>\r\nCall-ID: 8d8c3e0a7b@192.0.2.1\r\n"
    "CSeq: 1 INVITE\r\nContact: <sip:192.0.2.1:5060>\r\nUser-Agent: IMS/3.4 (handset 12)\r\n"
    "Subject: a call\r\nSupported: 100rel, timer\r\nContent-Type: application/sdp\r\n"
    "Content-Length: 150\r\n\r\nv=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n"
    "t=0 0\r\nm=audio 40000 RTP/AVP 96 97 0 8\r\na=rtpmap:96 AMR-WB/16000\r\n"
    "a=rtpmap:97 telephone-event/16000\r\na=sendrecv\r\n";

static double now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static bool on_found(void *owner, uint32_t number, size_t end)
{
    (void)number;
    (void)end;
    (*(unsigned *)owner)++;
    return true;
}

/* Half of them names of scanners that are not there, a tenth expressions. */
static void list_make(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool is_regex = i % 10 == 9;

        (void)snprintf(texts[i], TEXT_MOST, is_regex ? "evil[a-f]%u/\\d+" : "scanner-%u-%u",
                       i * 7919U, i);
        list[i] = (struct pattern_expression){.text = slice_string(texts[i]),
                                              .is_regex = is_regex,
                                              .ignores_case = true,
                                              .number = i};
    }
}

static void patterns_measure(uint32_t count)
{
    struct pattern_scratch *scratch = NULL;
    struct fault fault = {.text = ""};
    struct slice database;
    unsigned found = 0;

    list_make(count);
    double begin = now_ns();
    if (!patterns_compile(list, count, &database, &fault)) {
        printf("  %5u patterns: %s\n", count, fault.text);
        return;
    }
    double compiled = now_ns();
    struct patterns *patterns = patterns_open(&database, 1);
    if (patterns == NULL || !pattern_scratch_make(patterns, &scratch)) {
        printf("  %5u patterns: not opened\n", count);
        return;
    }
    struct slice text = slice_of(message, sizeof(message) - 1);
    double start = now_ns();
    for (unsigned i = 0; i < ROUNDS; i++) {
        patterns_scan(patterns, 0, scratch, text, on_found, &found);
    }
    printf(
        "  %5u patterns: %6.0f ns a message of %zu octets; compiled in %.0f ms, %zu kB; found %u\n",
        count, (now_ns() - start) / ROUNDS, text.len, (compiled - begin) / 1e6, database.len / 1024,
        found);
    pattern_scratch_free(scratch);
    patterns_close(patterns);
    free((void *)(uintptr_t)database.at);
}

static void digits_measure(void)
{
    static struct digits_entry entries[PREFIXES];
    static struct digits_node nodes[PREFIXES * DIGITS_MAX + 1];
    static struct digits_room rooms[PREFIXES * DIGITS_MAX + 1];
    static char numbers[4096][TEXT_MOST];
    uint64_t seed = 88172645463325252U, sum = 0;

    for (uint32_t i = 0; i < PREFIXES; i++) {
        char text[TEXT_MOST];

        (void)snprintf(text, sizeof(text), "%u", 10000 + i * 89);
        (void)digits_entry_read(&entries[i], slice_string(text), (uint16_t)(1 + i % 60000));
    }
    digits_sort(entries, PREFIXES);
    uint32_t count = digits_build(entries, PREFIXES, nodes, rooms);
    for (unsigned i = 0; i < 4096; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (void)snprintf(numbers[i], TEXT_MOST, "%u%07u", (unsigned)(10000 + seed % 890000),
                       (unsigned)(seed >> 40 & 0xFFFFF));
    }
    double start = now_ns();
    for (unsigned i = 0; i < ROUNDS * 10; i++) {
        sum += digits_find(nodes, slice_of(numbers[i % 4096], 12));
    }
    printf("  %5u prefixes: %6.1f ns a number, %zu kB (%llu)\n", PREFIXES,
           (now_ns() - start) / (ROUNDS * 10), count * sizeof(nodes[0]) / 1024,
           (unsigned long long)sum % 10);
}

int main(void)
{
    static const uint32_t counts[] = {10, 100, 1000, 10000};

    for (size_t i = 0; patterns_are_built_in() && i < sizeof(counts) / sizeof(counts[0]); i++) {
        patterns_measure(counts[i]);
    }
    digits_measure();
    return 0;
}
