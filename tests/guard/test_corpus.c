/*
 * Messages that nobody on the team wrote: torture, known crashes, PROTOS, those printed in RFCs.
 *
 * What must be refused is refused; of what is valid at least 95 in 100 pass, and each that does not
 * is in corpus_exceptions.tsv with the reason: a misprint of the RFC (not valid then), a refusal
 * the rules prescribe for that very message, or a rule that is stricter.  Each is judged as a
 * datagram and again out of a stream, in pieces of several sizes: the verdicts agree unless it is
 * about framing.
 *
 * Responses find their request and requests within dialogs their dialog: what is judged is the
 * message.  The corpus is not ours to ship: without it the test is skipped.
 */
#include "guard/lab.h"

#include "wire/sip/stream.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { SKIPPED = 77, PATH_LEN = 1024, EXCEPTIONS_MAX = 512, VALID_PERCENT = 95 };

enum wanted { PASS, STOP, EITHER };

struct figures {
    unsigned rows, passed, stopped, silent, unreadable;
    unsigned unexpected, excepted;
};

struct exception {
    char file[128], verdict[32];
    bool is_misprint, is_prescribed;
    bool is_used;
};

static struct lab lab;
static char corpus[PATH_LEN];
static struct exception exceptions[EXCEPTIONS_MAX];
static unsigned exception_count;
static unsigned streams_same, streams_framing, streams_other;

static struct slice column(struct slice row, unsigned index)
{
    struct slice part = SLICE_NONE;

    while (slice_cut(&row, '\t', &part) && index-- > 0) {
    }
    return part;
}

static void exceptions_read(const char *folder)
{
    char path[PATH_LEN];
    struct slice row;

    snprintf(path, sizeof(path), "%s/guard/corpus_exceptions.tsv", folder);
    struct slice file = lab_file(path);
    struct slice rest = file;
    slice_cut(&rest, '\n', &row);
    while (slice_cut(&rest, '\n', &row)) {
        struct exception *exception = &exceptions[exception_count++];

        assert_true(exception_count <= EXCEPTIONS_MAX);
        assert_true(column(row, 4).len > 10); /* a reason is a sentence */
        exception->is_misprint = slice_equal(column(row, 3), SLICE("misprint"));
        exception->is_prescribed = slice_equal(column(row, 3), SLICE("prescribed"));
        snprintf(exception->file, sizeof(exception->file), "%.*s", (int)column(row, 0).len, row.at);
        snprintf(exception->verdict, sizeof(exception->verdict), "%.*s", (int)column(row, 1).len,
                 column(row, 1).at);
    }
    free((char *)(uintptr_t)file.at);
}

static void verdict_write(char *written, size_t len)
{
    const struct verdict *verdict = &lab.inspection->verdict;
    struct text text;

    text_init(&text, written, len - 1);
    text_put_string(&text, policy_action_name(verdict->action));
    if (verdict->status != 0) {
        text_put_format(&text, " %u", verdict->status);
    }
    written[text.len] = '\0';
}

static bool is_excepted(const char *file)
{
    char verdict[32];

    verdict_write(verdict, sizeof(verdict));
    for (unsigned i = 0; i < exception_count; i++) {
        if (strcmp(exceptions[i].file, file) == 0) {
            exceptions[i].is_used = true;
            return strcmp(exceptions[i].verdict, verdict) == 0;
        }
    }
    return false;
}

/* What asks for sips came over TLS. */
static bool is_secure(struct slice message)
{
    struct slice line = slice_head(message, slice_find(message, '\r'));

    return slice_has(line, SLICE(" sips:"));
}

static struct lab_source sender(enum transport transport, struct slice message)
{
    struct lab_source source;

    lab_source(&lab, SLICE("visited"), transport, &source);
    if (is_secure(message)) {
        source.transport = TRANSPORT_TLS;
        source.certified = SLICE("secure.example");
        assert_true(address_read_port(&source.address, SLICE("203.0.113.17:5061")));
    }
    return source;
}

static void seed(const struct lab_source *source, struct slice message)
{
    lab_reset(&lab);
    lab_seed_response(&lab, source, message);
    lab_seed_invite(&lab, source, message);
    lab_seed_dialog(&lab, source, message);
}

static void judge_datagram(struct slice message)
{
    struct lab_source source = sender(TRANSPORT_UDP, message);

    seed(&source, message);
    lab_judge(&lab, &source, message, 0);
}

