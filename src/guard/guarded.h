/*
 * What the registrar said before, so that it is not asked the same again: its refusals for half a
 * minute (CT-DOS-10), wrong passwords by user and source together (CT-DOS-17).
 */
#pragma once

#include "guard/admission.h"

/* Asked with a request: of its From user at its source. */
bool guarded_is_refused(struct inspection *inspection);
bool guarded_is_guessing(struct inspection *inspection);

/* Told with a final response that passed. */
void guarded_note(struct inspection *inspection);
