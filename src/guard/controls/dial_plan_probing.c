/* CT-FRD-03: ranges, users and prefixes tried one after the other. */
#include "guard/traffic.h"

enum outcome control_dial_plan_probing(struct inspection *inspection)
{
    return traffic_found(inspection);
}
