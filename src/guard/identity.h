/*
 * Who somebody says he is, and who may say so: what the controls of identity share (rules 3).
 */
#pragma once

#include "guard/inspect.h"

enum { IDENTITY_DIGITS_MAX = 64 }; /* longer ones are no telephone numbers */

/* Nobody is judged by his name in an emergency or within a dialog: what passed once stands. */
static inline bool identity_is_judged(const struct inspection *inspection)
{
    return inspection->emergency == EMERGENCY_NONE && inspection_is_new(inspection);
}

/* The canonical digits of a URI; empty when it names no number. */
struct slice identity_number(const struct sip_message *message, const struct sip_uri *uri,
                             char room[IDENTITY_DIGITS_MAX]);

/* "+" and more digits: a number that means the same everywhere. */
bool identity_is_global(struct slice number);

/* Whether number begins with one of the prefixes. */
bool identity_has_prefix(const struct policy_slices *prefixes, struct slice number);

/* Whether a peer may speak for the host; a peer may be NULL. */
bool identity_is_domain_of(const struct policy_peer *peer, struct slice host);

/* The call was forwarded, so that its caller is not whom the sender serves. */
bool identity_is_diverted(const struct inspection *inspection);

/* Between operators: who calls from there is not ours. */
static inline bool identity_is_foreign(const struct inspection *inspection)
{
    enum zone_class class = inspection->policy->zones[inspection->zone].class;

    return class == ZONE_INTERCONNECT || class == ZONE_INTERCONNECT_OPEN;
}

/* The numbers a new request says it comes from: of the asserted identities that are still believed,
 * and of From.  Walks from a zeroed cursor; false at the end. */
struct identity_cursor {
    const struct sip_value *value;
    bool is_from;
    char room[IDENTITY_DIGITS_MAX];
};
bool identity_next_number(const struct inspection *inspection, struct identity_cursor *cursor,
                          struct slice *number);

/* In doubt the call goes on from nobody; in a strict zone it does not. */
enum outcome identity_doubted(struct inspection *inspection, struct slice evidence,
                              const char *rule);

/* "sip:user@host", the host in lower case: how registrations are kept. */
struct slice identity_aor(struct text *text, const struct sip_message *message,
                          const struct sip_uri *uri);

/* Who says that nobody need know him (RFC 3323 4.1.1.3). */
bool identity_is_anonymous(const struct sip_message *message, const struct sip_uri *uri);

/* The caller is not believed, or not shown: From leaves as anonymous, and what else names him stays
 * behind.  Nothing happens for a control that only observes. */
void identity_withhold(struct inspection *inspection);

/* A parameter of a number, be it of a tel URI or within the user of a sip URI. */
bool identity_number_param(const struct sip_message *message, const struct sip_uri *uri,
                           struct slice name);

/* Credentials and challenges: "Scheme name=value, name=value".  Takes the next "name=value" off the
 * front of rest, which begins behind the scheme. */
bool identity_credential_next(struct slice *rest, struct slice *part);

/* What only a node of the core may say of how somebody was authenticated (REG-08). */
bool identity_is_core_credential(struct slice part);

/* A parameter of credentials or a challenge, without its quotes. */
bool identity_credential(struct slice credentials, struct slice name, struct slice *value);
