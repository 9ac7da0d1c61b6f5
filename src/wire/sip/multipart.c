/*
 * The walker.  The list of parts is also the list of what is still to be split: a multipart's parts
 * go to its end, so depth needs no recursion.
 */
#include "wire/sip/multipart.h"

#include "base/must.h"
#include "wire/octets.h"
#include "wire/sip/uri.h"
#include "wire/token.h"

// clang-format off
static const char *const oddity_names[] = {
#define ODDITY(name, seen) #name,
#include "wire/sip/multipart_oddities.def"
#undef ODDITY
};

static const char *const oddities_seen[] = {
#define ODDITY(name, seen) seen,
#include "wire/sip/multipart_oddities.def"
#undef ODDITY
};
// clang-format on

/* What is being split. */
struct container {
    struct slice body;
    struct slice boundary;
    uint8_t depth;  /* of its parts */
    uint8_t parent; /* of its parts: index + 1, 0 for the whole body */
};

enum delimiter { DELIMITER_NONE, DELIMITER_OPEN, DELIMITER_CLOSE };

static void note(struct multipart *multipart, enum multipart_oddity oddity, struct slice octets)
{
    if (!multipart_is_odd(multipart, oddity)) {
        multipart->oddities |= UINT64_C(1) << oddity;
        multipart->odd_at[oddity] = octets;
    }
}

/* The line at the front of rest, taken off: without CRLF, or LF alone (which is noted). */
static struct slice take_line(struct multipart *multipart, struct slice *rest, bool *has_end)
{
    size_t end = slice_find(*rest, '\n');
    struct slice line = slice_head(*rest, end);

    *has_end = end < rest->len;
    *rest = slice_skip(*rest, end + 1);
    if (*has_end && line.len > 0 && line.at[line.len - 1] == '\r') {
        line.len--;
    } else if (*has_end) {
        note(multipart, MULTIPART_ODD_BARE_LF, line);
    }
    return line;
}

static bool is_boundary(struct slice boundary)
{
    static const struct slice marks = SLICE_INIT("'()+_,-./:=? ");

    for (size_t i = 0; i < boundary.len; i++) {
        if (!char_is_digit(boundary.at[i]) && !char_is_letter(boundary.at[i]) &&
            slice_find(marks, boundary.at[i]) == marks.len) {
            return false;
        }
    }
    return boundary.len > 0 && boundary.len <= MULTIPART_BOUNDARY_MAX &&
           boundary.at[boundary.len - 1] != ' ';
}

static bool read_boundary(struct multipart *multipart, const struct media_type *type,
                          struct slice *boundary)
{
    if (!media_type_param(type, SLICE("boundary"), boundary)) {
        note(multipart, MULTIPART_ODD_NO_BOUNDARY, type->params);
        return false;
    }
    if (!is_boundary(*boundary)) {
        note(multipart, MULTIPART_ODD_BAD_BOUNDARY, *boundary);
    }
    return boundary->len <= MULTIPART_BOUNDARY_MAX;
}

/* Another reader might take the inner delimiter for the outer one, or the other way round. */
static void compare_boundaries(struct multipart *multipart, struct slice boundary, uint8_t parent)
{
    bool is_outermost = false;

    while (!is_outermost) {
        is_outermost = parent == 0;
        struct slice outer =
            is_outermost ? multipart->boundary : multipart->parts[parent - 1].boundary;

        if (slice_starts(boundary, outer) || slice_starts(outer, boundary)) {
            note(multipart, MULTIPART_ODD_REUSED_BOUNDARY, boundary);
        }
        parent = is_outermost ? 0 : multipart->parts[parent - 1].parent;
    }
}

/* "--boundary" or "--boundary--", then blanks to the end of the line. */
static enum delimiter read_delimiter(struct multipart *multipart, struct slice line,
                                     struct slice boundary)
{
    struct slice behind = slice_skip(line, 2 + boundary.len);

    if (!slice_starts(line, SLICE("--")) || !slice_starts(slice_skip(line, 2), boundary)) {
        return DELIMITER_NONE;
    }
    if (slice_trim(behind).len == 0) {
        return DELIMITER_OPEN;
    }
    if (slice_starts(behind, SLICE("--")) && slice_trim(slice_skip(behind, 2)).len == 0) {
        return DELIMITER_CLOSE;
    }
    note(multipart, MULTIPART_ODD_LOOSE_DELIMITER, line);
    return DELIMITER_NONE;
}

