/*
 * The framer: pieces cut by the input itself give the frames that the whole gives.
 */
#include <stdint.h>

#include "base/must.h"
#include "wire/sip/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static const struct sip_stream_limits limits = {.head_max = 1024, .message_max = 4096};

struct walk {
    uint64_t frames; /* a hash of kinds and places */
    size_t consumed;
    bool is_broken;
    struct sip_stream stream;
};

static void walk_on(struct walk *walk, struct slice seen)
{
    enum sip_frame kind;
    size_t taken;

    while (!walk->is_broken &&
           (kind = sip_stream_frame(&walk->stream, slice_skip(seen, walk->consumed), &limits,
                                    &taken)) != SIP_FRAME_MORE) {
        must(taken <= seen.len - walk->consumed);
        must(kind == SIP_FRAME_BROKEN || taken > 0);
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
