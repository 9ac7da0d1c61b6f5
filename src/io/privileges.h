/*
 * What a process gives up before it looks at anything from outside.
 *
 * Two steps, because threads are made between them: privileges_drop leaves the files and the rights
 * of the user who started us, privileges_confine leaves only the system calls of the role
 * (syscalls.def); any other one ends the process.
 */
#pragma once

#include "base/fault.h"
#include "io/ipc.h"

#include <sys/types.h>

struct privileges {
    int folder; /* where the process is locked in, as far as it may; the descriptor is closed */
    uid_t user; /* to become; 0: stay who we are */
    gid_t group;
};

/* Descriptors of the former program, but for standard ones and those up to last. */
void privileges_forget(int last);

bool privileges_drop(const struct privileges *privileges, struct fault *fault);

/* In all threads of the process. */
bool privileges_confine(enum ipc_role role, struct fault *fault);

/* What a parent of all this may keep: changing user, locking in, binding, ending children. */
bool privileges_keep_for_parent(struct fault *fault);
