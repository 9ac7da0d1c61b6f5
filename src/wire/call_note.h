/*
 * What the border tells the recorder of calls: one note for each message taken or sent, and for
 * each stream of media.
 *
 * A note says what a person would write beside the arrow of a ladder: when, who, which start line,
 * what was found, what was taken out.  Nothing of a body, and numbers as the writer masked them.
 * Several notes are joined in one message; whoever reads them believes no length in them.
 */
#pragma once

#include "wire/packet.h"

enum {
    CALL_NOTE_TEXT_MAX = 320, /* of any of its texts: a Call-ID as long as HYG-L08 lets it be */
    CALL_NOTE_MAX = 3 * 1024, /* of one note in octets, written */
};

enum call_note_kind {
    CALL_NOTE_TAKEN,  /* a message came; what was found in it is said */
    CALL_NOTE_SENT,   /* a message left */
    CALL_NOTE_STREAM, /* a stream of media was opened for the call */
    CALL_NOTE_MEDIA,  /* and this went through it until it was closed */
};
enum { CALL_NOTE_KIND_COUNT = CALL_NOTE_MEDIA + 1 };

enum call_note_text {
    CALL_NOTE_CALL_ID,
    CALL_NOTE_START, /* start line, numbers masked */
    CALL_NOTE_PEER,  /* at the other end; empty: nobody under contract */
    CALL_NOTE_FROM,  /* URIs without parameters, numbers masked */
    CALL_NOTE_TO,
    CALL_NOTE_FINDINGS, /* "CT-FW-06 HYG-F04, CT-SEG-09" */
    CALL_NOTE_STRIPPED, /* names of header lines that went no further: "P-Foo, X-Bar" */
    CALL_NOTE_TEXT_COUNT,
};

enum call_note_flag {
    CALL_NOTE_HAS_SDP = 1,
    CALL_NOTE_IS_EMERGENCY = 2,
    CALL_NOTE_IS_IN_DIALOG = 4, /* it belongs to a call that is up, or was in set-up */
};

struct call_note {
    uint64_t when_us; /* wall clock */
    uint64_t stream;  /* of STREAM and MEDIA: its name among all of the store */
    uint64_t packets[2], octets[2];
    uint32_t lost[2];
    uint32_t jitter_us[2];
    uint16_t mos[2]; /* times 100; 0: nothing was heard */
    uint32_t trip;   /* what left while one message was acted on has its number; 0: a timer's */
    uint32_t number; /* of the frame in a capture */
    uint32_t cseq;
    uint32_t len;            /* of the message */
    uint16_t status;         /* of a response; 0: a request */
    uint16_t verdict_status; /* of a refusal */
    uint8_t kind;            /* enum call_note_kind */
    uint8_t method;          /* enum sip_method, of the CSeq */
    uint8_t action;          /* enum policy_action: PASS, or how it was refused */
    uint8_t transport;       /* enum transport */
    uint8_t flags;           /* enum call_note_flag */
    struct address remote, local;
    struct slice texts[CALL_NOTE_TEXT_COUNT];
};

/* Longer texts are cut.  The text is full when there was no room. */
void call_note_write(struct text *text, const struct call_note *note);

/* Takes the first note off rest; false when there is none, or what is there is none.  Texts show
 * into rest. */
bool call_note_read(struct slice *rest, struct call_note *note);
