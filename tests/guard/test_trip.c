/* The trip itself: order, modes, the operator's actions, emergency requests, tallies. */
#include "guard/trip.h"

static void expect_verdict(const struct lab *lab, enum policy_action action, unsigned status,
                           const char *control)
{
    const struct verdict *verdict = &lab->inspection->verdict;

    assert_int_equal(verdict->action, action);
    assert_int_equal(verdict->status, status);
    if (control == NULL) {
        assert_int_equal(verdict->control, control_count());
    } else {
        assert_string_equal(control_at(verdict->control)->id, control);
    }
}

static uint64_t tally(const struct lab *lab, const char *id, enum outcome outcome)
{
    return tallies_of(lab->tallies, control_find(slice_string(id)), outcome);
}

static void test_places(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", good);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->zone, 0);
    assert_int_equal(lab.inspection->peer, POLICY_NONE);
    assert_int_equal(lab.inspection->zone_out, 1);
    assert_int_equal(lab.inspection->route, 1);
    assert_int_equal(lab.inspection->finding_count, 0);
    assert_false(lab.inspection->is_watched);
    lab_close(&lab);
}

/* A refusal ends the trip after its layer; nothing behind it is looked at or counted. */
static void test_stops(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", bare_lf);
    expect_verdict(&lab, ACTION_REJECT, 400, "CT-FW-08");
    assert_int_equal(tally(&lab, "CT-FW-08", OUTCOME_FAILED), 1);
    assert_int_equal(tally(&lab, "CT-FW-07", OUTCOME_PASSED), 1);
    assert_int_equal(tally(&lab, "CT-FW-10", OUTCOME_PASSED), 0);
    assert_int_equal(lab.inspection->outcomes[CONTROL_INDEX_uri_canonical], OUTCOME_NONE);
    assert_false(lab.inspection->is_matched);
    lab_close(&lab);
}

static void test_tallies(void **state)
{
    struct lab lab;
    uint32_t control = control_find(SLICE("CT-FW-04"));

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", good);
    judge_as(&lab, "access", repeated);
    judge_as(&lab, "carrier", repeated);
    assert_int_equal(tally(&lab, "CT-FW-04", OUTCOME_PASSED), 1);
    assert_int_equal(tally(&lab, "CT-FW-04", OUTCOME_FAILED), 2);
    assert_int_equal(tally(&lab, "CT-SEG-07", OUTCOME_NOT_APPLICABLE), 2);
    assert_int_equal(tallies_failed_by(lab.tallies, control, 1), 1);
    assert_int_equal(tallies_failed_by(lab.tallies, control, 0), 0);
    assert_int_equal(tallies_failed_by(lab.tallies, control, POLICY_NONE), 1);
    /* Requests are no occasion for what looks at responses: it does not even run. */
    assert_int_equal(tally(&lab, "CT-FW-18", OUTCOME_NOT_APPLICABLE), 0);
    lab_close(&lab);
}

static void test_modes(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "controls: {CT-FW-04: observe}\n");
    judge_as(&lab, "access", repeated);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->finding_count, 1);
    assert_int_equal(lab.inspection->findings[0].mode, MODE_OBSERVE);
    assert_int_equal(lab.inspection->findings[0].action, ACTION_REJECT);
    lab_close(&lab);

    open_with(&lab, "controls: {CT-FW-04: off}\n");
    judge_as(&lab, "access", repeated);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->finding_count, 0);
    assert_int_equal(tally(&lab, "CT-FW-04", OUTCOME_FAILED), 0);
    lab_close(&lab);
}

/* Structure has no mode: neither the policy nor a peer in observation switches it off. */
static void test_hard(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "controls: {CT-FW-08: off, CT-SEG-05: {action: pass}}\n");
    judge_as(&lab, "access", bare_lf);
    expect_verdict(&lab, ACTION_REJECT, 400, "CT-FW-08");
    judge_as(&lab, "carrier", bare_lf);
    expect_verdict(&lab, ACTION_REJECT, 400, "CT-FW-08");
    judge_as(&lab, "access",
             "INVITE sip:bob@elsewhere.example SIP/2.0\r\n" VIA CALLER DIALOG "\r\n");
    expect_verdict(&lab, ACTION_REJECT, 403, "CT-SEG-05");
    lab_close(&lab);
}

