/*
 * Probes: tests that are messages.  A probe is text, a line each:
 *
 *     from A               who sends: A, P or S (A when nothing is said)
 *     over udp tcp         transports, of those the box has on that side (udp tcp)
 *     method INVITE        what a good request is made of (INVITE)
 *     at worst weak        the row knows nothing worse than WEAK
 *     expect refused       what should come of it, until the next variant or for all
 *     variant NAME         what follows is done to the good request: draft.h has the words
 *
 * What stands before the first variant holds for all of them.  Expectations:
 *
 *     refused              not seen behind the box, no 2xx; "refused weak": WEAK when it is seen
 *     dropped              as refused, and nothing answered: WEAK when something is
 *     stripped A | B       A or B not seen behind the box
 *     changed A | B        seen behind the box at all, and without A or B
 *     carried [TEXT]       a good message: seen behind the box, with TEXT if that is given
 *     concealed            the sender is shown nothing that is inside (scope: internal)
 *     quiet                the observer hears nothing
 *     survived             only that good calls go on
 */
#include "app/audit/audit.h"

#include <stdio.h>

enum { PROBE_LINES_MAX = 128, TIMES_MAX = 2000 };

enum expectation {
    EXPECT_REFUSED,
    EXPECT_DROPPED,
    EXPECT_STRIPPED,
    EXPECT_CHANGED,
    EXPECT_CARRIED,
    EXPECT_CONCEALED,
    EXPECT_QUIET,
    EXPECT_SURVIVED,
    EXPECT_COUNT,
};

static const char *const expectation_names[EXPECT_COUNT] = {
    [EXPECT_REFUSED] = "refused", [EXPECT_DROPPED] = "dropped",   [EXPECT_STRIPPED] = "stripped",
    [EXPECT_CHANGED] = "changed", [EXPECT_CARRIED] = "carried",   [EXPECT_CONCEALED] = "concealed",
    [EXPECT_QUIET] = "quiet",     [EXPECT_SURVIVED] = "survived",
};

struct probe {
    enum vantage_id from;
    bool over[TRANSPORT_COUNT];
    char method[32];
    enum expectation expectation;
    struct slice words; /* behind the expectation */
    uint64_t times;
    bool is_weak_at_worst;
    char name[64];
    struct slice edits[PROBE_LINES_MAX];
    unsigned edit_count;
};

static void expectation_read(struct probe *probe, struct slice rest)
{
    struct slice word;

    if (!slice_cut(&rest, ' ', &word)) {
        return;
    }
    for (unsigned i = 0; i < EXPECT_COUNT; i++) {
        if (slice_equal(word, slice_string(expectation_names[i]))) {
            probe->expectation = (enum expectation)i;
            probe->words = slice_trim(rest);
        }
    }
}

static void transports_read(struct probe *probe, struct slice rest)
{
    struct slice word;
    enum transport transport = TRANSPORT_UDP;

    memset(probe->over, 0, sizeof(probe->over));
    while (slice_cut(&rest, ' ', &word)) {
        if (transport_read(word, &transport)) {
            probe->over[transport] = true;
        }
    }
}

/* False when the line is an edit. */
static bool setting_read(struct probe *probe, struct slice line)
{
    struct slice rest = line, word;

    (void)slice_cut(&rest, ' ', &word);
    if (slice_equal(word, SLICE("from"))) {
        enum vantage_id from = rest.len > 0 ? vantage_of_letter(rest.at[0]) : VANTAGE_NONE;

        probe->from = from == VANTAGE_NONE ? VANTAGE_ATTACKER : from;
    } else if (slice_equal(word, SLICE("over"))) {
        transports_read(probe, rest);
    } else if (slice_equal(word, SLICE("method"))) {
        snprintf(probe->method, sizeof(probe->method), "%.*s", (int)rest.len, rest.at);
    } else if (slice_equal(word, SLICE("expect"))) {
        expectation_read(probe, rest);
    } else if (slice_equal(word, SLICE("at"))) {
        probe->is_weak_at_worst = slice_equal(slice_trim(rest), SLICE("worst weak"));
    } else if (slice_equal(word, SLICE("times"))) {
        (void)slice_number(slice_trim(rest), TIMES_MAX, &probe->times);
    } else {
        return false;
    }
    return true;
}

/* Judging. */

static bool words_seen(const struct audit *audit, struct draft *draft, enum vantage_id at,
                       struct slice words, struct slice *found)
{
    struct slice word;

    while (slice_cut(&words, '|', &word)) {
        struct slice expanded = draft_expand(draft, slice_trim(word));

        if (expanded.len > 0 && sightings_have(audit, at, expanded)) {
            *found = expanded;
            return true;
        }
    }
    return false;
}

struct seen {
    const struct sighting *behind;
    uint16_t status;
    struct slice word; /* that should not have been seen */
};

