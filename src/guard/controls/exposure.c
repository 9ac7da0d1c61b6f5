/* CT-FRD-02: what one caller runs up abroad and at numbers of high risk. */
#include "guard/traffic.h"

enum outcome control_exposure(struct inspection *inspection)
{
    return traffic_found(inspection);
}