static void test_observed_peer(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "carrier", repeated);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->finding_count, 1);
    assert_int_equal(lab.inspection->findings[0].mode, MODE_OBSERVE);
    judge_as(&lab, "carrier", unknown_header);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_true(inspection_passes(lab.inspection, &lab.inspection->message.headers[7]));
    lab_close(&lab);
}

static void test_actions(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "controls: {CT-FW-04: {action: drop}, CT-SEG-09: {action: reject}}\n");
    judge_as(&lab, "access", repeated);
    expect_verdict(&lab, ACTION_DROP, 0, "CT-FW-04");
    judge_as(&lab, "access", unknown_header);
    expect_verdict(&lab, ACTION_REJECT, 403, "CT-SEG-09");
    lab_close(&lab);
}

static void test_strips(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", unknown_header);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    const struct sip_header *headers = lab.inspection->message.headers;
    assert_int_equal(lab.inspection->message.header_count, 8);
    assert_false(inspection_passes(lab.inspection, &headers[7]));
    assert_true(inspection_passes(lab.inspection, &headers[1]));  /* From */
    assert_false(inspection_passes(lab.inspection, &headers[0])); /* Via: the relay's own */
    lab_close(&lab);
}

static void test_emergency(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", sos);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->emergency, EMERGENCY_CALL);
    assert_true(lab.inspection->is_repaired);
    assert_int_equal(lab.inspection->route, 0);
    assert_true(lab.inspection->finding_count > 0);
    assert_true(lab.inspection->findings[0].is_spared);
    assert_int_equal(lab.inspection->findings[0].action, ACTION_REJECT);

    judge_as(&lab, "access", "INVITE sip:112@example.net SIP/2.0\r\n" VIA CALLER DIALOG "\r\n");
    assert_int_equal(lab.inspection->emergency, EMERGENCY_CALL);
    judge_as(&lab, "carrier", "INVITE sip:112@example.net SIP/2.0\r\n" VIA CALLER DIALOG "\r\n");
    assert_int_equal(lab.inspection->emergency, EMERGENCY_NONE);
    judge_as(&lab, "access",
             "INVITE urn:service:test.sos SIP/2.0\r\n" VIA CALLER DIALOG "Call-ID: call-2\r\n\r\n");
    assert_int_equal(lab.inspection->emergency, EMERGENCY_TEST);
    expect_verdict(&lab, ACTION_REJECT, 400, "CT-FW-04");
    judge_as(&lab, "access",
             "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER DIALOG
             "Priority: emergency\r\nCall-ID: call-2\r\n\r\n");
    assert_int_equal(lab.inspection->emergency, EMERGENCY_NONE);
    expect_verdict(&lab, ACTION_REJECT, 400, "CT-FW-04");
    lab_close(&lab);
}

/* The privilege lasts as long as the call, and an emergency REGISTER has it too. */
static void test_emergency_dialog(void **state)
{
    static const char bye[] =
        "BYE sip:x@198.51.100.1 SIP/2.0\r\n" VIA CALLER
        "Max-Forwards: 70\r\nTo: <sip:112@example.net>;tag=tag-ours\r\nCall-ID: call-1\r\n"
        "CSeq: 2 BYE\r\nReason: Q.850;cause=16\r\nSession-Expires: 1\r\nSupported: timer\r\n\r\n";
    static const char registers[] =
        "REGISTER sip:example.net SIP/2.0\r\n" VIA CALLER
        "Max-Forwards: 70\r\nTo: <sip:alice@example.net>\r\nCall-ID: call-1\r\nCSeq: 1 REGISTER\r\n"
        "Contact: <sip:alice@198.18.0.7:5062;sos>\r\n\r\n";
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", bye);
    expect_verdict(&lab, ACTION_REJECT, 422, "CT-FW-05");
    assert_true(lab_seed(&lab, SLICE("dialog cseq=1 emergency")));
    judge_as(&lab, "access", bye);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_int_equal(lab.inspection->emergency, EMERGENCY_DIALOG);
    judge_as(&lab, "access", registers);
    assert_int_equal(lab.inspection->emergency, EMERGENCY_REGISTRATION);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    lab_close(&lab);
}

