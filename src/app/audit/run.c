/*
 * The verb audit: options in, everything into a folder, a line a test meanwhile.
 */
#include "app/audit/bundle.h"
#include "app/audit/folder.h"
#include "app/audit/report.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct audit_options {
    const char *only, *out, *confirmed, *claims, *key, *public_key;
    uint64_t seed;
    bool is_json;
};

static volatile sig_atomic_t is_stopped;

static void stop(int number)
{
    (void)number;
    is_stopped = 1;
}

static int usage(FILE *out, int status)
{
    fputs(
        "usage: sipwarden audit SCOPE [options]\n"
        "       sipwarden audit list | explain TEST | example\n"
        "       sipwarden audit verify FOLDER [--public KEY]\n"
        "\n"
        "Plays everybody around a box under test, tries what the catalogue says, and writes what\n"
        "came of it.  Nothing leaves loopback unless the scope has a window and its name is\n"
        "repeated; emergency numbers are never sent.\n"
        "\n"
        "  SCOPE           what may be touched, from where, how hard: see audit example\n"
        "  --only TESTS    these tests or groups: VT-PAR-01,SES\n"
        "  --claims FILE   what the vendor claims (YAML or CSV): only what it needs is run\n"
        "  --out FOLDER    where the evidence goes (audit-NAME)\n"
        "  --seed N        the same octets as the run with that seed\n"
        "  --key KEY       sign the evidence: an Ed25519 key in PEM\n"
        "  --confirm NAME  the audit's name, when the target is not on loopback\n"
        "  --json          the report on standard output too\n"
        "\n"
        "Exit: 0 all that was decided passed, 1 something is weak or failed, 2 usage,\n"
        "3 it could not be run.\n",
        out);
    return status;
}

static int list_print(void)
{
    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        const struct audit_test *test = &audit_tests[i];
        const char *how = script_find(test->id) != NULL  ? "script"
                          : probe_text(test->id) != NULL ? "probe"
                                                         : "not yet";

        printf("%-10s  %-4s  %-7s  %s\n", test->id, severity_name(test->severity), how,
               test->stimulus);
    }
    return EXIT_OK;
}

static int explain_print(const char *id)
{
    uint32_t index = test_find(slice_string(id));

    if (index == TEST_COUNT) {
        say("there is no test \"%s\"; see sipwarden audit list", id);
        return EXIT_USAGE;
    }
    const struct audit_test *test = &audit_tests[index];
    const char *probe = probe_text(test->id);

    printf("%s  %s, %s\n\n  tried     %s\n  should    %s\n  judged    %s\n  verifies  %s\n"
           "  source    %s\n",
           test->id, group_name(test->group), severity_name(test->severity), test->stimulus,
           test->target, test->rule, test->verifies, test->reference);
    if (probe != NULL) {
        printf("\n%s", probe);
    } else {
        printf("\n%s\n", script_find(test->id) != NULL
                             ? "It is a conversation: app/audit/scripts*.c."
                             : "No probe is built for it yet.");
    }
    return EXIT_OK;
}

static int example_print(void)
{
    char room[16384];
    struct text text;

    text_init(&text, room, sizeof(room));
    scope_write_example(&text);
    fwrite(room, 1, text.len, stdout);
    return EXIT_OK;
}

static int verify_run(const char *folder, const char *public_key)
{
    struct fault fault = {{0}};
    enum bundle_state state = bundle_verify(folder, public_key, &fault);

    if (state == BUNDLE_BROKEN) {
        say("%s", fault.text);
        return EXIT_FINDINGS;
    }
    printf("%s: intact%s\n", folder,
           state == BUNDLE_SIGNED ? ", and signed by that key"
                                  : "; nobody's signature was asked for");
    return EXIT_OK;
}

/* The heap's; an empty slice, and said why, when it cannot be had. */
static struct slice file_read(const char *path, size_t max)
{
    FILE *file = fopen(path, "rbe");
    char *bytes = malloc(max);
    size_t len = file == NULL || bytes == NULL ? 0 : fread(bytes, 1, max, file);

    if (file == NULL) {
        say("cannot read %s: %s", path, strerror(errno));
    } else {
        fclose(file);
    }
    return slice_of(bytes, len);
}

static bool test_wanted(uint32_t index, struct slice only)
{
    struct slice word;

    while (slice_cut(&only, ',', &word)) {
        if (slice_equal_nocase(word, slice_string(audit_tests[index].id)) ||
            slice_equal_nocase(word, slice_string(group_id(audit_tests[index].group)))) {
            return true;
        }
    }
    return false;
}

