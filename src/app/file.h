/*
 * Policy files as the verbs read them: complaints go to standard error.
 */
#pragma once

#include "policy/policy.h"

enum { POLICY_FILE_MAX = 8 * 1024 * 1024 }; /* octets: 4096 peers of 2 kB */

struct policy_file {
    struct slice text; /* the heap's */
    struct policy *policy;
    bool is_read; /* the file; not necessarily as a policy */
};

bool policy_file_read(struct policy_file *file, const char *path);
void policy_file_free(struct policy_file *file);
