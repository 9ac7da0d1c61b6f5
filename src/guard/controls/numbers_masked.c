/* CT-PRV-07: a policy under which whoever reads the events reads who calls whom. */
#include "guard/inspect.h"

enum outcome control_numbers_masked(struct inspection *inspection)
{
    return inspection->policy->masks_numbers
               ? OUTCOME_PASSED
               : inspection_found(inspection, SLICE("mask-numbers"), "LAW-05");
}
