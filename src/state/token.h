/*
 * Tokens: how we name our own records to strangers (rules 8.3, design 4).
 *
 * Sealed, short, and good only where they were issued: a token at another peer, another dialog or
 * on another side does not open.  Which of these was wrong is never told.
 */
#pragma once

#include "base/crypto/siv.h"

enum { STATE_KEYS_MAX = 4 }; /* the newest seals; older ones open until their last token expires */

/* All of ours are as long as this: a key's number and, in letters of five bits, tag and plain text.
 * A user's name of another length is nobody's forgery. */
enum { TOKEN_PLAIN = 14, TOKEN_LEN = 1 + ((16 + TOKEN_PLAIN) * 8 + 4) / 5 };

struct state;
struct dialog;
struct registration;

enum token_standing {
    TOKEN_ABSENT, /* does not look like one */
    TOKEN_GOOD,
    TOKEN_BAD, /* forged, expired, or issued for somebody else */
};

/* For the Contact shown to a side: its requests come back with it in the Request-URI.  Made once
 * and kept with the dialog, until there is a newer key or the side is another peer. */
bool dialog_token_write(const struct state *state, struct dialog *dialog, unsigned side,
                        struct text *text);
enum token_standing dialog_token(const struct state *state, const struct dialog *dialog,
                                 unsigned side, struct slice user);

/* For the Contact given to the core: requests to the device come with it. */
bool registration_token_write(const struct state *state, const struct registration *registration,
                              struct text *text);
/* Which worker wrote it; false when it is no registration's token of ours. */
bool registration_token_worker(const struct state *state, struct slice user, uint16_t *worker);
struct registration *registration_of_token(const struct state *state, struct slice user,
                                           enum token_standing *standing);
