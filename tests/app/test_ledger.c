/* From notes to calls: both legs are one, and every end has its name. */
#include "../expect.h"

#include "app/journal/ledger.h"
#include "io/journal/read.h"
#include "policy/policy.h"
#include "wire/sip/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct scene {
    char folder[64], path[96];
    struct journal *journal;
    struct ledger *ledger;
    uint64_t now_us;
    uint32_t trip;
};

static struct scene scene_open(bool is_watching)
{
    struct scene scene = {.folder = "/tmp/sipwarden-ledger-XXXXXX", .now_us = 1000000};
    const struct journal_limits limits = {0};
    struct fault fault;
    bool is_broken = false;

    assert_non_null(mkdtemp(scene.folder));
    snprintf(scene.path, sizeof(scene.path), "%s/%s", scene.folder, journal_name);
    scene.journal = journal_open(scene.path, &limits, &is_broken, &fault);
    scene.ledger = ledger_new(is_watching);
    assert_non_null(scene.journal);
    assert_non_null(scene.ledger);
    return scene;
}

static void scene_close(struct scene *scene)
{
    static const char *const names[] = {"", "-wal", "-shm", ".broken"};
    char name[160];

    ledger_free(scene->ledger);
    journal_close(scene->journal);
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "%s%s", scene->path, names[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(scene->folder), 0);
}

/* who: "a" the caller's leg, "b" the callee's. */
static struct call_note note_of(struct scene *scene, enum call_note_kind kind, const char *who,
                                const char *start, enum sip_method method, uint16_t status)
{
    struct call_note note = {
        .when_us = scene->now_us += 100000,
        .kind = (uint8_t)kind,
        .trip = kind == CALL_NOTE_TAKEN ? ++scene->trip : scene->trip,
        .cseq = 1,
        .status = status,
        .method = (uint8_t)method,
        .action = ACTION_PASS,
    };

    assert_true(address_read_port(&note.remote, who[0] == 'a' ? SLICE("192.0.2.1:5060")
                                                              : SLICE("192.0.2.9:5060")));
    note.texts[CALL_NOTE_CALL_ID] = slice_string(who);
    note.texts[CALL_NOTE_START] = slice_string(start);
    note.texts[CALL_NOTE_PEER] = who[0] == 'a' ? SLICE("left") : SLICE("right");
    if (status == 0 && method == SIP_INVITE && kind == CALL_NOTE_TAKEN) {
        note.texts[CALL_NOTE_FROM] = SLICE("alice@a.example");
        note.texts[CALL_NOTE_TO] = SLICE("bob@b.example");
    }
    return note;
}

static void say(struct scene *scene, enum call_note_kind kind, const char *who, const char *start,
                enum sip_method method, uint16_t status)
{
    struct call_note note = note_of(scene, kind, who, start, method, status);

    ledger_note(scene->ledger, scene->journal, 0, &note);
}

static void call_begins(struct scene *scene)
{
    say(scene, CALL_NOTE_TAKEN, "a", "INVITE sip:b SIP/2.0", SIP_INVITE, 0);
    say(scene, CALL_NOTE_SENT, "a", "SIP/2.0 100 Trying", SIP_INVITE, 100);
    say(scene, CALL_NOTE_SENT, "b", "INVITE sip:b SIP/2.0", SIP_INVITE, 0);
    say(scene, CALL_NOTE_TAKEN, "b", "SIP/2.0 180 Ringing", SIP_INVITE, 180);
    say(scene, CALL_NOTE_SENT, "a", "SIP/2.0 180 Ringing", SIP_INVITE, 180);
}

static void call_is_answered(struct scene *scene)
{
    say(scene, CALL_NOTE_TAKEN, "b", "SIP/2.0 200 OK", SIP_INVITE, 200);
    say(scene, CALL_NOTE_SENT, "a", "SIP/2.0 200 OK", SIP_INVITE, 200);
    say(scene, CALL_NOTE_TAKEN, "a", "ACK sip:b SIP/2.0", SIP_ACK, 0);
    say(scene, CALL_NOTE_SENT, "b", "ACK sip:b SIP/2.0", SIP_ACK, 0);
}

