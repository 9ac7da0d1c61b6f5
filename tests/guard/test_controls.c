/*
 * The vectors of the controls: tests/controls/<ID>.sip, what must trip each and what must not.
 *
 *     == must trip: title (source) [detail HYG-F05] [action reject 400] [zone carrier] ==
 *     state: dialog from=carrier call-id=c1 to-tag=a from-tag=b
 *     INVITE sip:...
 *
 * must trip     the control finds something; detail and action say what, when they are there
 * must spare    it finds something in an emergency request, which passes nevertheless
 *               [refused yes]: something else refuses the message, this one only tells
 * must not trip no control that is enforced finds anything, and the message passes
 *
 * A control that looks at the policy has whole policies in place of messages.
 *
 * Attributes: detail, action, zone (default access), transport (default udp), from and to
 * ADDRESS:PORT, certified NAME, times N (judged N times; the last one counts), every MS (between
 * those, usually one), spread yes (each from another host).
 *
 *     -- [times 5] [from 198.18.0.9:5060] --     another message before the last one, or after one:
 *     -- [at +30000] --                          so many milliseconds later; its own attributes,
 *                                                for what it does not say the vector's
 * A message's lines end in CRLF; an empty line is added behind a head without one.  In a line
 * \r \n \t \\ \xNN are octets, \@N{text} is text N times, "Content-Length: @" is made right, and a
 * message that ends in \! ends there.
 */
#include "guard/lab.h"

enum { MESSAGE_MAX = 262144, VECTORS_LEAST = 3 };
enum kind { MUST_TRIP, MUST_SPARE, MUST_NOT, KINDS };

struct vector {
    enum kind kind;
    struct slice title;
    struct slice attributes; /* "[...] [...]" */
    struct slice own;        /* of the message judged now */
    struct slice text;       /* state lines and messages */
};

static struct lab lab;
static const char *folder;
static char *room;
static uint32_t judged_control;
static struct policy *other_policy; /* of the last vector that is a policy */
static struct plan *other_plan;

static struct slice attribute_in(struct slice rest, const char *name)
{
    struct slice part;

    while (slice_cut(&rest, '[', &part)) {
        part = slice_trim(slice_head(part, slice_find(part, ']')));
        if (slice_starts(part, slice_string(name)) && part.len > strlen(name) &&
            part.at[strlen(name)] == ' ') {
            return slice_trim(slice_skip(part, strlen(name)));
        }
    }
    return SLICE_NONE;
}

static struct slice attribute(const struct vector *vector, const char *name)
{
    struct slice own = attribute_in(vector->own, name);

    return own.at != NULL ? own : attribute_in(vector->attributes, name);
}

static uint64_t number_attribute(struct slice attributes, const char *name, uint64_t usual)
{
    struct slice word = attribute_in(attributes, name);
    uint64_t number = usual;

    word = slice_skip(word, slice_starts(word, SLICE("+")) ? 1 : 0);
    assert_true(word.len == 0 || slice_number(word, 100000000, &number));
    return number;
}

static unsigned hex(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *at = strchr(digits, digit | (digit >= 'A' && digit <= 'F' ? 0x20 : 0));

    assert_true(digit != '\0' && at != NULL);
    return (unsigned)(at - digits);
}

/* One line with its escapes; false when the message ends in it. */
static bool unescape(struct text *text, struct slice line)
{
    for (size_t i = 0; i < line.len; i++) {
        char octet = line.at[i];

        if (octet != '\\') {
            text_put_octet(text, octet);
            continue;
        }
        assert_true(i + 1 < line.len);
        switch (line.at[++i]) {
        case 'r':
            text_put_octet(text, '\r');
            break;
        case 'n':
            text_put_octet(text, '\n');
            break;
        case 't':
            text_put_octet(text, '\t');
            break;
        case 'x':
            assert_true(i + 2 < line.len);
            text_put_octet(text, (char)(hex(line.at[i + 1]) << 4 | hex(line.at[i + 2])));
            i += 2;
            break;
        case '@': {
            struct slice rest = slice_skip(line, i + 1);
            struct slice count = slice_head(rest, slice_find(rest, '{'));
            struct slice what = slice_skip(rest, count.len + 1);
            uint64_t times = 0;

            what = slice_head(what, slice_find(what, '}'));
            assert_true(slice_number(count, 100000, &times));
            while (times-- > 0) {
                unescape(text, what);
            }
            i += count.len + what.len + 2;
            break;
        }
        case '!':
            return false;
        default:
            text_put_octet(text, line.at[i]);
        }
    }
    return true;
}

