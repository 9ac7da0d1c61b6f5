/*
 * Short messages in bodies, for the controls of messaging.
 */
#pragma once

#include "guard/content.h"
#include "wire/sms/sms.h"

enum short_message { SHORT_MESSAGE_NONE, SHORT_MESSAGE_BROKEN, SHORT_MESSAGE_READ };

/* The first one a request outside emergencies carries. */
enum short_message short_message_find(struct inspection *inspection, struct body_part *part,
                                      struct sms *sms);
