/*
 * A dialog as one of its parties holds it: what the next request in it needs (RFC 3261 12).
 */
#pragma once

#include "app/audit/scope.h"
#include "wire/sip/message.h"

struct talk {
    enum vantage_id who;
    struct scope_socket next; /* where its requests are sent: the box */
    struct address here;
    char call_id[160], from[320], to[320]; /* of requests, tags included */
    char target[640], routes[2048];
    uint32_t cseq;
};

/* As the asker holds it, out of a response with a tag; as the answerer, out of the INVITE and the
 * tag he gave.  False when something needed is missing or too long. */
bool talk_of_response(struct talk *talk, const struct sip_message *response);
bool talk_of_request(struct talk *talk, const struct sip_message *request, const char *tag);

/* extra: whole header lines; an ACK has the number of its INVITE.  branch: of the Via. */
void talk_request(struct talk *talk, struct text *text, const char *method, const char *branch,
                  const char *extra, struct slice body);

/* A response to request, in the name of who is at here; with a description of audio there when
 * media_port is not 0. */
void answer_write(struct text *text, const struct sip_message *request, unsigned status,
                  const char *tag, const struct address *here, struct slice user,
                  uint16_t media_port);
