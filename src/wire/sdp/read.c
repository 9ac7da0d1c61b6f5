/*
 * The reader: line by line, each handed to the reader of its letter.
 */
#include "base/must.h"
#include "wire/sdp/attributes.h"

static_assert(SDP_MAX <= UINT16_MAX, "spans have 16 bits");
static_assert((int)SDP_MAX <= (int)SIP_HEAD_MAX, "the scan goes as far");

enum {
    CRLF = '\r' | '\n'
                      << 8, /* as chars_load2 has it */
    LETTER_LEN = sizeof("a=") - 1,
};

bool sdp_note(struct sdp *sdp, enum sdp_oddity oddity, size_t from, size_t to)
{
    if (!sdp_is_odd(sdp, oddity)) {
        sdp->oddities |= UINT64_C(1) << oddity;
        sdp->odd_at[oddity] = sdp_span(from, to);
    }
    return false;
}

bool sdp_note_line(struct sdp_reader *reader, enum sdp_oddity oddity)
{
    return sdp_note(reader->sdp, oddity, reader->from, reader->end);
}

static bool note_key(struct sdp_reader *reader, size_t value)
{
    (void)value;
    sdp_note_line(reader, SDP_ODD_KEY_LINE);
    return true;
}

static bool pass(struct sdp_reader *reader, size_t value)
{
    (void)reader;
    (void)value;
    return true;
}

