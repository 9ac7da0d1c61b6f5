/*
 * The reader: one scan of all octets, then line by line, each handed to the reader of its letter.
 */
#include "base/must.h"
#include "wire/sdp/reader.h"

static_assert(SDP_MAX <= UINT16_MAX, "spans have 16 bits");

bool sdp_note(struct sdp *sdp, enum sdp_oddity oddity, struct slice octets)
{
    if (!sdp_is_odd(sdp, oddity)) {
        unsigned from = (unsigned)(octets.at - sdp->base);

        sdp->oddities |= UINT64_C(1) << oddity;
        sdp->odd_at[oddity] = sdp_span(from, from + (unsigned)octets.len);
    }
    return false;
}

bool sdp_note_line(struct sdp_reader *reader, enum sdp_oddity oddity)
{
    return sdp_note(reader->sdp, oddity, sdp_octets(reader, reader->line->at, reader->end));
}

static bool note_key(struct sdp_reader *reader)
{
    sdp_note_line(reader, SDP_ODD_KEY_LINE);
    return true;
}

static bool (*const readers[26])(struct sdp_reader *reader) = {
    ['v' - 'a'] = sdp_version_read,
    ['o' - 'a'] = sdp_origin_read,
    ['c' - 'a'] = sdp_connection_line_read,
    ['b' - 'a'] = sdp_bandwidth_read,
    ['t' - 'a'] = sdp_time_read,
    ['m' - 'a'] = sdp_media_line_read,
    ['k' - 'a'] = note_key,
    ['a' - 'a'] = sdp_attribute_read,
};

/* False when there is no room: what follows would belong to no medium. */
static bool begin_media(struct sdp_reader *reader)
{
    struct sdp *sdp = reader->sdp;

    if (sdp->media_count == SDP_MEDIA_MAX) {
        return sdp_note_line(reader, SDP_ODD_MANY_MEDIA);
    }
    reader->media = &sdp->media[sdp->media_count++];
    *reader->media = (struct sdp_media){.port_count = 1};
    reader->level = &reader->media->level;
    reader->level->first_line = sdp->line_count;
    reader->rank = sdp_letters['m' - 'a'].media_rank;
    reader->attributes_max = SDP_MEDIA_ATTRIBUTES_MAX;
    return true;
}

/* Ranks may stay or rise; what stands once may not stand twice. */
static bool judge_place(struct sdp_reader *reader, char letter)
{
    const struct sdp_letter *facts = &sdp_letters[letter - 'a'];
    uint8_t rank = reader->media != NULL ? facts->media_rank : facts->session_rank;

    if (facts->session_rank == 0) {
        return sdp_note_line(reader, SDP_ODD_UNKNOWN_LETTER);
    }
    if (rank < reader->rank || rank == 0) {
        sdp_note_line(reader, SDP_ODD_LINE_ORDER);
    } else {
        reader->rank = rank;
    }
    if (facts->stands_once && (reader->level->letters & sdp_letter_bit(letter)) != 0) {
        return sdp_note_line(reader, SDP_ODD_REPEATED_LINE);
    }
    return true;
}

/* A m= line opens its level; all others belong to the one that is open.  False when reading must
 * stop. */
static bool place_line(struct sdp_reader *reader, char letter)
{
    if (letter == 'm') {
        return begin_media(reader);
    }
    reader->line->is_odd |= !judge_place(reader, letter);
    return true;
}

static void note_size(struct sdp_reader *reader)
{
    unsigned len = reader->line->len;

    if (len > SDP_LINE_MAX) {
        sdp_note_line(reader, SDP_ODD_LONG_LINE);
    }
    if (len == sizeof("a=") - 1) {
        sdp_note_line(reader, SDP_ODD_EMPTY_VALUE);
    }
    if (len > reader->longest_len) {
        reader->longest_len = len;
        reader->sdp->longest_line = reader->sdp->line_count;
    }
}

