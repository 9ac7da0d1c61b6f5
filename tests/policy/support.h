/*
 * Policies from texts and files, for the tests of this floor.
 */
#pragma once

#include "../expect.h"

#include "policy/memory.h"
#include "policy/policy.h"

#include <dirent.h>

enum { TEST_FILE_MAX = 1 << 20, TEST_PATH_MAX = 1024 };

/* A path below the root of the sources; tests run in the build folder, __FILE__ is from there. */
static inline const char *source_path(const char *below, char room[TEST_PATH_MAX])
{
    const char *end = strstr(__FILE__, "tests/policy/");

    must(end != NULL);
    snprintf(room, TEST_PATH_MAX, "%.*s%s", (int)(end - __FILE__), __FILE__, below);
    return room;
}

/* The whole file in memory the caller frees; an empty slice when there is none. */
static inline struct slice file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(TEST_FILE_MAX);

    assert_non_null(bytes);
    if (file == NULL) {
        free(bytes);
        return SLICE_NONE;
    }
    size_t len = fread(bytes, 1, TEST_FILE_MAX, file);
    fclose(file);
    return slice_of(bytes, len);
}

static inline void slice_free(struct slice slice)
{
    union {
        const char *at;
        void *memory;
    } both = {.at = slice.at};

    free(both.memory);
}

static const char *const test_ids[] = {"CT-FW-01", "CT-FW-02", "CT-FW-03"};
static const struct policy_control_names test_controls = {test_ids, 3};

/* NULL when there are complaints, which are told when is_told. */
static inline struct policy *policy_try(struct slice text, bool is_told)
{
    struct policy_complaints *complaints = policy_complaints_new();

    assert_non_null(complaints);
    struct policy *policy = policy_read(text, SLICE("test.yaml"), &test_controls, complaints);
    assert_true((policy == NULL) == (policy_complaint_count(complaints) > 0));
    for (uint32_t i = 0; is_told && i < policy_complaint_count(complaints); i++) {
        struct slice complaint = policy_complaint(complaints, i);

        print_error("%.*s\n", (int)complaint.len, complaint.at);
    }
    policy_complaints_free(complaints);
    return policy;
}

static inline struct policy *policy_of(const char *text)
{
    struct policy *policy = policy_try(slice_string(text), true);

    assert_non_null(policy);
    return policy;
}

static inline uint16_t zone_of(const struct policy *policy, const char *name)
{
    for (uint32_t i = 0; i < policy->zone_count; i++) {
        if (slice_equal(policy->zones[i].name, slice_string(name))) {
            return (uint16_t)i;
        }
    }
    fail_msg("no zone %s", name);
    return POLICY_NONE;
}

static inline uint16_t peer_of(const struct policy *policy, const char *name)
{
    for (uint32_t i = 0; i < policy->peer_count; i++) {
        if (slice_equal(policy->peers[i].name, slice_string(name))) {
            return (uint16_t)i;
        }
    }
    fail_msg("no peer %s", name);
    return POLICY_NONE;
}

static inline struct address address_of(const char *literal)
{
    struct address address;

    assert_true(address_read_port(&address, slice_string(literal)));
    return address;
}