struct expected {
    const char *state, *ended_by;
    uint16_t status;
    bool has_answer;
    unsigned count;
};

static bool compare_call(void *owner, const struct journal_call *call)
{
    struct expected *expected = owner;

    expect_slice(call->id, "a");
    assert_true(slice_equal(call->state, slice_string(expected->state)));
    assert_true(slice_equal(call->ended_by, slice_string(expected->ended_by)));
    assert_int_equal(call->status, expected->status);
    assert_int_equal(call->answer_us != 0, expected->has_answer);
    expected->count++;
    return true;
}

static void expect_call(struct scene *scene, struct expected expected)
{
    const struct journal_filter all = {0};
    struct fault fault = {.text = ""};

    assert_true(journal_commit(scene->journal, scene->now_us, &fault));
    struct journal_reader *reader = journal_read_open(scene->path, &fault);
    assert_true(journal_read_calls(reader, &all, compare_call, &expected, &fault));
    assert_int_equal(expected.count, 1);
    journal_read_close(reader);
}

static void both_legs_are_one_call(void **state)
{
    struct scene scene = scene_open(false);

    (void)state;
    call_begins(&scene);
    expect_call(&scene, (struct expected){"ringing", "", 0, false, 0});
    call_is_answered(&scene);
    expect_call(&scene, (struct expected){"up", "", 200, true, 0});
    expect_slice(ledger_call(scene.ledger, SLICE("b")), "a");
    say(&scene, CALL_NOTE_TAKEN, "b", "BYE sip:a SIP/2.0", SIP_BYE, 0);
    say(&scene, CALL_NOTE_SENT, "a", "BYE sip:a SIP/2.0", SIP_BYE, 0);
    ledger_tick(scene.ledger, scene.journal, scene.now_us);
    assert_int_equal(ledger_calls(scene.ledger), 1); /* the gate may still tell of its media */
    ledger_tick(scene.ledger, scene.journal, scene.now_us + LEDGER_LINGER_US);
    assert_int_equal(ledger_calls(scene.ledger), 0);
    expect_call(&scene, (struct expected){"ended", "callee", 200, true, 0});
    scene_close(&scene);
}

static void refusals_have_names(void **state)
{
    struct scene scene = scene_open(false);

    (void)state;
    call_begins(&scene);
    say(&scene, CALL_NOTE_TAKEN, "b", "SIP/2.0 486 Busy Here", SIP_INVITE, 486);
    say(&scene, CALL_NOTE_SENT, "a", "SIP/2.0 486 Busy Here", SIP_INVITE, 486);
    expect_call(&scene, (struct expected){"failed", "callee", 486, false, 0});
    scene_close(&scene);

    scene = scene_open(false);
    struct call_note note =
        note_of(&scene, CALL_NOTE_TAKEN, "a", "INVITE sip:b SIP/2.0", SIP_INVITE, 0);
    note.action = ACTION_REJECT;
    note.verdict_status = 403;
    note.texts[CALL_NOTE_FINDINGS] = SLICE("CT-FW-06 HYG-F04, CT-FW-08");
    ledger_note(scene.ledger, scene.journal, 0, &note);
    say(&scene, CALL_NOTE_SENT, "a", "SIP/2.0 403 Forbidden", SIP_INVITE, 403);
    expect_call(&scene, (struct expected){"refused", "border", 403, false, 0});
    scene_close(&scene);

    scene = scene_open(false);
    call_begins(&scene);
    say(&scene, CALL_NOTE_TAKEN, "a", "CANCEL sip:b SIP/2.0", SIP_CANCEL, 0);
    say(&scene, CALL_NOTE_SENT, "a", "SIP/2.0 487 Request Terminated", SIP_INVITE, 487);
    expect_call(&scene, (struct expected){"cancelled", "caller", 487, false, 0});
    scene_close(&scene);
}

