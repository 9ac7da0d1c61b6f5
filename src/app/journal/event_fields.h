/*
 * What an event can be found by, and what a line about it shows: read out of its JSON.
 */
#pragma once

#include "base/slice.h"

enum {
    EVENT_FIELD_MAX = 320,
    EVENT_DOCUMENT_MAX = 64 * 1024, /* more than any event has; not read */
};

struct event_fields {
    char call_id[EVENT_FIELD_MAX];
    char peer[EVENT_FIELD_MAX];
    char control[EVENT_FIELD_MAX];
    char action[EVENT_FIELD_MAX];
    char verdict[EVENT_FIELD_MAX];
    char source[EVENT_FIELD_MAX]; /* "192.0.2.1:5060" */
    char detail[EVENT_FIELD_MAX]; /* rule of the deciding finding */
    char evidence[EVENT_FIELD_MAX];
    char what[EVENT_FIELD_MAX]; /* "INVITE", "180" */
    char severity[EVENT_FIELD_MAX];
    char site[EVENT_FIELD_MAX];
    int findings;
};

/* False when it is no JSON object: all fields are empty then. */
bool event_fields_read(struct event_fields *fields, struct slice event);

/* What a record of a message or a call shows. */
struct message_fields {
    char start[EVENT_FIELD_MAX];
    char call_id[EVENT_FIELD_MAX];
    char remote[EVENT_FIELD_MAX], local[EVENT_FIELD_MAX];
    char peer[EVENT_FIELD_MAX];
    char verdict[EVENT_FIELD_MAX];
    char findings[EVENT_FIELD_MAX];
    char stripped[EVENT_FIELD_MAX];
    char method[EVENT_FIELD_MAX];
    int leg, verdict_code, code;
    bool is_sent, has_sdp;
};
bool message_fields_read(struct message_fields *fields, struct slice message);
