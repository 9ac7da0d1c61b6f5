/*
 * The reader: line by line, each handed to the reader of its letter.
 */
#include "base/must.h"
#include "wire/sdp/reader.h"

static_assert(SDP_MAX <= UINT16_MAX, "spans have 16 bits");

bool sdp_note(struct sdp *sdp, enum sdp_oddity oddity, struct slice octets)
{
    if (!sdp_is_odd(sdp, oddity)) {
        sdp->oddities |= UINT64_C(1) << oddity;
        sdp->odd_at[oddity] = sdp_span(sdp, octets.at, octets.at + octets.len);
    }
    return false;
}

bool sdp_note_line(struct sdp_reader *reader, enum sdp_oddity oddity)
{
    return sdp_note(reader->sdp, oddity, slice_between(reader->from, reader->end));
}

static bool note_key(struct sdp_reader *reader, const char *value)
{
    (void)value;
    sdp_note_line(reader, SDP_ODD_KEY_LINE);
    return true;
}

static bool pass(struct sdp_reader *reader, const char *value)
{
    (void)reader;
    (void)value;
    return true;
}

static sdp_value_reader *const readers[26] = {
    pass,
    ['b' - 'a'] = sdp_bandwidth_read,
    sdp_connection_line_read,
    pass,
    pass,
    pass,
    pass,
    pass,
    pass,
    pass,
    ['k' - 'a'] = note_key,
    pass,
    sdp_media_line_read,
    pass,
    sdp_origin_read,
    pass,
    pass,
    pass,
    pass,
    ['t' - 'a'] = sdp_time_read,
    pass,
    sdp_version_read,
    pass,
    pass,
    pass,
    pass,
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
static bool place_line(struct sdp_reader *reader, char letter, bool *is_odd)
{
    if (letter == 'm') {
        return begin_media(reader);
    }
    *is_odd |= !judge_place(reader, letter);
    return true;
}

static void note_size(struct sdp_reader *reader, unsigned len)
{
    if (len > SDP_LINE_MAX) {
        sdp_note_line(reader, SDP_ODD_LONG_LINE);
    }
    if (len == sizeof("a=") - 1) {
        sdp_note_line(reader, SDP_ODD_EMPTY_VALUE);
    }
}

/* The line at hand, whose form is right; false when reading must stop. */
static bool read_line(struct sdp_reader *reader, bool is_odd)
{
    struct sdp *sdp = reader->sdp;
    struct sdp_line *line = &sdp->lines[sdp->line_count];
    const char *value = reader->from + sizeof("a=") - 1;
    unsigned len = (unsigned)(reader->end - reader->from);
    char letter = *reader->from;

    if (sdp->line_count == SDP_LINES_MAX) {
        return sdp_note_line(reader, SDP_ODD_MANY_LINES);
    }
    /* In a run of attributes no second look is needed at where they stand. */
    if ((letter != 'a' || reader->letter != 'a') && !place_line(reader, letter, &is_odd)) {
        return false;
    }
    note_size(reader, len);
    if (len > reader->longest_len) {
        reader->longest_len = len;
        sdp->longest_line = sdp->line_count;
    }
    line->at = (uint16_t)(reader->from - sdp->base);
    line->len = (uint16_t)len;
    line->letter = (uint8_t)letter;
    if (letter == 'a') {
        is_odd |= !sdp_attribute_read(reader, line, value);
    } else {
        line->value_at = (uint16_t)(line->at + sizeof("a=") - 1);
        line->attribute = SDP_ATTRIBUTE_UNKNOWN;
        is_odd |= !readers[letter - 'a'](reader, value);
    }
    line->is_odd = is_odd;
    reader->level->letters |= sdp_letter_bit(letter);
    reader->letter = letter;
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

static bool is_crlf(const struct sdp_reader *reader, const char *at)
{
    return reader->limit - at >= 2 && at[0] == '\r' && at[1] == '\n';
}

/* The end of a line in which another control octet than that of CRLF was found at end; next is
 * where the following line begins. */
static const char *find_odd_end(const struct sdp_reader *reader, const char *from, const char *end,
                                const char **next, bool *is_odd)
{
    while (end < reader->limit && *end != '\n' && !is_crlf(reader, end)) {
        if (*end != '\t') {
            note_control(reader->sdp, end);
            *is_odd = true;
        }
        end++;
        end += octets_find_control(end, (size_t)(reader->limit - end));
    }
    if (end == reader->limit) {
        *next = end;
        sdp_note(reader->sdp, SDP_ODD_NO_END, slice_between(from, end));
    } else if (*end == '\n') {
        *next = end + 1;
        sdp_note(reader->sdp, SDP_ODD_BARE_LF, slice_between(from, end));
    } else {
        *next = end + 2;
    }
    return end;
}

static bool is_line(const char *at, size_t len)
{
    return len >= 2 && at[1] == '=' && (unsigned char)(at[0] - 'a') < 26;
}

/* An empty line ends a description, whatever stands behind it. */
static void read_lines(struct sdp_reader *reader)
{
    const char *from = reader->sdp->base, *next;
    bool goes_on = true;

    for (; from < reader->limit && goes_on; from = next) {
        const char *end = from + octets_find_control(from, (size_t)(reader->limit - from));
        bool is_odd = false;

        if (__builtin_expect(is_crlf(reader, end), 1)) {
            next = end + 2;
        } else {
            end = find_odd_end(reader, from, end, &next, &is_odd);
        }
        reader->from = from;
        reader->end = end;
        if (__builtin_expect(is_line(from, (size_t)(end - from)), 1)) {
            goes_on = read_line(reader, is_odd);
        } else {
            goes_on = end > from;
            sdp_note_line(reader, goes_on ? SDP_ODD_BAD_LINE : SDP_ODD_EMPTY_LINE);
        }
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
    struct sdp_reader reader = {.sdp = sdp,
                                .level = &sdp->session,
                                .carries_rtp = true,
                                .attributes_max = SDP_SESSION_ATTRIBUTES_MAX};

    begin(sdp, bytes);
    if (!is_line(bytes.at, bytes.len)) {
        return SDP_FOREIGN;
    }
    reader.limit = sdp->base + sdp->bytes.len;
    read_lines(&reader);
    count_lines(sdp);
    note_missing(sdp);
    for (unsigned i = 0; i < sdp->media_count; i++) {
        note_media(sdp, &sdp->media[i]);
    }
    return SDP_READ;
}
