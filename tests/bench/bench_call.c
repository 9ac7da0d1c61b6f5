/*
 * A whole call through guard and relay without sockets: INVITE, 100, 180, 200, ACK, BYE, 200.
 *
 *     bench_call [CALLS]     prints ns per call; under callgrind the instructions of the difference
 *                            between two counts are those of a call (instructions.sh)
 *     bench_call memory      what records and kept texts of a transaction and of a call take
 */
#include "base/must.h"
#include "relay/relay.h"
#include "wire/sip/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char policy_text[] =
    "site: bench\n"
    "domains: [core.example]\n"
    "zones:\n"
    "  carriers:\n"
    "    class: interconnect\n"
    "    listeners: [udp:127.0.77.1:5060]\n"
    "    media: 127.0.77.1:20000-29999\n"
    "  core:\n"
    "    class: core\n"
    "    listeners: [udp:127.0.77.2:5060]\n"
    "    media: 127.0.77.2:20000-29999\n"
    "peers:\n"
    "  caller: {zone: carriers, addresses: [127.0.77.3], hops: [udp:127.0.77.3:5070]}\n"
    "  callee: {zone: core, hops: [udp:127.0.77.4:5090]}\n"
    "routes:\n"
    "  - {from: carriers, to: callee}\n";

static const char invite[] =
    "INVITE sip:+15550101234@core.example;user=phone SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.77.3:5070;branch=z9hG4bK%08u;rport\r\n"
    "Max-Forwards: 66\r\n"
    "Record-Route: <sip:ibcf1.carrier.example:5060;lr;transport=udp>\r\n"
    "From: \"Alice Example\" <sip:+15550100001@carrier.example;user=phone>;tag=a%08u\r\n"
    "To: <sip:+15550101234@core.example;user=phone>\r\n"
    "Call-ID: %08u-cb03a0s09a2sdfglkj490333@127.0.77.3\r\n"
    "CSeq: 127 INVITE\r\n"
    "Contact: <sip:127.0.77.3:5070;transport=udp>;+g.3gpp.icsi-ref=\"urn%%3Aurn-7%%3A3gpp-service."
    "ims.icsi.mmtel\";audio\r\n"
    "P-Asserted-Identity: \"Alice Example\" <sip:+15550100001@carrier.example;user=phone>\r\n"
    "P-Asserted-Identity: <tel:+15550100001>\r\n"
    "P-Charging-Vector: "
    "icid-value=\"AyretyU0dm+6O2IrT5tAFrbHLso=%08u\";orig-ioi=carrier.example\r\n"
    "P-Early-Media: supported\r\n"
    "Accept-Contact: *;+g.3gpp.icsi-ref=\"urn%%3Aurn-7%%3A3gpp-service.ims.icsi.mmtel\"\r\n"
    "Privacy: none\r\n"
    "Supported: timer,100rel,precondition,199,histinfo\r\n"
    "Allow: INVITE,ACK,CANCEL,BYE,PRACK,UPDATE,REFER,NOTIFY,MESSAGE,OPTIONS\r\n"
    "Session-Expires: 1800;refresher=uac\r\n"
    "Min-SE: 90\r\n"
    "Accept: application/sdp,application/3gpp-ims+xml\r\n"
    "User-Agent: VoLTE/1.0 ExampleUE/14.2\r\n"
    "Content-Type: application/sdp\r\n";

static const char sdp_format[] = "v=0\r\n"
                                 "o=- 3870294711 3870294711 IN IP4 %s\r\n"
                                 "s=-\r\n"
                                 "c=IN IP4 %s\r\n"
                                 "t=0 0\r\n"
                                 "m=audio 49170 RTP/AVP 104 102 100 8 101\r\n"
                                 "b=AS:49\r\n"
                                 "a=rtpmap:104 EVS/16000\r\n"
                                 "a=fmtp:104 br=5.9-24.4; bw=nb-swb; max-red=0\r\n"
                                 "a=rtpmap:102 AMR-WB/16000/1\r\n"
                                 "a=fmtp:102 mode-change-capability=2;max-red=0\r\n"
                                 "a=rtpmap:100 AMR/8000/1\r\n"
                                 "a=rtpmap:101 telephone-event/8000\r\n"
                                 "a=fmtp:101 0-15\r\n"
                                 "a=ptime:20\r\n"
                                 "a=maxptime:240\r\n"
                                 "a=sendrecv\r\n";

struct bench {
    const struct policy *policy;
    struct plan *plan;
    struct state *state;
    struct relay *relay;
    struct outbox outbox;
    struct inspection inspection;
    struct sip_message seen;
    uint64_t now_us;
    struct address caller, callee;
    char caller_sdp[1024], callee_sdp[1024];
};

static struct address literal(const char *text)
{
    struct address address;

    must(address_read_port(&address, slice_string(text)));
    return address;
}

