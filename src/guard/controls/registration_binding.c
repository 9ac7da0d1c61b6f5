/* CT-IDN-15: a REGISTER for somebody else. */
#include "guard/identity.h"
#include "guard/least.h"
#include "guard/recent.h"
#include "guard/steps.h"

enum {
    SIP_PORT = 5060, /* of a URI that names none */
    DAY_S = 86400,
    USERS_OF_DEVICE = 3, /* a day, REG-04 */
    AOR_MAX = SIP_URI_MAX + 8,
};

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

/* Too short a time keeps the registrar busy; nothing is taken back, so it is not zero (REG-05). */
static bool is_too_short(const struct sip_message *message)
{
    uint32_t seconds = 0;

    return sip_number(message, SIP_HEADER_EXPIRES, &seconds) && seconds > 0 &&
           seconds < REGISTRATION_LEAST;
}

/* One device for many users is a machine that tries SIM cards, or a copied one: told. */
static bool has_many_users(struct inspection *inspection, struct slice *instance)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);

    if (contact == NULL || to == NULL || contact->is_star ||
        !sip_param_find(sip_slice(message, contact->params), SLICE("+sip.instance"), instance) ||
        instance->len == 0) {
        return false;
    }
    struct recent_key user = {RECENT_DEVICE_USER, *instance, sip_slice(message, to->uri.user)};
    struct recent_key users = {RECENT_DEVICE_USERS, *instance, SLICE_NONE};

    return recent_count(inspection, &user, DAY_S) == 1 &&
           recent_count(inspection, &users, DAY_S) == USERS_OF_DEVICE + 1;
}

static bool takes_back(const struct sip_message *message)
{
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);
    struct slice value;
    uint32_t seconds = 1;

    return (contact != NULL &&
            sip_param_find(sip_slice(message, contact->params), SLICE("expires"), &value) &&
            slice_equal(value, SLICE("0"))) ||
           (sip_number(message, SIP_HEADER_EXPIRES, &seconds) && seconds == 0);
}

/* He is registered, and not here: whoever asks has not got his protection (REG-12). */
static bool is_registered_elsewhere(const struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);
    const struct registration *registration = NULL;
    struct table_cursor cursor = {0};
    char room[AOR_MAX];
    bool is_elsewhere = false;
    struct text text;

    text_init(&text, room, sizeof(room));
    struct slice aor = registration_write_aor(&text, message, &to->uri);
    while ((registration = registration_next(inspection->state, aor, &cursor)) != NULL) {
        const struct party party = {registration->zone, registration->peer, registration->peer_id,
                                    &registration->flow};

        if (!registration->is_confirmed || registration->zone != inspection->zone) {
            continue;
        }
        if (is_from_party(inspection, &party)) {
            return false;
        }
        is_elsewhere = true;
    }
    return is_elsewhere;
}

/* On the Internet the registrar asks for the password; a protected device needs none, and has its
 * flow. */
static bool ends_anothers(const struct inspection *inspection)
{
    const struct policy_zone *zone = inspection_zone(inspection);
    const struct sip_message *message = &inspection->message;

    return (zone->class == ZONE_ACCESS_SIM || zone->is_strict) &&
           sip_value(message, SIP_HEADER_TO) != NULL && !inspection->is_watched &&
           takes_back(message) && is_registered_elsewhere(inspection);
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
    struct slice instance;

    if (own != NULL) {
        return inspection_found(inspection, sip_slice(message, own->text), "REG-03");
    }
    if (is_too_short(message)) {
        return inspection_found_status(inspection, sip_header_value(message, SIP_HEADER_EXPIRES),
                                       "REG-05", 423);
    }
    if (ends_anothers(inspection)) {
        inspection_score(inspection, 3);
        return inspection_found(inspection, sip_header_value(message, SIP_HEADER_TO), "REG-12");
    }
    if (has_many_users(inspection, &instance)) {
        inspection_score(inspection, 3);
        return inspection_found_as(inspection, instance, "REG-04", ACTION_PASS, 0);
    }
    return OUTCOME_PASSED;
}
