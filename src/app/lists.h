/*
 * Files beside a policy, read: the plan of numbers, feeds and patterns become the block of lists.
 *
 * A plan of numbers that is wrong is a policy that is wrong.  A feed that cannot be read, is not
 * signed as it should be or has a line that is none is not: what was read of it last stays, and why
 * is said.
 */
#pragma once

#include "policy/lists.h"

/* What was read last. */
struct lists_files;

struct lists_files *lists_files_new(void);
void lists_files_free(struct lists_files *files);

/* NULL after saying why.  told is called with what happened to a feed; it may be NULL. */
typedef void lists_told(void *owner, struct slice feed, const char *what);
struct lists *lists_read(struct lists_files *files, const struct policy *policy, lists_told *told,
                         void *owner);

/* Whether a file that was read has changed since, or a feed that could not be read may be read
 * now. */
bool lists_files_changed(const struct lists_files *files, const struct policy *policy);

/* For who reads once: the lists of a policy, NULL after saying why. */
struct lists *lists_of_policy(const struct policy *policy);
