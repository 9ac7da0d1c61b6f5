#include "app/audit/catalogue.h"

const struct audit_test audit_tests[TEST_COUNT] = {
// clang-format off
#define TEST(id, group, severity, stimulus, target, rule, verifies, reference) \
    {id, GROUP_##group, SEVERITY_##severity, stimulus, target, rule, verifies, reference},
#include "app/audit/catalogue.def"
#undef TEST
    // clang-format on
};

static const struct {
    const char *id, *name;
} groups[GROUP_COUNT] = {
#define GROUP(id, name) {#id, name},
#include "app/audit/groups.def"
#undef GROUP
};

const char *group_id(enum audit_group group)
{
    return groups[group].id;
}

const char *group_name(enum audit_group group)
{
    return groups[group].name;
}

uint32_t test_find(struct slice id)
{
    uint32_t index = 0;

    while (index < TEST_COUNT && !slice_equal_nocase(id, slice_string(audit_tests[index].id))) {
        index++;
    }
    return index;
}
