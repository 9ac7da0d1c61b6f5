/* CT-MSG-02: a short message of a device that only a centre could have sent. */
#include "guard/short_message.h"

enum { RP_OCTETS_MOST = 256 }; /* RCS-19: an address or two and a TPDU */

enum outcome control_sms_of_user(struct inspection *inspection)
{
    struct body_part part;
    struct sms sms;

    switch (short_message_find(inspection, &part, &sms)) {
    case SHORT_MESSAGE_NONE:
        return OUTCOME_NOT_APPLICABLE;
    case SHORT_MESSAGE_BROKEN:
        return inspection_found_status(inspection, part.type_value, "2.6", 400);
    case SHORT_MESSAGE_READ:
        break;
    }
    if (part.body.len > RP_OCTETS_MOST) {
        return inspection_found_status(inspection, part.type_value, "RCS-19", 400);
    }
    return sms.is_from_user && !sms.has_originator
               ? OUTCOME_PASSED
               : inspection_found(inspection, part.type_value, "2.6");
}