static void judge_refused(struct audit *audit, const struct probe *probe, const struct seen *seen,
                          uint8_t over)
{
    bool is_weak = slice_equal(probe->words, SLICE("weak"));
    bool is_dropped = probe->expectation == EXPECT_DROPPED;

    if (seen->behind != NULL) {
        outcome_add(audit->outcome, probe->name, over, is_weak ? VERDICT_WEAK : VERDICT_FAIL,
                    seen->status, "it was carried to the %s", vantage_name(seen->behind->at));
    } else if (seen->status >= 200 && seen->status < 300) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_FAIL, seen->status, "answered %u",
                    seen->status);
    } else if (is_dropped && seen->status != 0) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_WEAK, seen->status,
                    "answered %u where silence was right", seen->status);
    } else if (!ground_is_there(&audit->ground, vantage_behind(probe->from))) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_INCONCLUSIVE, seen->status,
                    "nobody was there to see what passed");
    } else if (seen->status != 0) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_PASS, seen->status,
                    "refused with %u", seen->status);
    } else {
        outcome_add(audit->outcome, probe->name, over, VERDICT_PASS, 0, "dropped");
    }
}

static void judge_stripped(struct audit *audit, const struct probe *probe, const struct seen *seen,
                           uint8_t over)
{
    if (seen->word.len > 0) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_FAIL, seen->status,
                    "\"%.*s\" was carried to the %s",
                    (int)(seen->word.len < 80 ? seen->word.len : 80), seen->word.at,
                    vantage_name(vantage_behind(probe->from)));
    } else if (!ground_is_there(&audit->ground, vantage_behind(probe->from))) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_INCONCLUSIVE, seen->status,
                    "nobody was there to see what passed");
    } else if (seen->behind != NULL) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_PASS, seen->status,
                    "carried without it");
    } else if (probe->expectation == EXPECT_CHANGED) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_WEAK, seen->status,
                    "refused as a whole (%u) where taking it out was enough", seen->status);
    } else {
        outcome_add(audit->outcome, probe->name, over, VERDICT_PASS, seen->status, "refused (%u)",
                    seen->status);
    }
}

/* G7: over-blocking. */
static void judge_carried(struct audit *audit, const struct probe *probe, const struct seen *seen,
                          uint8_t over)
{
    enum vantage_id behind = vantage_behind(probe->from);

    if (!ground_is_there(&audit->ground, behind)) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_INCONCLUSIVE, seen->status,
                    "nobody was there to see what passed");
    } else if (seen->behind == NULL) {
        if (audit->outcome->verdict < VERDICT_FAIL) {
            audit->outcome->severity = SEVERITY_MEDIUM;
        }
        outcome_add(audit->outcome, probe->name, over, VERDICT_FAIL, seen->status,
                    "a good message did not pass (%u): over-blocking", seen->status);
    } else if (probe->words.len > 0 && seen->word.len == 0) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_WEAK, seen->status,
                    "it passed without \"%.*s\"",
                    (int)(probe->words.len < 80 ? probe->words.len : 80), probe->words.at);
    } else {
        outcome_add(audit->outcome, probe->name, over, VERDICT_PASS, seen->status, "carried");
    }
}

static void judge_quiet(struct audit *audit, const struct probe *probe, const struct seen *seen,
                        uint8_t over)
{
    const struct sighting *reflected = NULL;

    for (uint32_t i = 0; i < audit->sighting_count; i++) {
        if (audit->sightings[i].at == VANTAGE_OBSERVER) {
            reflected = &audit->sightings[i];
        }
    }
    if (!ground_is_there(&audit->ground, VANTAGE_OBSERVER)) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_INCONCLUSIVE, seen->status,
                    "no observer is in the scope");
    } else if (reflected != NULL) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_FAIL, seen->status,
                    "%zu octets were sent to a bystander", reflected->bytes.len);
    } else {
        outcome_add(audit->outcome, probe->name, over, VERDICT_PASS, seen->status,
                    "the bystander heard nothing");
    }
}

