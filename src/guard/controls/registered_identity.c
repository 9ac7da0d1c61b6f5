/* CT-IDN-01: a device speaks in the names it registered, and the border says which. */
#include "guard/identity.h"

enum { AOR_MAX = SIP_URI_MAX + 8 };

/* A protected device sends from where it registered; one behind a translator may have moved. */
static bool is_here(const struct inspection *inspection, const struct registration *registration)
{
    const struct flow *flow = &inspection->packet->flow;

    if (registration->zone != inspection->zone || registration->flow.transport != flow->transport) {
        return false;
    }
    return flow->transport == TRANSPORT_UDP
               ? address_equal(&registration->flow.remote, &flow->remote)
               : address_same_host(&registration->flow.remote, &flow->remote);
}

/* The sender's registration under that name; is_elsewhere when others have it and he has not. */
static const struct registration *find_here(const struct inspection *inspection,
                                            const struct sip_value *value, bool *is_elsewhere)
{
    struct table_cursor cursor = {0};
    const struct registration *registration = NULL;
    char room[AOR_MAX];
    struct text text;
    struct slice aor;

    if (value == NULL || value->uri.user.len == 0) {
        return NULL;
    }
    text_init(&text, room, sizeof(room));
    aor = identity_aor(&text, &inspection->message, &value->uri);
    while ((registration = registration_next(inspection->state, aor, &cursor)) != NULL) {
        if (!registration->is_confirmed) {
            continue;
        }
        if (is_here(inspection, registration)) {
            *is_elsewhere = false;
            return registration;
        }
        *is_elsewhere =
            !address_same_host(&registration->flow.remote, &inspection->packet->flow.remote);
    }
    return NULL;
}

/* The registrar said which names go with this one (P-Associated-URI). */
static bool is_associated(const struct inspection *inspection,
                          const struct registration *registration, const struct sip_value *value)
{
    struct slice rest = registration_text(inspection->state, registration, REGISTRATION_IDENTITIES);
    struct slice one;
    struct sip_uri uri;
    struct sip_oddities oddities = {{0}};

    while (slice_cut(&rest, ' ', &one)) {
        if (sip_uri_read_text(one, &uri, &oddities) &&
            sip_uri_equal(one.at, &uri, inspection->message.head, &value->uri)) {
            return true;
        }
    }
    return false;
}

static enum outcome stranger(struct inspection *inspection, const struct sip_value *from)
{
    bool is_certain = inspection_zone(inspection)->class == ZONE_ACCESS_SIM ||
                      inspection_zone(inspection)->is_strict;
    struct slice evidence = sip_slice(&inspection->message, from->uri.whole);

    inspection_score(inspection, 2);
    if (is_certain && identity_is_judged(inspection)) {
        return inspection_found_as(inspection, evidence, "IDN-20", ACTION_REJECT, 403);
    }
    return inspection_found_as(inspection, evidence, "IDN-20", ACTION_PASS, 0);
}

/* A preferred name that is his is asserted; any other is ignored. */
static enum outcome assert_identity(struct inspection *inspection,
                                    const struct registration *registration,
                                    const struct sip_value *preferred, bool is_his)
{
    const struct sip_message *message = &inspection->message;

    if (inspection->mode == MODE_ENFORCE) {
        inspection->asserted =
            is_his ? sip_slice(message, preferred->uri.whole)
                   : registration_text(inspection->state, registration, REGISTRATION_AOR);
    }
    if (preferred == NULL || is_his) {
        return OUTCOME_PASSED;
    }
    inspection_score(inspection, 1);
    return inspection_found(inspection, sip_slice(message, preferred->uri.whole), "HDR-02");
}

static enum outcome foreign_from(struct inspection *inspection, const struct sip_value *from,
                                 const struct registration *registration)
{
    struct slice evidence = sip_slice(&inspection->message, from->uri.whole);

    inspection_score(inspection, 2);
    if (inspection_zone(inspection)->is_strict) {
        return inspection_found_as(inspection, evidence, "HDR-03", ACTION_REJECT, 403);
    }
    if (inspection->mode == MODE_ENFORCE) {
        inspection->claimed = registration_text(inspection->state, registration, REGISTRATION_AOR);
    }
    return inspection_found(inspection, evidence, "HDR-03");
}

enum outcome control_registered_identity(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    const struct sip_value *preferred = sip_value(message, SIP_HEADER_P_PREFERRED_IDENTITY);
    bool is_elsewhere = false, is_preferred_elsewhere = false;

    if (!inspection_is_new(inspection) || message->method == SIP_REGISTER || from == NULL ||
        inspection->is_watched || inspection_zone(inspection)->class == ZONE_ENTERPRISE) {
        return OUTCOME_NOT_APPLICABLE;
    }
    const struct registration *by_from = find_here(inspection, from, &is_elsewhere);
    const struct registration *by_preferred =
        find_here(inspection, preferred, &is_preferred_elsewhere);
    const struct registration *registration = by_from != NULL ? by_from : by_preferred;
    if (registration == NULL) {
        return is_elsewhere ? stranger(inspection, from) : OUTCOME_NOT_APPLICABLE;
    }
    bool is_his = by_preferred != NULL ||
                  (preferred != NULL && is_associated(inspection, registration, preferred));
    enum outcome outcome = assert_identity(inspection, registration, preferred, is_his);
    if (by_from == NULL && identity_is_judged(inspection) &&
        !identity_is_anonymous(message, &from->uri) &&
        !is_associated(inspection, registration, from)) {
        outcome = foreign_from(inspection, from, registration);
    }
    return outcome;
}
