#include "wire/cpim/cpim.h"

enum { MESSAGE_ID_MAX = 128 }; /* RCS-04 */

/* What is read of one message beside what is kept of it. */
struct reading {
    struct cpim *cpim;
    struct slice rest;
    struct slice prefix; /* of names of IMDN; "imdn" until a NS line says another */
};

static const char *const seen[] = {
#define ODDITY(name, seen) seen,
#include "wire/cpim/oddities.def"
#undef ODDITY
};

static const struct {
    struct slice name;
    uint8_t bit;
} askings[] = {
    {SLICE_INIT("positive-delivery"), CPIM_ASKS_POSITIVE},
    {SLICE_INIT("negative-delivery"), CPIM_ASKS_NEGATIVE},
    {SLICE_INIT("display"), CPIM_ASKS_DISPLAY},
    {SLICE_INIT("processing"), CPIM_ASKS_PROCESSING},
    {SLICE_INIT("interworking"), CPIM_ASKS_INTERWORKING},
};

const char *cpim_oddity_seen(enum cpim_oddity oddity)
{
    return seen[oddity];
}

static void note(struct cpim *cpim, enum cpim_oddity oddity, struct slice at)
{
    if (!cpim_is_odd(cpim, oddity)) {
        cpim->oddities |= UINT32_C(1) << oddity;
        cpim->odd_at[oddity] = at;
    }
}

static bool is_token(struct slice text, size_t max)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char octet = (unsigned char)text.at[i];

        if (octet <= ' ' || octet >= 0x7F || strchr("()<>@,;:\\\"/[]?={}", (char)octet) != NULL) {
            return false;
        }
    }
    return text.len > 0 && text.len <= max;
}

/* Of RFC 5438 6.3 a Message-ID is a token; products also write what mail writes. */
static bool is_message_id(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] <= ' ' || text.at[i] == 0x7F) {
            return false;
        }
    }
    return text.len > 0 && text.len <= MESSAGE_ID_MAX;
}

/* "Formal name <uri>": what stands within the last brackets. */
static bool address_of(struct slice value, struct slice *uri)
{
    size_t open = slice_find_last(value, '<');
    struct slice behind = slice_skip(value, open + 1);
    size_t close = slice_find(behind, '>');

    *uri = slice_trim(slice_head(behind, close));
    return open < value.len && close < behind.len && uri->len > 0 &&
           slice_trim(slice_skip(behind, close + 1)).len == 0;
}

static void asks_note(struct cpim *cpim, struct slice value)
{
    struct slice word;

    while (slice_cut(&value, ',', &word)) {
        bool is_known = false;

        word = slice_trim(word);
        for (size_t i = 0; i < sizeof(askings) / sizeof(askings[0]); i++) {
            if (slice_equal_nocase(word, askings[i].name)) {
                cpim->asks |= askings[i].bit;
                is_known = true;
            }
        }
        if (!is_known && word.len > 0) {
            note(cpim, CPIM_ODD_BAD_ASKING, word);
        }
    }
}

/* "imdn <urn:ietf:params:imdn>": the sender's own word in front of names. */
static void namespace_note(struct reading *reading, struct slice value)
{
    struct slice name = slice_trim(slice_head(value, slice_find(value, '<'))), uri;

    if (address_of(value, &uri) && slice_equal_nocase(uri, SLICE("urn:ietf:params:imdn")) &&
        is_token(name, CPIM_PREFIX_MAX)) {
        reading->prefix = name;
    }
}

static bool is_of_imdn(const struct reading *reading, struct slice name, struct slice wanted)
{
    size_t dot = slice_find(name, '.');

    return dot < name.len && slice_equal_nocase(slice_head(name, dot), reading->prefix) &&
           slice_equal_nocase(slice_skip(name, dot + 1), wanted);
}

static void message_id_note(struct cpim *cpim, struct slice value)
{
    if (cpim->message_id.len > 0) {
        note(cpim, CPIM_ODD_TWO_MESSAGE_IDS, value);
    } else if (!is_message_id(value)) {
        note(cpim, CPIM_ODD_BAD_MESSAGE_ID, value);
    } else {
        cpim->message_id = value;
    }
}

