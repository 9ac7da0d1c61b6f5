#include "guard/short_message.h"

enum short_message short_message_find(struct inspection *inspection, struct body_part *part,
                                      struct sms *sms)
{
    uint16_t next = 0;

    if (inspection->message.method != SIP_MESSAGE || inspection->message.body.len == 0 ||
        inspection->emergency != EMERGENCY_NONE) {
        return SHORT_MESSAGE_NONE;
    }
    while (body_next(inspection, &next, part)) {
        if (media_type_is(&part->type, SLICE("application/vnd.3gpp.sms"))) {
            return !part->is_encoded && sms_read(sms, part->body) ? SHORT_MESSAGE_READ
                                                                  : SHORT_MESSAGE_BROKEN;
        }
    }
    return SHORT_MESSAGE_NONE;
}
