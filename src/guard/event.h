/*
 * Telling: one JSON object per event, ECS names, numbers masked unless the policy says otherwise.
 */
#pragma once

#include "guard/inspect.h"
#include "guard/json.h"

/* Nothing is written when nothing was found, but for emergency requests (EMG-16).  when_us is the
 * wall clock. */
void event_write(struct text *text, const struct inspection *inspection, uint64_t when_us);

/* The same for every packet, with the outcome of each control that ran. */
void event_write_whole(struct text *text, const struct inspection *inspection, uint64_t when_us);

/* A feed that was not taken, and why; what was read of it last stays. */
void event_write_feed(struct text *text, const struct policy *policy, uint32_t feed,
                      struct slice why, uint64_t when_us);

/* The trip in words, step by step, for `explain`. */
void explain_write(struct text *text, const struct inspection *inspection);

/* For events of other things than messages: what every event begins with; a party's address. */
void event_write_opening(struct json *json, const struct policy *policy, uint64_t when_us);
void event_write_address(struct json *json, const char *name, const struct address *address);

/* "2026-11-25T16:04:05.678901Z" of microseconds since 1970. */
void event_write_time(struct text *text, uint64_t when_us);

/* The manual of every control, as text, Markdown (docs/controls.md) or JSON; and of one. */
void controls_write(struct text *text);
void controls_write_markdown(struct text *text);
void controls_write_json(struct text *text);
void control_write(struct text *text, uint32_t index);
void control_write_json(struct text *text, uint32_t index);

/* "zone, emergency, match" in the words of events and explanations. */
const char *emergency_name(enum emergency emergency);
const char *match_name(enum match_kind kind);
const char *outcome_name(enum outcome outcome);
const char *policy_mode_name(enum policy_mode mode);
