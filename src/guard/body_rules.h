/*
 * What bodies must be whatever their kind: what they are for, and sound where they are read behind
 * us without a reader of their own here.
 */
#pragma once

#include "guard/content.h"

/* NNI-40: what a part is for.  DISPOSITION_NEVER goes whatever its sender asks. */
enum disposition { DISPOSITION_KNOWN, DISPOSITION_UNKNOWN, DISPOSITION_NEVER };
enum disposition body_disposition(const struct body_part *part);

/* HYG-B11; at: the octets of the fault. */
bool body_is_json(const struct body_part *part);
bool body_is_sound_json(const struct body_part *part, struct slice *at);

/* A message of the telephone network that belongs to a call, and is whole. */
bool body_is_isup(const struct body_part *part);
bool body_is_sound_isup(const struct body_part *part);
