/*
 * The reader among messages nobody here wrote, cut everywhere, in front of a page that must not be
 * touched; and how its time grows.
 */
#include "../corpus.h"
#include "oddities.h"

#include <time.h>

/* RFC 4475: exactly what is noted of each message.  Rules Appendix B says what follows from it. */
static const struct {
    const char *file, *words;
} torture[] = {
    {"badaspec", "BAD_URI"},
    {"badbranch", "BAD_BRANCH"},
    {"baddate", ""},
    {"baddn", "NO_END BAD_URI REPEATED_SINGLE MISSING_FROM"},
    {"badinv01", "EMPTY_PARAMETER EMPTY_MEMBER BAD_VIA BAD_BRANCH"},
    {"badvers", "BAD_VERSION BAD_VIA BAD_BRANCH"},
    {"bcast", ""},
    {"bext01", ""},
    {"bigcode", "BAD_STATUS"},
    {"clerr", "SHORT_BODY"},
    {"cparam01", ""},
    {"cparam02", ""},
    {"dblreq", "TRAILING_OCTETS TRAILING_MESSAGE"},
    {"esc01", "FOLDED"},
    {"esc02", "UNKNOWN_METHOD"},
    {"escnull", "ESCAPED_CONTROL"},
    {"escruri", "BAD_REQUEST_URI URI_HEADERS"},
    {"insuf", "MISSING_FROM MISSING_TO MISSING_CALL_ID MISSING_MAX_FORWARDS"},
    {"intmeth", "NUL CONTROL_OCTET UNKNOWN_METHOD URI_PASSWORD"},
    {"inv2543", "URI_MADDR BAD_BRANCH MISSING_FROM MISSING_MAX_FORWARDS NO_CONTENT_LENGTH"},
    {"invut", ""},
    {"longreq", "LONG_NAME SPACE_BEFORE_COLON BAD_BRANCH"},
    {"ltgtruri", "BAD_REQUEST_URI BAD_URI BAD_BRANCH"},
    {"lwsdisp", ""},
    {"lwsruri", "START_LINE_BLANKS BAD_REQUEST_URI BAD_URI BAD_PARAMETER"},
    {"lwsstart", "START_LINE_BLANKS"},
    {"mcl01", "REPEATED_SINGLE TWO_CONTENT_LENGTHS TRAILING_OCTETS"},
    {"mismatch01", "CSEQ_METHOD"},
    {"mismatch02", "UNKNOWN_METHOD CSEQ_METHOD"},
    {"mpart01", ""},
    {"multi01", "REPEATED_SINGLE"},
    {"ncl", "BAD_CONTENT_LENGTH"},
    {"noreason", ""},
    {"novelsc", "UNKNOWN_SCHEME"},
    {"quotbal", "BAD_ADDRESS UNBALANCED_QUOTE"},
    {"regaut01", ""},
    {"regbadct", "BAD_ADDRESS"},
    {"regescrt", "URI_HEADERS"},
    {"scalar02", "FOLDED BAD_CSEQ BAD_MAX_FORWARDS BAD_NUMBER"},
    {"scalarlg", "BAD_CSEQ"},
    {"sdp01", ""},
    {"semiuri", "FOLDED"},
    {"transports", ""},
    {"trws", "START_LINE_BLANKS"},
    {"unkscm", "UNKNOWN_SCHEME"},
    {"unksm2", "UNKNOWN_SCHEME"},
    {"unreason", ""},
    /* Its topmost Via has a branch of RFC 2543. */
    {"wsinv", "FOLDED SPACE_BEFORE_COLON BAD_BRANCH"},
    {"zeromf", ""},
};

static unsigned torture_seen;

static void expect_torture(const char *name, struct slice bytes)
{
    for (size_t i = 0; i < ARRAY_COUNT(torture); i++) {
        if (strncmp(name, torture[i].file, strlen(torture[i].file)) == 0 &&
            name[strlen(torture[i].file)] == '.') {
            expect_noted(bytes, torture[i].words);
            torture_seen++;
        }
    }
}

static void torture_messages(void **state)
{
    (void)state;
    if (corpus_walk("rfc4475", ".dat", expect_torture) == 0) {
        corpus_skip("rfc4475");
    }
    assert_int_equal(torture_seen, ARRAY_COUNT(torture));
}

