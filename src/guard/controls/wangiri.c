/* CT-FRD-04: callers that ring for a moment, and who calls them back (FRD-01, FRD-02). */
#include "guard/traffic.h"

enum outcome control_wangiri(struct inspection *inspection)
{
    return traffic_found(inspection);
}
