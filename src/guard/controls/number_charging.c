/* CT-FRD-08: what a number says of porting, carriers and payers, said by somebody not believed. */
#include "guard/identity.h"

static const struct {
    struct slice name;
    const char *rule;
} params[] = {
    {SLICE_INIT("rn"), "HYG-T03"},   {SLICE_INIT("npdi"), "HYG-T03"},
    {SLICE_INIT("cic"), "HYG-T03"},  {SLICE_INIT("rn-context"), "HYG-T03"},
    {SLICE_INIT("cpc"), "HYG-T05"},  {SLICE_INIT("oli"), "HYG-T05"},
    {SLICE_INIT("tgrp"), "HYG-T06"}, {SLICE_INIT("trunk-context"), "HYG-T06"},
};

static enum outcome look_at(struct inspection *inspection, const struct sip_uri *uri)
{
    const struct sip_message *message = &inspection->message;
    bool has_params =
        uri->params.len > 0 || slice_find(sip_slice(message, uri->user), ';') < uri->user.len;

    for (size_t i = 0; has_params && i < sizeof(params) / sizeof(params[0]); i++) {
        if (identity_number_param(message, uri, params[i].name)) {
            return inspection_found(inspection, sip_slice(message, uri->whole), params[i].rule);
        }
    }
    return OUTCOME_PASSED;
}

enum outcome control_number_charging(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);

    if (!inspection_is_new(inspection) || message->method == SIP_REGISTER || from == NULL) {
        return OUTCOME_NOT_APPLICABLE;
    }
    enum outcome target = look_at(inspection, &message->uri);
    enum outcome caller = look_at(inspection, &from->uri);
    return target == OUTCOME_FAILED ? target : caller;
}
