/* CT-FW-26: addresses of pages and pictures a telephone would fetch or show. */
#include "guard/content.h"

enum { PUSHED_PLACE_MOST = 8192 }; /* octets, RCS-13 */

static bool is_web(struct slice uri)
{
    return slice_starts_nocase(uri, SLICE("http:")) || slice_starts_nocase(uri, SLICE("https:")) ||
           slice_starts_nocase(uri, SLICE("data:")) || slice_starts_nocase(uri, SLICE("ftp:")) ||
           slice_starts_nocase(uri, SLICE("file:")) ||
           slice_starts_nocase(uri, SLICE("javascript:"));
}

/* "<uri>;name=value" taken apart. */
static struct slice uri_of(struct slice item, struct slice *params)
{
    struct slice uri = slice_skip(item, slice_find(item, '<') + 1);
    size_t end = slice_find(uri, '>');

    *params = slice_skip(uri, end + 1);
    return slice_trim(slice_head(uri, end));
}

static bool is_one_of(struct slice word, const struct slice *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_nocase(word, words[i])) {
            return true;
        }
    }
    return false;
}

/* HDR-17: what a call may say of itself. */
static bool purpose_passes(const struct inspection *inspection, struct slice item)
{
    static const struct slice plain[] = {SLICE_INIT("call-completion"),
                                         SLICE_INIT("conference-info")};
    static const struct slice shown[] = {SLICE_INIT("icon"), SLICE_INIT("info"), SLICE_INIT("card"),
                                         SLICE_INIT("jcard")};
    bool is_of_core = inspection_zone(inspection)->class == ZONE_CORE;
    struct slice params, purpose = SLICE_NONE, uri = uri_of(item, &params);

    sip_param_find(params, SLICE("purpose"), &purpose);
    if (slice_starts_nocase(purpose, SLICE("EmergencyCallData."))) {
        return inspection->emergency != EMERGENCY_NONE || is_of_core;
    }
    if (!is_of_core && is_web(uri)) {
        return false;
    }
    return is_one_of(purpose, plain, sizeof(plain) / sizeof(plain[0])) ||
           (is_of_core &&
            (purpose.len == 0 || is_one_of(purpose, shown, sizeof(shown) / sizeof(shown[0]))));
}

static bool passes(const struct inspection *inspection, enum sip_header_name name,
                   struct slice item)
{
    struct slice params;

    if (name == SIP_HEADER_CALL_INFO) {
        return purpose_passes(inspection, item);
    }
    return inspection_zone(inspection)->class == ZONE_CORE || !is_web(uri_of(item, &params));
}

static enum outcome judge_header(struct inspection *inspection, enum sip_header_name name)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_header *line = sip_header(message, name);
    enum outcome outcome = OUTCOME_PASSED;
    struct sip_list list;
    struct slice item;

    sip_list_init(&list, message, name);
    while (outcome == OUTCOME_PASSED && sip_list_next(&list, message, &item)) {
        if (!passes(inspection, name, item)) {
            outcome = inspection_found(inspection, item, "HDR-17");
        }
    }
    for (; outcome == OUTCOME_FAILED && line != NULL; line = sip_header_next(message, line)) {
        inspection_strip_line(inspection, line);
    }
    return outcome;
}

/* The host of a file is a name, and whose it is was not decided by a password within the link. */
static bool is_plain_link(struct slice url)
{
    struct slice host;
    struct address address;

    if (!slice_starts_nocase(url, SLICE("https://"))) {
        return false;
    }
    host = slice_skip(url, strlen("https://"));
    host = slice_head(host, slice_find(host, '/'));
    return host.len > 0 && slice_find(host, '@') == host.len && host.at[0] != '[' &&
           !address_read(&address, slice_head(host, slice_find(host, ':')));
}

/* Every url="..." of a file that is told of (RCS-12). */
static bool are_plain_links(struct slice body, struct slice *link)
{
    static const struct slice name = SLICE_INIT("url=");

    while (body.len > name.len) {
        size_t step = slice_find(body, 'u');

        body = slice_skip(body, step);
        if (!slice_starts(body, name) || body.len <= name.len + 1) {
            body = slice_skip(body, 1);
            continue;
        }
        char quote = body.at[name.len];
        body = slice_skip(body, name.len + 1);
        *link = slice_head(body, slice_find(body, quote));
        if (!is_plain_link(*link)) {
            return false;
        }
    }
    return true;
}

static enum outcome files(struct inspection *inspection)
{
    enum outcome outcome = OUTCOME_NOT_APPLICABLE;
    struct body_part part;
    uint16_t next = 0;
    struct slice link;

    while (body_next(inspection, &next, &part)) {
        if (media_type_is(&part.type, SLICE("application/vnd.gsma.rcs-ft-http+xml"))) {
            outcome = are_plain_links(part.body, &link)
                          ? OUTCOME_PASSED
                          : inspection_found_as(inspection, link, "RCS-12", ACTION_REJECT, 403);
        } else if (media_type_is(&part.type, SLICE("application/vnd.gsma.rcspushlocation+xml")) &&
                   part.body.len > PUSHED_PLACE_MOST) {
            outcome =
                inspection_found_as(inspection, part.type_value, "RCS-13", ACTION_REJECT, 413);
        }
    }
    return outcome;
}

enum outcome control_links_stripped(struct inspection *inspection)
{
    static const enum sip_header_name names[] = {SIP_HEADER_CALL_INFO, SIP_HEADER_ALERT_INFO,
                                                 SIP_HEADER_ERROR_INFO};
    enum outcome outcome = OUTCOME_NOT_APPLICABLE;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!sip_has(&inspection->message, names[i])) {
            continue;
        }
        enum outcome found = judge_header(inspection, names[i]);
        outcome = outcome == OUTCOME_FAILED ? outcome : found;
    }
    if (inspection->message.body.len == 0 || body_is_sdp(inspection) ||
        inspection->emergency != EMERGENCY_NONE) {
        return outcome;
    }
    enum outcome found = files(inspection);
    return found == OUTCOME_FAILED || outcome == OUTCOME_NOT_APPLICABLE ? found : outcome;
}
