/*
 * What the policy's TLS files hold, read and found right by the parent, in memory for the border
 * (certificates) and for the keeper (private keys).
 */
#pragma once

#include "base/fault.h"
#include "policy/policy.h"

struct credentials {
    int book, secrets; /* memory, sealed; -1: none */
    uint32_t book_len, secrets_len;
};

void credentials_init(struct credentials *credentials);

/* False with what is wrong with which file; then there are none. */
bool credentials_read(struct credentials *credentials, const struct policy *policy,
                      struct fault *fault);
void credentials_close(struct credentials *credentials);
