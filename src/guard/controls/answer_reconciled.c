/* CT-FRD-06: answers that are none, and calls that go in circles. */
#include "guard/traffic.h"

enum outcome control_answer_reconciled(struct inspection *inspection)
{
    return traffic_found(inspection);
}
