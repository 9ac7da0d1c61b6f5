/* CT-IDN-14: passwords tried one after the other, of one user or of many. */
#include "guard/identity.h"
#include "guard/recent.h"

enum {
    WINDOW_S = 300,    /* REG-06 */
    FAILURES_MOST = 5, /* of one user from one source */
    USERS_MOST = 20,   /* whose passwords failed from one source */
};

static struct slice source_of(struct text *text, const struct address *remote)
{
    address_write_host(text, remote, false);
    return text_slice(text);
}

static struct slice user_of(const struct sip_message *message)
{
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    const struct sip_value *value = message->method == SIP_REGISTER ? to : from;

    return value == NULL ? SLICE_NONE : sip_slice(message, value->uri.user);
}

static bool has_credentials(const struct sip_message *message)
{
    return sip_has(message, SIP_HEADER_AUTHORIZATION) ||
           sip_has(message, SIP_HEADER_PROXY_AUTHORIZATION);
}

/* The request as it went on had an answer to a challenge in it. */
static bool was_answered(const struct inspection *inspection, const struct exchange *exchange)
{
    struct slice wire = texts_slice(&inspection->state->texts, exchange->wire);

    return exchange->has_answer || slice_has(wire, SLICE("\r\nAuthorization: ")) ||
           slice_has(wire, SLICE("\r\nProxy-Authorization: "));
}

static bool is_stale(const struct sip_message *message)
{
    struct slice value =
        sip_header_value(message, message->status == 401 ? SIP_HEADER_WWW_AUTHENTICATE
                                                         : SIP_HEADER_PROXY_AUTHENTICATE);
    struct slice stale;

    return identity_credential(value, SLICE("stale"), &stale) &&
           slice_equal_nocase(stale, SLICE("true"));
}

/* A registrar's no to an answer it was given. */
static enum outcome response(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct exchange *exchange = inspection->match.exchange;
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    if ((message->status != 401 && message->status != 407 && message->status != 403) ||
        inspection->match.kind != MATCH_RESPONSE || exchange->is_emergency ||
        !was_answered(inspection, exchange) || is_stale(message)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    text_init(&text, room, sizeof(room));
    struct slice source = source_of(&text, &exchange->server_flow.remote);
    struct recent_key user = {RECENT_FAILED_USER, user_of(message), source};
    struct recent_key users = {RECENT_FAILED_SOURCE, source, SLICE_NONE};
    uint32_t failures = recent_count(inspection, &user, WINDOW_S);
    uint32_t failed_users = failures == 1 ? recent_count(inspection, &users, WINDOW_S) : 0;

    return failures == FAILURES_MOST || failed_users == USERS_MOST
               ? inspection_found_as(inspection, user_of(message), "REG-06", ACTION_PASS, 0)
               : OUTCOME_PASSED;
}

/* The source is not heard for a while; the user is served from everywhere else, since locking him
 * out would be an attack of its own. */
static enum outcome request(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    if (!has_credentials(message) || inspection->emergency != EMERGENCY_NONE ||
        (inspection->peer != POLICY_NONE && !inspection->policy->judges_anybody)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    text_init(&text, room, sizeof(room));
    struct slice source = source_of(&text, &inspection->packet->flow.remote);
    struct recent_key user = {RECENT_FAILED_USER, user_of(message), source};
    struct recent_key users = {RECENT_FAILED_SOURCE, source, SLICE_NONE};

    if (recent_of(inspection, &user, WINDOW_S) < FAILURES_MOST &&
        recent_of(inspection, &users, WINDOW_S) < USERS_MOST) {
        return OUTCOME_PASSED;
    }
    inspection_score(inspection, 10);
    return inspection_found(inspection, user_of(message), "REG-06");
}

enum outcome control_brute_force(struct inspection *inspection)
{
    return inspection->message.is_request ? request(inspection) : response(inspection);
}