static bool tests_choose(struct audit *audit, const struct audit_options *options,
                         const struct claims *claims)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        bool is_wanted = options->only == NULL || test_wanted(i, slice_string(options->only));

        for (uint32_t c = 0; is_wanted && c < claims->count; c++) {
            audit->is_wanted[i] |= claim_wants(&claims->list[c], i);
        }
        audit->is_wanted[i] |= is_wanted && claims->count == 0;
        count += audit->is_wanted[i];
    }
    if (count == 0) {
        say("no test is meant by that; remedy: see sipwarden audit list");
    }
    return count > 0;
}

static void test_tell(const struct audit *audit, uint32_t index, uint32_t number, uint32_t count)
{
    const struct test_outcome *outcome = &audit->outcomes[index];

    if (!audit->is_mute) {
        printf("%3u/%u  %-10s  %-4s  %-12s  %s\n", number, count, audit_tests[index].id,
               severity_name(outcome->severity), verdict_name(outcome->verdict),
               outcome->verdict == VERDICT_PASS ? "" : outcome->reason);
        fflush(stdout);
    }
}

static void tests_run(struct audit *audit)
{
    uint32_t count = 0, number = 0;

    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        count += audit->is_wanted[i];
    }
    for (uint32_t i = 0; i < TEST_COUNT; i++) {
        if (!audit->is_wanted[i]) {
            continue;
        }
        number++;
        if (is_stopped != 0) {
            snprintf(audit->outcomes[i].reason, sizeof(audit->outcomes[i].reason),
                     "the run was stopped before it");
            continue;
        }
        audit_run(audit, i);
        if (audit->outcomes[i].verdict != VERDICT_NOT_RUN) {
            test_tell(audit, i, number, count);
        }
    }
}

static bool report_write(const struct audit *audit, const struct claims *claims, const char *folder,
                         const struct report_form *form, char *room, struct fault *fault)
{
    struct text text;

    text_init(&text, room, REPORT_ROOM);
    form->write(&text, audit, claims);
    return text.is_full ? fault_set(fault, "%s is too long", form->file)
                        : folder_write(folder, form->file, text_slice(&text), fault);
}

static bool evidence_write(const struct audit *audit, const struct claims *claims,
                           const struct audit_options *options, const char *folder,
                           struct fault *fault)
{
    const char *files[REPORT_COUNT + 3] = {"scope.yaml", "octets.pcapng"};
    char *room = malloc(REPORT_ROOM);
    bool is_well = room != NULL && folder_write(folder, "scope.yaml", audit->scope.text, fault);

    for (unsigned i = 0; is_well && i < REPORT_COUNT; i++) {
        is_well = report_write(audit, claims, folder, &report_forms[i], room, fault);
        files[2 + i] = report_forms[i].file;
    }
    if (is_well && options->is_json) {
        struct text text;

        text_init(&text, room, REPORT_ROOM);
        report_json(&text, audit, claims);
        fwrite(room, 1, text.len, stdout);
    }
    free(room);
    return is_well && bundle_seal(folder, files, options->key, fault);
}

static void end_tell(const struct audit *audit, const char *folder)
{
    struct tally all = tally_all(audit);

    if (audit->is_mute) {
        return;
    }
    printf("\n%u passed, %u weak, %u failed, %u inconclusive, %u not applicable, %u not run; "
           "%u variants, %llu good calls, %llu lost\n",
           all.counts[VERDICT_PASS], all.counts[VERDICT_WEAK], all.counts[VERDICT_FAIL],
           all.counts[VERDICT_INCONCLUSIVE], all.counts[VERDICT_NOT_APPLICABLE],
           all.counts[VERDICT_NOT_RUN], all.tried, (unsigned long long)audit->callers.begun,
           (unsigned long long)audit->callers.lost);
    if (all.score >= 0) {
        printf("score %.0f of 100, by severity, of what was decided\n", all.score);
    }
    printf("evidence: %s\n", folder);
}

static int audit_play(struct audit *audit, const struct claims *claims,
                      const struct audit_options *options, const char *folder)
{
    struct fault fault = {{0}};

    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        say("cannot make %s: %s", folder, strerror(errno));
        return EXIT_RUNTIME;
    }
    bool is_open = audit_open(audit, folder, &is_stopped, &fault) && audit_baseline(audit, &fault);
    if (is_open) {
        audit->begun_us = ground_now_us();
        tests_run(audit);
        audit->ended_us = ground_now_us();
    }
    audit_close(audit);
    if (!is_open || !evidence_write(audit, claims, options, folder, &fault)) {
        say("%s", fault.text);
        return EXIT_RUNTIME;
    }
    end_tell(audit, folder);
    struct tally all = tally_all(audit);
    return all.counts[VERDICT_FAIL] + all.counts[VERDICT_WEAK] > 0 ? EXIT_FINDINGS : EXIT_OK;
}

