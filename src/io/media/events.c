#include "io/media/events.h"

#include "wire/octets.h"

enum {
    EVENT_LEN = 4,
    EVENTS_MAX = 4,  /* reports in one packet: a key and earlier ones that were lost */
    EVENT_LAST = 16, /* the keys of a telephone, and flash */
    ENDS_MAX = 5,    /* MED-13; senders repeat the end three times */
    END_BIT = 0x80,
};

static unsigned octet_at(struct slice slice, size_t place)
{
    return (unsigned char)slice.at[place];
}

static bool events_are_keys(struct slice payload)
{
    if (payload.len == 0 || payload.len % EVENT_LEN != 0 ||
        payload.len > (size_t)EVENTS_MAX * EVENT_LEN) {
        return false;
    }
    for (size_t i = 0; i < payload.len; i += EVENT_LEN) {
        if (octet_at(payload, i) > EVENT_LAST) {
            return false;
        }
    }
    return true;
}

/* An event keeps its timestamp while its duration grows; long ones
 * begin anew with a later timestamp. */
static bool event_goes_on(struct gate_event *event, uint32_t timestamp, unsigned duration,
                          bool is_end)
{
    if (!event->is_known || event->timestamp != timestamp) {
        *event = (struct gate_event){.timestamp = timestamp, .is_known = true};
    }
    if (duration < event->duration) {
        return false;
    }
    event->duration = (uint16_t)duration;
    event->ends = (uint8_t)(event->ends + is_end);
    return event->ends <= ENDS_MAX;
}

enum media_reason gate_event_judge(struct gate_side *side, uint32_t timestamp, struct slice payload)
{
    bool goes_on = true;

    if (side->told.bars_events || !events_are_keys(payload)) {
        return MEDIA_WRONG_EVENT;
    }
    /* Of several the timestamp is that of the first, which is over: there is nothing to follow. */
    if (payload.len == EVENT_LEN) {
        goes_on = event_goes_on(&side->event, timestamp, octets_16(payload.at + 2),
                                (octet_at(payload, 1) & END_BIT) != 0);
    }
    return goes_on ? MEDIA_PASSED : MEDIA_WRONG_EVENT;
}
