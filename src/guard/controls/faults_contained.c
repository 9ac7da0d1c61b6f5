/* CT-SEG-12: a policy under which a process that was taken over could do more than its job. */
#include "guard/inspect.h"

/* Folders of the machine: whoever writes there writes what others run. */
static bool is_of_machine(struct slice folder)
{
    static const struct slice folders[] = {SLICE_INIT("/"),    SLICE_INIT("/etc"),
                                           SLICE_INIT("/usr"), SLICE_INIT("/root"),
                                           SLICE_INIT("/bin"), SLICE_INIT("/boot"),
                                           SLICE_INIT("/lib"), SLICE_INIT("/dev")};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        struct slice behind = slice_skip(folder, folders[i].len);

        if (slice_starts(folder, folders[i]) &&
            (behind.len == 0 || (i > 0 && behind.at[0] == '/'))) {
            return true;
        }
    }
    return false;
}

enum outcome control_faults_contained(struct inspection *inspection)
{
    const struct policy *policy = inspection->policy;

    if (slice_equal(policy->user, SLICE("root"))) {
        return inspection_found(inspection, policy->user, "GEN-06");
    }
    return is_of_machine(policy->journal) ? inspection_found(inspection, policy->journal, "GEN-06")
                                          : OUTCOME_PASSED;
}