static void test_emergency_without_route(void **state)
{
    static const char policy[] =
        "site: lab\ndomains: [example.net]\nrealms: [example.net]\n"
        "zones:\n"
        "  access: {class: access-internet, media: pass, listeners: [udp:198.51.100.1:5060]}\n"
        "  core: {class: core, listeners: [udp:10.0.0.10:5060], media: pass}\n"
        "peers:\n  cscf: {zone: core, hops: [\"udp:10.0.0.20:5060\"]}\n"
        "routes:\n  - {from: access, to: cscf}\n";
    struct lab lab;

    (void)state;
    lab_open_text(&lab, slice_string(policy), "lab.yaml");
    judge_as(&lab, "access", sos);
    expect_verdict(&lab, ACTION_REJECT, 503, "CT-DOS-13");
    lab_close(&lab);
}

/* Without an agreement a carrier's emergency calls have a lane of their own: five at once, then one
 * a second; what is too much is refused, and others are not held back by it (EMG-10). */
static void test_emergency_lane(void **state)
{
    static const char call[] = "INVITE urn:service:sos SIP/2.0\r\n" VIA CALLER DIALOG "\r\n";
    struct lab_source source;
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    lab_source(&lab, SLICE("carrier"), TRANSPORT_UDP, &source);
    for (unsigned i = 0; i < 5; i++) {
        lab_judge(&lab, &source, slice_string(call), i);
        expect_verdict(&lab, ACTION_PASS, 0, NULL);
        assert_string_equal(lab.inspection->findings[0].detail, "EMG-10");
    }
    lab_judge(&lab, &source, slice_string(call), 6);
    expect_verdict(&lab, ACTION_REJECT, 503, "CT-DOS-13");
    judge_as(&lab, "access", call);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    lab_judge(&lab, &source, slice_string(call), 1001);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    lab_judge(&lab, &source, slice_string(call), 1002);
    expect_verdict(&lab, ACTION_REJECT, 503, "CT-DOS-13");
    lab_close(&lab);
}

/* Garbage of strangers is answered, but not by a strict zone on UDP. */
static void test_stranger_garbage(void **state)
{
    static const char policy[] =
        "site: lab\ndomains: [example.net]\nrealms: [example.net]\n"
        "zones:\n"
        "  access: {class: access-internet, media: pass, strict: true,\n"
        "           listeners: [udp:198.51.100.1:5060]}\n"
        "  core: {class: core, listeners: [udp:10.0.0.10:5060], media: pass}\n"
        "peers:\n  cscf: {zone: core, hops: [\"udp:10.0.0.20:5060\"]}\n"
        "routes:\n  - {from: access, to: cscf}\n";
    struct lab lab;

    (void)state;
    lab_open_text(&lab, slice_string(policy), "lab.yaml");
    judge_as(&lab, "access", repeated);
    expect_verdict(&lab, ACTION_DROP, 0, "CT-FW-04");
    judge_as(&lab, "access",
             "INVITE sip:bob@elsewhere.example SIP/2.0\r\n" VIA CALLER DIALOG "\r\n");
    expect_verdict(&lab, ACTION_REJECT, 403, "CT-SEG-05");
    lab_close(&lab);
}

