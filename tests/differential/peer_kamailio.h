/*
 * Kamailio: a process on the loopback that answers a request with what it read.
 *
 * Many are under way at once; which answer belongs to which request says a header that is added for
 * this one reader.  What is not answered it did not take.
 */
#pragma once

#include "reading.h"

enum { KAMAILIO_MESSAGE_MAX = 60000 };

/* An answer: bytes as they were sent, without the number. */
typedef void kamailio_heard(struct slice bytes, const struct reading *theirs);

bool kamailio_open(unsigned port, kamailio_heard *heard);

/* bytes: a request that ends as we write it, Content-Length last. */
void kamailio_send(struct slice bytes);

/* Waits for what is still under way. */
void kamailio_close(void);

struct kamailio_figures {
    unsigned long sent, answered;
};
extern struct kamailio_figures kamailio_figures;