/* The first message a stream makes of the octets when they come in pieces; false when none. */
static bool judge_stream(struct slice octets, size_t piece)
{
    const struct sip_stream_limits limits = {65535, 262144};
    struct lab_source source = sender(TRANSPORT_TCP, octets);
    struct sip_stream stream = {0};
    size_t at = 0;
    size_t end = 0;
    size_t len = 0;

    seed(&source, octets);
    while (end < octets.len) {
        end = octets.len - end < piece ? octets.len : end + piece;
        switch (sip_stream_frame(&stream, slice_of(octets.at + at, end - at), &limits, &len)) {
        case SIP_FRAME_MORE:
            break;
        case SIP_FRAME_PING:
        case SIP_FRAME_PONG:
            at += len;
            break;
        case SIP_FRAME_MESSAGE:
        case SIP_FRAME_BROKEN:
            lab_judge(&lab, &source, slice_of(octets.at + at, len), 0);
            return true;
        }
    }
    return false;
}

static bool is_framing(const struct verdict *verdict)
{
    return verdict->action != ACTION_PASS && control_at(verdict->control)->layer == LAYER_FRAMING;
}

/* A stream that is broken is closed, with an answer or without; all else is judged alike. */
static bool is_same(const struct verdict *a, const struct verdict *b)
{
    if (is_framing(a) || is_framing(b)) {
        return a->action != ACTION_PASS && b->action != ACTION_PASS;
    }
    unsigned first = a->action == ACTION_CLOSE && a->status != 0 ? ACTION_REJECT : a->action;
    unsigned second = b->action == ACTION_CLOSE && b->status != 0 ? ACTION_REJECT : b->action;

    first = first == ACTION_CLOSE ? ACTION_DROP : first;
    second = second == ACTION_CLOSE ? ACTION_DROP : second;
    return first == second && a->status == b->status;
}

/* Every cut of a stream gives one verdict, and that of the datagram. */
static void compare_streams(const char *name, struct slice message)
{
    static const size_t pieces[] = {1, 7, 1448, 1 << 20};
    struct verdict datagram = lab.inspection->verdict;
    struct verdict first = datagram;

    for (unsigned i = 0; i < ARRAY_COUNT(pieces); i++) {
        if (!judge_stream(message, pieces[i])) {
            streams_framing++; /* it waits for more, and will be closed by the clock */
            return;
        }
        if (i == 0) {
            first = lab.inspection->verdict;
        }
        if (!is_same(&first, &lab.inspection->verdict)) {
            fail_msg("%s: cut into pieces of %zu it is judged otherwise", name, pieces[i]);
        }
    }
    if (is_framing(&first) || is_framing(&datagram)) {
        streams_framing++; /* no Content-Length, most of them: fine on UDP alone */
    } else if (is_same(&first, &datagram)) {
        streams_same++;
    } else {
        streams_other++;
        print_error("%s: a stream is judged otherwise than a datagram\n", name);
    }
}

static void tell(const char *name, const char *wanted)
{
    const struct verdict *verdict = &lab.inspection->verdict;
    char written[32];

    verdict_write(written, sizeof(written));
    print_error("%s\t%s\t%s\t%s", name, written,
                verdict->control < control_count() ? control_at(verdict->control)->id : "-",
                wanted);
    for (uint32_t i = 0; i < lab.inspection->finding_count; i++) {
        const struct finding *finding = &lab.inspection->findings[i];

        print_error(" | %s %.*s", finding->detail, (int)(finding->evidence.len % 60),
                    finding->evidence.at);
    }
    print_error("\n");
}

static void judge_row(struct figures *figures, const char *name, struct slice message,
                      enum wanted wanted)
{
    judge_datagram(message);
    bool passes = lab.inspection->verdict.action == ACTION_PASS;

    figures->rows++;
    figures->passed += passes;
    figures->stopped += !passes;
    figures->silent += !passes && lab.inspection->verdict.status == 0;
    if ((wanted == PASS && !passes) || (wanted == STOP && passes)) {
        if (is_excepted(name)) {
            figures->excepted++;
        } else {
            figures->unexpected++;
            tell(name, wanted == PASS ? "valid" : "to be refused");
        }
    }
    if (message.len > lab.policy->zones[lab_zone(&lab, SLICE("visited"))].limits.datagram) {
        return; /* no datagram may be so large, streams may */
    }
    judge_datagram(message);
    compare_streams(name, message);
}

