/*
 * Messages written for tests: by the book unless a test wants a line otherwise.
 */
#pragma once

#include "base/text.h"
#include "wire/sip/message.h"

enum { EXTRAS_MAX = 32 };

/* Lines of the test's own.  One replaces the usual line of its name (an empty value: there is
 * none); those of other names stand at the end. */
struct extras {
    struct slice names[EXTRAS_MAX], values[EXTRAS_MAX];
    bool is_used[EXTRAS_MAX];
    unsigned count;
};

void extras_add(struct extras *extras, struct slice name, struct slice value);
/* "Name: value" */
bool extras_add_line(struct extras *extras, struct slice line);

struct words {
    struct slice method; /* requests */
    struct slice uri;
    unsigned status;     /* responses */
    struct slice vias;   /* whole lines */
    struct slice routes; /* values of Route, or of Record-Route in a response */
    struct slice from, from_tag, to, to_tag, call_id;
    uint32_t cseq;
    struct slice contact;
    struct slice body, body_type;
    struct extras *extras; /* or NULL */
};

void words_write(struct text *text, const struct words *words);

struct words_sdp {
    struct slice host; /* of c= and o= */
    bool is_v6;
    unsigned port;  /* of the first medium; the others follow by two */
    unsigned media; /* how many m= lines */
    unsigned version;
    const char *direction; /* or NULL */
};
void words_sdp(struct text *text, const struct words_sdp *sdp);
