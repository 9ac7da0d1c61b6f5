#include "app/journal/event_fields.h"

#include <jansson.h>
#include <stdio.h>

static json_t *member(const json_t *object, const char *first, const char *second)
{
    json_t *inner = json_object_get(object, first);

    return second == NULL ? inner : json_object_get(inner, second);
}

static void take(char room[EVENT_FIELD_MAX], const json_t *value)
{
    if (json_is_string(value)) {
        (void)snprintf(room, EVENT_FIELD_MAX, "%s", json_string_value(value));
    } else if (json_is_integer(value)) {
        (void)snprintf(room, EVENT_FIELD_MAX, "%lld", (long long)json_integer_value(value));
    }
}

static void take_source(char room[EVENT_FIELD_MAX], const json_t *source)
{
    const char *ip = json_string_value(json_object_get(source, "ip"));

    if (ip != NULL) {
        bool is_v6 = strchr(ip, ':') != NULL;

        (void)snprintf(room, EVENT_FIELD_MAX, is_v6 ? "[%.60s]:%lld" : "%.60s:%lld", ip,
                       (long long)json_integer_value(json_object_get(source, "port")));
    }
}

/* Of the finding that decided, or the first. */
static void take_finding(struct event_fields *fields, const json_t *findings)
{
    size_t index = 0;
    const json_t *finding = NULL;
    const json_t *decisive = json_array_get(findings, 0);

    fields->findings = (int)json_array_size(findings);
    json_array_foreach(findings, index, finding)
    {
        const char *control = json_string_value(json_object_get(finding, "control"));

        if (control != NULL && strcmp(control, fields->control) == 0) {
            decisive = finding;
            break;
        }
    }
    take(fields->detail, json_object_get(decisive, "rule"));
    take(fields->evidence, json_object_get(decisive, "evidence"));
    take(fields->severity, json_object_get(decisive, "severity"));
}

static json_t *document_read(struct slice text)
{
    json_error_t error;
    json_t *document =
        text.len > EVENT_DOCUMENT_MAX ? NULL : json_loadb(text.at, text.len, 0, &error);

    if (document != NULL && !json_is_object(document)) {
        json_decref(document);
        return NULL;
    }
    return document;
}

bool event_fields_read(struct event_fields *fields, struct slice event)
{
    json_t *document = document_read(event);

    memset(fields, 0, sizeof(*fields));
    if (document == NULL) {
        return false;
    }
    take(fields->call_id, member(document, "sip", "call_id"));
    take(fields->what, member(document, "sip", "method"));
    if (fields->what[0] == '\0') {
        take(fields->what, member(document, "sip", "code"));
    }
    take(fields->peer, member(document, "sipwarden", "peer"));
    take(fields->verdict, member(document, "sipwarden", "verdict"));
    take(fields->control, member(document, "rule", "id"));
    take(fields->action, member(document, "event", "action"));
    take(fields->site, member(document, "observer", "name"));
    take_source(fields->source, json_object_get(document, "source"));
    take_finding(fields, member(document, "sipwarden", "findings"));
    json_decref(document);
    return true;
}

bool message_fields_read(struct message_fields *fields, struct slice message)
{
    json_t *document = document_read(message);

    memset(fields, 0, sizeof(*fields));
    if (document == NULL) {
        return false;
    }
    take(fields->start, json_object_get(document, "start"));
    take(fields->call_id, json_object_get(document, "call_id"));
    take(fields->remote, json_object_get(document, "remote"));
    take(fields->local, json_object_get(document, "local"));
    take(fields->peer, json_object_get(document, "peer"));
    take(fields->verdict, json_object_get(document, "verdict"));
    take(fields->findings, json_object_get(document, "findings"));
    take(fields->stripped, json_object_get(document, "stripped"));
    take(fields->method, json_object_get(document, "method"));
    fields->leg = (int)json_integer_value(json_object_get(document, "leg"));
    fields->code = (int)json_integer_value(json_object_get(document, "code"));
    fields->verdict_code = (int)json_integer_value(json_object_get(document, "verdict_code"));
    fields->has_sdp = json_is_true(json_object_get(document, "sdp"));
    const char *direction = json_string_value(json_object_get(document, "direction"));
    fields->is_sent = direction != NULL && strcmp(direction, "sent") == 0;
    json_decref(document);
    return true;
}
