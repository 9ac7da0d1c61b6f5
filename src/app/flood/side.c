#include "app/flood/side.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CALLER "+15551234567" /* a number that nobody has */

static void written(char room[ADDRESS_TEXT_MAX + 1], const struct address *address)
{
    struct text text;

    text_init(&text, room, ADDRESS_TEXT_MAX);
    address_write(&text, address);
    room[text.len] = '\0';
}

bool side_open(struct flood_side *side, const struct flood_wish *wish, bool is_caller,
               struct fault *fault)
{
    struct address own = is_caller ? wish->from : wish->answer;

    *side = (struct flood_side){.wish = wish, .is_caller = is_caller, .seed = wish->seed};
    side->key = (struct hash_key){wish->seed, 7};
    side->fd = socket_open_udp(&own, false, fault);
    if (side->fd < 0) {
        return false;
    }
    (void)socket_local(side->fd, &own);
    written(side->host, &own);
    written(side->store, &wish->to);
    socket_address_write(&side->to, &wish->to);
    wheel_init(&side->wheel, flood_now_us() / 1000);
    side->legs = calloc(FLOOD_CALL_SLOTS, sizeof(*side->legs));
    side->free = calloc(FLOOD_CALL_SLOTS, sizeof(*side->free));
    side->invited_memory = malloc(table_size(FLOOD_CALL_SLOTS));
    if (side->legs == NULL || side->free == NULL || side->invited_memory == NULL) {
        return fault_set(fault, "no memory for %d calls", FLOOD_CALL_SLOTS);
    }
    table_init(&side->invited, side->invited_memory, FLOOD_CALL_SLOTS);
    for (uint32_t i = FLOOD_CALL_SLOTS - 1; i > 0; i--) {
        side->free[side->free_count++] = i;
    }
    return true;
}

void side_close(struct flood_side *side)
{
    for (uint32_t i = 0; side->legs != NULL && !side->is_caller && i < FLOOD_CALL_SLOTS; i++) {
        free(side->legs[i].answer);
    }
    free(side->legs);
    free(side->free);
    free(side->invited_memory);
    if (side->fd > 0) {
        (void)close(side->fd);
    }
}

bool side_receive(struct flood_side *side)
{
    for (;;) {
        side->heard_from.len = sizeof(side->heard_from.storage);
        ssize_t len = recvfrom(side->fd, side->octets, sizeof(side->octets), MSG_DONTWAIT,
                               &side->heard_from.any, &side->heard_from.len);

        if (len <= 0) {
            return false;
        }
        if (sip_read(&side->message, slice_of(side->octets, (size_t)len), false) == SIP_READ) {
            return true;
        }
    }
}

void side_flush(struct flood_side *side)
{
    unsigned done = 0;

    while (done < side->out.count) {
        int sent = sendmmsg(side->fd, side->out.messages + done, side->out.count - done, 0);

        if (sent <= 0) {
            break; /* lost, as on a wire: it is said again */
        }
        done += (unsigned)sent;
    }
    side->out.count = 0;
}

/* Room for a message, and what sends it at the end of the turn. */
static char *out_room(struct flood_side *side)
{
    if (side->out.count == FLOOD_SIDE_BATCH) {
        side_flush(side);
    }
    return side->out.octets[side->out.count];
}

static void out_add(struct flood_side *side, const struct socket_address *to, int len)
{
    unsigned at = side->out.count++;

    side->out.to[at] = *to;
    side->out.pieces[at] = (struct iovec){side->out.octets[at],
                                          (size_t)(len < FLOOD_MESSAGE ? len : FLOOD_MESSAGE - 1)};
    side->out.messages[at].msg_hdr = (struct msghdr){.msg_name = &side->out.to[at].storage,
                                                     .msg_namelen = to->len,
                                                     .msg_iov = &side->out.pieces[at],
                                                     .msg_iovlen = 1};
}

/*
 * Names.
 */

