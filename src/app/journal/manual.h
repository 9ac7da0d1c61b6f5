/*
 * The manual of events and of the journal: docs/events.md.
 */
#pragma once

#include "base/text.h"

enum { EVENTS_MANUAL_MAX = 256 * 1024 };

void events_manual_write(struct text *text, bool is_markdown);

/* On standard output; the exit status. */
int events_manual_print(bool is_markdown);
