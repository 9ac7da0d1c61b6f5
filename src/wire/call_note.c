#include "wire/call_note.h"

#include "wire/sip/message.h"

/* In front of the texts, which follow each other without gaps. */
struct call_note_head {
    struct call_note fixed; /* its slices mean nothing here */
    uint16_t lens[CALL_NOTE_TEXT_COUNT];
};

void call_note_write(struct text *text, const struct call_note *note)
{
    struct call_note_head head;

    memset(&head, 0, sizeof(head));
    head.fixed = *note;
    memset(head.fixed.texts, 0, sizeof(head.fixed.texts));
    for (unsigned i = 0; i < CALL_NOTE_TEXT_COUNT; i++) {
        head.lens[i] = (uint16_t)slice_head(note->texts[i], CALL_NOTE_TEXT_MAX).len;
    }
    text_put(text, slice_of((const char *)&head, sizeof(head)));
    for (unsigned i = 0; i < CALL_NOTE_TEXT_COUNT; i++) {
        text_put(text, slice_head(note->texts[i], head.lens[i]));
    }
}

static bool is_address(const struct address *address)
{
    return address->family == ADDRESS_NONE || address->family == ADDRESS_V4 ||
           address->family == ADDRESS_V6;
}

/* Numbers that name something are within what they name. */
static bool note_is_sound(const struct call_note *note)
{
    return note->kind < CALL_NOTE_KIND_COUNT && note->method <= SIP_METHOD_UNKNOWN &&
           note->transport < TRANSPORT_COUNT && note->status < 1000 &&
           note->verdict_status < 1000 && is_address(&note->remote) && is_address(&note->local);
}

bool call_note_read(struct slice *rest, struct call_note *note)
{
    struct call_note_head head;
    struct slice texts = slice_skip(*rest, sizeof(head));

    if (rest->len < sizeof(head)) {
        return false;
    }
    memcpy(&head, rest->at, sizeof(head));
    *note = head.fixed;
    for (unsigned i = 0; i < CALL_NOTE_TEXT_COUNT; i++) {
        if (head.lens[i] > CALL_NOTE_TEXT_MAX || head.lens[i] > texts.len) {
            return false;
        }
        note->texts[i] = slice_head(texts, head.lens[i]);
        texts = slice_skip(texts, head.lens[i]);
    }
    *rest = texts;
    return note_is_sound(note);
}
