/* GNU oSIP 2. */
#include "reading.h"

#include <sys/time.h>

#include <osipparser2/osip_message.h>
#include <osipparser2/osip_parser.h>

static struct slice slice_or_none(const char *string)
{
    return string == NULL ? SLICE_NONE : slice_string(string);
}

/* What it refuses it need not tell. */
static void say_nothing(const char *file, int line, osip_trace_level_t level, const char *format,
                        va_list values)
{
    (void)file;
    (void)line;
    (void)level;
    (void)format;
    (void)values;
}

static bool begin(void)
{
    osip_trace_initialize_func(END_TRACE_LEVEL, say_nothing);
    return parser_init() == 0;
}

static void set_uri(struct reading *reading, enum reading_part part, const osip_uri_t *uri)
{
    struct slice scheme = slice_or_none(uri == NULL ? NULL : uri->scheme);

    if (!slice_equal_nocase(scheme, SLICE("sip")) && !slice_equal_nocase(scheme, SLICE("sips"))) {
        reading_set(reading, part, SLICE("?"));
        return;
    }
    reading_set_uri(reading, part, scheme, slice_or_none(uri->username), slice_or_none(uri->host),
                    slice_or_none(uri->port));
}

static void set_asserted(struct reading *reading, const osip_message_t *message)
{
    osip_header_t *header;
    osip_from_t *from;

    if (osip_message_header_get_byname(message, "p-asserted-identity", 0, &header) < 0 ||
        osip_from_init(&from) != 0) {
        return;
    }
    if (osip_from_parse(from, header->hvalue) == 0) {
        set_uri(reading, READING_ASSERTED, from->url);
    } else {
        reading_set(reading, READING_ASSERTED, SLICE("?"));
    }
    osip_from_free(from);
}

static void set_call_id(struct reading *reading, const osip_call_id_t *call_id)
{
    char text[READING_TEXT];
    struct text whole;

    text_init(&whole, text, sizeof(text));
    text_put(&whole, slice_or_none(call_id->number));
    if (call_id->host != NULL) {
        text_put_octet(&whole, '@');
        text_put_string(&whole, call_id->host);
    }
    reading_set(reading, READING_CALL_ID, text_slice(&whole));
}

/* A body of several parts is taken apart at once, so its length is not told. */
static void set_body(struct reading *reading, const osip_message_t *message)
{
    osip_body_t *body = NULL;
    bool has_parts =
        message->content_type != NULL && message->content_type->type != NULL &&
        slice_equal_nocase(slice_string(message->content_type->type), SLICE("multipart"));

    if (has_parts) {
        reading_set(reading, READING_BODY, SLICE("?"));
        return;
    }
    osip_message_get_body(message, 0, &body);
    reading_set_number(reading, READING_BODY, body != NULL ? body->length : 0);
}

static bool fill(const osip_message_t *message, struct reading *reading)
{
    if (message->from == NULL || message->to == NULL || message->call_id == NULL ||
        message->content_length == NULL || message->content_length->value == NULL) {
        return false;
    }
    if (MSG_IS_REQUEST(message)) {
        set_uri(reading, READING_TARGET, message->req_uri);
    }
    set_uri(reading, READING_FROM, message->from->url);
    set_uri(reading, READING_TO, message->to->url);
    set_asserted(reading, message);
    set_call_id(reading, message->call_id);
    set_body(reading, message);
    reading_set(reading, READING_LENGTH, slice_string(message->content_length->value));
    return true;
}

static bool take(struct slice bytes, struct reading *reading)
{
    osip_message_t *message;
    bool is_read;

    if (osip_message_init(&message) != 0) {
        return false;
    }
    is_read = osip_message_parse(message, bytes.at, bytes.len) == 0 && fill(message, reading);
    osip_message_free(message);
    return is_read;
}

const struct peer peer_osip = {"osip2", begin, take};
