/*
 * A stream whose messages are those of WebSocket.
 */
#include "io/connection.h"

bool connection_is_web(const struct connection *connection)
{
    return connection->flow.transport == TRANSPORT_WS ||
           connection->flow.transport == TRANSPORT_WSS;
}

bool connection_begin_web(struct connection *connection)
{
    if (connection_is_web(connection)) {
        connection->web = websocket_new(&connection->tcp->blocks);
    }
    return !connection_is_web(connection) || connection->web != NULL;
}

/* What the other side sent between messages, to keep the way open: CRLF in a message of its own. */
static bool is_blank(struct slice message)
{
    return slice_is_empty(slice_trim(message));
}

static bool connection_take_message(struct connection *connection, struct slice message)
{
    if (!is_blank(message)) {
        connection_hand_out(connection, message);
        return true;
    }
    if (slice_equal(message, SLICE("\r\n\r\n"))) {
        connection_pong(connection);
    }
    return false;
}

/* At once: the answer is the next event's room, too. */
static void connection_answer(struct connection *connection)
{
    connection_send_raw(connection, websocket_answer(connection->web));
    connection_flush(connection);
}

static struct websocket_terms terms_of(const struct connection *connection)
{
    const struct tcp_listener *listener = connection->tcp->listeners[connection->flow.listener];

    return (struct websocket_terms){
        .origins = listener == NULL ? NULL : listener->settings.origins,
        .origin_count = listener == NULL ? 0 : listener->settings.origin_count,
        .message_max = (uint32_t)connection->limits.message_max,
    };
}

/* A ping costs us an answer: no more of them than of the other kind (HYG-F07). */
static void connection_ping(struct connection *connection)
{
    struct tcp *tcp = connection->tcp;
    uint64_t now_ms = loop_now_ms(tcp->loop);

    if (connection->pinged_ms != 0 && now_ms - connection->pinged_ms < TCP_PING_MS) {
        tcp->counts.early_pings++;
        return;
    }
    connection->pinged_ms = now_ms;
    tcp->counts.pings++;
    connection_answer(connection);
}

/* True when a message, or the upgrade, was among them. */
bool connection_take_web(struct connection *connection, struct slice received)
{
    const struct websocket_terms terms = terms_of(connection);
    struct slice message = SLICE_NONE;
    bool has_message = false;

    while (connection->state == CONNECTION_UP) {
        switch (websocket_take(connection->web, &received, &terms, &message)) {
        case WEBSOCKET_MORE:
            return has_message;
        case WEBSOCKET_OPENED:
            has_message = true;
            connection_answer(connection);
            break;
        case WEBSOCKET_MESSAGE:
            has_message |= connection_take_message(connection, message);
            break;
        case WEBSOCKET_PING:
            connection_ping(connection);
            break;
        case WEBSOCKET_REFUSED:
        case WEBSOCKET_BROKEN:
            connection->tcp->counts.broken++;
            connection_answer(connection);
            connection_finish(connection);
            return has_message;
        case WEBSOCKET_CLOSED:
            connection_answer(connection);
            connection_finish(connection);
            return has_message;
        }
    }
    return has_message;
}
