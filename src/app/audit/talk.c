#include "app/audit/talk.h"

#include "wire/sip/write.h"

static bool keep(char *at, size_t max, struct slice slice)
{
    if (slice.len >= max) {
        return false;
    }
    memcpy(at, slice.at, slice.len);
    at[slice.len] = '\0';
    return true;
}

static void reverse(struct slice *items, unsigned count)
{
    for (unsigned i = 0; i < count / 2; i++) {
        struct slice item = items[i];

        items[i] = items[count - 1 - i];
        items[count - 1 - i] = item;
    }
}

/* The route set: the asker's is the other way round. */
static bool routes_keep(struct talk *talk, const struct sip_message *message, bool is_asker)
{
    enum { ROUTES_MAX = 16 };
    struct slice routes[ROUTES_MAX];
    unsigned count = 0;
    struct text text;

    for (const struct sip_value *value = sip_value(message, SIP_HEADER_RECORD_ROUTE);
         value != NULL && count < ROUTES_MAX; value = sip_value_next(message, value)) {
        routes[count++] = sip_slice(message, value->text);
    }
    if (is_asker) {
        reverse(routes, count);
    }
    text_init(&text, talk->routes, sizeof(talk->routes) - 1);
    for (unsigned i = 0; i < count; i++) {
        text_put_string(&text, "Route: ");
        text_put(&text, routes[i]);
        text_put_string(&text, "\r\n");
    }
    talk->routes[text.len] = '\0';
    return !text.is_full;
}

static bool target_keep(struct talk *talk, const struct sip_message *message)
{
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);

    return contact != NULL &&
           keep(talk->target, sizeof(talk->target), sip_slice(message, contact->uri.whole));
}

bool talk_of_response(struct talk *talk, const struct sip_message *response)
{
    talk->cseq = response->cseq;
    return keep(talk->call_id, sizeof(talk->call_id), sip_call_id(response)) &&
           keep(talk->from, sizeof(talk->from), sip_header_value(response, SIP_HEADER_FROM)) &&
           keep(talk->to, sizeof(talk->to), sip_header_value(response, SIP_HEADER_TO)) &&
           target_keep(talk, response) && routes_keep(talk, response, true);
}

bool talk_of_request(struct talk *talk, const struct sip_message *request, const char *tag)
{
    char tagged[320];
    struct slice to = sip_header_value(request, SIP_HEADER_TO);
    struct text text;

    text_init(&text, tagged, sizeof(tagged));
    text_put(&text, to);
    text_put_string(&text, ";tag=");
    text_put_string(&text, tag);
    talk->cseq = 1000;
    return !text.is_full && keep(talk->call_id, sizeof(talk->call_id), sip_call_id(request)) &&
           keep(talk->to, sizeof(talk->to), sip_header_value(request, SIP_HEADER_FROM)) &&
           keep(talk->from, sizeof(talk->from), text_slice(&text)) && target_keep(talk, request) &&
           routes_keep(talk, request, false);
}

void talk_request(struct talk *talk, struct text *text, const char *method, const char *branch,
                  const char *extra, struct slice body)
{
    bool is_ack = strcmp(method, "ACK") == 0;

    talk->cseq += is_ack ? 0 : 1;
    sip_write_request_line(text, slice_string(method), slice_string(talk->target));
    text_put_string(text, "Via: SIP/2.0/");
    text_put(text, transport_token(talk->next.transport));
    text_put_octet(text, ' ');
    address_write(text, &talk->here);
    text_put_format(text, ";branch=%s;rport\r\nMax-Forwards: 70\r\n%s", branch, talk->routes);
    text_put_format(text, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n", talk->from,
                    talk->to, talk->call_id, talk->cseq, method);
    text_put_string(text, "Contact: <sip:audit@");
    address_write(text, &talk->here);
    text_put_string(text, ">\r\n");
    text_put_string(text, extra);
    if (body.len > 0 && strstr(extra, "Content-Type:") == NULL) {
        text_put_string(text, "Content-Type: application/sdp\r\n");
    }
    sip_write_body(text, body);
}

static void audio_write(struct text *text, const struct address *here, uint16_t port)
{
    const char *family = here->family == ADDRESS_V6 ? "IP6 " : "IP4 ";

    text_put_format(text, "v=0\r\no=- 1 1 IN %s", family);
    address_write_host(text, here, false);
    text_put_format(text, "\r\ns=-\r\nc=IN %s", family);
    address_write_host(text, here, false);
    text_put_format(text,
                    "\r\nt=0 0\r\nm=audio %u RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n",
                    port);
}

void answer_write(struct text *text, const struct sip_message *request, unsigned status,
                  const char *tag, const struct address *here, struct slice user,
                  uint16_t media_port)
{
    char room[256];
    struct text body;

    text_init(&body, room, sizeof(room));
    if (media_port != 0) {
        audio_write(&body, here, media_port);
    }
    sip_write_status_line(text, status);
    sip_write_copied(text, request, SIP_HEADER_VIA);
    sip_write_copied(text, request, SIP_HEADER_RECORD_ROUTE);
    sip_write_copied(text, request, SIP_HEADER_FROM);
    text_put_string(text, "To: ");
    text_put(text, sip_header_value(request, SIP_HEADER_TO));
    if (sip_to_tag(request).len == 0) {
        text_put_string(text, ";tag=");
        text_put_string(text, tag);
    }
    text_put_string(text, "\r\n");
    sip_write_copied(text, request, SIP_HEADER_CALL_ID);
    sip_write_copied(text, request, SIP_HEADER_CSEQ);
    if (request->method == SIP_REGISTER) {
        sip_write_copied(text, request, SIP_HEADER_CONTACT);
        text_put_string(text, "Expires: 600\r\n");
    } else {
        text_put_string(text, "Contact: <sip:");
        text_put(text, user);
        text_put_octet(text, '@');
        address_write(text, here);
        text_put_string(text, ">\r\n");
    }
    if (request->method == SIP_SUBSCRIBE) {
        text_put_string(text, "Expires: 600\r\n");
    }
    if (body.len > 0) {
        text_put_string(text, "Content-Type: application/sdp\r\n");
    }
    sip_write_body(text, text_slice(&body));
}