/* Spans must lie in the head, indexes in their arrays, chains must end. */
static void expect_span(struct sip_span span)
{
    assert_true(span.len == 0 || (size_t)span.at + span.len <= message.head_len);
}

static void expect_sane(void)
{
    assert_true(message.header_count <= SIP_HEADERS_MAX && message.value_count <= SIP_VALUES_MAX);
    assert_true(message.head_len <= SIP_HEAD_MAX);
    expect_span(message.method_text);
    expect_span(message.reason);
    expect_span(message.uri.whole);
    expect_span(message.call_id);
    expect_span(message.cseq_method_text);
    for (unsigned i = 0; i < message.header_count; i++) {
        const struct sip_header *header = &message.headers[i];

        expect_span(header->name);
        expect_span(header->value);
        assert_true(header->id < SIP_HEADER_COUNT);
        assert_true(header->next == 0 ||
                    (header->next > i + 1 && header->next <= message.header_count));
    }
    for (unsigned i = 0; i < message.value_count; i++) {
        const struct sip_value *value = &message.values[i];

        expect_span(value->text);
        expect_span(value->params);
        expect_span(value->tag);
        assert_true(value->header < message.header_count);
        assert_true(value->next == 0 ||
                    (value->next > i + 1 && value->next <= message.value_count));
        if (message.headers[value->header].id == SIP_HEADER_VIA) {
            expect_span(value->via.host);
            expect_span(value->via.transport);
        } else {
            expect_span(value->display);
            expect_span(value->uri.whole);
            expect_span(value->uri.user);
            expect_span(value->uri.host);
            expect_span(value->uri.params);
            expect_span(value->uri.headers);
        }
    }
    for (unsigned i = 0; i < SIP_ODDITY_COUNT; i++) {
        struct slice octets = sip_odd_slice(&message, (enum sip_oddity)i);

        assert_true(octets.len == 0 || octets.at != NULL);
    }
}

static struct guarded guarded;

static void read_guarded(struct slice bytes, bool is_stream)
{
    sip_read(&message, guarded_copy(&guarded, bytes), is_stream);
    expect_sane();
}

static void read_cut(const char *name, struct slice bytes)
{
    (void)name;
    if (bytes.len > GUARDED_MAX) {
        return;
    }
    /* Long ones at every tenth octet: that is long enough. */
    for (size_t len = 0; len<bytes.len; len += bytes.len> 3000 ? 10 : 1) {
        read_guarded(slice_head(bytes, len), false);
        read_guarded(slice_head(bytes, len), true);
    }
    read_guarded(bytes, false);
    read_guarded(bytes, true);
}

static void everything_cut_everywhere(void **state)
{
    (void)state;
    static const char *const folders[] = {"rfc4475",
                                          "jain-torture",
                                          "rfc-flows",
                                          "cve",
                                          "fuzz-seeds/kamailio",
                                          "fuzz-seeds/pjsip-sip",
                                          "fuzz-seeds/sipgo"};
    unsigned files = 0;

    guarded = guarded_open();
    for (size_t i = 0; i < ARRAY_COUNT(folders); i++) {
        files += corpus_walk(folders[i], "", read_cut);
    }
    guarded_close(&guarded);
    if (files == 0) {
        corpus_skip("messages");
    }
}

static const char *jain_expected(const char *name, struct slice rows)
{
    struct slice row, file, verdict;

    while (slice_cut(&rows, '\n', &row)) {
        slice_cut(&row, '\t', &file);
        slice_cut(&row, '\t', &verdict);
        if (slice_equal(file, slice_string(name))) {
            return slice_equal(verdict, SLICE("parses")) ? "parses" : "parse-error";
        }
    }
    return NULL;
}

static struct slice jain_rows;

/* What another parser refused is at least odd; what it took is read. */
static void expect_jain(const char *name, struct slice bytes)
{
    const char *expected = jain_expected(name, jain_rows);

    if (expected == NULL) {
        return;
    }
    assert_int_equal(sip_read(&message, bytes, false), SIP_READ);
    if (strcmp(expected, "parse-error") == 0 && strlen(oddities_words(&message.oddities)) == 0) {
        print_error("%s: nothing noted\n", name);
        fail();
    }
}

