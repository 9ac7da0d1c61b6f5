/* CT-DOS-07: how often the parties of a call may ask for something within it. */
#include "guard/admission.h"
#include "guard/steps.h"

static bool is_asking(enum sip_method method)
{
    return method != SIP_ACK && method != SIP_BYE && method != SIP_CANCEL && method != SIP_PRACK;
}

enum outcome control_dialog_rates(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct dialog *dialog = inspection->match.dialog;
    struct limit_check check;

    if (inspection->match.kind != MATCH_DIALOG || dialog == NULL || dialog->is_emergency ||
        !is_asking((enum sip_method)message->method) || admission_of(inspection) == NULL ||
        inspection->is_stopped) {
        return OUTCOME_NOT_APPLICABLE;
    }
    struct handle handle = pool_handle(&inspection->state->dialogs, dialog);
    uint64_t key = limit_join((uint64_t)handle.generation << 32 | handle.index,
                              inspection->state->key.k1 + inspection->match.side);
    limit_begin(&check, inspection, RATES_WHOLE);
    limit_hold(&check, inspection, LIMIT_in_dialog, key);
    if (message->method == SIP_INVITE || message->method == SIP_UPDATE) {
        limit_hold(&check, inspection, LIMIT_refreshes, key);
    }
    return limit_found(inspection, &check, sip_slice(message, message->method_text), ACTION_REJECT,
                       500);
}
