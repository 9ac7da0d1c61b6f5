/*
 * What is known of each header name.
 */
#pragma once

#include "wire/sip/message.h"

enum { SIP_NAME_SINGLE = 1, SIP_NAME_VERBATIM = 2, SIP_NAME_HOP = 4 };

struct sip_name_facts {
    uint8_t len;
    uint8_t shape; /* enum sip_shape */
    uint8_t flags; /* SIP_NAME_* */
    uint8_t unused;
};

/* By enum sip_header_name. */
extern const struct sip_name_facts sip_name_facts[SIP_HEADER_COUNT];

/* token: len octets, all of tokens, at least two. */
enum sip_header_name sip_name_find(const char *token, size_t len);

/* The header a letter stands for. */
enum sip_header_name sip_name_compact(char letter);
