/*
 * The porter: the thread of the border that shakes hands with those who come over TLS, and with
 * those we go to.
 *
 * Public-key arithmetic takes as long as a hundred messages, so no worker does it.  A worker gives
 * a connection away and gets it back proven, or the reason why not; both ways are rings of one
 * writer and one reader.  Our own signatures are asked of the keeper: no private key is here.
 */
#pragma once

#include "app/run/crew.h"
#include "io/tls_handshakes.h"

struct porter;

/* Everything it needs of the process; NULL when memory ends. */
struct porter *porter_new(struct crew *crew);

/* The thread's life. */
void porter_live(struct porter *porter);

/* From a worker's thread.  False when it has too much to do: the caller closes the descriptor. */
bool porter_ask(struct porter *porter, uint32_t worker, const struct tls_job *job);

/* From worker 0's thread.  The book is on the heap and becomes the porter's; so does the link's
 * descriptor. */
void porter_take_book(struct porter *porter, struct slice book);
void porter_take_keeper(struct porter *porter, int fd);

/* From a worker's thread: what came of what it asked.  Valid until the next call; false when there
 * is no more. */
bool porter_answer(struct porter *porter, uint32_t worker, struct tls_outcome *outcome);