static void name_write(char room[64], const struct flood_side *side, const struct flood_leg *leg)
{
    snprintf(room, 64, "f%ux%ux%llx", (unsigned)(leg - side->legs), leg->generation,
             (unsigned long long)leg->number);
}

static struct slice digits_of(struct slice text)
{
    size_t len = 0;

    while (len < text.len && text.at[len] >= '0' && text.at[len] <= '9') {
        len++;
    }
    return slice_head(text, len);
}

bool side_number_read(struct slice name, uint32_t *index, uint32_t *generation)
{
    struct slice first = digits_of(slice_skip(name, 1)), second;
    uint64_t numbers[2];

    if (name.len == 0 || name.at[0] != 'f') {
        return false;
    }
    second = digits_of(slice_skip(name, 2 + first.len));
    if (!slice_number(first, UINT32_MAX, &numbers[0]) ||
        !slice_number(second, UINT32_MAX, &numbers[1])) {
        return false;
    }
    *index = (uint32_t)numbers[0];
    *generation = (uint32_t)numbers[1];
    return true;
}

/* Who is called, each # a digit. */
static void uri_write(char room[FLOOD_URI], const struct flood_side *side,
                      const struct flood_leg *leg)
{
    uint64_t digits = leg->number;

    snprintf(room, FLOOD_URI, "%s", side->wish->uri);
    for (char *at = room; *at != '\0'; at++) {
        if (*at == '#') {
            *at = (char)('0' + digits % 10);
            digits /= 10;
        }
    }
}

/*
 * What is said.
 */

static void copy_text(char room[FLOOD_TEXT], struct slice text)
{
    size_t len = text.len < FLOOD_TEXT ? text.len : 0; /* what does not fit is not used */

    memcpy(room, text.at == NULL ? "" : text.at, len);
    room[len] = '\0';
}

void side_keep_dialog(struct flood_side *side, struct flood_leg *leg)
{
    const struct sip_message *message = &side->message;
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);

    copy_text(leg->to_tag, sip_to_tag(message));
    copy_text(leg->target, contact == NULL ? SLICE_NONE : sip_slice(message, contact->uri.whole));
}

