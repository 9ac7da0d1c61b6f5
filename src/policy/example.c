/*
 * The policies to start from.  They are the files of policies/, built in.
 */
#include "policy/report.h"

#include "base/must.h"

static const char *const roles[ROLE_COUNT] = {
    [ROLE_INTERCONNECT] = "interconnect",
    [ROLE_ACCESS] = "access",
    [ROLE_ENTERPRISE] = "enterprise",
    [ROLE_LAB] = "lab",
};

/* In the order of enum policy_role. */
static const char *const examples[] = {
#include "policy/examples.inc"
};

_Static_assert(ARRAY_COUNT(examples) == ROLE_COUNT, "one example for each role");

bool policy_role_read(struct slice word, enum policy_role *role)
{
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        if (slice_equal(word, slice_string(roles[i]))) {
            *role = (enum policy_role)i;
            return true;
        }
    }
    return false;
}

const char *policy_role_name(enum policy_role role)
{
    return roles[role];
}

void policy_example_write(struct text *text, enum policy_role role)
{
    text_put_string(text, examples[role]);
}
