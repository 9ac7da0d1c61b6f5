/* CT-FRD-05: traffic that goes around where it would be paid for. */
#include "guard/traffic.h"

enum outcome control_sim_box(struct inspection *inspection)
{
    return traffic_found(inspection);
}