static enum multipart_encoding encoding_kind(struct slice encoding)
{
    static const struct slice identities[] = {SLICE_INIT(""), SLICE_INIT("7bit"),
                                              SLICE_INIT("8bit"), SLICE_INIT("binary")};

    for (unsigned i = 0; i < ARRAY_COUNT(identities); i++) {
        if (slice_equal_nocase(encoding, identities[i])) {
            return MULTIPART_IDENTITY;
        }
    }
    return slice_equal_nocase(encoding, SLICE("base64")) ? MULTIPART_BASE64
                                                         : MULTIPART_ENCODING_OTHER;
}

static struct slice *header_place(struct multipart_part *part, struct slice name)
{
    const struct {
        struct slice name;
        struct slice *place;
    } headers[] = {
        {SLICE("Content-Type"), &part->type_value},
        {SLICE("Content-Disposition"), &part->disposition},
        {SLICE("Content-Transfer-Encoding"), &part->encoding},
        {SLICE("Content-ID"), &part->content_id},
    };

    for (unsigned i = 0; i < ARRAY_COUNT(headers); i++) {
        if (slice_equal_nocase(name, headers[i].name)) {
            return headers[i].place;
        }
    }
    return NULL;
}

static void read_header(struct multipart *multipart, struct multipart_part *part, struct slice line)
{
    size_t colon = slice_find(line, ':');
    struct slice name = slice_trim(slice_head(line, colon));
    struct slice *place = header_place(part, name);

    if (colon == line.len || !slice_is_token(name)) {
        note(multipart, MULTIPART_ODD_BAD_HEADER, line);
        return;
    }
    if (place == NULL) {
        return;
    }
    if (place->at != NULL) {
        note(multipart, MULTIPART_ODD_REPEATED_HEADER, line);
        return;
    }
    *place = slice_trim(slice_skip(line, colon + 1));
}

/* One header with its continuations. */
static struct slice take_header(struct multipart *multipart, struct slice *rest)
{
    const char *from = rest->at;
    bool has_end;
    struct slice line = take_line(multipart, rest, &has_end);

    while (line.len > 0 && rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t')) {
        line = take_line(multipart, rest, &has_end);
    }
    return slice_between(from, line.at + line.len);
}

static void note_controls(struct multipart *multipart, struct slice head)
{
    size_t at = 0;

    while ((at += octets_find_unprintable(head.at + at, head.len - at)) < head.len) {
        if (head.at[at] != '\r' && head.at[at] != '\n' && head.at[at] != '\t') {
            note(multipart, MULTIPART_ODD_CONTROL_OCTET, slice_of(head.at + at, 1));
            return;
        }
        at++;
    }
}

/* Divides a part's octets at its empty line. */
static void read_headers(struct multipart *multipart, struct multipart_part *part,
                         struct slice octets)
{
    struct slice rest = octets;
    unsigned count = 0;

    while (rest.len > 0) {
        const char *from = rest.at;
        struct slice header = take_header(multipart, &rest);

        if (header.len == 0) {
            part->head = slice_between(octets.at, from);
            part->body = rest;
            break;
        }
        if (++count > MULTIPART_HEADERS_MAX) {
            note(multipart, MULTIPART_ODD_MANY_HEADERS, header);
            continue;
        }
        read_header(multipart, part, header);
    }
    if (part->head.at == NULL) {
        /* Without a body the empty line is that of the delimiter. */
        if (octets.len > 0 && !slice_ends(octets, SLICE("\n"))) {
            note(multipart, MULTIPART_ODD_NO_HEADER_END, octets);
        }
        part->head = octets;
        part->body = slice_skip(octets, octets.len);
    }
    if (part->head.len > MULTIPART_HEAD_MAX) {
        note(multipart, MULTIPART_ODD_LONG_HEADERS, slice_head(part->head, MULTIPART_HEAD_MAX));
    }
    note_controls(multipart, part->head);
}

static bool is_optional(struct slice disposition)
{
    struct slice params = slice_skip(disposition, slice_find(disposition, ';') + 1), handling;

    return sip_param_find(params, SLICE("handling"), &handling) &&
           slice_equal_nocase(handling, SLICE("optional"));
}

static void add_part(struct multipart *multipart, const struct container *container,
                     struct slice octets)
{
    struct multipart_part *part = &multipart->parts[multipart->count];