static const struct policy *bench_policy(void)
{
    struct policy_complaints *complaints = policy_complaints_new();
    struct policy *policy =
        policy_read(slice_string(policy_text), SLICE("bench"), control_names(), complaints);

    for (uint32_t i = 0; i < policy_complaint_count(complaints); i++) {
        struct slice complaint = policy_complaint(complaints, i);

        fprintf(stderr, "%.*s\n", (int)complaint.len, complaint.at);
    }
    must(policy != NULL);
    policy_complaints_free(complaints);
    return policy;
}

static void bench_init(struct bench *bench)
{
    static const uint8_t seed[RANDOM_SEED_LEN] = {1}, key[SIV_KEY_LEN] = {2};
    struct state_capacity capacity = {200000, 100000, 64, 40000, 400U << 20};
    struct hash_key hash_key = {3, 4};
    size_t size = state_size(&capacity);
    struct relay_setup setup = {.node = 1, .worker = 0, .media_port_shares = 1};

    bench->policy = bench_policy();
    bench->plan = plan_new(bench->policy);
    bench->now_us = 1000000;
    bench->state = state_init(calloc(1, size), size, &capacity, &hash_key, 1000);
    outbox_init(&bench->outbox, malloc(OUTBOX_ROOM), OUTBOX_ROOM);
    setup.plan = bench->plan;
    setup.state = bench->state;
    setup.random = random_new(seed);
    setup.keys[0] = siv_new(key, 0);
    setup.now_ms = 1000;
    bench->relay = relay_new(&setup);
    bench->caller = literal("127.0.77.3:5070");
    bench->callee = literal("127.0.77.4:5090");
    snprintf(bench->caller_sdp, sizeof(bench->caller_sdp), sdp_format, "127.0.77.3", "127.0.77.3");
    snprintf(bench->callee_sdp, sizeof(bench->callee_sdp), sdp_format, "127.0.77.4", "127.0.77.4");
}

static struct slice deliver(struct bench *bench, struct slice bytes, bool is_from_caller)
{
    struct packet packet = {
        .bytes = bytes,
        .when_us = bench->now_us,
        .flow = {.remote = is_from_caller ? bench->caller : bench->callee,
                 .listener = is_from_caller ? 0 : 1,
                 .transport = TRANSPORT_UDP},
        .local = literal(is_from_caller ? "127.0.77.1:5060" : "127.0.77.2:5060"),
    };

    outbox_reset(&bench->outbox);
    inspect(&bench->inspection, bench->plan, bench->state, &packet, NULL);
    relay_act(bench->relay, &bench->inspection, &bench->outbox);
    if (bench->inspection.verdict.action != ACTION_PASS || bench->outbox.item_count == 0) {
        const struct finding *finding = &bench->inspection.findings[0];

        fprintf(stderr, "not passed: action %u, %u findings, first %s %s, %u sent\n%.*s\n",
                bench->inspection.verdict.action, bench->inspection.finding_count,
                bench->inspection.finding_count > 0 ? control_at(finding->control)->id : "-",
                bench->inspection.finding_count > 0 && finding->detail ? finding->detail : "",
                bench->outbox.item_count, (int)bytes.len, bytes.at);
        exit(1);
    }
    return bench->outbox.items[bench->outbox.item_count - 1].bytes;
}

static struct slice response(struct bench *bench, char *room, size_t max, unsigned status,
                             const char *sdp)
{
    const struct sip_message *seen = &bench->seen;
    struct text text;

    text_init(&text, room, max);
    sip_write_status_line(&text, status);
    sip_write_copied(&text, seen, SIP_HEADER_VIA);
    sip_write_copied(&text, seen, SIP_HEADER_FROM);
    text_put_string(&text, "To: ");
    text_put(&text, sip_header_value(seen, SIP_HEADER_TO));
    text_put_string(&text, sip_to_tag(seen).len == 0 ? ";tag=callee\r\n" : "\r\n");
    sip_write_copied(&text, seen, SIP_HEADER_CALL_ID);
    sip_write_copied(&text, seen, SIP_HEADER_CSEQ);
    text_put_string(&text, "Contact: <sip:callee@127.0.77.4:5090>\r\n");
    text_put_string(&text, "Supported: timer\r\n");
    if (sdp[0] != '\0') {
        text_put_string(&text, "Content-Type: application/sdp\r\n");
    }
    sip_write_body(&text, slice_string(sdp));
    must(!text.is_full);
    return text_slice(&text);
}

/* A request of the caller within the dialog the received 2xx made. */
static struct slice in_dialog(const struct sip_message *answer, char *room, size_t max,
                              const char *method, unsigned number, unsigned cseq)
{
    struct text text;

    text_init(&text, room, max);
    text_put_format(&text, "%s ", method);
    text_put(&text, sip_slice(answer, sip_value(answer, SIP_HEADER_CONTACT)->uri.whole));
    text_put_format(&text,
                    " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.77.3:5070;branch=z9hG4bK%08u%s;rport\r\n"
                    "Max-Forwards: 70\r\n",
                    number, method);
    sip_write_copied(&text, answer, SIP_HEADER_FROM);
    sip_write_copied(&text, answer, SIP_HEADER_TO);
    sip_write_copied(&text, answer, SIP_HEADER_CALL_ID);
    text_put_format(&text, "CSeq: %u %s\r\n", cseq, method);
    sip_write_body(&text, SLICE_NONE);
    must(!text.is_full);
    return text_slice(&text);
}

