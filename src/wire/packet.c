#include "wire/packet.h"

static const struct {
    const char *name;
    struct slice token;
} transports[TRANSPORT_COUNT] = {
    [TRANSPORT_UDP] = {"udp", SLICE_INIT("UDP")}, [TRANSPORT_TCP] = {"tcp", SLICE_INIT("TCP")},
    [TRANSPORT_TLS] = {"tls", SLICE_INIT("TLS")}, [TRANSPORT_WS] = {"ws", SLICE_INIT("WS")},
    [TRANSPORT_WSS] = {"wss", SLICE_INIT("WSS")},
};

const char *transport_name(enum transport transport)
{
    return transports[transport].name;
}

struct slice transport_token(enum transport transport)
{
    return transports[transport].token;
}

bool transport_read(struct slice name, enum transport *transport)
{
    for (unsigned i = 0; i < TRANSPORT_COUNT; i++) {
        if (slice_equal_nocase(name, transports[i].token)) {
            *transport = (enum transport)i;
            return true;
        }
    }
    return false;
}