static void the_verdicts_of_another_parser(void **state)
{
    (void)state;
    static char rows[CORPUS_FILE_MAX];
    char path[CORPUS_PATH_MAX];

    snprintf(path, sizeof(path), "%s/../shared/corpus/jain-torture/expected.tsv", corpus_root());
    if (access(path, R_OK) != 0) {
        corpus_skip("jain-torture");
    }
    jain_rows = corpus_file(path, rows);
    assert_true(corpus_walk("jain-torture", ".sip", expect_jain) > 200);
}

/* The members of a tar archive, one after the other. */
static unsigned tar_walk(FILE *archive, void (*look)(const char *name, struct slice bytes))
{
    enum { TAR_BLOCK = 512, TAR_SIZE = 124, TAR_KIND = 156 };
    static char bytes[CORPUS_FILE_MAX];
    char header[TAR_BLOCK];
    unsigned members = 0;

    while (fread(header, 1, TAR_BLOCK, archive) == TAR_BLOCK && header[0] != '\0') {
        size_t len = strtoul(header + TAR_SIZE, NULL, 8);
        size_t room = (len + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;

        assert_true(room <= sizeof(bytes) && fread(bytes, 1, room, archive) == room);
        if (header[TAR_KIND] == '0') {
            look(header, slice_of(bytes, len));
            members++;
        }
    }
    return members;
}

static void read_whole(const char *name, struct slice bytes)
{
    (void)name;
    if (bytes.len <= GUARDED_MAX) {
        read_guarded(bytes, false);
        read_guarded(bytes, true);
    }
}

/* What xz makes of an archive, to be read from. */
static FILE *xz_open(const char *path, pid_t *child)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    *child = fork();
    assert_true(*child >= 0);
    if (*child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execlp("xz", "xz", "-qdc", path, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    return fdopen(ends[0], "rb");
}

static void protos_cases(void **state)
{
    (void)state;
    char path[CORPUS_PATH_MAX];
    pid_t child;

    snprintf(path, sizeof(path), "%s/../shared/corpus/protos-c07-sip/cases.tar.xz", corpus_root());
    if (access(path, R_OK) != 0) {
        corpus_skip("protos-c07-sip");
    }
    FILE *archive = xz_open(path, &child);

    assert_non_null(archive);
    guarded = guarded_open();
    unsigned members = tar_walk(archive, read_whole);

    guarded_close(&guarded);
    fclose(archive);
    waitpid(child, NULL, 0);
    if (members == 0) {
        print_message("SKIPPED: no xz\n");
        skip();
    }
    assert_true(members > 2500);
}

/* Our own messages: in a stream every prefix without the whole head asks for more. */
static void prefixes_of_our_own(void **state)
{
    (void)state;
    static const char *const names[] = {"invite", "register", "ok", "options", "message"};
    static char room[CORPUS_FILE_MAX];
    char path[CORPUS_PATH_MAX];

    guarded = guarded_open();
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/tests/bench/messages/%s.sip", corpus_root(), names[i]);
        struct slice bytes = corpus_file(path, room);

        expect_noted(bytes, "");
        size_t head_len = message.head_len;

        for (size_t len = 0; len <= bytes.len; len++) {
            struct slice cut = guarded_copy(&guarded, slice_head(bytes, len));

            assert_int_equal(sip_read(&message, cut, true),
                             len < head_len ? SIP_PARTIAL : SIP_READ);
            if (len >= head_len) {
                assert_int_equal(sip_is_odd(&message, SIP_ODD_SHORT_BODY), len < bytes.len);
            }
            expect_sane();
            sip_read(&message, cut, false);
            expect_sane();
        }
    }
    guarded_close(&guarded);
}

/* Octets of our own messages changed at random, many together: nothing may go beyond its bounds. */
static void whatever_comes(void **state)
{
    (void)state;
    static const char likely[] = "\r\n\t :;,<>\"\\@=()[]?%*.-0z\x01\x80";
    static char room[CORPUS_FILE_MAX];
    char path[CORPUS_PATH_MAX];
    uint64_t seed = 5;

    snprintf(path, sizeof(path), "%s/tests/bench/messages/invite.sip", corpus_root());
    struct slice bytes = corpus_file(path, room);

    guarded = guarded_open();
    for (unsigned round = 0; round < 30000; round++) {
        struct slice copy = guarded_copy(&guarded, bytes);
        char *at = guarded.end - copy.len;

        for (uint64_t changes = 1 + chance_below(&seed, 12); changes > 0; changes--) {
            at[chance_below(&seed, copy.len)] = likely[chance_below(&seed, sizeof(likely) - 1)];
        }
        sip_read(&message, copy, false);
        expect_sane();
    }
    guarded_close(&guarded);
}

/* Octets that made other readers slow, as the value of a header or the URI of a request. */
static const char *const heavy[] = {
    "<",        "\"",     ";",    ",",      "a,",      ";a",     ";a=",    ";a=b",   "=",
    "\\",       "(",      ")",    "((",     "[",       ":",      "@",      "%",      "%41",
    ";%41",     ";a%",    ".",    "a.",     "-",       "..",     "[:",     "::",     "\"\\",
    "\"\",",    "<>",     "<a>,", "\"a\" ", "<sip:a",  "sip:",   "sip:a@", "sip:a;", "*,",
    ";a=\"b\"", ";a=<b>", "(\\",  "\r\n ",  "\r\n\t;", "a\r\n ", "\r",     "\n ",    "\x80",
    "\"\x80",   "\xf0",   "a ",   " ",      "?a=b&",
};

static const char *const places[] = {
    "Via: ",
    "From: ",
    "Contact: ",
    "Accept: ",
    "Retry-After: ",
    "Authorization: ",
    "Identity: ",
    "P-Charging-Vector: ",
    "Call-ID: ",
    "CSeq: ",
    "Subject: ",
    "Unknown: ",
    "Max-Forwards: ",
    "Contact: <sip:",
    "Contact: <sip:a@b;",
    "Via: SIP/2.0/UDP a;",
    "Contact: <tel:",
    "",
};

static uint64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* The shortest of some times, so that what else the machine does counts little. */
static uint64_t time_of(struct slice bytes)
{
    uint64_t shortest = UINT64_MAX;

    for (unsigned i = 0; i < 7; i++) {
        uint64_t begin = cpu_ns();

        sip_read(&message, bytes, false);
        uint64_t took = cpu_ns() - begin;

        shortest = took < shortest ? took : shortest;
    }
    return shortest;
}

/* lines: in front of the heavy one. */
static struct slice heavy_message(const char *lines, const char *place, const char *piece,
                                  size_t len)
{
    static char text[SIP_HEAD_MAX + 200];
    size_t at = (size_t)snprintf(text, sizeof(text), "%s%s%s", REQUEST_LINE, lines, place);

    while (at + strlen(piece) < len) {
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", piece);
    }
    at += (size_t)snprintf(text + at, sizeof(text) - at, "\r\n\r\n");
    return slice_of(text, at);
}

/* Four times the octets may take four times as long, and as much again for the noise: what grows
 * with the square would take sixteen times as long (HYG-L36). */
static void expect_linear(const char *lines, const char *place, const char *piece, size_t len)
{
    enum { TRIES = 4 };
    bool is_linear = false;
    uint64_t few = 0, many = 0;

    for (unsigned tries = 0; tries < TRIES && !is_linear; tries++) {
        few = time_of(heavy_message(lines, place, piece, len));
        many = time_of(heavy_message(lines, place, piece, 4 * len));
        is_linear = many < 8 * few + 100000;
    }
    if (!is_linear) {
        print_error("%s%s...: %lu ns, then %lu ns\n", place, piece, (unsigned long)few,
                    (unsigned long)many);
        fail();
    }
}

/* As lines that may be plain, and in a message whose lines are not even tried as such. */
static void time_grows_with_length(void **state)
{
    (void)state;
    enum { PLAIN = SIP_LINE_MAX / 4 - 100, LONG = 16300 };

    for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
        for (size_t j = 0; j < ARRAY_COUNT(heavy); j++) {
            expect_linear("", places[i], heavy[j], PLAIN);
            expect_linear("Subject: \xC3\xA9\r\n", places[i], heavy[j], LONG);
        }
    }
}

