/*
 * The framer: pieces cut by the input itself give the frames that the whole gives, and the reader
 * of messages ends each where the framer did.
 */
#include <stdint.h>

#include "base/must.h"
#include "wire/sip/message.h"
#include "wire/sip/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static const struct sip_stream_limits limits = {.head_max = 1024, .message_max = 4096};

struct walk {
    uint64_t frames; /* a hash of kinds and places */
    size_t consumed;
    bool is_broken;
    struct sip_stream stream;
};

static void must_read_alike(struct slice frame)
{
    static const enum sip_oddity never[] = {
        SIP_ODD_BARE_LF,
        SIP_ODD_BARE_CR,
        SIP_ODD_NO_END,
        SIP_ODD_NO_CONTENT_LENGTH,
        SIP_ODD_BAD_CONTENT_LENGTH,
        SIP_ODD_TWO_CONTENT_LENGTHS,
        SIP_ODD_SHORT_BODY,
        SIP_ODD_BLANK_CONTINUATION,
        SIP_ODD_FIRST_LINE_FOLDED,
        SIP_ODD_LEADING_LINES,
    };
    static struct sip_message message;

    must(sip_read(&message, frame, true) == SIP_READ);
    must(message.bytes.len == frame.len);
    for (unsigned i = 0; i < ARRAY_COUNT(never); i++) {
        must(!sip_is_odd(&message, never[i]));
    }
}

static void walk_on(struct walk *walk, struct slice seen)
{
    enum sip_frame kind;
    size_t taken;

    while (!walk->is_broken &&
           (kind = sip_stream_frame(&walk->stream, slice_skip(seen, walk->consumed), &limits,
                                    &taken)) != SIP_FRAME_MORE) {
        must(taken <= seen.len - walk->consumed);
        must(kind == SIP_FRAME_BROKEN || taken > 0);
        if (kind == SIP_FRAME_MESSAGE) {
            must_read_alike(slice_of(seen.at + walk->consumed, taken));
        }
        walk->is_broken = kind == SIP_FRAME_BROKEN;
        walk->frames = (walk->frames ^ (uint64_t)kind ^ walk->consumed) * 0x100000001b3U;
        walk->consumed += walk->is_broken ? 0 : taken;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice whole = slice_of((const char *)octets, len);
    struct walk at_once = {.frames = 1}, in_pieces = {.frames = 1};
    size_t seen = 0;

    walk_on(&at_once, whole);
    while (seen < len) {
        seen += 1 + octets[seen] % 16;
        walk_on(&in_pieces, slice_head(whole, seen));
    }
    must(at_once.frames == in_pieces.frames && at_once.consumed == in_pieces.consumed &&
         at_once.stream.fault == in_pieces.stream.fault);
    return 0;
}
