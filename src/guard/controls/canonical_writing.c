/* CT-FW-17: more than the reader takes cannot be written anew from what was read. */
#include "guard/inspect.h"

/* A URI beyond the reader is told apart by where it stands. */
static enum outcome long_uri_found(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct slice evidence = sip_odd_slice(message, SIP_ODD_LONG_URI);
    bool is_target = message->is_request && inspection_line_at(inspection, evidence) == NULL;

    return inspection_found_as(inspection, evidence, is_target ? "HYG-L05" : "HYG-L06",
                               ACTION_REJECT, is_target ? 414 : 400);
}

enum outcome control_canonical_writing(struct inspection *inspection)
{
    enum outcome outcome = OUTCOME_PASSED;

    if (sip_is_odd(&inspection->message, SIP_ODD_LONG_URI)) {
        outcome = long_uri_found(inspection);
    }
    return inspection_violations(inspection) == OUTCOME_FAILED ? OUTCOME_FAILED : outcome;
}
