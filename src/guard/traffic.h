/*
 * Messages as traffic: what each adds to the tide, and what the detectors make of it.
 */
#pragma once

#include "guard/inspect.h"

/* For the controls of detectors.def: what the detectors of the control that runs have found.  The
 * first of them that runs notes the message. */
enum outcome traffic_found(struct inspection *inspection);

/* A registrar's yes and no, noted after the verdict: user and source as the registrar's asker has
 * them. */
void traffic_registered(struct inspection *inspection, uint64_t user, uint64_t source);
void traffic_failed(struct inspection *inspection, uint64_t user, uint64_t source, uint16_t zone);

/* Of a called number in international form. */
bool destination_is_risky(struct slice number);
bool destination_is_abroad(const struct plan *plan, struct slice number);
