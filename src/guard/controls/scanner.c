/* CT-FW-28: scanners, by the name and the marks they leave and by what they ask for. */
#include "guard/identity.h"
#include "guard/recent.h"
#include "guard/steps.h"

enum {
    WINDOW_S = 60,     /* SCN-06 */
    UNKNOWN_MOST = 5,  /* users asked for that nobody is, from one source in a window */
    PREFIXES_MOST = 3, /* before one and the same number, SCN-12 */
    DIALLED_S = 600,
    TAIL_DIGITS = 8,  /* what is the same however it is dialled */
    TAG_LEAST = 12,   /* of a SIPVicious tag */
    POINTS_NAME = 40, /* rules 6.4 */
    POINTS_TAG = 50,
    POINTS_USER = 4,
    POINTS_PREFIX = 20,
    POINTS_QUOTE = 20,
};

static const struct slice scanners[] = {
#define SCANNER(name, known) SLICE_INIT(name),
#include "guard/scanners.def"
#undef SCANNER
};

/* A longer word is another name. */
static bool is_letter(struct slice rest)
{
    char octet = rest.len == 0 ? '\0' : (char)(rest.at[0] | 0x20);

    return octet >= 'a' && octet <= 'z';
}

static bool is_scanner(struct slice agent)
{
    char first = agent.len == 0 ? '\0' : (char)(agent.at[0] | 0x20);

    for (size_t i = 0; i < sizeof(scanners) / sizeof(scanners[0]); i++) {
        if (scanners[i].at[0] == first && slice_starts_nocase(agent, scanners[i]) &&
            !is_letter(slice_skip(agent, scanners[i].len))) {
            return true;
        }
    }
    return false;
}

/* "100"@1.1.1.1 asks, 123@1.1.1.1 is where answers should go: SIPVicious as shipped (SCN-02). */
static bool is_as_shipped(const struct sip_message *message, const struct sip_value *value)
{
    return value != NULL && value->uri.host.len == 7 &&
           slice_equal(sip_slice(message, value->uri.host), SLICE("1.1.1.1"));
}

static int digit_of(char octet)
{
    if (octet >= '0' && octet <= '9') {
        return octet - '0';
    }
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* Hexadecimal of a printable text, the octet 1 and a number: where the answer belongs, in a tag
 * (SCN-04).  A random tag is none of that. */
static bool is_scanner_tag(struct slice tag)
{
    unsigned marks = 0, behind = 0;

    if (tag.len < TAG_LEAST || tag.len % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < tag.len; i += 2) {
        int high = digit_of(tag.at[i]), low = digit_of(tag.at[i + 1]);
        int octet = high * 16 + low;

        if (high < 0 || low < 0 || (octet != 1 && (octet < ' ' || octet > '~'))) {
            return false;
        }
        marks += octet == 1;
        behind += marks > 0 && octet >= '0' && octet <= '9';
    }
    return marks == 1 && behind > 0;
}

/* Behind a quote: what would go on a statement of a database (SCN-18). */
static bool goes_on(struct slice rest)
{
    static const struct slice words[] = {SLICE_INIT("or"), SLICE_INIT("and"), SLICE_INIT("union"),
                                         SLICE_INIT(";"), SLICE_INIT("--")};

    while (slice_starts(rest, SLICE(" ")) || slice_starts(rest, SLICE("%20"))) {
        rest = slice_skip(rest, rest.at[0] == ' ' ? 1 : 3);
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_starts_nocase(rest, words[i])) {
            return true;
        }
    }
    return false;
}

static bool is_injection(struct slice user)
{
    for (size_t i = 0; i < user.len; i++) {
        if (user.at[i] == '\'' && goes_on(slice_skip(user, i + 1))) {
            return true;
        }
        if (user.at[i] == '%' && slice_starts(slice_skip(user, i), SLICE("%27")) &&
            goes_on(slice_skip(user, i + 3))) {
            return true;
        }
    }
    return false;
}

/* Neighbours under contract pass on what their customers send: that is told. */
static bool is_stranger(const struct inspection *inspection)
{
    return inspection->peer == POLICY_NONE || inspection->policy->judges_anybody;
}

static enum outcome found(struct inspection *inspection, struct slice evidence, const char *rule,
                          unsigned points)
{
    inspection_score(inspection, points);
    return is_stranger(inspection)
               ? inspection_found(inspection, evidence, rule)
               : inspection_found_as(inspection, evidence, rule, ACTION_PASS, 0);
}