static const char offer[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                            "t=0 0\r\nm=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n";

static void request_write(struct flood_side *side, struct flood_leg *leg, const char *method,
                          const char *branch_of, const char *target)
{
    char name[64], uri[FLOOD_URI];
    bool is_invite = strcmp(method, "INVITE") == 0;

    name_write(name, side, leg);
    uri_write(uri, side, leg);
    const char *tag = leg->to_tag;
    int len =
        snprintf(out_room(side), FLOOD_MESSAGE,
                 "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%s\r\nMax-Forwards: 70\r\n"
                 "From: <sip:" CALLER
                 "@%s>;tag=t%s\r\nTo: <%s>%s%s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n"
                 "Contact: <sip:caller@%s>\r\n%sContent-Length: %zu\r\n\r\n%s",
                 method, target, side->host, name, branch_of, side->host, name, uri,
                 tag[0] == '\0' ? "" : ";tag=", tag, name, strcmp(method, "BYE") == 0 ? 2U : 1U,
                 method, side->host, is_invite ? "Content-Type: application/sdp\r\n" : "",
                 is_invite ? sizeof(offer) - 1 : 0, is_invite ? offer : "");

    out_add(side, &side->to, len);
}

void side_send_request(struct flood_side *side, struct flood_leg *leg, const char *method)
{
    char uri[FLOOD_URI];

    uri_write(uri, side, leg);
    /* The ACK of a yes is a transaction of its own. */
    request_write(side, leg, method, strcmp(method, "INVITE") == 0 ? "i" : method,
                  leg->target[0] == '\0' ? uri : leg->target);
}

void side_send_refusal_ack(struct flood_side *side, struct flood_leg *leg)
{
    char uri[FLOOD_URI];

    uri_write(uri, side, leg);
    request_write(side, leg, "ACK", "i", uri);
}

static void put_copied(struct text *text, const struct sip_message *message,
                       enum sip_header_name name)
{
    for (const struct sip_header *line = sip_header(message, name); line != NULL;
         line = sip_header_next(message, line)) {
        text_put(text, sip_header_spelling(name));
        text_put(text, SLICE(": "));
        text_put(text, slice_trim(sip_slice(message, line->value)));
        text_put(text, SLICE("\r\n"));
    }
}

static void keep_answer(struct flood_leg *leg, const struct flood_side *side, struct slice bytes)
{
    char *kept = realloc(leg->answer, bytes.len);

    if (kept != NULL) {
        memcpy(kept, bytes.at, bytes.len);
        leg->answer = kept;
        leg->answer_len = bytes.len;
        leg->back = side->heard_from;
    }
}

void side_answer(struct flood_side *side, struct flood_leg *leg, unsigned status)
{
    const struct sip_message *message = &side->message;
    char name[64] = "x";
    struct text text;
    bool has_body = leg != NULL && status == 200;

    if (leg != NULL) {
        name_write(name, side, leg);
    }
    text_init(&text, out_room(side), FLOOD_MESSAGE);
    text_put_format(&text, "SIP/2.0 %u %s\r\n", status,
                    status == 180   ? "Ringing"
                    : status == 200 ? "OK"
                                    : "Unavailable");
    put_copied(&text, message, SIP_HEADER_VIA);
    put_copied(&text, message, SIP_HEADER_FROM);
    text_put(&text, SLICE("To: "));
    text_put(&text, slice_trim(sip_header_value(message, SIP_HEADER_TO)));
    if (sip_to_tag(message).len == 0) {
        text_put_format(&text, ";tag=%s", name);
    }
    text_put(&text, SLICE("\r\n"));
    put_copied(&text, message, SIP_HEADER_CALL_ID);
    put_copied(&text, message, SIP_HEADER_CSEQ);
    put_copied(&text, message, SIP_HEADER_RECORD_ROUTE);
    text_put_format(&text, "Contact: <sip:called@%s>\r\n%sContent-Length: %zu\r\n\r\n%s",
                    side->host, has_body ? "Content-Type: application/sdp\r\n" : "",
                    has_body ? sizeof(offer) - 1 : 0, has_body ? offer : "");
    if (text.is_full) {
        return;
    }
    if (has_body) {
        keep_answer(leg, side, text_slice(&text));
    }
    out_add(side, &side->heard_from, (int)text.len);
}

void side_send_kept(struct flood_side *side, struct flood_leg *leg)
{
    if (leg->answer != NULL && leg->answer_len <= FLOOD_MESSAGE) {
        memcpy(out_room(side), leg->answer, leg->answer_len);
        out_add(side, &leg->back, (int)leg->answer_len);
    }
}

/*
 * Requests that come again.
 */

bool side_is_ours(const struct flood_side *side)
{
    const struct sip_value *from = sip_value(&side->message, SIP_HEADER_FROM);

    return from != NULL && slice_equal(sip_slice(&side->message, from->uri.user), SLICE(CALLER));
}

uint64_t side_branch_hash(const struct flood_side *side)
{
    return hash_bytes(&side->key, sip_branch(&side->message));
}

struct flood_leg *side_find_invited(struct flood_side *side)
{
    uint64_t hash = side_branch_hash(side);
    struct table_cursor cursor = {0};
    uint32_t index = 0;

    return table_next(&side->invited, hash, &cursor, &index) ? &side->legs[index] : NULL;
}

void side_remember_invited(struct flood_side *side, struct flood_leg *leg)
{
    (void)table_add(&side->invited, leg->number, (uint32_t)(leg - side->legs));
}

void side_forget_invited(struct flood_side *side, struct flood_leg *leg)
{
    (void)table_remove(&side->invited, leg->number, (uint32_t)(leg - side->legs));
}
