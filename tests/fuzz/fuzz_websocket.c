/* A WebSocket is fed whatever comes, in two portions: the first octet says where the cut is. */
#include <stdint.h>

#include "base/must.h"
#include "io/websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static bool goes_on(enum websocket_event event)
{
    return event == WEBSOCKET_OPENED || event == WEBSOCKET_MESSAGE || event == WEBSOCKET_PING;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    const struct websocket_terms terms = {.message_max = 65536};
    struct slice rest = slice_of((const char *)octets, len), message = SLICE_NONE;
    struct blocks blocks;
    size_t cut = len > 0 ? octets[0] : 0;
    enum websocket_event event = WEBSOCKET_MORE;

    blocks_init(&blocks, 1 << 20);
    struct websocket *websocket = websocket_new(&blocks);
    for (unsigned part = 0; part < 2 && websocket != NULL && event == WEBSOCKET_MORE; part++) {
        struct slice portion =
            part == 0 ? slice_head(slice_skip(rest, 1), cut) : slice_skip(slice_skip(rest, 1), cut);

        do {
            event = websocket_take(websocket, &portion, &terms, &message);
            must(event != WEBSOCKET_MESSAGE || message.len <= terms.message_max);
            must(websocket_answer(websocket).len <= 256);
        } while (goes_on(event));
    }
    websocket_free(websocket);
    blocks_end(&blocks);
    return 0;
}