/* The line at hand, whose form is right; false when reading must stop. */
static bool read_line(struct sdp_reader *reader)
{
    char letter = (char)reader->line->letter;

    /* In a run of attributes no second look is needed at where they stand. */
    if ((letter != 'a' || reader->letter != 'a') && !place_line(reader, letter)) {
        return false;
    }
    note_size(reader);
    if (readers[letter - 'a'] != NULL && !readers[letter - 'a'](reader)) {
        reader->line->is_odd = true;
    }
    reader->level->letters |= sdp_letter_bit(letter);
    reader->letter = letter;
    reader->sdp->line_count++;
    return true;
}

/* Notes the control octets of a line that has some; false when HTAB is the only kind. */
static bool has_controls(struct sdp *sdp, unsigned from, unsigned end)
{
    bool is_odd = false;

    while ((from += (unsigned)octets_find_control(sdp->base + from, end - from)) < end) {
        const char *at = sdp->base + from++;
        enum sdp_oddity oddity = SDP_ODD_CONTROL_OCTET;

        if (*at == '\0') {
            oddity = SDP_ODD_NUL;
        } else if (*at == '\r') {
            oddity = SDP_ODD_BARE_CR;
        }
        if (*at != '\t') {
            sdp_note(sdp, oddity, slice_of(at, 1));
            is_odd = true;
        }
    }
    return is_odd;
}

/* The end of a line that does not simply end with CRLF; next is where the following one begins. */
static unsigned find_odd_end(const struct sdp_reader *reader, unsigned from, unsigned *next)
{
    struct sdp *sdp = reader->sdp;
    unsigned len = reader->scan->len, end = from;

    while ((end = scan_next(reader->scan->line, end)) < len && sdp->base[end] == '\r' &&
           (end + 1 == len || sdp->base[end + 1] != '\n')) {
        end++;
    }
    if (end >= len) {
        *next = len;
        sdp_note(sdp, SDP_ODD_NO_END, sdp_octets(reader, from, len));
        return len;
    }
    if (sdp->base[end] == '\n') {
        *next = end + 1;
        sdp_note(sdp, SDP_ODD_BARE_LF, sdp_octets(reader, from, end));
        return end;
    }
    *next = end + 2;
    return end;
}

/* is_odd: there are control octets in it. */
static unsigned find_end(const struct sdp_reader *reader, unsigned from, unsigned *next,
                         bool *is_odd)
{
    unsigned end = scan_next(reader->scan->line, from);
    const char *at = reader->base + end;
    bool is_crlf = end + 1 < reader->scan->len && at[0] == '\r' && at[1] == '\n';

    *next = end + 2;
    *is_odd = false;
    if (__builtin_expect(is_crlf && reader->scan->is_plain, 1)) {
        return end;
    }
    if (!is_crlf) {
        end = find_odd_end(reader, from, next);
    }
    *is_odd = has_controls(reader->sdp, from, end);
    return end;
}

static bool is_line(const char *at, size_t len)
{
    return len >= 2 && (unsigned char)(at[0] - 'a') < 26 && at[1] == '=';
}

/* A line that has not the form of one is noted, and passed over unless it is empty. */
static bool pass_over(struct sdp_reader *reader, unsigned from, unsigned end)
{
    sdp_note(reader->sdp, end > from ? SDP_ODD_BAD_LINE : SDP_ODD_EMPTY_LINE,
             sdp_octets(reader, from, end));
    return end > from;
}

/* An empty line ends a description, whatever stands behind it. */
static void read_lines(struct sdp_reader *reader)
{
    struct sdp *sdp = reader->sdp;
    unsigned len = reader->scan->len, next;
    bool goes_on = true, is_odd;

    for (unsigned from = 0; from < len && goes_on; from = next) {
        unsigned end = find_end(reader, from, &next, &is_odd);

        if (!is_line(reader->base + from, end - from)) {
            goes_on = pass_over(reader, from, end);
            continue;
        }
        if (sdp->line_count == SDP_LINES_MAX) {
            sdp_note(sdp, SDP_ODD_MANY_LINES, sdp_octets(reader, from, end));
            return;
        }
        reader->line = &sdp->lines[sdp->line_count];
        *reader->line = (struct sdp_line){.at = (uint16_t)from,
                                          .len = (uint16_t)(end - from),
                                          .value_at = (uint16_t)(from + 2),
                                          .letter = (uint8_t)reader->base[from],
                                          .is_odd = is_odd};
        reader->end = end;
        goes_on = read_line(reader);
    }
}

