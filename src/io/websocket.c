#include "io/websocket.h"

#include "base/must.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <wslay/wslay.h>

enum {
    ANSWER_ROOM = 256,
    FIN = 0x80,
    LEN_16 = 126, /* two octets of length follow */
    LEN_64 = 127,
    CLOSE_NORMAL = 1000,
    CLOSE_PROTOCOL = 1002,
    CLOSE_TOO_BIG = 1009,
};

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 1.3 */

struct websocket {
    struct blocks *blocks;
    wslay_frame_context_ptr frames;
    struct slice input; /* during a call */
    struct block *message;
    uint64_t frame_left; /* octets of the frame under way */
    bool is_open, is_in_frame, is_in_message, is_delivered;
    uint8_t opcode, control_len;
    bool is_final;
    uint8_t control[WEBSOCKET_CONTROL_MAX];
    char answer[ANSWER_ROOM];
    size_t answer_len;
    size_t request_len; /* of the upgrade so far */
    char request[HTTP_UPGRADE_MAX];
};

static ssize_t on_wanted(uint8_t *room, size_t max, int flags, void *owner)
{
    struct websocket *websocket = owner;
    size_t len = websocket->input.len < max ? websocket->input.len : max;

    (void)flags;
    if (len == 0) {
        return -1;
    }
    memcpy(room, websocket->input.at, len);
    websocket->input = slice_skip(websocket->input, len);
    return (ssize_t)len;
}

struct websocket *websocket_new(struct blocks *blocks)
{
    const struct wslay_frame_callbacks callbacks = {.recv_callback = on_wanted};
    struct websocket *websocket = calloc(1, sizeof(*websocket));

    if (websocket == NULL ||
        wslay_frame_context_init(&websocket->frames, &callbacks, websocket) != 0) {
        free(websocket);
        return NULL;
    }
    websocket->blocks = blocks;
    return websocket;
}

void websocket_free(struct websocket *websocket)
{
    if (websocket == NULL) {
        return;
    }
    blocks_give(websocket->blocks, websocket->message);
    wslay_frame_context_free(websocket->frames);
    free(websocket);
}

struct slice websocket_answer(const struct websocket *websocket)
{
    return slice_of(websocket->answer, websocket->answer_len);
}

bool websocket_is_waiting(const struct websocket *websocket)
{
    return !websocket->is_open || websocket->is_in_frame || websocket->is_in_message;
}

