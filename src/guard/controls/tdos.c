/* CT-DOS-12: many calls at one number, so that nobody else gets through (FRD-20 to FRD-23). */
#include "guard/traffic.h"

enum outcome control_tdos(struct inspection *inspection)
{
    return traffic_found(inspection);
}
