/* libre, the stack of baresip.  It was built with these two, and its headers ask for them. */
#define HAVE_STDBOOL_H 1
#define HAVE_INTTYPES_H 1

#include "reading.h"

#include <re.h>

static struct slice slice_pl(const struct pl *pl)
{
    return pl->p == NULL ? SLICE_NONE : slice_of(pl->p, pl->l);
}

static bool begin(void)
{
    return true;
}

static void set_uri(struct reading *reading, enum reading_part part, const struct uri *uri)
{
    struct slice scheme = slice_pl(&uri->scheme);
    char port[8];
    struct text digits;

    if (!slice_equal_nocase(scheme, SLICE("sip")) && !slice_equal_nocase(scheme, SLICE("sips"))) {
        reading_set(reading, part, SLICE("?"));
        return;
    }
    text_init(&digits, port, sizeof(port));
    text_put_number(&digits, uri->port);
    reading_set_uri(reading, part, scheme, slice_pl(&uri->user), slice_pl(&uri->host),
                    text_slice(&digits));
}

static void set_asserted(struct reading *reading, const struct sip_msg *message)
{
    const struct sip_hdr *header = sip_msg_hdr(message, SIP_HDR_P_ASSERTED_IDENTITY);
    struct sip_addr address;

    if (header == NULL) {
        return;
    }
    if (sip_addr_decode(&address, &header->val) == 0) {
        set_uri(reading, READING_ASSERTED, &address.uri);
    } else {
        reading_set(reading, READING_ASSERTED, SLICE("?"));
    }
}

static void fill(const struct sip_msg *message, struct reading *reading)
{
    if (message->req) {
        set_uri(reading, READING_TARGET, &message->uri);
    }
    set_uri(reading, READING_FROM, &message->from.uri);
    set_uri(reading, READING_TO, &message->to.uri);
    set_asserted(reading, message);
    reading_set(reading, READING_CALL_ID, slice_pl(&message->callid));
    reading_set_number(reading, READING_BODY, mbuf_get_left(message->mb));
    reading_set(reading, READING_LENGTH, slice_pl(&message->clen));
}

static bool take(struct slice bytes, struct reading *reading)
{
    struct mbuf *buffer = mbuf_alloc(bytes.len);
    struct sip_msg *message = NULL;
    bool is_read;

    if (buffer == NULL) {
        return false;
    }
    mbuf_write_mem(buffer, (const uint8_t *)bytes.at, bytes.len);
    mbuf_set_pos(buffer, 0);
    is_read = sip_msg_decode(&message, buffer) == 0;
    if (is_read) {
        fill(message, reading);
        mem_deref(message);
    }
    mem_deref(buffer);
    return is_read;
}

const struct peer peer_re = {"libre", begin, take};