size_t websocket_head(uint8_t head[WEBSOCKET_HEAD_MAX], size_t len)
{
    head[0] = FIN | WSLAY_TEXT_FRAME;
    if (len < LEN_16) {
        head[1] = (uint8_t)len;
        return 2;
    }
    if (len <= UINT16_MAX) {
        head[1] = LEN_16;
        head[2] = (uint8_t)(len >> 8);
        head[3] = (uint8_t)len;
        return 4;
    }
    head[1] = LEN_64;
    for (unsigned i = 0; i < 8; i++) {
        head[2 + i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
    }
    return 10;
}

/*
 * The upgrade.
 */

static enum websocket_event refuse(struct websocket *websocket, unsigned status)
{
    struct text text;

    text_init(&text, websocket->answer, sizeof(websocket->answer));
    http_upgrade_refuse(&text, status);
    websocket->answer_len = text.len;
    return WEBSOCKET_REFUSED;
}

static enum websocket_event accept_key(struct websocket *websocket, struct slice key)
{
    unsigned char digest[EVP_MAX_MD_SIZE], accept[HTTP_ACCEPT_LEN + 1];
    char joined[HTTP_KEY_LEN + sizeof(guid)];
    unsigned len = 0;
    struct text text;

    memcpy(joined, key.at, HTTP_KEY_LEN);
    memcpy(joined + HTTP_KEY_LEN, guid, sizeof(guid) - 1);
    must(EVP_Digest(joined, HTTP_KEY_LEN + sizeof(guid) - 1, digest, &len, EVP_sha1(), NULL) == 1);
    must(EVP_EncodeBlock(accept, digest, (int)len) == HTTP_ACCEPT_LEN);
    text_init(&text, websocket->answer, sizeof(websocket->answer));
    http_upgrade_accept(&text, slice_of((const char *)accept, HTTP_ACCEPT_LEN));
    must(!text.is_full);
    websocket->answer_len = text.len;
    websocket->is_open = true;
    return WEBSOCKET_OPENED;
}

/* A page elsewhere may not use its visitor's browser to speak with us; what is no browser sends no
 * origin. */
static bool origin_is_good(const struct websocket_terms *terms, struct slice origin)
{
    if (slice_is_empty(origin)) {
        return true;
    }
    for (uint32_t i = 0; i < terms->origin_count; i++) {
        if (slice_equal_nocase(terms->origins[i], origin)) {
            return true;
        }
    }
    return false;
}

static enum websocket_event take_upgrade(struct websocket *websocket, struct slice *octets,
                                         const struct websocket_terms *terms)
{
    size_t before = websocket->request_len;
    size_t part = sizeof(websocket->request) - before;
    struct http_upgrade upgrade;
    size_t len = 0;

    part = part < octets->len ? part : octets->len;
    memcpy(websocket->request + before, octets->at, part);
    websocket->request_len += part;
    switch (
        http_upgrade_read(slice_of(websocket->request, websocket->request_len), &upgrade, &len)) {
    case HTTP_MORE:
        *octets = slice_skip(*octets, part);
        return WEBSOCKET_MORE;
    case HTTP_MALFORMED:
        return refuse(websocket, 400);
    case HTTP_OTHER:
        return refuse(websocket, 426);
    case HTTP_UPGRADE:
        break;
    }
    *octets = slice_skip(*octets, len - before); /* frames may stand behind it */
    if (!upgrade.has_sip) {
        return refuse(websocket, 400);
    }
    return origin_is_good(terms, upgrade.origin) ? accept_key(websocket, upgrade.key)
                                                 : refuse(websocket, 403);
}

/*
 * Frames.
 */

static enum websocket_event closing(struct websocket *websocket, unsigned code, bool is_broken)
{
    const uint8_t frame[] = {FIN | WSLAY_CONNECTION_CLOSE, 2, (uint8_t)(code >> 8), (uint8_t)code};

    memcpy(websocket->answer, frame, sizeof(frame));
    websocket->answer_len = sizeof(frame);
    return is_broken ? WEBSOCKET_BROKEN : WEBSOCKET_CLOSED;
}

static bool is_control(uint8_t opcode)
{
    return (opcode & 8) != 0;
}

/* What a frame must be before anything in it counts. */
static bool frame_is_good(const struct websocket *websocket, const struct wslay_frame_iocb *frame)
{
    if (!frame->mask || frame->rsv != 0) {
        return false;
    }
    if (is_control(frame->opcode)) {
        return frame->fin && frame->payload_length <= WEBSOCKET_CONTROL_MAX &&
               frame->opcode <= WSLAY_PONG;
    }
    return websocket->is_in_message
               ? frame->opcode == WSLAY_CONTINUATION_FRAME
               : frame->opcode == WSLAY_TEXT_FRAME || frame->opcode == WSLAY_BINARY_FRAME;
}

static bool frame_begin(struct websocket *websocket, const struct wslay_frame_iocb *frame)
{
    if (!frame_is_good(websocket, frame)) {
        return false;
    }
    websocket->is_in_frame = true;
    websocket->opcode = frame->opcode;
    websocket->is_final = frame->fin;
    websocket->frame_left = frame->payload_length;
    websocket->control_len = 0;
    if (!is_control(frame->opcode)) {
        websocket->is_in_message = true;
    }
    return true;
}

/* Room for all of the frame behind what is there; false beyond the limit, or when memory ends. */
static bool message_grow(struct websocket *websocket, size_t wanted)
{
    struct block *old = websocket->message;
    struct block *grown = NULL;

    if (old != NULL && old->size - old->end >= wanted) {
        return true;
    }
    grown = blocks_take(websocket->blocks, (old == NULL ? 0 : old->end) + wanted);
    if (grown == NULL) {
        return false;
    }
    if (old != NULL) {
        memcpy(grown->octets, old->octets, old->end);
        grown->end = old->end;
        blocks_give(websocket->blocks, old);
    }
    websocket->message = grown;
    return true;
}

static bool frame_put(struct websocket *websocket, const struct wslay_frame_iocb *frame,
                      const struct websocket_terms *terms)
{
    size_t have = websocket->message == NULL ? 0 : websocket->message->end;

    if (is_control(websocket->opcode)) {
        memcpy(websocket->control + websocket->control_len, frame->data, frame->data_length);
        websocket->control_len = (uint8_t)(websocket->control_len + frame->data_length);
    } else {
        if (websocket->frame_left > terms->message_max - have ||
            !message_grow(websocket, (size_t)websocket->frame_left)) {
            return false;
        }
        memcpy(websocket->message->octets + have, frame->data, frame->data_length);
        websocket->message->end += (uint32_t)frame->data_length;
    }
    websocket->frame_left -= frame->data_length;
    return true;
}

static enum websocket_event pong(struct websocket *websocket)
{
    websocket->answer[0] = (char)(FIN | WSLAY_PONG);
    websocket->answer[1] = (char)websocket->control_len;
    memcpy(websocket->answer + 2, websocket->control, websocket->control_len);
    websocket->answer_len = 2U + websocket->control_len;
    return WEBSOCKET_PING;
}

/* MORE: nothing of note, go on. */
static enum websocket_event frame_end(struct websocket *websocket, struct slice *message)
{
    websocket->is_in_frame = false;
    switch (websocket->opcode) {
    case WSLAY_CONNECTION_CLOSE:
        return closing(websocket, CLOSE_NORMAL, false);
    case WSLAY_PING:
        return pong(websocket);
    case WSLAY_PONG:
        return WEBSOCKET_MORE;
    default:
        break;
    }
    if (!websocket->is_final || websocket->message == NULL) {
        websocket->is_in_message = !websocket->is_final;
        return WEBSOCKET_MORE;
    }
    websocket->is_in_message = false;
    websocket->is_delivered = true;
    *message = slice_of(websocket->message->octets, websocket->message->end);
    return WEBSOCKET_MESSAGE;
}

static enum websocket_event take_frame(struct websocket *websocket,
                                       const struct websocket_terms *terms, struct slice *message,
                                       bool *is_dry)
{
    struct wslay_frame_iocb frame = {0};
    ssize_t len = wslay_frame_recv(websocket->frames, &frame);

    if (len == WSLAY_ERR_WANT_READ) {
        *is_dry = true;
        return WEBSOCKET_MORE;
    }
    if (len < 0 || (!websocket->is_in_frame && !frame_begin(websocket, &frame))) {
        return closing(websocket, CLOSE_PROTOCOL, true);
    }
    if (frame.data_length > 0 && !frame_put(websocket, &frame, terms)) {
        return closing(websocket, CLOSE_TOO_BIG, true);
    }
    return websocket->frame_left == 0 ? frame_end(websocket, message) : WEBSOCKET_MORE;
}

enum websocket_event websocket_take(struct websocket *websocket, struct slice *octets,
                                    const struct websocket_terms *terms, struct slice *message)
{
    enum websocket_event event = WEBSOCKET_MORE;
    bool is_dry = false;

    if (!websocket->is_open) {
        return slice_is_empty(*octets) ? WEBSOCKET_MORE : take_upgrade(websocket, octets, terms);
    }
    if (websocket->is_delivered) {
        blocks_give(websocket->blocks, websocket->message);
        websocket->message = NULL;
        websocket->is_delivered = false;
    }
    websocket->input = *octets;
    while (event == WEBSOCKET_MORE && !is_dry) {
        event = take_frame(websocket, terms, message, &is_dry);
    }
    *octets = websocket->input;
    return event;
}
