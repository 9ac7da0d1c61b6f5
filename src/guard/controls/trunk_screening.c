/* CT-IDN-16: a company's exchange that calls from numbers which are not the company's. */
#include "guard/identity.h"

static bool is_of_trunk(const struct policy_peer *peer, struct slice number)
{
    return !identity_is_global(number) || identity_has_prefix(&peer->numbers, number);
}

/* What the exchange says of its caller: asserted, else preferred, else From alone. */
static const struct sip_value *said_caller(const struct sip_message *message)
{
    const struct sip_value *asserted = sip_value(message, SIP_HEADER_P_ASSERTED_IDENTITY);
    const struct sip_value *preferred = sip_value(message, SIP_HEADER_P_PREFERRED_IDENTITY);

    return asserted != NULL    ? asserted
           : preferred != NULL ? preferred
                               : sip_value(message, SIP_HEADER_FROM);
}

enum outcome control_trunk_screening(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct policy_peer *peer = inspection_peer(inspection);
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    const struct sip_value *said = said_caller(message);
    char room[IDENTITY_DIGITS_MAX], from_room[IDENTITY_DIGITS_MAX];

    if (inspection_zone(inspection)->class != ZONE_ENTERPRISE || peer == NULL ||
        peer->numbers.count == 0 || from == NULL || !inspection_is_new(inspection) ||
        message->method == SIP_REGISTER) {
        return OUTCOME_NOT_APPLICABLE;
    }
    struct slice caller = identity_number(message, &said->uri, room);
    struct slice claimed = identity_number(message, &from->uri, from_room);
    if (identity_is_global(caller) && is_of_trunk(peer, caller) &&
        inspection->mode == MODE_ENFORCE) {
        inspection->asserted = sip_slice(message, said->uri.whole);
    }
    if (!identity_is_judged(inspection) ||
        (is_of_trunk(peer, caller) && is_of_trunk(peer, claimed))) {
        return OUTCOME_PASSED;
    }
    inspection_score(inspection, 1);
    return identity_doubted(inspection,
                            sip_slice(message, is_of_trunk(peer, claimed) ? said->uri.whole
                                                                          : from->uri.whole),
                            "IDN-21");
}
