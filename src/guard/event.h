/*
 * Telling: one JSON object per event, ECS names, numbers masked unless the policy says otherwise.
 */
#pragma once

#include "guard/inspect.h"

/* Nothing is written when nothing was found.  when_us is the wall clock. */
void event_write(struct text *text, const struct inspection *inspection, uint64_t when_us);

/* The trip in words, step by step, for `explain`. */
void explain_write(struct text *text, const struct inspection *inspection);

/* The manual of every control, as text, Markdown (docs/controls.md) or JSON. */
void controls_write(struct text *text);
void controls_write_markdown(struct text *text);
void controls_write_json(struct text *text);
