/*
 * The reader: lines in one pass, each handed to the reader of its letter.
 */
#include "base/must.h"
#include "wire/sdp/reader.h"

static_assert(SDP_MAX <= UINT16_MAX, "spans have 16 bits");

bool sdp_note(struct sdp *sdp, enum sdp_oddity oddity, struct slice octets)
{
    if (!sdp_is_odd(sdp, oddity)) {
        sdp->oddities |= UINT64_C(1) << oddity;
        sdp->odd_at[oddity] = sdp_span(sdp, octets);
    }
    return false;
}

/* False when there is no room: what follows would belong to no medium. */
static bool begin_media(struct sdp_reader *reader, struct slice line)
{
    struct sdp *sdp = reader->sdp;

    if (sdp->media_count == SDP_MEDIA_MAX) {
        sdp_note(sdp, SDP_ODD_MANY_MEDIA, line);
        return false;
    }
    reader->media = &sdp->media[sdp->media_count++];
    *reader->media = (struct sdp_media){.port_count = 1};
    reader->level = &reader->media->level;
    reader->level->first_line = sdp->line_count;
    reader->rank = sdp_letters['m' - 'a'].media_rank;
    return true;
}

/* Ranks may stay or rise; what stands once may not stand twice. */
static bool judge_place(struct sdp_reader *reader, char letter, struct slice line)
{
    const struct sdp_letter *facts = &sdp_letters[letter - 'a'];
    uint8_t rank = reader->media != NULL ? facts->media_rank : facts->session_rank;

    if (facts->session_rank == 0) {
        return sdp_note(reader->sdp, SDP_ODD_UNKNOWN_LETTER, line);
    }
    if (rank < reader->rank || rank == 0) {
        sdp_note(reader->sdp, SDP_ODD_LINE_ORDER, line);
    } else {
        reader->rank = rank;
    }
    if (facts->stands_once && (reader->level->letters & sdp_letter_bit(letter)) != 0) {
        return sdp_note(reader->sdp, SDP_ODD_REPEATED_LINE, line);
    }
    return true;
}

static bool note_key(struct sdp_reader *reader, struct slice line, struct slice value)
{
    (void)value;
    sdp_note(reader->sdp, SDP_ODD_KEY_LINE, line);
    return true;
}

static bool (*const readers[26])(struct sdp_reader *reader, struct slice line,
                                 struct slice value) = {
    ['v' - 'a'] = sdp_version_read,
    ['o' - 'a'] = sdp_origin_read,
    ['c' - 'a'] = sdp_connection_line_read,
    ['b' - 'a'] = sdp_bandwidth_read,
    ['t' - 'a'] = sdp_time_read,
    ['m' - 'a'] = sdp_media_line_read,
    ['k' - 'a'] = note_key,
};

static bool is_line(struct slice text)
{
    return text.len >= 2 && text.at[0] >= 'a' && text.at[0] <= 'z' && text.at[1] == '=';
}

/* The m= line opens its level; all others belong to the one that is open.  False when reading must
 * stop. */
static bool place_line(struct sdp_reader *reader, struct slice text, bool *is_odd)
{
    if (reader->sdp->line_count == SDP_LINES_MAX) {
        return sdp_note(reader->sdp, SDP_ODD_MANY_LINES, text);
    }
    if (text.at[0] == 'm') {
        return begin_media(reader, text);
    }
    *is_odd = !judge_place(reader, text.at[0], text) || *is_odd;
    return true;
}

static bool read_value(struct sdp_reader *reader, struct sdp_line *line, struct slice text)
{
    char letter = text.at[0];

    if (letter == 'a') {
        return sdp_attribute_read(reader, line);
    }
    return readers[letter - 'a'] == NULL ||
           readers[letter - 'a'](reader, text, slice_skip(text, 2));
}

static void note_size(struct sdp *sdp, struct slice text)
{
    if (text.len > SDP_LINE_MAX) {
        sdp_note(sdp, SDP_ODD_LONG_LINE, text);
    }
    if (text.len == 2) {
        sdp_note(sdp, SDP_ODD_EMPTY_VALUE, text);
    }
    if (text.len > sdp->lines[sdp->longest_line].len) {
        sdp->longest_line = sdp->line_count;
    }
}

/* One line without its end; false when reading must stop. */
static bool read_line(struct sdp_reader *reader, struct slice text, bool is_odd)
{
    struct sdp *sdp = reader->sdp;
    struct sdp_line *line = &sdp->lines[sdp->line_count];

    if (!is_line(text)) {
        sdp_note(sdp, text.len == 0 ? SDP_ODD_EMPTY_LINE : SDP_ODD_BAD_LINE, text);
        return true;
    }
    if (!place_line(reader, text, &is_odd)) {
        return false;
    }
    note_size(sdp, text);
    *line = (struct sdp_line){.at = (uint16_t)(text.at - sdp->base),
                              .len = (uint16_t)text.len,
                              .value_at = (uint16_t)(text.at - sdp->base + 2),
                              .letter = (uint8_t)text.at[0]};
    line->is_odd = !read_value(reader, line, text) || is_odd;
    reader->level->letters |= sdp_letter_bit(text.at[0]);
    reader->level->line_count++;
    sdp->line_count++;
    return true;
}

static void note_control(struct sdp *sdp, const char *at)
{
    enum sdp_oddity oddity = SDP_ODD_CONTROL_OCTET;

    if (*at == '\0') {
        oddity = SDP_ODD_NUL;
    } else if (*at == '\r') {
        oddity = SDP_ODD_BARE_CR;
    }
    sdp_note(sdp, oddity, slice_of(at, 1));
}

/* Takes the next line off the front of rest. */
static struct slice take_line(struct sdp *sdp, struct slice *rest, bool *is_odd)
{
    const char *from = rest->at, *end = rest->at + rest->len, *at = from;

    *is_odd = false;
    for (;;) {
        at += octets_find_control(at, (size_t)(end - at));
        if (end - at >= 2 && at[0] == '\r' && at[1] == '\n') {
            *rest = slice_between(at + 2, end);
            return slice_between(from, at);
        }
        if (at == end) {
            sdp_note(sdp, SDP_ODD_NO_END, slice_between(from, at));
            *rest = slice_between(at, end);
            return slice_between(from, at);
        }
        if (*at == '\n') {
            sdp_note(sdp, SDP_ODD_BARE_LF, slice_between(from, at));
            *rest = slice_between(at + 1, end);
            return slice_between(from, at);
        }
        if (*at != '\t') {
            note_control(sdp, at);
            *is_odd = true;
        }
        at++;
    }
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
    struct sdp_reader reader = {.sdp = sdp, .level = &sdp->session};
    struct slice rest;
    bool goes_on = true;

    begin(sdp, bytes);
    if (!is_line(sdp->bytes)) {
        return SDP_FOREIGN;
    }
    rest = sdp->bytes;
    while (rest.len > 0 && goes_on) {
        bool is_odd;
        struct slice line = take_line(sdp, &rest, &is_odd);

        goes_on = read_line(&reader, line, is_odd);
    }
    note_missing(sdp);
    for (unsigned i = 0; i < sdp->media_count; i++) {
        note_media(sdp, &sdp->media[i]);
    }
    return SDP_READ;
}
