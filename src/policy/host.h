/*
 * Names, addresses and numbers as an operator writes them.
 */
#pragma once

#include "wire/packet.h"

/* LDH labels of at most 63 octets, 253 in all; "localhost" counts.  No literal, no wildcard. */
bool host_is_name(struct slice host);

/* "transport:rest" with a known transport; rest then stands behind the colon. */
bool host_take_transport(struct slice *rest, enum transport *transport);

/* "host", "host:port", "[v6]:port"; an address without brackets when it is whole.  port is 0 when
 * none is written. */
struct host {
    struct slice name;      /* empty when it is a literal */
    struct address address; /* family NONE when it is a name */
    uint16_t port;
};
bool host_read(struct host *host, struct slice text);

/* 5060, 5061, 80, 443 */
uint16_t transport_port(enum transport transport);
