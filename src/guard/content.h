/*
 * Bodies: which media types cross between which zones, and the parts of a message's body.
 */
#pragma once

#include "guard/inspect.h"
#include "wire/sip/multipart.h"

enum content_kind {
    CONTENT_PLAIN,
    CONTENT_SDP,
    CONTENT_XML,
    CONTENT_SIPFRAG,
    CONTENT_MULTIPART,
    CONTENT_SEALED,
    CONTENT_NEVER,
};

struct content; /* a row of content_types.def */

/* NULL: a type the rules do not list. */
const struct content *content_find(const struct media_type *type);
enum content_kind content_kind(const struct content *content);
/* Whether a message of that method may carry it. */
bool content_is_of_method(const struct content *content, enum sip_method method);
/* Whether it may be sent from one class of zone to another. */
bool content_crosses(const struct content *content, enum zone_class from, enum zone_class to);

/* One body to judge: the whole of it, or a part that is no multipart itself. */
struct body_part {
    struct media_type type;
    struct slice body;
    struct slice disposition;
    struct slice type_value; /* for evidence */
    bool is_optional;
    bool is_encoded; /* base64: cannot be read as it stands */
    uint16_t index;  /* in the multipart; BODY_WHOLE */
};

enum { BODY_WHOLE = 0xFFFF };

/* Takes the part behind *next (start with 0) that is no multipart itself. */
bool body_next(struct inspection *inspection, uint16_t *next, struct body_part *part);

/* The whole body is a session description, a readable one. */
static inline bool body_is_sdp(struct inspection *inspection)
{
    return inspection_sdp(inspection) != NULL &&
           inspection->sdp_text.len == inspection->message.body.len;
}

/* Takes the part out, or with a whole body all of it; false when it cannot go alone: a required
 * part of a request.  Of responses, and of requests that have no business with one, any may go. */
bool body_strip(struct inspection *inspection, const struct body_part *part);

/* The whole body is unsound: a request is refused; of what cannot be answered the body goes, since
 * the far side would say a lost answer again and again. */
enum outcome body_found(struct inspection *inspection, struct slice evidence, const char *rule,
                        uint16_t status);
