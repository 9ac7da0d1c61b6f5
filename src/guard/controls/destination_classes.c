/* CT-FRD-01: numbers that cost more than they say (FRD-04). */
#include "guard/traffic.h"

enum outcome control_destination_classes(struct inspection *inspection)
{
    return traffic_found(inspection);
}