static void from_note(struct cpim *cpim, struct slice value)
{
    struct slice uri;

    if (!address_of(value, &uri)) {
        note(cpim, CPIM_ODD_BAD_ADDRESS, value);
    } else if (cpim->from.len > 0) {
        note(cpim, CPIM_ODD_TWO_FROM, value);
    } else {
        cpim->from = uri;
    }
}

static void wrapper_note(struct reading *reading, struct slice name, struct slice value)
{
    struct cpim *cpim = reading->cpim;
    struct slice uri;

    if (slice_equal_nocase(name, SLICE("From"))) {
        from_note(cpim, value);
    } else if (slice_equal_nocase(name, SLICE("To"))) {
        if (!address_of(value, &uri)) {
            note(cpim, CPIM_ODD_BAD_ADDRESS, value);
        } else if (cpim->to.len == 0) {
            cpim->to = uri;
        }
    } else if (slice_equal_nocase(name, SLICE("NS"))) {
        namespace_note(reading, value);
    } else if (is_of_imdn(reading, name, SLICE("Message-ID"))) {
        message_id_note(cpim, value);
    } else if (is_of_imdn(reading, name, SLICE("Disposition-Notification"))) {
        asks_note(cpim, value);
    }
}

static void content_note(struct reading *reading, struct slice name, struct slice value)
{
    struct cpim *cpim = reading->cpim;

    if (!slice_equal_nocase(name, SLICE("Content-Type"))) {
        return;
    }
    if (cpim->type_value.len > 0) {
        note(cpim, CPIM_ODD_TWO_TYPES, value);
        return;
    }
    cpim->type_value = value;
    if (!media_type_read(value, &cpim->type)) {
        note(cpim, CPIM_ODD_BAD_TYPE, value);
    }
}

/* Takes a line without its end; false when there is none that ends. */
static bool line_take(struct reading *reading, struct slice *line)
{
    size_t end = slice_find(reading->rest, '\n');

    if (end == reading->rest.len) {
        return false;
    }
    *line = slice_head(reading->rest, end);
    reading->rest = slice_skip(reading->rest, end + 1);
    if (line->len > 0 && line->at[line->len - 1] == '\r') {
        line->len--;
    } else {
        note(reading->cpim, CPIM_ODD_BARE_LINE_END, *line);
    }
    return true;
}

static void octets_note(struct cpim *cpim, struct slice line)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char octet = (unsigned char)line.at[i];

        if ((octet < ' ' && octet != '\t') || octet == 0x7F) {
            note(cpim, CPIM_ODD_CONTROL_OCTET, line);
            return;
        }
    }
    if (line.len > CPIM_LINE_MAX) {
        note(cpim, CPIM_ODD_LONG_LINE, slice_head(line, CPIM_PREFIX_MAX));
    }
}

/* One head, up to its empty line. */
static bool head_read(struct reading *reading,
                      void take(struct reading *reading, struct slice name, struct slice value))
{
    struct cpim *cpim = reading->cpim;
    struct slice line;

    while (line_take(reading, &line)) {
        size_t colon = slice_find(line, ':');

        if (line.len == 0) {
            return true;
        }
        if (++cpim->line_count > CPIM_LINES_MAX) {
            note(cpim, CPIM_ODD_MANY_LINES, line);
            return false;
        }
        octets_note(cpim, line);
        if (colon == line.len) {
            note(cpim, CPIM_ODD_NO_COLON, line);
        } else if (!is_token(slice_head(line, colon), CPIM_LINE_MAX)) {
            note(cpim, CPIM_ODD_BAD_NAME, line);
        } else {
            take(reading, slice_head(line, colon), slice_trim(slice_skip(line, colon + 1)));
        }
    }
    note(cpim, CPIM_ODD_NO_END, slice_head(reading->rest, CPIM_PREFIX_MAX));
    return false;
}

void cpim_read(struct cpim *cpim, struct slice text)
{
    struct reading reading = {.cpim = cpim, .rest = text, .prefix = SLICE("imdn")};

    *cpim = (struct cpim){.line_count = 0};
    if (head_read(&reading, wrapper_note) && head_read(&reading, content_note)) {
        cpim->content = reading.rest;
    }
    if (cpim->from.len == 0) {
        note(cpim, CPIM_ODD_NO_FROM, slice_head(text, CPIM_PREFIX_MAX));
    }
}