static void put_line(struct text *text, struct slice line, size_t body_len)
{
    if (slice_equal(line, SLICE("Content-Length: @"))) {
        text_put_format(text, "Content-Length: %zu", body_len);
        return;
    }
    assert_true(unescape(text, line));
}

/* What the lines behind the next empty one come to. */
static size_t body_len(struct slice rest)
{
    static char scratch[MESSAGE_MAX];
    struct text text;
    struct slice line = SLICE("head");

    text_init(&text, scratch, sizeof(scratch));
    while (line.len > 0 && slice_cut(&rest, '\n', &line)) {
    }
    while (slice_cut(&rest, '\n', &line)) {
        if (!unescape(&text, line)) {
            return text.len;
        }
        text_put(&text, SLICE("\r\n"));
    }
    return text.len;
}

static struct slice message_of(struct slice source)
{
    struct text text;
    struct slice line;
    bool has_end = false;

    while (source.len > 0 && source.at[source.len - 1] == '\n') {
        source.len--;
    }
    text_init(&text, room, MESSAGE_MAX);
    while (slice_cut(&source, '\n', &line)) {
        if (line.len >= 2 && line.at[line.len - 2] == '\\' && line.at[line.len - 1] == '!') {
            unescape(&text, line);
            return text_slice(&text);
        }
        put_line(&text, line, has_end ? 0 : body_len(source));
        text_put(&text, SLICE("\r\n"));
        has_end = has_end || (line.len == 0 && text.len > 2);
    }
    if (!has_end) {
        text_put(&text, SLICE("\r\n"));
    }
    assert_false(text.is_full);
    return text_slice(&text);
}

static void put_source(const struct vector *vector, struct lab_source *source)
{
    struct slice zone = attribute(vector, "zone");
    struct slice transport_word = attribute(vector, "transport");
    struct slice from = attribute(vector, "from");
    struct slice to = attribute(vector, "to");
    enum transport transport = TRANSPORT_UDP;

    if (transport_word.len > 0) {
        assert_true(transport_read(transport_word, &transport));
    }
    lab_source(&lab, zone.len > 0 ? zone : SLICE("access"), transport, source);
    source->certified = attribute(vector, "certified");
    if (from.len > 0) {
        assert_true(address_read_port(&source->address, from));
    }
    if (to.len > 0) {
        assert_true(address_read_port(&source->to, to));
    }
}

/* A vector that is a policy: a whole one, judged instead of a packet. */
static void judge_policy(const struct vector *vector)
{
    struct policy_complaints *complaints = policy_complaints_new();

    plan_free(other_plan);
    policy_free(other_policy);
    other_policy = policy_read(vector->text, vector->title, control_names(), complaints);
    for (uint32_t i = 0; i < policy_complaint_count(complaints); i++) {
        struct slice complaint = policy_complaint(complaints, i);
        print_error("%.*s\n", (int)complaint.len, complaint.at);
    }
    policy_complaints_free(complaints);
    assert_non_null(other_policy);
    other_plan = plan_new(other_policy);
    assert_non_null(other_plan);
    inspect_policy(lab.inspection, other_plan);
}

