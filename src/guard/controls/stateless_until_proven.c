/* CT-DOS-03: memory for a transaction is only for who is known to be there, once it runs short. */
#include "guard/admission.h"

enum { SHARE_OF_STRANGERS = 2 }; /* the part of the table that is left to others: one half */

enum outcome control_stateless_until_proven(struct inspection *inspection)
{
    const struct pool *exchanges = &inspection->state->exchanges;
    const struct standing *source = inspection->source;

    if (source == NULL || !limit_applies(inspection) || source->level == STANDING_CONTRACT ||
        inspection->user != NULL || source->is_proven) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (pool_left(exchanges) >= exchanges->count / SHARE_OF_STRANGERS) {
        return OUTCOME_PASSED;
    }
    return inspection_found(inspection,
                            sip_slice(&inspection->message, inspection->message.method_text),
                            "DOS-26");
}
