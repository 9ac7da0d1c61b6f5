/*
 * Reader and writer against each other: what was read and written anew reads as before, without
 * the oddities of its form, and writing that again changes nothing.
 */
#include <stdint.h>

#include "../wire/rewrite.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

enum { HEAD_GROWS_MAX = 16384 }; /* long names for compact ones */

static struct sip_message message, again;

static bool is_odd(const struct sip_message *read, const enum sip_oddity *oddities, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (sip_is_odd(read, oddities[i])) {
            return true;
        }
    }
    return false;
}

/* A start line that cannot be read is refused, never written. */
static bool is_writable(const struct sip_message *read)
{
    static const enum sip_oddity oddities[] = {SIP_ODD_BAD_METHOD, SIP_ODD_BAD_STATUS,
                                               SIP_ODD_START_LINE_BLANKS, SIP_ODD_BAD_REQUEST_URI,
                                               SIP_ODD_MANY_HEADERS};

    return !is_odd(read, oddities, ARRAY_COUNT(oddities)) &&
           (!read->is_request || (read->method_text.len > 0 && read->uri.whole.len > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static const enum sip_oddity gone[] = {
        SIP_ODD_BARE_LF,  SIP_ODD_BARE_CR,       SIP_ODD_NUL,
        SIP_ODD_FOLDED,   SIP_ODD_CONTROL_OCTET, SIP_ODD_BLANK_CONTINUATION,
        SIP_ODD_NO_END,   SIP_ODD_NO_COLON,      SIP_ODD_SPACE_BEFORE_COLON,
        SIP_ODD_BAD_NAME, SIP_ODD_SPACE_IN_NAME, SIP_ODD_NO_CONTENT_LENGTH};
    static char room[2][1 << 18];
    struct text text, twice;

    if (len > SIP_HEAD_MAX - HEAD_GROWS_MAX ||
        sip_read(&message, slice_of((const char *)octets, len), false) != SIP_READ ||
        !is_writable(&message)) {
        return 0;
    }
    text_init(&text, room[0], sizeof(room[0]));
    rewrite(&text, &message);
    must(!text.is_full);
    must(sip_read(&again, text_slice(&text), true) == SIP_READ);
    must(rewrite_differs(&message, &again) == NULL);
    must(!is_odd(&again, gone, ARRAY_COUNT(gone)));
    text_init(&twice, room[1], sizeof(room[1]));
    rewrite(&twice, &again);
    must(slice_equal(text_slice(&text), text_slice(&twice)));
    return 0;
}