/* One message, as often as it says; returns when the last one came. */
static uint64_t judge_part(struct vector *vector, struct slice text, uint64_t now_ms)
{
    bool is_alone = vector->own.at == NULL;
    struct slice attributes = is_alone ? vector->attributes : vector->own;
    uint64_t times = number_attribute(attributes, "times", 1);
    uint64_t every_ms = number_attribute(attributes, "every", 1);
    struct lab_source source;

    put_source(vector, &source);
    struct slice message = message_of(text);
    for (uint64_t i = 0; i < times; i++) {
        if (attribute_in(attributes, "spread").len > 0) {
            source.address.bytes[2] = (uint8_t)(i >> 8);
            source.address.bytes[3] = (uint8_t)i;
        }
        lab_judge(&lab, &source, message, now_ms + i * every_ms);
    }
    return now_ms + (times - 1) * every_ms;
}

/* What stands before the next line that begins with "-- ". */
static struct slice part_of(struct slice rest)
{
    size_t len = 0;

    while (len < rest.len && !slice_starts(slice_skip(rest, len), SLICE("\n-- "))) {
        len++;
    }
    return slice_head(rest, len);
}

static void judge_vector(struct vector *vector)
{
    if ((control_at(judged_control)->looks_at & LOOKS_AT_POLICY) != 0) {
        judge_policy(vector);
        return;
    }
    struct slice rest = vector->text;
    uint64_t now_ms = 0;

    lab_reset(&lab);
    vector->own = SLICE_NONE;
    while (slice_starts(rest, SLICE("state: "))) {
        struct slice line;

        slice_cut(&rest, '\n', &line);
        assert_true(lab_seed(&lab, slice_skip(line, 7)));
    }
    while (rest.len > 0) {
        if (slice_starts(rest, SLICE("-- "))) {
            slice_cut(&rest, '\n', &vector->own);
            now_ms += number_attribute(vector->own, "at", 1);
        }
        struct slice part = part_of(rest);
        now_ms = judge_part(vector, part, now_ms);
        rest = slice_skip(rest, part.len + 1);
    }
}

static void show(const char *id, const struct vector *vector, const char *wrong)
{
    static char explanation[32768];
    struct text text;

    text_init(&text, explanation, sizeof(explanation));
    explain_write(&text, lab.inspection);
    print_error("\n%s: %.*s: %s\n%.*s", id, (int)vector->title.len, vector->title.at, wrong,
                (int)text.len, text.at);
}

static bool is_action(const struct finding *finding, struct slice wanted)
{
    const struct verdict *verdict = &lab.inspection->verdict;
    char written[32];
    struct text text;
    bool refuses = action_refuses(finding->action) && !finding->is_spared;

    text_init(&text, written, sizeof(written));
    text_put_string(&text, policy_action_name(refuses ? verdict->action : finding->action));
    if (refuses && verdict->status != 0) {
        text_put_format(&text, " %u", verdict->status);
    }
    return slice_equal(text_slice(&text), wanted);
}

static const struct finding *find_finding(uint32_t control, struct slice detail)
{
    for (uint32_t i = 0; i < lab.inspection->finding_count; i++) {
        const struct finding *finding = &lab.inspection->findings[i];

        if (finding->control == control &&
            (detail.len == 0 ||
             (finding->detail != NULL && slice_equal(detail, slice_string(finding->detail))))) {
            return finding;
        }
    }
    return NULL;
}

static const char *must_trip(uint32_t control, const struct vector *vector)
{
    const struct finding *finding = find_finding(control, attribute(vector, "detail"));
    struct slice action = attribute(vector, "action");

    if (finding == NULL) {
        return "did not trip, or by another rule";
    }
    if (action.len > 0 && !is_action(finding, action)) {
        return "tripped with another action";
    }
    bool passes = lab.inspection->verdict.action == ACTION_PASS;
    if (vector->kind == MUST_SPARE) {
        return finding->is_spared && passes ? NULL : "was not spared";
    }
    passes = passes || attribute(vector, "refused").len > 0;
    return action_refuses(finding->action) == passes ? "tripped, but the verdict is another" : NULL;
}

static const char *must_not(void)
{
    for (uint32_t i = 0; i < lab.inspection->finding_count; i++) {
        if (lab.inspection->findings[i].mode == MODE_ENFORCE) {
            return "tripped";
        }
    }
    return lab.inspection->verdict.action == ACTION_PASS ? NULL : "did not pass";
}

