#include "io/capture/sniff.h"

#include "base/must.h"
#include "io/capture/octets.h"

enum {
    STUN_COOKIE = 0x2112A442,
    STUN_HEAD = 20,
    KEEPALIVE_MAX = 8,     /* CRLFCRLF, one NUL, four zeros ... */
    WORD_MAX = 64,         /* a method longer than any reader keeps names (SIP_NAME_MAX) */
    START_LINE_MAX = 4096, /* HYG-L04: more is not waited for */
};

static const struct slice methods[] = {
// clang-format off
#define METHOD(name, token, opens, refreshes) SLICE_INIT(token),
#include "wire/sip/methods.def"
#undef METHOD
    // clang-format on
};

static bool is_token(char octet)
{
    uint8_t c = (uint8_t)octet;

    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-.!%*_+`'~", c) != NULL);
}

static bool is_blank(char octet)
{
    return octet == ' ' || octet == '\t';
}

static size_t token_len(struct slice text)
{
    size_t len = 0;

    while (len < text.len && is_token(text.at[len])) {
        len++;
    }
    return len;
}

static struct slice line_of(struct slice text)
{
    size_t len = slice_find(text, '\n');

    if (len > 0 && len <= text.len && text.at[len - 1] == '\r') {
        len--;
    }
    return slice_head(text, len);
}

/* The last word of a line: where a request names its protocol. */
static struct slice last_word(struct slice line)
{
    size_t end = line.len;

    while (end > 0 && is_blank(line.at[end - 1])) {
        end--;
    }
    size_t start = end;
    while (start > 0 && !is_blank(line.at[start - 1])) {
        start--;
    }
    return slice_of(line.at + start, end - start);
}

/* The fourteen methods; tokens of other protocols' requests among them tell themselves apart by
 * the protocol they name at the end of the line. */
static bool is_method(struct slice word)
{
    for (size_t i = 0; i < ARRAY_COUNT(methods); i++) {
        if (slice_equal(methods[i], word)) {
            return true;
        }
    }
    return false;
}

static bool is_other_protocol(struct slice word)
{
    return slice_starts(word, SLICE("HTTP/")) || slice_starts(word, SLICE("RTSP/")) ||
           slice_starts(word, SLICE("ICAP/"));
}

/* A request or status line, perhaps a malformed one. */
static bool resembles_start_line(struct slice line)
{
    size_t word = token_len(line);

    if (word == 0 || word == line.len) {
        return false;
    }
    if (slice_starts_nocase(line, SLICE("SIP/"))) {
        return true;
    }
    if (!is_blank(line.at[word])) {
        return false;
    }
    struct slice protocol = last_word(line);
    return slice_starts_nocase(protocol, SLICE("SIP/")) ||
           (is_method(slice_head(line, word)) && !is_other_protocol(protocol));
}

/* Where a status line begins in line, which a body without an end of line may have been glued to.
 */
static size_t find_status_line(struct slice line)
{
    struct slice version = SLICE("SIP/2.0 ");

    for (size_t at = 0; at + version.len + 3 <= line.len; at++) {
        at += slice_find(slice_skip(line, at), 'S');
        struct slice rest = slice_skip(line, at);
        if (slice_starts(rest, version) && rest.len >= version.len + 3 &&
            rest.at[version.len] >= '1' && rest.at[version.len] <= '6') {
            return at;
        }
    }
    return line.len;
}

/* The longest method that word ends with. */
static size_t method_suffix(struct slice word)
{
    size_t longest = 0;

    for (size_t i = 0; i < ARRAY_COUNT(methods); i++) {
        if (slice_ends(word, methods[i]) && methods[i].len > longest) {
            longest = methods[i].len;
        }
    }
    return longest;
}

/* Where a request line begins in line: at its method when that is known, whatever it is glued to,
 * or at the beginning when all before the URI is one token. */
static size_t find_request_line(struct slice line)
{
    struct slice version = SLICE(" SIP/2.0");

    if (!slice_ends(line, version)) {
        return line.len;
    }
    struct slice rest = slice_head(line, line.len - version.len);
    struct slice uri = last_word(rest);
    size_t word_end = (size_t)(uri.at - line.at);
    if (slice_find(uri, ':') == uri.len || word_end < 2 || line.at[word_end - 1] != ' ') {
        return line.len;
    }
    struct slice before = slice_head(line, word_end - 1);
    size_t method = method_suffix(before);
    if (method > 0) {
        return before.len - method;
    }
    return token_len(before) == before.len ? 0 : line.len;
}

static bool is_header_line(struct slice line)
{
    size_t word = token_len(line);

    while (word > 0 && word < line.len && is_blank(line.at[word])) {
        word++;
    }
    return word > 0 && word < line.len && line.at[word] == ':';
}

/* Whether a line that has not ended yet could be a start line. */
static bool could_be_start_line(struct slice line)
{
    size_t word = token_len(line);

    if (line.len > START_LINE_MAX || word > WORD_MAX) {
        return false;
    }
    return word > 0 && (word == line.len || is_blank(line.at[word]) ||
                        slice_starts_nocase(line, SLICE("SIP/")));
}

static bool is_space(char octet)
{
    return is_blank(octet) || octet == '\r' || octet == '\n';
}

/* Empty lines may stand before a message (RFC 3261 7.5); blanks may not, which is not ours to say.
 */
static struct slice without_spaces(struct slice bytes)
{
    size_t count = 0;

    while (count < bytes.len && is_space(bytes.at[count])) {
        count++;
    }
    return slice_skip(bytes, count);
}

static bool is_keepalive(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.at[i] != '\0' && !is_space(bytes.at[i])) {
            return false;
        }
    }
    return bytes.len <= KEEPALIVE_MAX;
}

/* What is no text, by its first octets (RFC 7983 and RFC 3320). */
static enum sniffed sniff_binary(struct slice bytes)
{
    unsigned first = octets_u8(bytes.at);

    if (first < 4 && bytes.len >= STUN_HEAD && octets_u32(bytes.at + 4) == STUN_COOKIE) {
        return SNIFF_STUN;
    }
    if (first >= 20 && first <= 63 && bytes.len >= 13 && octets_u8(bytes.at + 1) == 0xFE) {
        return SNIFF_DTLS;
    }
    if (first >= 0x80 && first <= 0xBF && bytes.len >= 8) {
        return SNIFF_RTP;
    }
    return first >= 0xF8 ? SNIFF_SIGCOMP : SNIFF_OTHER;
}

enum sniffed sniff_datagram(struct slice bytes)
{
    if (bytes.len == 0 || is_keepalive(bytes)) {
        return SNIFF_KEEPALIVE;
    }
    if (!is_token(bytes.at[0]) && !is_space(bytes.at[0])) {
        return sniff_binary(bytes);
    }
    if (slice_starts(bytes, SLICE("HEP3"))) {
        return SNIFF_HEP;
    }
    return resembles_start_line(line_of(without_spaces(bytes))) ? SNIFF_SIP : sniff_binary(bytes);
}

enum sniffed sniff_connection(struct slice bytes)
{
    if (bytes.len > 0 && bytes.at[0] == 0x16) {
        return bytes.len == 1 ? SNIFF_MORE : bytes.at[1] == 0x03 ? SNIFF_TLS : SNIFF_OTHER;
    }
    struct slice text = without_spaces(bytes);
    struct slice line = line_of(text);
    if (text.len == 0) {
        return bytes.len <= KEEPALIVE_MAX ? SNIFF_KEEPALIVE : SNIFF_OTHER;
    }
    if (slice_find(text, '\n') == text.len) {
        return could_be_start_line(line) ? SNIFF_MORE : SNIFF_OTHER;
    }
    if (resembles_start_line(line)) {
        return SNIFF_SIP;
    }
    return slice_starts(line, SLICE("HTTP/")) || slice_starts(last_word(line), SLICE("HTTP/"))
               ? SNIFF_HTTP
               : SNIFF_OTHER;
}

/* A line that has not ended yet, and could: text, and not too long. */
static bool is_line_begun(struct slice line)
{
    for (size_t i = 0; i < line.len; i++) {
        if ((uint8_t)line.at[i] < ' ' && line.at[i] != '\t' && line.at[i] != '\r') {
            return false;
        }
    }
    return line.len <= START_LINE_MAX;
}

enum sniffed sniff_message(struct slice bytes, size_t *at)
{
    size_t end = slice_find(bytes, '\n');
    struct slice line = line_of(bytes);

    *at = 0;
    if (end == bytes.len) {
        return is_line_begun(bytes) ? SNIFF_MORE : SNIFF_OTHER;
    }
    *at = find_request_line(line);
    if (*at == line.len) {
        *at = find_status_line(line);
    }
    if (*at == line.len) {
        return SNIFF_OTHER;
    }
    struct slice rest = slice_skip(bytes, end + 1);
    size_t next = slice_find(rest, '\n');
    if (next == rest.len) {
        return is_line_begun(rest) ? SNIFF_MORE : SNIFF_OTHER;
    }
    return is_header_line(line_of(rest)) ? SNIFF_SIP : SNIFF_OTHER;
}
