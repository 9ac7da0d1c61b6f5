/*
 * Verbs that read policies and print papers: check, diff, init, schema, version.
 */
#include "app/file.h"
#include "app/lab.h"
#include "app/lists.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "base/pattern/pattern.h"
#include "guard/inspect.h"
#include "policy/report.h"

#include <ares.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

/* Prints what was written; a paper larger than its room is our mistake. */
static int paper_print(struct text *text)
{
    must(!text->is_full);
    bool is_out = fwrite(text->at, 1, text->len, stdout) == text->len && fflush(stdout) == 0;
    free(text->at);
    return is_out ? EXIT_OK : EXIT_RUNTIME;
}

static void paper_begin(struct text *text)
{
    char *room = malloc(POLICY_REPORT_MAX);

    must(room != NULL);
    text_init(text, room, POLICY_REPORT_MAX);
}

/* One operand, no options. */
static bool wants_operands(int argc, char **argv, int count)
{
    if (argc != count + 1) {
        return false;
    }
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1] != '\0') {
            return false;
        }
    }
    return true;
}

/* What the controls find that look at a policy instead of a packet; true when something grave. */
static bool policy_controls_write(struct text *text, const struct policy *policy,
                                  const struct lists *lists)
{
    struct plan *plan = plan_new(policy);
    struct inspection *inspection = calloc(1, sizeof(*inspection));
    bool is_grave = false;

    must(plan != NULL && inspection != NULL);
    (void)plan_use(plan, lists);
    inspect_policy(inspection, plan);
    text_put_format(text, "\nControls that look at the policy: %u found something\n\n",
                    inspection->finding_count);
    for (uint32_t i = 0; i < inspection->finding_count; i++) {
        const struct finding *finding = &inspection->findings[i];
        const struct control *control = control_at(finding->control);

        text_put_format(text, "  %-8s  %s (%s)  ", severity_name(control->severity), control->id,
                        finding->detail);
        text_put_shown(text, finding->evidence);
        text_put_format(text, ": %s\n", control->finds);
        is_grave |= control->severity >= SEVERITY_HIGH && finding->mode == MODE_ENFORCE;
    }
    free(inspection);
    plan_free(plan);
    return is_grave;
}

int check_main(int argc, char **argv)
{
    struct text text;

    if (!wants_operands(argc, argv, 1)) {
        return EXIT_USAGE;
    }
    struct policy_file file;
    if (!policy_file_read(&file, argv[1])) {
        return file.is_read ? EXIT_FINDINGS : EXIT_RUNTIME;
    }
    struct lists *lists = lists_of_policy(file.policy);
    if (lists == NULL) {
        policy_file_free(&file);
        return EXIT_FINDINGS;
    }
    paper_begin(&text);
    struct posture posture = policy_check_write(&text, file.policy, control_names());
    bool is_grave = policy_controls_write(&text, file.policy, lists);
    lists_free(lists);
    policy_file_free(&file);
    int status = paper_print(&text);
    return status == EXIT_OK && (is_grave || posture.counts[POSTURE_HIGH] > 0) ? EXIT_FINDINGS
                                                                               : status;
}

int diff_main(int argc, char **argv)
{
    struct policy_file before, after;
    struct text text;

    if (!wants_operands(argc, argv, 2)) {
        return EXIT_USAGE;
    }
    if (!policy_file_read(&before, argv[1])) {
        return EXIT_RUNTIME;
    }
    if (!policy_file_read(&after, argv[2])) {
        policy_file_free(&before);
        return EXIT_RUNTIME;
    }
    paper_begin(&text);
    uint32_t differences = policy_diff_write(&text, before.policy, after.policy, control_names());
    policy_file_free(&before);
    policy_file_free(&after);
    int status = paper_print(&text);
    return status == EXIT_OK && differences > 0 ? EXIT_FINDINGS : status;
}

/* The top level's "tls", where the zones begin. */
static void lab_write(struct text *text, struct slice example, const char *folder)
{
    const struct slice zones = SLICE("\nzones:");
    size_t at = 0;

    while (at < example.len && !slice_starts(slice_skip(example, at), zones)) {
        at++;
    }
    text_put(text, slice_head(example, at));
    text_put_format(text,
                    "\ntls:                                        # a lab's own: init made them\n"
                    "  certificate: %s/certificate.pem\n  key: %s/key.pem\n  ca: %s/ca.pem\n",
                    folder, folder, folder);
    text_put(text, slice_skip(example, at));
}

/* The example, with certificates made for whoever is named in it. */
static int lab_print(struct text *example, const char *folder)
{
    struct policy_complaints *complaints = policy_complaints_new();
    struct fault fault = {.text = "the example is no policy"};
    struct text text;

    must(complaints != NULL);
    struct policy *policy =
        policy_read(text_slice(example), SLICE("example"), control_names(), complaints);
    bool is_made = policy != NULL && lab_certificates_make(folder, policy, &fault);
    char *whole = is_made ? realpath(folder, NULL) : NULL;

    policy_free(policy);
    policy_complaints_free(complaints);
    if (whole == NULL) {
        say("%s", fault.text);
        free(example->at);
        return EXIT_RUNTIME;
    }
    paper_begin(&text);
    lab_write(&text, text_slice(example), whole);
    free(whole);
    free(example->at);
    return paper_print(&text);
}

int init_main(int argc, char **argv)
{
    static const struct option options[] = {{"role", required_argument, NULL, 'r'},
                                            {"lab-certificates", required_argument, NULL, 'l'},
                                            {NULL, 0, NULL, 0}};
    enum policy_role role = ROLE_INTERCONNECT;
    const char *lab = NULL;
    struct text text;
    int option = 0;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'l') {
            lab = optarg;
        } else if (option != 'r' || !policy_role_read(slice_string(optarg), &role)) {
            return EXIT_USAGE;
        }
    }
    if (argc != optind) {
        return EXIT_USAGE;
    }
    paper_begin(&text);
    policy_example_write(&text, role);
    return lab == NULL ? paper_print(&text) : lab_print(&text, lab);
}

int schema_main(int argc, char **argv)
{
    struct text text;

    if (!wants_operands(argc, argv, 0)) {
        return EXIT_USAGE;
    }
    paper_begin(&text);
    policy_schema_write(&text);
    return paper_print(&text);
}

int version_main(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        return EXIT_USAGE;
    }
    (void)printf("sipwarden %s\nlibuv %s, c-ares %s, %s\npatterns: %s\n%u controls\n",
                 SIPWARDEN_VERSION, uv_version_string(), ares_version(NULL),
                 OpenSSL_version(OPENSSL_VERSION), patterns_are_built_in() ? "vectorscan" : "none",
                 control_count());
    return EXIT_OK;
}