static void a_later_recorder_goes_on(void **state)
{
    struct scene scene = scene_open(false);
    struct fault fault = {.text = ""};

    (void)state;
    call_begins(&scene);
    call_is_answered(&scene);
    assert_true(journal_commit(scene.journal, scene.now_us, &fault));
    ledger_free(scene.ledger);
    scene.ledger = ledger_new(false);
    struct journal_reader *reader = journal_read_open(scene.path, &fault);
    scene.now_us += LEDGER_SILENT_S;
    assert_true(ledger_resume(scene.ledger, reader,
                              scene.now_us + LEDGER_SILENT_S * UINT64_C(1000000) - 2000000,
                              &fault));
    journal_read_close(reader);
    assert_int_equal(ledger_calls(scene.ledger), 1);
    say(&scene, CALL_NOTE_TAKEN, "b", "BYE sip:a SIP/2.0", SIP_BYE, 0);
    expect_call(&scene, (struct expected){"ended", "callee", 200, true, 0});
    scene_close(&scene);
}

static bool media_is_told(void *owner, const struct journal_call *call)
{
    (void)owner;
    assert_true(slice_has(call->media, SLICE("1500 packets from the caller (2 lost)")));
    return true;
}

static void media_is_summed(void **state)
{
    struct scene scene = scene_open(false);
    struct fault fault = {.text = ""};
    const struct journal_filter all = {0};
    struct call_note stream = {.kind = CALL_NOTE_STREAM, .stream = 77};
    struct call_note media = {
        .kind = CALL_NOTE_MEDIA, .stream = 77, .packets = {1500, 1498}, .lost = {2, 0}};

    (void)state;
    call_begins(&scene);
    stream.texts[CALL_NOTE_CALL_ID] = SLICE("b");
    ledger_note(scene.ledger, scene.journal, 0, &stream);
    ledger_note(scene.ledger, scene.journal, 0, &media);
    media.stream = 78; /* nobody's */
    ledger_note(scene.ledger, scene.journal, 0, &media);
    assert_true(journal_commit(scene.journal, scene.now_us, &fault));
    struct journal_reader *reader = journal_read_open(scene.path, &fault);
    assert_true(journal_read_calls(reader, &all, media_is_told, NULL, &fault));
    journal_read_close(reader);
    scene_close(&scene);
}

static void a_capture_has_one_leg(void **state)
{
    struct scene scene = scene_open(true);

    (void)state;
    say(&scene, CALL_NOTE_TAKEN, "a", "INVITE sip:b SIP/2.0", SIP_INVITE, 0);
    struct call_note busy =
        note_of(&scene, CALL_NOTE_TAKEN, "b", "SIP/2.0 486 Busy", SIP_INVITE, 486);
    busy.texts[CALL_NOTE_CALL_ID] = SLICE("a");
    ledger_note(scene.ledger, scene.journal, 0, &busy);
    ledger_end(scene.ledger, scene.journal);
    expect_call(&scene, (struct expected){"failed", "callee", 486, false, 0});
    scene_close(&scene);
}

/* As many calls as there may be, and one more: the one silent longest is written down. */
static void calls_are_bounded(void **state)
{
    struct scene scene = scene_open(false);
    char name[32];

    (void)state;
    for (unsigned i = 0; i <= LEDGER_CALLS_MAX; i++) {
        struct call_note note =
            note_of(&scene, CALL_NOTE_TAKEN, "a", "INVITE sip:b SIP/2.0", SIP_INVITE, 0);

        snprintf(name, sizeof(name), "call-%u", i);
        note.texts[CALL_NOTE_CALL_ID] = slice_string(name);
        ledger_note(scene.ledger, NULL, 0, &note);
    }
    assert_int_equal(ledger_calls(scene.ledger), LEDGER_CALLS_MAX);
    assert_int_equal(ledger_forgotten(scene.ledger), 1);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_legs_are_one_call),   cmocka_unit_test(refusals_have_names),
        cmocka_unit_test(a_later_recorder_goes_on), cmocka_unit_test(media_is_summed),
        cmocka_unit_test(a_capture_has_one_leg),    cmocka_unit_test(calls_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
