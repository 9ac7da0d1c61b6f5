/*
 * Wrapped messages in bodies, for the controls of messaging.
 */
#pragma once

#include "guard/content.h"
#include "wire/cpim/cpim.h"

/* The first one a message carries; false when there is none that can be looked into. */
bool instant_message_find(struct inspection *inspection, struct body_part *part, struct cpim *cpim);

/* "sip:user@host", whatever it is spelled as, is this URI; or both are the same number. */
bool instant_message_is_of(const struct sip_message *message, const struct sip_value *value,
                           struct slice uri);
bool instant_message_is_anonymous(struct slice uri);
