/* CT-IDN-13: a challenge, or an answer to one, that is not between a user and his own registrar. */
#include "guard/identity.h"

/* Those of the policy, and our domains; without realms there nobody said which are ours. */
static bool is_own_realm(const struct policy *policy, struct slice credentials)
{
    struct slice realm;

    identity_credential(credentials, SLICE("realm"), &realm);
    for (uint32_t i = 0; i < policy->realms.count; i++) {
        if (slice_equal_nocase(policy->realms.at[i], realm)) {
            return true;
        }
    }
    return policy->realms.count == 0 || policy_is_own_domain(policy, realm);
}

/* Takes out the lines of that name that are not of our realms, or all; tells whether some stay. */
static bool take_out(struct inspection *inspection, enum sip_header_name name, bool all,
                     bool *is_found)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_header *line = sip_header(message, name);
    bool some_stay = false;

    for (; line != NULL; line = sip_header_next(message, line)) {
        struct slice value = sip_slice(message, line->value);

        if (!all && is_own_realm(inspection->policy, value)) {
            some_stay = true;
            continue;
        }
        inspection_found(inspection, value, "REG-07");
        inspection_strip_line(inspection, line);
        *is_found = true;
    }
    return some_stay;
}

/* A challenge of which nothing may be shown is a failure of the far side, not a question. */
static enum outcome challenge(struct inspection *inspection)
{
    bool is_found = false;
    bool all = inspection_zone(inspection)->class != ZONE_CORE;
    bool www = take_out(inspection, SIP_HEADER_WWW_AUTHENTICATE, all, &is_found);
    bool proxy = take_out(inspection, SIP_HEADER_PROXY_AUTHENTICATE, all, &is_found);

    if (is_found && !www && !proxy && inspection->mode == MODE_ENFORCE) {
        inspection->answers_as = all && !zone_class_is_access(inspection_zone(inspection)->class)
                                     ? 403 /* NNI-23 */
                                     : 500;
    }
    return is_found ? OUTCOME_FAILED : OUTCOME_PASSED;
}

static bool is_towards_users(const struct inspection *inspection)
{
    return inspection->zone_out != POLICY_NONE &&
           zone_class_is_access(inspection->policy->zones[inspection->zone_out].class);
}

/* A home network challenges its roamers through the visited one. */
static bool is_roaming(enum zone_class class)
{
    return class == ZONE_ROAMING_HOME || class == ZONE_ROAMING_VISITED;
}

enum outcome control_challenge_guard(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    enum zone_class class = inspection_zone(inspection)->class;
    bool is_found = false;

    if (!message->is_request) {
        bool is_challenge = message->status == 401 || message->status == 407;

        return is_challenge && !is_roaming(class) &&
                       (class != ZONE_CORE || is_towards_users(inspection))
                   ? challenge(inspection)
                   : OUTCOME_NOT_APPLICABLE;
    }
    if (!zone_class_is_access(class)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    take_out(inspection, SIP_HEADER_AUTHORIZATION, false, &is_found);
    take_out(inspection, SIP_HEADER_PROXY_AUTHORIZATION, false, &is_found);
    return is_found ? OUTCOME_FAILED : OUTCOME_PASSED;
}
