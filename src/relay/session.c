/*
 * What passes with time: session timers (RFC 4028, rules 5.7), liveness of peers (NNI-09).
 */
#include "relay/machine.h"

enum { SESSION_GRACE_MS = 32000 /* STA-52 */ };

void session_agreed(struct relay *relay, struct dialog *dialog, const struct inspection *inspection)
{
    struct slice value = sip_header_value(&inspection->message, SIP_HEADER_SESSION_EXPIRES);
    struct slice seconds = slice_trim(slice_head(value, slice_find(value, ';')));
    uint64_t interval = 0;

    wheel_stop(&relay->state->wheel, &dialog->timers[DIALOG_REFRESH]);
    dialog->session_ms = 0;
    if (!slice_number(seconds, 86400, &interval) || interval == 0) {
        return;
    }
    dialog->session_ms = (uint32_t)interval * 1000;
    dialog_set_timer(relay, dialog, DIALOG_REFRESH, dialog->session_ms + SESSION_GRACE_MS);
}

void session_timer(struct relay *relay, struct dialog *dialog, struct outbox *outbox)
{
    if (dialog->is_emergency) {
        return; /* EMG-09 */
    }
    dialog_release(relay, dialog, SLICE("SIP;cause=408;text=\"Session expired\""), outbox);
}

void session_watch(struct relay *relay, struct outbox *outbox)
{
    (void)relay;
    (void)outbox;
}

void session_probe_answered(struct relay *relay, struct exchange *exchange, bool is_alive)
{
    (void)relay;
    (void)exchange;
    (void)is_alive;
}