    if (multipart->count == MULTIPART_PARTS_MAX) {
        note(multipart, MULTIPART_ODD_MANY_PARTS, octets);
        return;
    }
    *part = (struct multipart_part){.depth = container->depth, .parent = container->parent};
    multipart->count++;
    read_headers(multipart, part, octets);
    if (part->type_value.at == NULL) {
        media_type_read(SLICE("text/plain"), &part->type); /* RFC 2046 5.1 */
    } else if (!media_type_read(part->type_value, &part->type)) {
        note(multipart, MULTIPART_ODD_BAD_TYPE, part->type_value);
    }
    part->encoding_kind = (uint8_t)encoding_kind(part->encoding);
    part->is_optional = is_optional(part->disposition);
    part->is_multipart = media_type_is_multipart(&part->type);
}

/* What stands before a delimiter at place, without the line end that belongs to the delimiter. */
static struct slice before_delimiter(struct multipart *multipart, const char *from,
                                     const char *place)
{
    struct slice octets = slice_between(from, place);

    if (octets.len == 0) {
        note(multipart, MULTIPART_ODD_NO_HEADER_END, octets);
        return octets;
    }
    octets.len--;
    if (octets.len > 0 && octets.at[octets.len - 1] == '\r') {
        octets.len--;
    } else if (octets.len > 0) {
        note(multipart, MULTIPART_ODD_BARE_LF, octets);
    }
    return octets;
}

static void split(struct multipart *multipart, const struct container *container)
{
    struct slice rest = container->body;
    const char *from = NULL; /* where the part that is open begins */
    bool has_end = true;

    while (rest.len > 0) {
        const char *place = rest.at;
        struct slice line = slice_head(rest, slice_find(rest, '\n'));
        enum delimiter delimiter = read_delimiter(multipart, line, container->boundary);

        if (delimiter == DELIMITER_NONE) {
            rest = slice_skip(rest, line.len + 1);
            continue;
        }
        take_line(multipart, &rest, &has_end);
        if (from != NULL) {
            add_part(multipart, container, before_delimiter(multipart, from, place));
        } else if (place != container->body.at) {
            note(multipart, MULTIPART_ODD_PREAMBLE, slice_between(container->body.at, place));
        }
        if (delimiter == DELIMITER_CLOSE) {
            if (slice_trim(rest).len > 0) {
                note(multipart, MULTIPART_ODD_EPILOGUE, rest);
            }
            return;
        }
        from = rest.at;
    }
    if (from == NULL) {
        note(multipart, MULTIPART_ODD_NO_DELIMITER, container->boundary);
        return;
    }
    note(multipart, MULTIPART_ODD_NO_CLOSE, container->boundary);
    add_part(multipart, container, slice_between(from, rest.at));
}

static void split_part(struct multipart *multipart, unsigned index)
{
    struct multipart_part *part = &multipart->parts[index];
    struct container container = {.body = part->body,
                                  .depth = (uint8_t)(part->depth + 1),
                                  .parent = (uint8_t)(index + 1)};

    if (part->depth == MULTIPART_DEPTH_MAX) {
        note(multipart, MULTIPART_ODD_DEEP, part->type_value);
        return;
    }
    if (read_boundary(multipart, &part->type, &container.boundary)) {
        compare_boundaries(multipart, container.boundary, part->parent);
        part->boundary = container.boundary;
        split(multipart, &container);
    }
}

bool multipart_read(struct multipart *multipart, struct slice content_type, struct slice body)
{
    struct container whole = {.body = body, .depth = 1};
    struct media_type type;

    multipart->oddities = 0;
    multipart->count = 0;
    multipart->boundary = SLICE_NONE;
    if (!media_type_read(content_type, &type) || !media_type_is_multipart(&type)) {
        return false;
    }
    if (read_boundary(multipart, &type, &whole.boundary)) {
        multipart->boundary = whole.boundary;
        split(multipart, &whole);
    }
    for (unsigned i = 0; i < multipart->count; i++) {
        if (multipart->parts[i].is_multipart) {
            split_part(multipart, i);
        }
    }
    return true;
}

const struct multipart_part *multipart_find(const struct multipart *multipart, struct slice type,
                                            const struct multipart_part *after)
{
    const struct multipart_part *part = after == NULL ? multipart->parts : after + 1;

    for (; part < multipart->parts + multipart->count; part++) {
        if (media_type_is(&part->type, type)) {
            return part;
        }
    }
    return NULL;
}

const char *multipart_oddity_seen(enum multipart_oddity oddity)
{
    must(oddity < MULTIPART_ODDITY_COUNT);
    return oddities_seen[oddity];
}

const char *multipart_oddity_name(enum multipart_oddity oddity)
{
    must(oddity < MULTIPART_ODDITY_COUNT);
    return oddity_names[oddity];
}
