/*
 * The request that turns a stream of HTTP into one of WebSocket (RFC 6455 4.2.1, RFC 7118), and the
 * answer to it.
 *
 * Read strictly: one GET of HTTP/1.1 with the headers it must have, each once, nothing folded, and
 * no body.  Whoever sends anything else is no client of ours.
 */
#pragma once

#include "base/text.h"

enum {
    HTTP_UPGRADE_MAX = 4096, /* octets of the request: browsers send about six hundred */
    HTTP_HEADERS_MAX = 64,
    HTTP_KEY_LEN = 24, /* base64 of sixteen octets */
    HTTP_ACCEPT_LEN = 28,
};

enum http_reading {
    HTTP_MORE,      /* not yet whole */
    HTTP_UPGRADE,   /* what is wanted */
    HTTP_MALFORMED, /* 400 */
    HTTP_OTHER,     /* well formed, but something else is wanted: 426 */
};

struct http_upgrade {
    struct slice path, host, origin; /* origin empty: none was sent, so no browser */
    struct slice key;
    bool has_sip; /* among the sub-protocols it can speak */
};

/* len: octets the request takes, when it is whole. */
enum http_reading http_upgrade_read(struct slice octets, struct http_upgrade *upgrade, size_t *len);

/* 101; accept is what the key comes to. */
void http_upgrade_accept(struct text *text, struct slice accept);
/* Any other status, with nothing more to say. */
void http_upgrade_refuse(struct text *text, unsigned status);
