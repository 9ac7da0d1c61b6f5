/*
 * Registrations through the border (rules 5.5, design 4).
 */
#include "relay/machine.h"

void registration_request(struct relay *relay, struct inspection *inspection,
                          struct exchange *exchange, struct outbox *outbox)
{
    (void)inspection;
    answer_own(relay, exchange, 503, SLICE_NONE, outbox);
}

void registration_response(struct relay *relay, struct inspection *inspection,
                           struct exchange *exchange, struct outbox *outbox)
{
    (void)relay;
    (void)inspection;
    (void)exchange;
    (void)outbox;
}

void registration_timer(struct relay *relay, struct wheel_timer *timer)
{
    registration_end(relay->state, pool_at(&relay->state->registrations, timer->owner));
}

void registration_connection_closed(struct relay *relay, uint32_t connection)
{
    (void)relay;
    (void)connection;
}

bool registration_target(const struct relay *relay, const struct registration *registration,
                         struct route_target *target)
{
    (void)relay;
    *target = (struct route_target){.flow = registration->flow, .peer = registration->peer};
    return true;
}
