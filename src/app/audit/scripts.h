/*
 * Tests that are conversations rather than messages: scripts.def.
 */
#pragma once

#include "app/audit/audit.h"

#define SCRIPT(id, function) void function(struct audit *audit);
#include "app/audit/scripts.def"
#undef SCRIPT

/* A call to be attacked; NULL, and said so in the outcome, when none came up. */
struct good_call *script_call(struct audit *audit);

/* The attacked call must still be there, and end as calls do. */
void script_call_judge(struct audit *audit, struct good_call *call, const char *what);
