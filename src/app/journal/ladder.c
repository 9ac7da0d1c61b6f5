#include "app/journal/ladder.h"

#include "base/text.h"

#include <stdio.h>

void ladder_see(struct ladder *ladder, const struct message_fields *fields)
{
    unsigned leg = fields->leg == 1;

    ladder->has_border |= fields->is_sent;
    if (ladder->parties[leg][0] == '\0') {
        memcpy(ladder->parties[leg], fields->remote, EVENT_FIELD_MAX);
    }
    if (ladder->peers[leg][0] == '\0') {
        memcpy(ladder->peers[leg], fields->peer, EVENT_FIELD_MAX);
    }
    /* In a capture the other party is where the caller's messages went. */
    if (!fields->is_sent && leg == 0 && ladder->other[0] == '\0') {
        memcpy(ladder->other, fields->local, EVENT_FIELD_MAX);
    }
}

static void put_repeated(struct text *text, char octet, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_put_octet(text, octet);
    }
}

/* In the middle of so many columns. */
static void put_centred(struct text *text, struct slice label, size_t width, char filling)
{
    label = slice_head(label, width);
    size_t before = (width - label.len) / 2;

    put_repeated(text, filling, before);
    text_put(text, label);
    put_repeated(text, filling, width - label.len - before);
}

static void line_end(struct text *text, char line[LADDER_LINE_MAX])
{
    line[text->len < LADDER_LINE_MAX ? text->len : LADDER_LINE_MAX - 1] = '\0';
}

void ladder_label(const struct message_fields *fields, char label[LADDER_LINE_MAX])
{
    const char *start = fields->start;
    struct text text;

    text_init(&text, label, LADDER_LINE_MAX - 1);
    if (fields->code != 0) {
        struct slice line = slice_string(start);

        text_put(&text, slice_skip(line, slice_find(line, ' ') + 1));
        text_put_format(&text, "%s", "");
    } else {
        text_put_string(&text, fields->method);
    }
    text_put_string(&text, fields->has_sdp ? " (sdp)" : "");
    line_end(&text, label);
}

/* "|---- INVITE (sdp) ---->|" without its first line. */
static void put_arrow(struct text *text, struct slice label, bool is_right, unsigned width)
{
    char room[LADDER_LINE_MAX];
    struct text shown;

    text_init(&shown, room, sizeof(room));
    text_put_octet(&shown, ' ');
    text_put(&shown, slice_head(label, width - 6));
    text_put_octet(&shown, ' ');
    text_put_octet(text, is_right ? '-' : '<');
    put_centred(text, text_slice(&shown), width - 2, '-');
    text_put_octet(text, is_right ? '>' : '-');
}

void ladder_line(const struct ladder *ladder, const struct message_fields *fields,
                 char line[LADDER_LINE_MAX], unsigned width)
{
    char label[LADDER_LINE_MAX];
    struct text text;
    bool is_left = fields->leg == 0;
    /* Towards the border on the left leg is to the right; in a capture it is towards the callee. */
    bool is_right = ladder->has_border ? fields->is_sent != is_left : is_left;

    ladder_label(fields, label);
    text_init(&text, line, LADDER_LINE_MAX - 1);
    text_put_octet(&text, '|');
    if (!ladder->has_border || is_left) {
        put_arrow(&text, slice_string(label), is_right, width);
    } else {
        put_repeated(&text, ' ', width);
    }
    text_put_octet(&text, '|');
    if (ladder->has_border) {
        if (is_left) {
            put_repeated(&text, ' ', width);
        } else {
            put_arrow(&text, slice_string(label), is_right, width);
        }
        text_put_octet(&text, '|');
    }
    line_end(&text, line);
}

void ladder_heading(const struct ladder *ladder, unsigned row, char line[LADDER_LINE_MAX],
                    unsigned width)
{
    const char *left = row == 0 ? ladder->peers[0] : ladder->parties[0];
    bool is_alone = !ladder->has_border && ladder->parties[1][0] == '\0';
    const char *right = row == 0 ? ladder->peers[1] : is_alone ? ladder->other : ladder->parties[1];
    size_t columns = ladder->has_border ? 2 * (size_t)width + 3 : (size_t)width + 2;
    struct slice middle = ladder->has_border && row == 0 ? SLICE("sipwarden") : SLICE_NONE;
    struct slice end = slice_string(right);
    struct text text;

    text_init(&text, line, LADDER_LINE_MAX - 1);
    text_put(&text, slice_head(slice_string(left), width));
    if (middle.len > 0 && text.len < width - middle.len / 2) {
        put_repeated(&text, ' ', width + 1 - middle.len / 2 - text.len);
        text_put(&text, middle);
    }
    end = slice_head(end, width);
    if (text.len + end.len + 1 < columns) {
        put_repeated(&text, ' ', columns - end.len - text.len);
    } else {
        text_put_octet(&text, ' ');
    }
    text_put(&text, end);
    line_end(&text, line);
}

void ladder_remark(const struct message_fields *fields, char remark[LADDER_LINE_MAX])
{
    bool is_refused =
        !fields->is_sent && fields->verdict[0] != '\0' && strcmp(fields->verdict, "pass") != 0;
    struct text text;

    text_init(&text, remark, LADDER_LINE_MAX - 1);
    if (is_refused) {
        text_put_string(&text, fields->verdict);
        if (fields->verdict_code != 0) {
            text_put_format(&text, " %d", fields->verdict_code);
        }
        text_put_string(&text, fields->findings[0] == '\0' ? "" : ": ");
    }
    text_put_string(&text, fields->findings);
    if (fields->stripped[0] != '\0') {
        text_put_string(&text, text.len == 0 ? "without " : "; without ");
        text_put_string(&text, fields->stripped);
    }
    line_end(&text, remark);
}
