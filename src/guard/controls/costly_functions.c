/* CT-DOS-14: what strangers make the core do is counted together, however many they are. */
#include "guard/admission.h"

enum outcome control_costly_functions(struct inspection *inspection)
{
    struct limit_check check;

    if (!limit_applies(inspection) || inspection->source == NULL || inspection->user != NULL ||
        inspection->source->level == STANDING_CONTRACT) {
        return OUTCOME_NOT_APPLICABLE;
    }
    limit_begin(&check, inspection, limit_cost(inspection->message.method));
    limit_hold_zone(&check, inspection, LIMIT_strangers);
    return limit_found(inspection, &check,
                       sip_slice(&inspection->message, inspection->message.uri.whole),
                       ACTION_REJECT, 503);
}