/* A header that is odd in nothing, but makes the message one that is not plain. */
static const char not_plain[] = "Unusual: \xC3\xA9\r\n";

/* The same message with that header behind the others, and so read on the general way: everything
 * but that line must be the same. */
static struct sip_message general;

static void expect_same_values(void)
{
    assert_int_equal(general.value_count, message.value_count);
    assert_int_equal(general.item_count, message.item_count + 1);
    for (unsigned i = 0; i < message.value_count; i++) {
        assert_memory_equal(&general.values[i], &message.values[i], sizeof(message.values[i]));
    }
}

static void expect_same_lines(void)
{
    assert_int_equal(general.header_count, message.header_count + 1);
    for (unsigned i = 0; i < message.header_count; i++) {
        struct sip_header line = general.headers[i];

        line.next = message.headers[i].next; /* unknown ones go on to the one added */
        assert_memory_equal(&line, &message.headers[i], sizeof(line));
    }
}

/* Plain lines read as what they are by those who know only plain lines, and by those who know all.
 */
static void expect_ways_agree(const char *name, struct slice bytes)
{
    static char text[GUARDED_MAX + sizeof(not_plain)];
    size_t head_len;

    if (bytes.len > GUARDED_MAX || sip_read(&message, bytes, false) != SIP_READ ||
        sip_is_odd(&message, SIP_ODD_NO_END) || message.header_count == SIP_HEADERS_MAX ||
        sip_is_odd(&message, SIP_ODD_MANY_VALUES) || message.header_count == 0 ||
        message.head_len < 2 || message.head[message.head_len - 2] != '\r') {
        return;
    }
    head_len = (size_t)(message.head - bytes.at) + message.head_len - 2;
    memcpy(text, bytes.at, head_len);
    memcpy(text + head_len, not_plain, sizeof(not_plain) - 1);
    memcpy(text + head_len + sizeof(not_plain) - 1, bytes.at + head_len, bytes.len - head_len);
    assert_int_equal(sip_read(&general, slice_of(text, bytes.len + sizeof(not_plain) - 1), false),
                     SIP_READ);
    if (memcmp(&general.oddities, &message.oddities, sizeof(message.oddities)) != 0) {
        print_error("%s: %s\n", name, oddities_words(&message.oddities));
        print_error("not %s\n", oddities_words(&general.oddities));
        fail();
    }
    expect_same_lines();
    expect_same_values();
    assert_memory_equal(&general.uri, &message.uri, sizeof(message.uri));
    assert_memory_equal(general.first_value, message.first_value, sizeof(message.first_value));
    assert_memory_equal(&general.call_id, &message.call_id, sizeof(message.call_id));
    assert_int_equal(general.cseq, message.cseq);
    assert_int_equal(general.max_forwards, message.max_forwards);
}

