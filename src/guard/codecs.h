/*
 * The codecs of a description that do not cross between two zones (CT-MED-06).
 */
#pragma once

#include "policy/policy.h"
#include "wire/sdp/sdp.h"

/* Bit per payload type of the medium whose codec either zone does not list; a codec that nobody
 * names is none of them.  False when all pass.  A zone may be POLICY_NONE. */
bool codecs_dropped(const struct policy *policy, const uint16_t zones[2], const struct sdp *sdp,
                    const struct sdp_media *media, uint64_t dropped[2]);
