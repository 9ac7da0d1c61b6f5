/* CT-SEG-01: a packet that reaches a socket of no zone. */
#include "guard/inspect.h"

enum outcome control_realm_known(struct inspection *inspection)
{
    if (inspection->zone == POLICY_NONE) {
        return inspection_found(inspection, SLICE_NONE, "NNI-01");
    }
    return OUTCOME_PASSED;
}
