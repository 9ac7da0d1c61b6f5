/*
 * Canonical writing: one line per header, our spelling, CRLF, single SP behind the colon.
 *
 * Raw octets of a head are never passed on; values are the parsed ones, unfolded.  Whoever writes a
 * message ends it with sip_write_body, which adds Content-Length.
 */
#pragma once

#include "wire/packet.h"
#include "wire/sip/message.h"

void sip_write_request_line(struct text *text, struct slice method, struct slice uri);
void sip_write_status_line(struct text *text, unsigned status); /* the standard phrase */

/* One header; value is folded text or not, written on one line with folds as one SP. */
void sip_write_header(struct text *text, enum sip_header_name name, struct slice value);
void sip_write_header_number(struct text *text, enum sip_header_name name, uint64_t number);

/* All lines of that name as they were parsed: a line of a LIST or ADDRESS header is written once
 * per line received, commas kept. */
void sip_write_copied(struct text *text, const struct sip_message *message,
                      enum sip_header_name name);

/* One line in canonical form; unknown names keep their spelling. */
void sip_write_line(struct text *text, const struct sip_message *message,
                    const struct sip_header *header);

/* A value unfolded: each fold becomes one SP. */
void sip_write_value(struct text *text, struct slice value);

/* A value, or several, with parameters, of this message: without the empty members and parameters
 * it may have. */
void sip_write_listed(struct text *text, const struct sip_message *message, struct slice value);

/* ";name=value", or ";name" for a flag. */
void sip_write_param(struct text *text, struct slice name, struct slice value);

/* "Via: SIP/2.0/UDP host:port;branch=...;rport" */
void sip_write_via(struct text *text, enum transport transport, struct slice sent_by,
                   struct slice branch, bool wants_rport);

/* Content-Length, the empty line, the body. */
void sip_write_body(struct text *text, struct slice body);
