/* CT-SEG-04: a source that no contract covers. */
#include "guard/inspect.h"

enum { FIRST_LINE_SHOWN = 80 }; /* what a stranger wanted, for the event: nothing of it is read */

static struct slice first_line(struct slice bytes)
{
    struct slice shown = slice_head(bytes, FIRST_LINE_SHOWN);

    return slice_head(shown, slice_find(shown, '\r'));
}

enum outcome control_peer_admitted(struct inspection *inspection)
{
    if (inspection->zone == POLICY_NONE) {
        return OUTCOME_NOT_APPLICABLE;
    }
    if (inspection->peer == POLICY_NONE && !inspection_zone(inspection)->accepts_unknown) {
        return inspection_found(inspection, first_line(inspection->packet->bytes), "EMG-03");
    }
    return OUTCOME_PASSED;
}
