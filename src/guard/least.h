/*
 * The shortest times the border takes, which its refusals name (rules 5.4, 5.7); in seconds.
 */
#pragma once

#include "policy/policy.h"

enum {
    SUBSCRIPTION_LEAST = 60,  /* STA-36 */
    PUBLICATION_LEAST = 300,  /* STA-38 */
    REGISTRATION_LEAST = 60,  /* REG-05 */
    SESSION_LEAST = 90,       /* STA-51, RFC 4028 5 */
    SESSION_LEAST_OPEN = 600, /* of carriers nobody has an agreement with */
    SESSION_MOST = 86400,     /* STA-54 */
};

static inline uint32_t session_least(enum zone_class class)
{
    return class == ZONE_INTERCONNECT_OPEN ? SESSION_LEAST_OPEN : SESSION_LEAST;
}
