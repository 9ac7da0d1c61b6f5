/*
 * The tests of an audit: catalogue.def.
 */
#pragma once

#include "app/audit/outcome.h"

enum audit_group {
#define GROUP(id, name) GROUP_##id,
#include "app/audit/groups.def"
#undef GROUP
    GROUP_COUNT
};

struct audit_test {
    const char *id;
    enum audit_group group;
    enum severity severity;
    const char *stimulus, *target, *rule, *verifies, *reference;
};

enum {
#define TEST(id, group, severity, stimulus, target, rule, verifies, reference) +1
    TEST_COUNT = 0
#include "app/audit/catalogue.def"
#undef TEST
};

extern const struct audit_test audit_tests[TEST_COUNT];

const char *group_id(enum audit_group group);
const char *group_name(enum audit_group group);

/* TEST_COUNT when there is none. */
uint32_t test_find(struct slice id);

/* A probe's text, NULL when the test has none: made from probes/. */
const char *probe_text(const char *id);