static sdp_value_function *const readers[26] = {
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

static __attribute__((cold)) void note_size(struct sdp_reader *reader, size_t len)
{
    if (len > SDP_LINE_MAX) {
        sdp_note_line(reader, SDP_ODD_LONG_LINE);
    }
    if (len == LETTER_LEN) {
        sdp_note_line(reader, SDP_ODD_EMPTY_VALUE);
    }
}

/* A value that its letter's reader takes. */
static bool read_value(struct sdp_reader *reader, struct sdp_line *line)
{
    char letter = (char)line->letter;
    bool is_good;

    line->value_at = (uint16_t)(reader->from + LETTER_LEN);
    line->attribute = SDP_ATTRIBUTE_UNKNOWN;
    is_good = readers[letter - 'a'](reader, line->value_at);
    reader->level->letters |= sdp_letter_bit(letter);
    return is_good;
}

/* The line at hand, whose form is right; false when reading must stop. */
static inline bool read_line(struct sdp_reader *reader, bool is_odd)
{
    struct sdp *sdp = reader->sdp;
    struct sdp_line *line = &sdp->lines[sdp->line_count];
    size_t len = reader->end - reader->from;
    char letter = reader->at[reader->from];

    if (line == &sdp->lines[SDP_LINES_MAX]) {
        return sdp_note_line(reader, SDP_ODD_MANY_LINES);
    }
    /* In a run of attributes no second look is needed at where they stand. */
    if ((letter != 'a' || reader->letter != 'a') && !place_line(reader, letter, &is_odd)) {
        return false;
    }
    if (__builtin_expect(len - LETTER_LEN - 1 >= SDP_LINE_MAX - LETTER_LEN, 0)) {
        note_size(reader, len);
    }
    if (len > reader->longest_len) {
        reader->longest_len = (unsigned)len;
        sdp->longest_line = sdp->line_count;
    }
    line->at = (uint16_t)reader->from;
    line->len = (uint16_t)len;
    line->letter = (uint8_t)letter;
    line->is_odd = is_odd;
    reader->letter = letter;
    sdp->line_count++;
    if (!(letter == 'a' ? sdp_attribute_take(reader, line) : read_value(reader, line))) {
        line->is_odd = true;
    }
    return true;
}

static void note_control(const struct sdp_reader *reader, size_t place)
{
    enum sdp_oddity oddity = SDP_ODD_CONTROL_OCTET;

    if (reader->at[place] == '\0') {
        oddity = SDP_ODD_NUL;
    } else if (reader->at[place] == '\r') {
        oddity = SDP_ODD_BARE_CR;
    }
    sdp_note(reader->sdp, oddity, place, place + 1);
}

static bool is_crlf(const struct sdp_reader *reader, size_t place)
{
    return reader->len - place >= 2 && chars_load2(reader->at + place) == CRLF;
}

/* The first control octet at or behind from; next_line says the same when there are only CR and LF.
 */
static size_t find_control(const struct sdp_reader *reader, size_t from)
{
    return from + octets_find_control(reader->at + from, reader->len - from);
}

/* The end of a line in which another control octet than that of CRLF was found at end; next is
 * where the following line begins. */
static size_t find_odd_end(const struct sdp_reader *reader, size_t from, size_t end, size_t *next,
                           bool *is_odd)
{
    while (end < reader->len && reader->at[end] != '\n' && !is_crlf(reader, end)) {
        if (reader->at[end] != '\t') {
            note_control(reader, end);
            *is_odd = true;
        }
        end = find_control(reader, end + 1);
    }
    if (end == reader->len) {
        *next = end;
        sdp_note(reader->sdp, SDP_ODD_NO_END, from, end);
    } else if (reader->at[end] == '\n') {
        *next = end + 1;
        sdp_note(reader->sdp, SDP_ODD_BARE_LF, from, end);
    } else {
        *next = end + 2;
    }
    return end;
}

static inline bool is_line(const char *at, size_t len)
{
    return len >= LETTER_LEN && at[1] == '=' && (unsigned char)(at[0] - 'a') < 26;
}

/* An empty line ends a description, whatever stands behind it. */
static void read_lines(struct sdp_reader *reader)
{
    const size_t len = reader->len;
    size_t from = 0, next;

    for (; from < len; from = next) {
        size_t end =
            reader->scan.is_plain ? scan_next(reader->scan.line, from) : find_control(reader, from);
        bool is_odd = false;

        next = end + 2;
        if (__builtin_expect(next > len || chars_load2(reader->at + end) != CRLF, 0)) {
            end = find_odd_end(reader, from, end, &next, &is_odd);
        }
        reader->from = from;
        reader->end = end;
        if (__builtin_expect(!is_line(reader->at + from, end - from), 0)) {
            sdp_note_line(reader, end > from ? SDP_ODD_BAD_LINE : SDP_ODD_EMPTY_LINE);
            if (end == from) {
                return;
            }
        } else if (!read_line(reader, is_odd)) {
            return;
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
    const struct sdp_line *first = &sdp->lines[0];

    if (first->letter != 'v') {
        sdp_note(sdp, SDP_ODD_MISSING_VERSION, first->at, (size_t)first->at + first->len);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(needed); i++) {
        if ((sdp->session.letters & sdp_letter_bit(needed[i].letter)) == 0) {
            sdp_note(sdp, needed[i].oddity, 0, 0);
        }
    }
    if (sdp->media_count == 0) {
        sdp_note(sdp, SDP_ODD_NO_MEDIA, 0, 0);
    }
}

/* What only the whole medium shows. */
static void note_media(struct sdp *sdp, const struct sdp_media *media)
{
    const struct sdp_line *line = &sdp->lines[media->level.first_line];
    uint64_t dynamic = media->payload_types[1] & ~UINT64_C(0xFFFFFFFF); /* 96 to 127 */

    if (media->port != 0 && media->level.connection.kind == SDP_CONNECTION_NONE &&
        sdp->session.connection.kind == SDP_CONNECTION_NONE) {
        sdp_note(sdp, SDP_ODD_NO_CONNECTION, line->at, (size_t)line->at + line->len);
    }
    if ((dynamic & ~media->mapped[1]) != 0 && media->port != 0) {
        sdp_note(sdp, SDP_ODD_NO_RTPMAP, line->at, (size_t)line->at + line->len);
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
    sdp->speaks_of_keys = false;
    sdp->lines[0] = (struct sdp_line){0};
    if (bytes.len > SDP_MAX) {
        sdp_note(sdp, SDP_ODD_LONG_BODY, 0, 0);
    }
}

/* text: the octets of the description, and one behind them unless they end in LF. */
static void read_text(struct sdp *sdp, const char *text)
{
    struct sdp_reader reader;

    reader.at = text;
    reader.sdp = sdp;
    reader.level = &sdp->session;
    reader.media = NULL;
    reader.len = sdp->bytes.len;
    reader.longest_len = 0;
    reader.attributes_max = SDP_SESSION_ATTRIBUTES_MAX;
    reader.rank = 0;
    reader.family = ADDRESS_NONE;
    reader.letter = '\0';
    reader.carries_rtp = true;
    sip_scan(&reader.scan, slice_of(text, reader.len));
    read_lines(&reader);
}

/* Some leave the last line without its end: it gets one, in a copy. */
static __attribute__((noinline)) void read_copy(struct sdp *sdp)
{
    char copy[SDP_MAX + 1];

    memcpy(copy, sdp->base, sdp->bytes.len);
    copy[sdp->bytes.len] = '\r';
    read_text(sdp, copy);
}

enum sdp_reading sdp_read(struct sdp *sdp, struct slice bytes)
{
    begin(sdp, bytes);
    if (!is_line(bytes.at, bytes.len)) {
        return SDP_FOREIGN;
    }
    if (sdp->base[sdp->bytes.len - 1] == '\n') {
        read_text(sdp, sdp->base);
    } else {
        read_copy(sdp);
    }
    count_lines(sdp);
    note_missing(sdp);
    for (unsigned i = 0; i < sdp->media_count; i++) {
        note_media(sdp, &sdp->media[i]);
    }
    return SDP_READ;
}