/* What a response cannot be made of, and responses themselves, are never answered (GEN-03). */
static void test_never_answered(void **state)
{
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    judge_as(&lab, "access", "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER "\r\n");
    expect_verdict(&lab, ACTION_DROP, 0, "CT-FW-03");
    judge_as(&lab, "access",
             "ACK sip:bob@example.net SIP/2.0\r\n" VIA CALLER
             "Max-Forwards: 70\r\nTo: <sip:bob@example.net>\r\nCall-ID: call-1\r\n"
             "CSeq: 1 INVITE\r\n\r\n");
    expect_verdict(&lab, ACTION_DROP, 0, "CT-FW-13");
    judge_as(&lab, "access",
             "SIP/2.0 200 OK\r\n" VIA CALLER
             "To: <sip:bob@example.net>;tag=1\r\nCall-ID: call-1\r\nCall-ID: call-1\r\n"
             "CSeq: 1 OPTIONS\r\n\r\n");
    expect_verdict(&lab, ACTION_DROP, 0, "CT-FW-04");
    lab_close(&lab);
}

/* In a capture our own packets are followed, not judged. */
static void test_outgoing(void **state)
{
    struct lab_source source;
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    lab_source(&lab, SLICE("capture"), TRANSPORT_UDP, &source);
    assert_true(address_read_port(&source.address, SLICE("198.51.100.1:5060")));
    assert_true(address_read_port(&source.to, SLICE("198.18.0.7:5062")));
    lab_judge(&lab, &source, slice_string(repeated), 0);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    assert_true(lab.inspection->is_outgoing);
    assert_true(lab.inspection->is_read);
    assert_int_equal(lab.inspection->finding_count, 0);
    lab_close(&lab);
}

/* Everything is told and nothing is lost, however much is wrong. */
static void test_many_findings(void **state)
{
    char message[8192];
    struct text text;
    struct lab lab;

    (void)state;
    open_with(&lab, "controls: {CT-FW-09: observe, CT-FW-07: observe, CT-FW-13: observe}\n");
    text_init(&text, message, sizeof(message));
    text_put_string(&text, "INVITE  sip:bob@example.net  SIP/2.0\r\n" VIA CALLER DIALOG);
    text_put_string(&text,
                    "Bad name: \x01\r\nNo colon\r\nSubject: \xff\r\nA: \n\r\n B: \r x\r\n\r\n");
    text_put_octet(&text, '\0');
    judge_as(&lab, "access", message);
    assert_true(lab.inspection->finding_count >= 5);
    assert_int_not_equal(lab.inspection->verdict.action, ACTION_PASS);
    lab_close(&lab);
}

enum { MINUTE_MS = 60000 }; /* between messages of one stranger, who would be kept out else */

/* A message that ends anywhere is judged, and never passes on half of its head. */
static void test_every_prefix(void **state)
{
    struct guarded guarded = guarded_open();
    struct lab_source source;
    struct lab lab;

    (void)state;
    open_with(&lab, "");
    lab_source(&lab, SLICE("access"), TRANSPORT_UDP, &source);
    for (size_t len = 0; len < sizeof(good) - 1; len++) {
        lab_judge(&lab, &source, guarded_copy(&guarded, slice_of(good, len)), len * MINUTE_MS);
        assert_int_not_equal(lab.inspection->verdict.action, ACTION_PASS);
    }
    lab_judge(&lab, &source, guarded_copy(&guarded, slice_string(good)), sizeof(good) * MINUTE_MS);
    expect_verdict(&lab, ACTION_PASS, 0, NULL);
    guarded_close(&guarded);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_tallies),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_hard),
        cmocka_unit_test(test_observed_peer),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_strips),
        cmocka_unit_test(test_emergency),
        cmocka_unit_test(test_emergency_dialog),
        cmocka_unit_test(test_emergency_without_route),
        cmocka_unit_test(test_emergency_lane),
        cmocka_unit_test(test_stranger_garbage),
        cmocka_unit_test(test_never_answered),
        cmocka_unit_test(test_outgoing),
        cmocka_unit_test(test_many_findings),
        cmocka_unit_test(test_every_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