/* Each level has the lines up to the next one. */
static void count_lines(struct sdp *sdp)
{
    unsigned end = sdp->line_count;

    for (unsigned i = sdp->media_count; i > 0; i--) {
        struct sdp_level *level = &sdp->media[i - 1].level;

        level->line_count = (uint16_t)(end - level->first_line);
        end = level->first_line;
    }
    sdp->session.line_count = (uint16_t)end;
}

static void note_missing(struct sdp *sdp)
{
    static const struct {
        char letter;
        enum sdp_oddity oddity;
    } needed[] = {
        {'o', SDP_ODD_MISSING_ORIGIN},
        {'s', SDP_ODD_MISSING_NAME},
        {'t', SDP_ODD_MISSING_TIME},
    };
    struct slice start = slice_head(sdp->bytes, 0);

    if (sdp->lines[0].letter != 'v') {
        sdp_note(sdp, SDP_ODD_MISSING_VERSION, sdp_line_text(sdp, &sdp->lines[0]));
    }
    for (unsigned i = 0; i < ARRAY_COUNT(needed); i++) {
        if ((sdp->session.letters & sdp_letter_bit(needed[i].letter)) == 0) {
            sdp_note(sdp, needed[i].oddity, start);
        }
    }
    if (sdp->media_count == 0) {
        sdp_note(sdp, SDP_ODD_NO_MEDIA, start);
    }
}

/* What only the whole medium shows. */
static void note_media(struct sdp *sdp, const struct sdp_media *media)
{
    struct slice line = sdp_line_text(sdp, &sdp->lines[media->level.first_line]);
    uint64_t dynamic = media->payload_types[1] & ~UINT64_C(0xFFFFFFFF); /* 96 to 127 */

    if (media->port != 0 && media->level.connection.kind == SDP_CONNECTION_NONE &&
        sdp->session.connection.kind == SDP_CONNECTION_NONE) {
        sdp_note(sdp, SDP_ODD_NO_CONNECTION, line);
    }
    if ((dynamic & ~media->mapped[1]) != 0 && media->port != 0) {
        sdp_note(sdp, SDP_ODD_NO_RTPMAP, line);
    }
}

/* Lines and media are valid up to their counts; all else is set here. */
static void begin(struct sdp *sdp, struct slice bytes)
{
    sdp->base = bytes.at;
    sdp->bytes = slice_head(bytes, SDP_MAX);
    sdp->oddities = 0;
    sdp->origin = (struct sdp_origin){0};
    sdp->session = (struct sdp_level){0};
    sdp->line_count = sdp->longest_line = sdp->media_count = 0;
    sdp->lines[0] = (struct sdp_line){0};
    if (bytes.len > SDP_MAX) {
        sdp_note(sdp, SDP_ODD_LONG_BODY, slice_head(bytes, 0));
    }
}

enum sdp_reading sdp_read(struct sdp *sdp, struct slice bytes)
{
    struct sip_scan scan;
    struct sdp_reader reader = {.sdp = sdp,
                                .level = &sdp->session,
                                .scan = &scan,
                                .base = bytes.at,
                                .carries_rtp = true,
                                .attributes_max = SDP_SESSION_ATTRIBUTES_MAX};

    begin(sdp, bytes);
    if (!is_line(bytes.at, bytes.len)) {
        return SDP_FOREIGN;
    }
    sip_scan(&scan, sdp->bytes);
    read_lines(&reader);
    count_lines(sdp);
    note_missing(sdp);
    for (unsigned i = 0; i < sdp->media_count; i++) {
        note_media(sdp, &sdp->media[i]);
    }
    return SDP_READ;
}
