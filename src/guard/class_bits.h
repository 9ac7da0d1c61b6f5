/*
 * Classes of zones as bits, by the short names of rules 0.2, for the tables of facts.
 */
#pragma once

#include "policy/policy.h"

enum {
    AU = 1 << ZONE_ACCESS_SIM,
    AI = 1 << ZONE_ACCESS_INTERNET,
    EN = 1 << ZONE_ENTERPRISE,
    IT = 1 << ZONE_IOT,
    CO = 1 << ZONE_CORE,
    NT = 1 << ZONE_INTERCONNECT,
    NU = 1 << ZONE_INTERCONNECT_OPEN,
    RV = 1 << ZONE_ROAMING_VISITED,
    RH = 1 << ZONE_ROAMING_HOME,
    LB = 1 << ZONE_LOOPBACK_TRAVERSAL,
    ES = 1 << ZONE_EMERGENCY_SERVICES,
    ALL = (1 << ZONE_CLASS_COUNT) - 1,
    NOWHERE = 0,
};

_Static_assert(ZONE_CLASS_COUNT == 11, "a class without a short name");