/* INVITE to ACK; the 2xx is left in answer, its octets in kept. */
static void call_begin(struct bench *bench, unsigned number, bool shows, struct sip_message *answer,
                       char kept[8192])
{
    char room[8192];
    struct text text;

    text_init(&text, room, sizeof(room));
    text_put_format(&text, invite, number, number, number, number);
    sip_write_body(&text, slice_string(bench->caller_sdp));
    struct slice sent = deliver(bench, text_slice(&text), true);
    if (shows) {
        printf("%.*s\n", (int)sent.len, sent.at);
    }
    memcpy(kept, sent.at, sent.len);
    must(sip_read(&bench->seen, slice_of(kept, sent.len), false) == SIP_READ);
    deliver(bench, response(bench, room, sizeof(room), 180, ""), false);
    sent = deliver(bench, response(bench, room, sizeof(room), 200, bench->callee_sdp), false);
    if (shows) {
        printf("%.*s\n", (int)sent.len, sent.at);
    }
    memcpy(kept, sent.at, sent.len);
    must(sip_read(answer, slice_of(kept, sent.len), false) == SIP_READ);
    deliver(bench, in_dialog(answer, room, sizeof(room), "ACK", number, 127), true);
}

static void call(struct bench *bench, unsigned number, bool shows)
{
    char room[8192], kept[8192], bye_room[8192];
    static struct sip_message answer;

    call_begin(bench, number, shows, &answer, kept);
    struct slice sent =
        deliver(bench, in_dialog(&answer, room, sizeof(room), "BYE", number, 128), true);
    memcpy(bye_room, sent.at, sent.len);
    must(sip_read(&bench->seen, slice_of(bye_room, sent.len), false) == SIP_READ);
    deliver(bench, response(bench, room, sizeof(room), 200, ""), false);
}

/* Octets of all records and texts in use, the places they are found by included. */
static size_t bench_octets(const struct bench *bench)
{
    const struct state *state = bench->state;
    size_t octets = 0;

    octets += (size_t)state->exchanges.used * state->exchanges.slot_size;
    octets += (size_t)state->dialogs.used * state->dialogs.slot_size;
    octets += (size_t)state->streams.used * state->streams.slot_size;
    for (unsigned i = 0; i < TEXT_SIZES; i++) {
        octets += (size_t)state->texts.pools[i].used * state->texts.pools[i].slot_size;
    }
    octets +=
        2 * sizeof(struct table_entry) *
        (state->by_server.used + state->by_client.used + state->by_merge.used + state->by_tag.used);
    return octets;
}

static void bench_memory(struct bench *bench)
{
    enum { CALLS = 1000 };
    static struct sip_message answer;
    char kept[8192];

    for (unsigned i = 1; i <= CALLS; i++) {
        call_begin(bench, i, false, &answer, kept);
    }
    size_t begun = bench_octets(bench);
    printf("%zu octets for a call whose INVITE is still remembered (%u transactions, %u dialogs)\n",
           begun / CALLS, bench->state->exchanges.used, bench->state->dialogs.used);
    for (unsigned s = 0; s < 40; s++) { /* timers of transactions end; no session timer does */
        bench->now_us += 1000000;
        outbox_reset(&bench->outbox);
        relay_tick(bench->relay, bench->now_us / 1000, &bench->outbox);
    }
    must(bench->state->exchanges.used == 0 && bench->state->dialogs.used == CALLS);
    size_t up = bench_octets(bench);
    printf(
        "%zu octets for a call that is up, of these %u for its medium; %zu for the transaction\n",
        up / CALLS, bench->state->streams.slot_size, (begun - up) / CALLS);
    printf("%zu octets for a registration with short texts, %zu with longer ones\n",
           sizeof(struct registration) + 256, sizeof(struct registration) + 1024);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    unsigned calls = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20000;
    struct timespec before, after;

    bench_init(&bench);
    if (argc > 1 && strcmp(argv[1], "memory") == 0) {
        bench_memory(&bench);
        return 0;
    }
    call(&bench, 0, argc > 2);
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (unsigned i = 1; i <= calls; i++) {
        bench.now_us += 20000;
        call(&bench, i, false);
        if (relay_next_ms(bench.relay) <= bench.now_us / 1000) {
            outbox_reset(&bench.outbox);
            relay_tick(bench.relay, bench.now_us / 1000, &bench.outbox);
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    double ns =
        (double)(after.tv_sec - before.tv_sec) * 1e9 + (double)(after.tv_nsec - before.tv_nsec);
    printf(
        "%u calls, %.0f ns per call (the test's own writing included), %u exchanges, %u dialogs\n",
        calls, ns / calls, bench.state->exchanges.used, bench.state->dialogs.used);
    return 0;
}