static bool complaints_tell(struct policy_complaints *complaints)
{
    for (uint32_t i = 0; i < complaints->count; i++) {
        fprintf(stderr, "%.*s\n", (int)complaints->list[i].len, complaints->list[i].text);
    }
    return complaints->count == 0;
}

static bool files_read(struct audit *audit, struct claims *claims, struct slice text,
                       const char *path, struct slice claimed, const char *claims_path)
{
    struct policy_complaints *complaints = policy_complaints_new();
    bool is_read =
        complaints != NULL && (scope_read(&audit->scope, text, slice_string(path), complaints) ||
                               complaints_tell(complaints));

    is_read = is_read && (claims_path == NULL ||
                          claims_read(claims, claimed, slice_string(claims_path), complaints) ||
                          complaints_tell(complaints));
    policy_complaints_free(complaints);
    return is_read;
}

static int audit_of(const char *path, const struct audit_options *options)
{
    struct audit *audit = calloc(1, sizeof(*audit));
    struct claims *claims = calloc(1, sizeof(*claims));
    struct slice text = file_read(path, SCOPE_FILE_MAX);
    struct slice claimed = SLICE_NONE;
    struct fault fault = {{0}};
    char folder[PATH_MAX];
    int status = EXIT_USAGE;

    if (options->claims != NULL) {
        claimed = file_read(options->claims, CLAIMS_FILE_MAX);
    }
    must(audit != NULL && claims != NULL);
    audit->seed = options->seed;
    audit->is_mute = options->is_json;
    if (text.len == 0 || (options->claims != NULL && claimed.len == 0) ||
        !files_read(audit, claims, text, path, claimed, options->claims) ||
        !tests_choose(audit, options, claims)) {
        status = EXIT_USAGE;
    } else if (!scope_permits(&audit->scope, options->confirmed, ground_now_us() / 1000000,
                              &fault)) {
        say("%s", fault.text);
        status = EXIT_RUNTIME;
    } else {
        snprintf(folder, sizeof(folder), "audit-%.*s", (int)audit->scope.name.len,
                 audit->scope.name.at);
        status = audit_play(audit, claims, options, options->out == NULL ? folder : options->out);
    }
    scope_free(&audit->scope);
    claims_free(claims);
    free((void *)(uintptr_t)text.at);
    free((void *)(uintptr_t)claimed.at);
    free(audit);
    free(claims);
    return status;
}

int audit_main(int argc, char **argv)
{
    static const struct option known[] = {
        {"only", required_argument, NULL, 'o'},   {"out", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},   {"key", required_argument, NULL, 'k'},
        {"claims", required_argument, NULL, 'c'}, {"confirm", required_argument, NULL, 'n'},
        {"public", required_argument, NULL, 'p'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    struct audit_options options = {.seed = 0};
    int option = 0;

    if (getrandom(&options.seed, sizeof(uint32_t), 0) < 0) {
        say("no chance to be had; remedy: give --seed");
        return EXIT_RUNTIME;
    }
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'o':
            options.only = optarg;
            break;
        case 'f':
            options.out = optarg;
            break;
        case 'k':
            options.key = optarg;
            break;
        case 'c':
            options.claims = optarg;
            break;
        case 'n':
            options.confirmed = optarg;
            break;
        case 'p':
            options.public_key = optarg;
            break;
        case 'j':
            options.is_json = true;
            break;
        case 's':
            if (!slice_number(slice_string(optarg), UINT64_MAX - 1, &options.seed)) {
                return usage(stderr, EXIT_USAGE);
            }
            break;
        case 'h':
            return usage(stdout, EXIT_OK);
        default:
            return usage(stderr, EXIT_USAGE);
        }
    }
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    signal(SIGPIPE, SIG_IGN);
    const char *word = optind < argc ? argv[optind] : "";
    int given = argc - optind;

    if (strcmp(word, "list") == 0 && given == 1) {
        return list_print();
    }
    if (strcmp(word, "example") == 0 && given == 1) {
        return example_print();
    }
    if (strcmp(word, "explain") == 0 && given == 2) {
        return explain_print(argv[optind + 1]);
    }
    if (strcmp(word, "verify") == 0 && given == 2) {
        return verify_run(argv[optind + 1], options.public_key);
    }
    return given == 1 ? audit_of(word, &options) : usage(stderr, EXIT_USAGE);
}
