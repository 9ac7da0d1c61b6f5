/* A capture file: whatever it holds, every message lies within bounds and the walk ends. */
#include "base/must.h"
#include "io/capture/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static ptrdiff_t slice_give(void *from, char *at, size_t max)
{
    struct slice *rest = from;
    struct slice piece = slice_head(*rest, max);

    if (piece.len > 0) {
        memcpy(at, piece.at, piece.len);
    }
    *rest = slice_skip(*rest, piece.len);
    return (ptrdiff_t)piece.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice file = slice_of((const char *)octets, len);
    struct hash_key key = {1, 2};
    struct fault fault = {.text = ""};
    struct packet packet;
    struct capture *capture = capture_new(slice_give, &file, &key, &fault);
    uint64_t sum = 0, count = 0;

    if (capture == NULL) {
        must(fault.text[0] != '\0');
        return 0;
    }
    while (capture_next(capture, &packet, &fault)) {
        must(packet.bytes.len > 0 && packet.number > 0);
        for (size_t i = 0; i < packet.bytes.len; i++) {
            sum += (uint8_t)packet.bytes.at[i]; /* so that the sanitizers see each octet read */
        }
        count++;
    }
    must(capture_counts(capture)->of[CAPTURE_SIP] == count);
    must(capture_progress(capture).done <= len);
    capture_close(capture);
    return (int)(sum & 0);
}