static enum outcome marks(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct sip_value *from = sip_value(message, SIP_HEADER_FROM);
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);
    const struct sip_value *contact = sip_value(message, SIP_HEADER_CONTACT);

    if (sip_has(message, SIP_HEADER_USER_AGENT)) {
        struct slice agent = sip_header_value(message, SIP_HEADER_USER_AGENT);

        if (is_scanner(agent)) {
            return found(inspection, agent, "SCN-01", POINTS_NAME);
        }
    }
    if (is_as_shipped(message, from) || is_as_shipped(message, contact)) {
        const struct sip_value *value = is_as_shipped(message, from) ? from : contact;

        return found(inspection, sip_slice(message, value->uri.whole), "SCN-02", POINTS_NAME);
    }
    if (from != NULL && is_scanner_tag(sip_slice(message, from->tag))) {
        return found(inspection, sip_slice(message, from->tag), "SCN-04", POINTS_TAG);
    }
    const struct sip_uri *const uris[] = {&message->uri, from == NULL ? NULL : &from->uri,
                                          to == NULL ? NULL : &to->uri};
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        struct slice user = uris[i] == NULL ? SLICE_NONE : sip_slice(message, uris[i]->user);

        if (is_injection(user)) {
            return found(inspection, user, "SCN-18", POINTS_QUOTE);
        }
    }
    return OUTCOME_PASSED;
}

static struct slice source_of(struct text *text, const struct address *remote)
{
    address_write_host(text, remote, false);
    return text_slice(text);
}

static size_t digits_in(struct slice user)
{
    size_t count = 0;

    for (size_t i = 0; i < user.len; i++) {
        count += user.at[i] >= '0' && user.at[i] <= '9';
    }
    return count;
}

/* One number with several beginnings: which of them leads outside is what is looked for. */
static enum outcome prefixes(struct inspection *inspection, struct slice source)
{
    const struct sip_message *message = &inspection->message;
    struct slice user = sip_slice(message, message->uri.user);

    if (message->method != SIP_INVITE || user.len <= TAIL_DIGITS ||
        digits_in(user) + 1 < user.len) {
        return OUTCOME_PASSED;
    }
    struct slice tail = slice_skip(user, user.len - TAIL_DIGITS);
    struct recent_key dialled = {RECENT_DIALLED, source, user};
    struct recent_key tails = {RECENT_DIALLED_TAIL, source, tail};
    uint32_t count = recent_count(inspection, &dialled, DIALLED_S) == 1
                         ? recent_count(inspection, &tails, DIALLED_S)
                         : recent_of(inspection, &tails, DIALLED_S);

    return count < PREFIXES_MOST ? OUTCOME_PASSED
                                 : found(inspection, user, "SCN-12", POINTS_PREFIX);
}

/* What a source did before says more than how it calls itself. */
static enum outcome behaviour(struct inspection *inspection)
{
    const struct sip_value *to = sip_value(&inspection->message, SIP_HEADER_TO);
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    text_init(&text, room, sizeof(room));
    struct slice source = source_of(&text, &inspection->packet->flow.remote);
    struct recent_key unknown = {RECENT_UNKNOWN_USERS, source, SLICE_NONE};
    if (recent_of(inspection, &unknown, WINDOW_S) >= UNKNOWN_MOST) {
        return found(inspection,
                     to == NULL ? SLICE_NONE : sip_slice(&inspection->message, to->uri.user),
                     "SCN-06", POINTS_USER);
    }
    return prefixes(inspection, source);
}

static enum outcome request(struct inspection *inspection)
{
    if (!inspection_is_new(inspection) || inspection_zone(inspection)->class == ZONE_CORE) {
        return OUTCOME_NOT_APPLICABLE;
    }
    enum outcome outcome = marks(inspection);
    if (is_stranger(inspection) && behaviour(inspection) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    return outcome;
}

/* Nobody of that name: one more that was tried. */
static enum outcome response(struct inspection *inspection)
{
    const struct sip_message *message = &inspection->message;
    const struct exchange *exchange = inspection->match.exchange;
    const struct sip_value *to = sip_value(message, SIP_HEADER_TO);
    bool is_unknown = message->status == 404 || message->status == 604 || message->status == 410;
    char room[ADDRESS_TEXT_MAX];
    struct text text;

    if (!is_unknown || inspection->match.kind != MATCH_RESPONSE || exchange->is_emergency ||
        exchange->server_state == SERVER_NONE || to == NULL) {
        return OUTCOME_NOT_APPLICABLE;
    }
    text_init(&text, room, sizeof(room));
    struct slice source = source_of(&text, &exchange->server_flow.remote);
    struct recent_key user = {RECENT_UNKNOWN_USER, source, sip_slice(message, to->uri.user)};
    struct recent_key users = {RECENT_UNKNOWN_USERS, source, SLICE_NONE};
    if (recent_count(inspection, &user, WINDOW_S) == 1) {
        (void)recent_count(inspection, &users, WINDOW_S);
    }
    return OUTCOME_PASSED;
}

enum outcome control_scanner(struct inspection *inspection)
{
    return inspection->message.is_request ? request(inspection) : response(inspection);
}