static bool vector_next(struct slice *rest, struct vector *vector)
{
    static const struct slice kinds[KINDS] = {SLICE_INIT("must trip:"), SLICE_INIT("must spare:"),
                                              SLICE_INIT("must not trip:")};
    struct slice heading;
    size_t len = 0;

    do {
        if (!slice_cut(rest, '\n', &heading)) {
            return false;
        }
    } while (!slice_starts(heading, SLICE("== ")));
    while (len < rest->len && !slice_starts(slice_skip(*rest, len), SLICE("\n== "))) {
        len++;
    }
    vector->text = slice_head(*rest, len);
    *rest = slice_skip(*rest, len + 1);
    heading = slice_trim(slice_of(heading.at + 3, heading.len - 5));
    for (unsigned i = 0; i < KINDS; i++) {
        if (slice_starts(heading, kinds[i])) {
            vector->kind = (enum kind)i;
            heading = slice_trim(slice_skip(heading, kinds[i].len));
            vector->attributes = slice_skip(heading, slice_find(heading, '['));
            vector->title = slice_trim(slice_head(heading, slice_find(heading, '[')));
            return true;
        }
    }
    fail_msg("no kind of vector: %.*s", (int)heading.len, heading.at);
    return false;
}

/* The rules a control finds by are the rules its row says it holds. */
static const char *unlisted_rule(void)
{
    for (uint32_t i = 0; i < lab.inspection->finding_count; i++) {
        const struct finding *finding = &lab.inspection->findings[i];
        struct slice rest = slice_string(control_at(finding->control)->rules);
        struct slice rule;
        bool is_listed = finding->detail == NULL;

        while (!is_listed && slice_cut(&rest, ' ', &rule)) {
            is_listed = slice_equal(rule, slice_string(finding->detail));
        }
        if (!is_listed) {
            return "a finding names a rule that its control's row does not";
        }
    }
    return NULL;
}

static unsigned vectors_of(uint32_t control, unsigned counts[KINDS])
{
    const char *id = control_at(control)->id;
    char path[1024];
    struct vector vector;
    unsigned failures = 0;

    snprintf(path, sizeof(path), "%s/controls/%s.sip", folder, id);
    struct slice file = lab_file(path);
    struct slice rest = file;
    judged_control = control;
    while (vector_next(&rest, &vector)) {
        vector.own = SLICE_NONE;
        judge_vector(&vector);
        const char *wrong = vector.kind == MUST_NOT ? must_not() : must_trip(control, &vector);

        wrong = wrong == NULL ? unlisted_rule() : wrong;
        if (wrong != NULL) {
            show(id, &vector, wrong);
            failures++;
        }
        counts[vector.kind]++;
    }
    free((char *)(uintptr_t)file.at);
    return failures;
}

static void test_vectors(void **state)
{
    unsigned failures = 0;
    unsigned total[KINDS] = {0};

    (void)state;
    for (uint32_t i = 0; i < control_count(); i++) {
        unsigned counts[KINDS] = {0};

        failures += vectors_of(i, counts);
        if (counts[MUST_TRIP] < VECTORS_LEAST || counts[MUST_NOT] < VECTORS_LEAST) {
            print_error("%s: a control without three vectors of both kinds is no control\n",
                        control_at(i)->id);
            failures++;
        }
        for (unsigned kind = 0; kind < KINDS; kind++) {
            total[kind] += counts[kind];
        }
    }
    print_message("%u controls, %u vectors must trip, %u must spare, %u must not trip\n",
                  control_count(), total[MUST_TRIP], total[MUST_SPARE], total[MUST_NOT]);
    assert_int_equal(failures, 0);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    char path[1024];

    if (argument_count != 2) {
        fprintf(stderr, "usage: test_controls TESTS-FOLDER\n");
        return 2;
    }
    folder = arguments[1];
    room = malloc(MESSAGE_MAX);
    snprintf(path, sizeof(path), "%s/policies/three-zones.yaml", folder);
    lab_open(&lab, path);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    lab_close(&lab);
    plan_free(other_plan);
    policy_free(other_policy);
    free(room);
    return failures;
}
