/*
 * Ladders drawn with characters: who sent what to whom, one line a message.
 */
#pragma once

#include "app/journal/event_fields.h"

enum { LADDER_LINE_MAX = 1024 };

struct ladder {
    bool has_border; /* something was sent: the border stands between the two parties */
    char parties[2][EVENT_FIELD_MAX]; /* by leg: address */
    char peers[2][EVENT_FIELD_MAX];   /* and name, when under contract */
    char other[EVENT_FIELD_MAX];      /* in a capture: where the caller's messages went */
};

/* All messages are seen before the first line is drawn. */
void ladder_see(struct ladder *ladder, const struct message_fields *fields);

/* row 0: names, row 1: addresses. */
void ladder_heading(const struct ladder *ladder, unsigned row, char line[LADDER_LINE_MAX],
                    unsigned width);
void ladder_line(const struct ladder *ladder, const struct message_fields *fields,
                 char line[LADDER_LINE_MAX], unsigned width);

/* "INVITE (sdp)", "180 Ringing" */
void ladder_label(const struct message_fields *fields, char label[LADDER_LINE_MAX]);

/* What was found and done: "refused 403: CT-FW-06 HYG-F04", "without P-Foo" */
void ladder_remark(const struct message_fields *fields, char remark[LADDER_LINE_MAX]);