/* Each message, and each with an octet of its head changed for one that may mean something. */
static void expect_mutants_agree(const char *name, struct slice bytes)
{
    static const char meaning[] = ";,=\"<>:@ /[]%*._-\\()?&\r\n\tx0";
    static char mutant[GUARDED_MAX];
    uint32_t chance = 2463534242;

    expect_ways_agree(name, bytes);
    for (unsigned i = 0; i < 30 && bytes.len > 0 && bytes.len <= GUARDED_MAX; i++) {
        memcpy(mutant, bytes.at, bytes.len);
        for (unsigned j = 0; j <= i % 3; j++) {
            chance ^= chance << 13;
            chance ^= chance >> 17;
            chance ^= chance << 5;
            mutant[chance % bytes.len] = meaning[(chance >> 16) % (sizeof(meaning) - 1)];
        }
        expect_ways_agree(name, slice_of(mutant, bytes.len));
    }
}

static void both_ways_of_reading_agree(void **state)
{
    (void)state;
    static const char *const folders[] = {"rfc4475", "jain-torture",        "rfc-flows",
                                          "cve",     "fuzz-seeds/kamailio", "fuzz-seeds/sipgo"};
    unsigned files = 0;

    for (size_t i = 0; i < ARRAY_COUNT(folders); i++) {
        files += corpus_walk(folders[i], "", expect_mutants_agree);
    }
    if (files == 0) {
        corpus_skip("messages");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(torture_messages),
        cmocka_unit_test(everything_cut_everywhere),
        cmocka_unit_test(the_verdicts_of_another_parser),
        cmocka_unit_test(protos_cases),
        cmocka_unit_test(prefixes_of_our_own),
        cmocka_unit_test(whatever_comes),
        cmocka_unit_test(time_grows_with_length),
        cmocka_unit_test(both_ways_of_reading_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