static void judge_file(struct figures *figures, const char *group, struct slice name,
                       enum wanted wanted)
{
    char path[2 * PATH_LEN];
    char shown[PATH_LEN];

    snprintf(shown, sizeof(shown), "%s/%.*s", group, (int)name.len, name.at);
    snprintf(path, sizeof(path), "%s/%s", corpus, shown);
    struct slice message = lab_file(path);
    judge_row(figures, shown, message, wanted);
    free((char *)(uintptr_t)message.at);
}

static void show(const char *what, const struct figures *figures)
{
    print_message("%-34s %5u rows: %5u passed, %5u refused (%u in silence), %u excepted\n", what,
                  figures->rows, figures->passed, figures->stopped, figures->silent,
                  figures->excepted);
}

typedef enum wanted wanted_function(struct slice row);

static void each_row(const char *group, const char *table, wanted_function *wanted_of,
                     struct figures figures[3])
{
    char path[2 * PATH_LEN];
    struct slice row;

    snprintf(path, sizeof(path), "%s/%s/%s", corpus, group, table);
    struct slice file = lab_file(path);
    struct slice rest = file;
    slice_cut(&rest, '\n', &row);
    while (slice_cut(&rest, '\n', &row)) {
        enum wanted wanted = wanted_of(row);

        judge_file(&figures[wanted], group, column(row, 0), wanted);
    }
    free((char *)(uintptr_t)file.at);
}

static enum wanted wanted_rfc4475(struct slice row)
{
    struct slice expected = column(row, 3);

    if (slice_equal(expected, SLICE("valid")) || slice_equal(expected, SLICE("unusual-valid"))) {
        return PASS;
    }
    return slice_equal(expected, SLICE("reject")) || slice_equal(expected, SLICE("drop")) ? STOP
                                                                                          : EITHER;
}

static enum wanted wanted_cve(struct slice row)
{
    return slice_starts(column(row, 3), SLICE("reject")) ? STOP : EITHER;
}

static enum wanted wanted_jain(struct slice row)
{
    return slice_equal(column(row, 1), SLICE("parse-error")) ? STOP : EITHER;
}

/* Whether some line begins with name and has part. */
static bool line_has(struct slice message, const char *name, const char *part)
{
    struct slice line;

    while (slice_cut(&message, '\n', &line)) {
        if (slice_starts(line, slice_string(name)) && slice_has(line, slice_string(part))) {
            return true;
        }
    }
    return false;
}

/* Of RFC 3261 and not an excerpt: a branch and a tag, and in an INVITE a Contact. */
static bool is_form_of_3261(struct slice name)
{
    char path[2 * PATH_LEN];

    snprintf(path, sizeof(path), "%s/rfc-flows/%.*s", corpus, (int)name.len, name.at);
    struct slice message = lab_file(path);
    bool is_good = line_has(message, "Via:", "branch=z9hG4bK") &&
                   line_has(message, "From:", ";tag=") &&
                   (!slice_starts(message, SLICE("INVITE ")) || line_has(message, "Contact:", ""));
    free((char *)(uintptr_t)message.at);
    return is_good;
}

/* Whole messages whose Content-Length is that of their body; what an RFC shortened is no message.
 */
static enum wanted wanted_flows(struct slice row)
{
    bool is_whole = slice_equal(column(row, 6), SLICE("all")) &&
                    slice_equal(slice_trim(column(row, 9)), SLICE("no")) &&
                    (column(row, 7).len == 0 || slice_equal(column(row, 7), column(row, 8)));

    return is_whole && is_form_of_3261(column(row, 0)) ? PASS : EITHER;
}

static void hold_valid(const char *what, const struct figures *figures)
{
    show(what, figures);
    assert_int_equal(figures->unexpected, 0);
}

static struct figures valid;

static void valid_add(const struct figures *figures)
{
    valid.rows += figures->rows;
    valid.passed += figures->passed;
}

static void test_rfc4475(void **state)
{
    struct figures figures[3] = {{0}};

    (void)state;
    each_row("rfc4475", "expected.tsv", wanted_rfc4475, figures);
    show("rfc4475, to be judged by meaning", &figures[EITHER]);
    hold_valid("rfc4475, to be refused", &figures[STOP]);
    assert_int_equal(figures[STOP].passed, 0);
    hold_valid("rfc4475, valid", &figures[PASS]);
    valid_add(&figures[PASS]);
}

