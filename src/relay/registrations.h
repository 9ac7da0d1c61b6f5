/*
 * Inside the relay: registrations.
 */
#pragma once

#include "relay/machine.h"

/* registration.c */
bool registration_request(struct relay *relay, const struct inspection *inspection,
                          struct exchange *exchange);
/* Names of its own on the core's leg, the same at every refresh. */
void registration_names(const struct relay *relay, const struct inspection *inspection,
                        char *call_id, size_t call_id_letters, char *tag, size_t tag_letters);
void registration_write_contacts(struct relay *relay, struct text *text,
                                 const struct inspection *inspection, const struct flow *flow);
/* The Path of ours for the registrar; empty where he gets a Contact of ours. */
void registration_write_path(struct relay *relay, struct text *text,
                             const struct inspection *inspection, const struct exchange *exchange,
                             const struct flow *flow);
/* Of a 2xx: the Contact lines for the device. */
void registration_answered(struct relay *relay, struct inspection *inspection,
                           struct exchange *exchange, struct text *contacts);
void registration_set_timer(struct relay *relay, struct registration *registration);
/* The REGISTER was refused or came to nothing. */
void registration_refused(struct relay *relay, const struct exchange *exchange);
void registration_timer(struct relay *relay, struct wheel_timer *timer);
/* Where a registered device is reached. */
bool registration_target(const struct relay *relay, const struct registration *registration,
                         struct route_target *target);
/* The device to ring when a request names its user; NULL: none is registered. */
struct registration *registration_called(const struct relay *relay, uint16_t zone,
                                         const struct sip_message *message);
/* Of all that are registered on its flow the one whose Contact is asked for, else itself. */
const struct registration *registration_on_flow(const struct relay *relay,
                                                const struct registration *registration,
                                                const struct sip_message *message);
/* The Service-Route of whoever registered on this flow as the From says; empty for others. */
struct slice registration_routes(const struct relay *relay, const struct inspection *inspection);

/* Among the files of registrations. */
/* A device that comes with another Contact is another record: which of them counts is the
 * registrar's decision, and its answer says it. */
struct registration *registration_find_contact(const struct relay *relay, struct slice aor,
                                               const struct sip_message *message,
                                               const struct sip_value *contact);
/* Where the device is, as its REGISTER came.  Of a record that is in use only the answer may say
 * so: whoever asks has proved nothing yet. */
void registration_bind(struct relay *relay, struct registration *registration,
                       const struct exchange *exchange);
void registration_set_expiry(struct relay *relay, struct registration *registration,
                             uint64_t in_ms);
/* The registrar is given the device's own Contact.  Never where that would show the inside. */
bool registration_goes_by_path(const struct relay *relay, const struct exchange *exchange);
/* Those that pass between device and registrar. */
void registration_write_params(struct text *text, struct slice params);
