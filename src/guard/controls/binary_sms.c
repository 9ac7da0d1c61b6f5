/* CT-MSG-03: a short message from a user for another's card or programs, not for his eyes. */
#include "guard/short_message.h"

enum {
    PROTOCOL_SILENT = 0x40, /* type 0: acknowledged, shown to nobody */
    PROTOCOL_CARD = 0x7F,   /* (U)SIM data download */
};

/* WAP push and its kin, which phones obey without asking. */
static bool is_push_port(uint32_t port)
{
    return port == 2948 || port == 2949 || (port >= 9200 && port <= 9203);
}

/* A card that answers its own platform uses the same protocol with a response header, and passes.
 */
static bool commands(const struct sms *sms)
{
    return sms->commands_card || sms->protocol == PROTOCOL_SILENT || is_push_port(sms->port);
}

static bool is_odd(const struct sms *sms)
{
    return sms->protocol == PROTOCOL_CARD || sms_is_for_card(sms);
}

enum outcome control_binary_sms(struct inspection *inspection)
{
    struct body_part part;
    struct sms sms;

    if (short_message_find(inspection, &part, &sms) != SHORT_MESSAGE_READ ||
        sms.kind != SMS_SUBMIT) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (commands(&sms)) {
        inspection_score(inspection, 5);
        return inspection_found(inspection, part.type_value, "2.6");
    }
    return is_odd(&sms) ? inspection_found_as(inspection, part.type_value, "2.6", ACTION_PASS, 0)
                        : OUTCOME_PASSED;
}
