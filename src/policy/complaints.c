#include "policy/complaints.h"

#include "base/must.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_OCTETS_MAX = 40 };

struct policy_complaints *policy_complaints_new(void)
{
    return calloc(1, sizeof(struct policy_complaints));
}

void policy_complaints_free(struct policy_complaints *complaints)
{
    free(complaints);
}

uint32_t policy_complaint_count(const struct policy_complaints *complaints)
{
    return complaints->count;
}

struct slice policy_complaint(const struct policy_complaints *complaints, uint32_t index)
{
    must(index < complaints->count);
    return slice_of(complaints->list[index].text, complaints->list[index].len);
}

struct shown show(struct slice slice)
{
    struct shown shown;
    struct text text;

    text_init(&text, shown.text, COMPLAINT_SHOWN_MAX);
    text_put_shown(&text, slice_head(slice, SHOWN_OCTETS_MAX));
    if (slice.len > SHOWN_OCTETS_MAX && text.len + 3 <= COMPLAINT_SHOWN_MAX) {
        text_put(&text, SLICE("..."));
    }
    shown.text[text.len] = '\0';
    return shown;
}

static void complaint_begin(struct text *text, struct slice file, struct place place)
{
    text_put(text, slice_is_empty(file) ? SLICE("policy") : slice_head(file, 255));
    text_put_octet(text, ':');
    text_put_number(text, place.line);
    text_put_octet(text, ':');
    text_put_number(text, place.column);
    text_put(text, SLICE(": "));
}

void complain(struct policy_complaints *complaints, struct slice file, struct place place,
              const char *format, ...)
{
    if (complaints->count == COMPLAINTS_MAX) {
        complaints->unkept++;
        return;
    }
    struct complaint *complaint = &complaints->list[complaints->count++];
    struct text text;
    va_list args;

    text_init(&text, complaint->text, sizeof(complaint->text));
    complaint_begin(&text, file, place);
    va_start(args, format);
    int written = vsnprintf(text.at + text.len, text.max - text.len, format, args);
    va_end(args);
    size_t room = text.max - text.len - 1;
    text.len += written < 0 ? 0 : (size_t)written < room ? (size_t)written : room;
    complaint->place = place;
    complaint->len = (uint16_t)text.len;
}

static bool complaint_is_before(const struct complaint *a, const struct complaint *b)
{
    return a->place.line < b->place.line ||
           (a->place.line == b->place.line && a->place.column < b->place.column);
}

/* The last place of a full list tells how many more there are. */
static void complaints_tell_rest(struct policy_complaints *complaints, struct slice file)
{
    struct complaint *last = &complaints->list[COMPLAINTS_MAX - 1];
    uint32_t more = complaints->unkept + 1;

    complaints->count--;
    complaints->unkept = 0;
    complain(complaints, file, last->place,
             "%u more complaints are not shown; expected a file with fewer mistakes; mend those "
             "above and check again",
             more);
}

void complaints_sort(struct policy_complaints *complaints, struct slice file)
{
    for (uint32_t i = 1; i < complaints->count; i++) {
        struct complaint taken = complaints->list[i];
        uint32_t at = i;

        while (at > 0 && complaint_is_before(&taken, &complaints->list[at - 1])) {
            complaints->list[at] = complaints->list[at - 1];
            at--;
        }
        complaints->list[at] = taken;
    }
    if (complaints->unkept > 0) {
        complaints_tell_rest(complaints, file);
    }
}