static void test_cve(void **state)
{
    struct figures figures[3] = {{0}};

    (void)state;
    each_row("cve", "expected.tsv", wanted_cve, figures);
    show("cve, well formed", &figures[EITHER]);
    hold_valid("cve, to be refused", &figures[STOP]);
}

static void test_jain(void **state)
{
    struct figures figures[3] = {{0}};

    (void)state;
    each_row("jain-torture", "expected.tsv", wanted_jain, figures);
    show("jain-torture, parses", &figures[EITHER]);
    hold_valid("jain-torture, to be refused", &figures[STOP]);
}

static void test_flows(void **state)
{
    struct figures figures[3] = {{0}};

    (void)state;
    each_row("rfc-flows", "index.tsv", wanted_flows, figures);
    show("rfc-flows, shortened or miscounted", &figures[EITHER]);
    hold_valid("rfc-flows, valid", &figures[PASS]);
    valid_add(&figures[PASS]);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool is_unpacked(const char *archive, const char *into)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        execlp("tar", "tar", "-C", into, "-xJf", archive, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void judge_case(struct figures *good, struct figures *broken, const char *folder,
                       const char *name)
{
    char path[PATH_LEN];
    bool is_good = strcmp(name, "0000000.sip") == 0;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    struct slice message = lab_file(path);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof(path), "protos/%s", name);
    judge_row(is_good ? good : broken, path, message, is_good ? PASS : EITHER);
    free((char *)(uintptr_t)message.at);
}

/* PROTOS comes in one archive.  Most cases break a value nobody here reads (bodies): no crash, and
 * one verdict however cut, is what is held. */
static void test_protos(void **state)
{
    char folder[] = "/tmp/sipwarden-protos-XXXXXX";
    char archive[2 * PATH_LEN];
    struct dirent **entries = NULL;
    struct figures broken = {0};
    struct figures good = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(archive, sizeof(archive), "%s/protos-c07-sip/cases.tar.xz", corpus);
    assert_true(is_unpacked(archive, folder));
    int count = scandir(folder, &entries, not_hidden, alphasort);
    assert_true(count > 2000);
    for (int i = 0; i < count; i++) {
        judge_case(&good, &broken, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(rmdir(folder), 0);
    show("protos, one element broken", &broken);
    hold_valid("protos, valid", &good);
}

static void test_figures(void **state)
{
    unsigned misprints = 0;
    unsigned prescribed = 0;

    (void)state;
    for (unsigned i = 0; i < exception_count; i++) {
        if (!exceptions[i].is_used) {
            print_error("%s is no exception any more\n", exceptions[i].file);
        }
        assert_true(exceptions[i].is_used);
        misprints += exceptions[i].is_misprint;
        prescribed += exceptions[i].is_prescribed;
    }
    unsigned counted = valid.rows - misprints - prescribed;
    print_message(
        "valid: %u of %u pass; without %u misprints and %u refusals prescribed: %.1f %%\n",
        valid.passed, valid.rows, misprints, prescribed, 100.0 * valid.passed / counted);
    print_message("streams: %u as datagrams, %u about framing, %u otherwise\n", streams_same,
                  streams_framing, streams_other);
    assert_true(100 * valid.passed >= VALID_PERCENT * counted);
    assert_int_equal(streams_other, 0);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc4475), cmocka_unit_test(test_cve),
        cmocka_unit_test(test_jain),    cmocka_unit_test(test_flows),
        cmocka_unit_test(test_protos),  cmocka_unit_test(test_figures),
    };
    char policy[PATH_LEN];
    struct stat status;

    if (argument_count != 2) {
        fprintf(stderr, "usage: test_corpus TESTS-FOLDER\n");
        return 2;
    }
    snprintf(corpus, sizeof(corpus), "%s/../../shared/corpus", arguments[1]);
    if (stat(corpus, &status) != 0) {
        printf("SKIPPED: no corpus beside the sources (../shared/corpus)\n");
        return SKIPPED;
    }
    exceptions_read(arguments[1]);
    snprintf(policy, sizeof(policy), "%s/policies/corpus.yaml", arguments[1]);
    lab_open(&lab, policy);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    lab_close(&lab);
    return failures;
}
