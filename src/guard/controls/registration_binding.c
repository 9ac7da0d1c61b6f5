/* CT-IDN-15: a REGISTER for somebody else. */
#include "guard/identity.h"

enum { SIP_PORT = 5060 }; /* of a URI that names none */

/* Who registers is who is registered (REG-02, REG-13). */
static bool is_for_another(const struct sip_message *message)
{
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);

    return from != NULL && to != NULL &&
           (!slice_equal(sip_slice(message, from->uri.user), sip_slice(message, to->uri.user)) ||
            !slice_equal_nocase(sip_slice(message, from->uri.host),
                                sip_slice(message, to->uri.host)));
}

/* "*" takes back everything, and is only said to take back (RFC 3261 10.2.2). */
static bool is_loose_star(const struct sip_message *message)
{
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    uint32_t expires = 1;

    for (; contact != NULL && !contact->is_star; contact = sip_value_next(message, contact)) {
    }
    return contact != NULL &&
           (contact->next != 0 || sip_value(message, SIP_HEADER_CONTACT) != contact ||
            !sip_number(message, SIP_HEADER_EXPIRES, &expires) || expires != 0);
}

static bool is_here(const struct packet *packet, const struct sip_uri *uri,
                    const struct address *address)
{
    uint16_t port = uri->port != 0 ? uri->port : SIP_PORT;

    return address_same_host(address, &packet->local) && port == packet->local.port;
}

/* Where the registrar would send calls: to the device, never back into ourselves. */
static const struct sip_value *find_own_contact(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    struct address address;

    for (; contact != NULL; contact = sip_value_next(message, contact)) {
        if (!contact->is_star && sip_uri_host_address(message->head, &contact->uri, &address) &&
            is_here(inspection->packet, &contact->uri, &address)) {
            return contact;
        }
    }
    return NULL;
}

enum outcome control_registration_binding(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;

    if (message->method != SIP_REGISTER || !identity_is_judged(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (is_for_another(message)) {
        inspection_score(inspection, 2);
        return inspection_found(inspection, sip_header_value(message, SIP_HEADER_TO), "REG-02");
    }
    if (is_loose_star(message)) {
        return inspection_found_status(inspection, sip_header_value(message, SIP_HEADER_CONTACT),
                                       "REG-03", 400);
    }
    const struct sip_value *own = find_own_contact(inspection);
    return own == NULL ? OUTCOME_PASSED
                       : inspection_found(inspection, sip_slice(message, own->text), "REG-03");
}
