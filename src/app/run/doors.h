/*
 * Where the border may have connections opened to: addresses of the peers of a listener's zone, at
 * ports that their contracts name, or that a look-up found for a name they name.
 *
 * Whoever has got hold of the border reaches no other port of a peer's machines through the parent.
 */
#pragma once

#include "policy/policy.h"
#include "wire/name_answer.h"

struct doors {
    struct name_answer *known; /* by policy.names; count 0: nothing was found yet */
    uint32_t count;
};

/* The names of a new policy; what was found for those that stay is kept.  from is NULL at first.
 * False when memory ends: the old ones stay. */
bool doors_change(struct doors *doors, const struct policy *from, const struct policy *to);
void doors_close(struct doors *doors);
void doors_hear(struct doors *doors, const struct name_answer *answer);
bool doors_may_open(const struct doors *doors, const struct policy *policy, uint32_t listener,
                    const struct address *remote);