static void judge(struct audit *audit, const struct probe *probe, uint8_t over)
{
    audit->outcome->at_worst = probe->is_weak_at_worst ? VERDICT_WEAK : VERDICT_NOT_RUN;
    enum vantage_id behind = vantage_behind(probe->from);
    struct seen seen = {.behind = sightings_request(audit, behind),
                        .status = sightings_final(audit, probe->from),
                        .word = SLICE_NONE};

    (void)words_seen(audit, &audit->draft, behind, probe->words, &seen.word);
    switch (probe->expectation) {
    case EXPECT_REFUSED:
    case EXPECT_DROPPED:
        judge_refused(audit, probe, &seen, over);
        break;
    case EXPECT_STRIPPED:
    case EXPECT_CHANGED:
        judge_stripped(audit, probe, &seen, over);
        break;
    case EXPECT_CARRIED:
        judge_carried(audit, probe, &seen, over);
        break;
    case EXPECT_QUIET:
        judge_quiet(audit, probe, &seen, over);
        break;
    case EXPECT_CONCEALED:
    case EXPECT_SURVIVED:
    case EXPECT_COUNT:
        outcome_add(audit->outcome, probe->name, over, VERDICT_PASS, seen.status, "answered %u",
                    seen.status);
        break;
    }
    if (audit->leaked != NULL && probe->from != VANTAGE_CORE) {
        outcome_add(audit->outcome, probe->name, over,
                    probe->expectation == EXPECT_CONCEALED ? VERDICT_FAIL : VERDICT_WEAK,
                    seen.status, "\"%s\" was shown to %c", audit->leaked, audit->leaked_to);
    } else if (audit->leaked != NULL && probe->expectation == EXPECT_CONCEALED) {
        outcome_add(audit->outcome, probe->name, over, VERDICT_FAIL, seen.status,
                    "\"%s\" was shown to %c", audit->leaked, audit->leaked_to);
    }
}

/* Trying. */

static void variant_send(struct audit *audit, const struct probe *probe,
                         const struct scope_socket *to)
{
    draft_begin(&audit->draft, &audit->scope, probe->from, to->transport, probe->method,
                &audit->chance);
    for (unsigned i = 0; i < probe->edit_count; i++) {
        (void)draft_edit(&audit->draft, probe->edits[i]);
    }
    audit_send_draft(audit, to);
}

static void variant_try(struct audit *audit, const struct probe *probe)
{
    const struct scope_sockets *side = scope_side(&audit->scope, probe->from);
    bool is_tried[TRANSPORT_COUNT] = {false};
    char comment[128];

    for (uint32_t i = 0; i < side->count && *audit->ground.is_stopped == 0; i++) {
        const struct scope_socket *to = &side->list[i];

        if (!probe->over[to->transport] || is_tried[to->transport]) {
            continue;
        }
        is_tried[to->transport] = true;
        snprintf(comment, sizeof(comment), "%s %s", audit->test->id, probe->name);
        audit->ground.comment = comment;
        if (probe->from == VANTAGE_ATTACKER && audit->scope.registers) {
            struct fault unused; /* a box that refuses it now is judged by what follows */

            (void)audit_register(audit, VANTAGE_ATTACKER, to, &unused);
        }
        sightings_clear(audit);
        for (uint64_t n = 0; n < probe->times; n++) {
            variant_send(audit, probe, to);
        }
        judge(audit, probe, (uint8_t)to->transport);
        audit_tidy(audit, probe->from, to);
        ground_hang_up(&audit->ground, probe->from);
    }
    audit->ground.comment = NULL;
}

static bool can_begin(struct audit *audit, const struct probe *probe)
{
    if (!ground_is_there(&audit->ground, probe->from) ||
        scope_side(&audit->scope, probe->from)->count == 0) {
        outcome_add(audit->outcome, probe->name, 0, VERDICT_NOT_APPLICABLE, 0,
                    "the scope has no %s", vantage_name(probe->from));
        return false;
    }
    return true;
}

uint32_t probe_fault(struct draft *draft, struct slice text)
{
    struct probe probe = {.times = 0};
    struct slice line;
    uint32_t number = 0;

    while (slice_cut(&text, '\n', &line)) {
        number++;
        line = slice_trim(line);
        if (line.len > 0 && line.at[0] != '#' && !slice_starts(line, SLICE("variant ")) &&
            !setting_read(&probe, line) && !draft_edit(draft, line)) {
            return number;
        }
    }
    return 0;
}

bool probe_run(struct audit *audit, struct slice text)
{
    struct probe common = {.from = VANTAGE_ATTACKER,
                           .over = {[TRANSPORT_UDP] = true, [TRANSPORT_TCP] = true},
                           .method = "INVITE",
                           .times = 1};
    struct probe probe = common;
    struct slice line;
    bool has_variant = false;

    while (slice_cut(&text, '\n', &line)) {
        if (line.len == 0 || line.at[0] == '#') {
            continue;
        }
        while (line.len > 0 && line.at[0] == ' ') {
            line = slice_skip(line, 1);
        }
        if (slice_starts(line, SLICE("variant "))) {
            if (has_variant && can_begin(audit, &probe)) {
                variant_try(audit, &probe);
            }
            probe = common;
            has_variant = true;
            snprintf(probe.name, sizeof(probe.name), "%.*s", (int)(line.len - 8), line.at + 8);
            continue;
        }
        struct probe *into = has_variant ? &probe : &common;

        if (!setting_read(into, line) && into->edit_count < PROBE_LINES_MAX) {
            into->edits[into->edit_count++] = line;
        }
    }
    if (!has_variant) {
        probe = common;
    }
    if (can_begin(audit, &probe)) {
        variant_try(audit, &probe);
    }
    return true;
}
