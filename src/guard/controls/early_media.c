/* CT-FRD-09: media before the answer for which nobody vouches, in the direction nobody pays for. */
#include "guard/inspect.h"

static const struct slice known[] = {
    SLICE_INIT("sendrecv"), SLICE_INIT("sendonly"), SLICE_INIT("recvonly"),
    SLICE_INIT("inactive"), SLICE_INIT("gated"),    SLICE_INIT("supported"),
};

static bool is_known(struct slice word)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (slice_equal_nocase(word, known[i])) {
            return true;
        }
    }
    return false;
}

/* From the called side "sendrecv" and "recvonly" ask for what the caller says before he pays. */
static bool opens_forward(struct slice word)
{
    return slice_equal_nocase(word, SLICE("sendrecv")) ||
           slice_equal_nocase(word, SLICE("recvonly"));
}

static enum outcome taken_out(struct inspection *inspection, struct slice evidence)
{
    const struct sip_header *line = sip_header(&inspection->message, SIP_HEADER_P_EARLY_MEDIA);

    for (; line != NULL; line = sip_header_next(&inspection->message, line)) {
        inspection_strip_line(inspection, line);
    }
    return inspection_found(inspection, evidence, "MED-40");
}

/* The other side may say what it likes of what it hears itself; what it asks of the caller counts
 * where it is trusted with that header. */
static bool is_believed(const struct inspection *inspection)
{
    const struct policy_peer *peer = inspection_peer(inspection);
    const unsigned word = SIP_HEADER_P_EARLY_MEDIA / 64, bit = SIP_HEADER_P_EARLY_MEDIA % 64;

    return inspection_zone(inspection)->class == ZONE_CORE ||
           (inspection_zone(inspection)->headers[word] >> bit & 1) != 0 ||
           (peer != NULL && (peer->headers[word] >> bit & 1) != 0);
}

enum outcome control_early_media(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    struct slice rest = sip_header_value(message, SIP_HEADER_P_EARLY_MEDIA), word;

    if (!sip_has(message, SIP_HEADER_P_EARLY_MEDIA) || inspection->emergency != EMERGENCY_NONE) {
        return OUTCOME_NOT_APPLICABLE;
    }
    while (slice_cut(&rest, ',', &word)) {
        word = slice_trim(slice_head(word, slice_find(word, ';')));
        if (!is_known(word) ||
            (!message->is_request && opens_forward(word) && !is_believed(inspection))) {
            return taken_out(inspection, word);
        }
    }
    return OUTCOME_PASSED;
}
