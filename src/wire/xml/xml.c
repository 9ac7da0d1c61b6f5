#include "wire/xml/xml.h"

#include "base/text.h"

/* The elements that are open, by name. */
struct reader {
    struct xml *xml;
    struct slice rest;
    struct slice open[XML_DEPTH_MAX];
    unsigned depth;
    bool had_root;
};

struct attributes {
    struct slice names[XML_ATTRIBUTES_MAX];
    unsigned count;
};

static const struct {
    const char *name, *seen;
} oddities[] = {
#define ODDITY(name, seen) {#name, seen},
#include "wire/xml/oddities.def"
#undef ODDITY
};

const char *xml_oddity_name(enum xml_oddity oddity)
{
    return oddities[oddity].name;
}

const char *xml_oddity_seen(enum xml_oddity oddity)
{
    return oddities[oddity].seen;
}

static void note(struct xml *xml, enum xml_oddity oddity, struct slice at)
{
    if (!xml_is_odd(xml, oddity)) {
        xml->oddities |= 1ULL << oddity;
        xml->odd_at[oddity] = slice_head(at, 64);
    }
}

/* Nothing behind it can be told apart. */
static void give_up(struct reader *reader, enum xml_oddity oddity)
{
    note(reader->xml, oddity, reader->rest);
    reader->rest = SLICE_NONE;
}

static size_t find(struct slice text, struct slice part)
{
    size_t at = 0;

    while (at < text.len) {
        at += slice_find(slice_skip(text, at), part.at[0]);
        if (slice_starts(slice_skip(text, at), part)) {
            return at;
        }
        at++;
    }
    return text.len;
}

static bool is_blank(char octet)
{
    return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

static struct slice skip_blanks(struct slice text)
{
    size_t at = 0;

    while (at < text.len && is_blank(text.at[at])) {
        at++;
    }
    return slice_skip(text, at);
}

static bool is_name_octet(char octet, bool is_first)
{
    bool is_letter = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
                     octet == '_' || (octet & 0x80) != 0;

    return is_letter || (!is_first && ((octet >= '0' && octet <= '9') || octet == '-' ||
                                       octet == '.' || octet == ':'));
}

/* Takes the name in front; empty when there is none. */
static struct slice take_name(struct slice *text)
{
    struct slice whole = *text;
    size_t len = 0;

    while (len < whole.len && is_name_octet(whole.at[len], len == 0)) {
        len++;
    }
    *text = slice_skip(whole, len);
    return slice_head(whole, len);
}

static bool is_character(uint64_t code)
{
    return code == 9 || code == 10 || code == 13 || (code >= 0x20 && code <= 0xD7FF) ||
           (code >= 0xE000 && code <= 0xFFFD) || (code >= 0x10000 && code <= 0x10FFFF);
}

static bool hexadecimal(struct slice digits, uint64_t *code)
{
    *code = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char low = (char)(digits.at[i] | 0x20);
        unsigned digit = low >= '0' && low <= '9'   ? (unsigned)(low - '0')
                         : low >= 'a' && low <= 'f' ? (unsigned)(low - 'a') + 10
                                                    : 16;

        if (digit == 16) {
            return false;
        }
        *code = *code * 16 + digit;
    }
    return digits.len > 0;
}

/* "amp", "#38" or "#x26", between & and ; */
static bool is_plain_reference(struct slice name)
{
    static const struct slice known[] = {SLICE_INIT("amp"), SLICE_INIT("lt"), SLICE_INIT("gt"),
                                         SLICE_INIT("quot"), SLICE_INIT("apos")};
    uint64_t code = 0;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (slice_equal(name, known[i])) {
            return true;
        }
    }
    if (name.len > 9) {
        return false;
    }
    if (slice_starts(name, SLICE("#x"))) {
        return hexadecimal(slice_skip(name, 2), &code) && is_character(code);
    }
    return slice_starts(name, SLICE("#")) && slice_number(slice_skip(name, 1), 0x10FFFF, &code) &&
           is_character(code);
}

static void note_references(struct xml *xml, struct slice text)
{
    size_t at = slice_find(text, '&');

    while (at < text.len) {
        text = slice_skip(text, at + 1);
        at = slice_find(slice_head(text, 16), ';');
        if (at >= text.len || at == 16 || !is_plain_reference(slice_head(text, at))) {
            note(xml, XML_ODD_ENTITY, text);
        }
        at = slice_find(text, '&');
    }
}

/* Octets a character takes, 0 when it is none: UTF-8 in its shortest form. */
static unsigned character_len(const unsigned char *at, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned count = at[0] < 0x80             ? 1
                     : (at[0] & 0xE0) == 0xC0 ? 2
                     : (at[0] & 0xF0) == 0xE0 ? 3
                     : (at[0] & 0xF8) == 0xF0 ? 4
                                              : 0;
    uint32_t code = count == 1 ? at[0] : at[0] & (0x7FU >> count);

    if (count == 0 || count > len) {
        return 0;
    }
    for (unsigned i = 1; i < count; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
        code = code << 6 | (at[i] & 0x3FU);
    }
    return code >= least[count] && is_character(code) ? count : 0;
}

static void note_characters(struct xml *xml, struct slice text)
{
    size_t at = 0;

    while (at < text.len) {
        unsigned len = character_len((const unsigned char *)text.at + at, text.len - at);

        if (len == 0) {
            note(xml, XML_ODD_BAD_UTF8, slice_skip(text, at));
            return;
        }
        at += len;
    }
}

static struct slice prefix_of(struct slice name)
{
    size_t colon = slice_find(name, ':');

    return colon == name.len ? SLICE_NONE : slice_head(name, colon);
}

static void add_namespace(struct xml *xml, struct slice prefix, struct slice name)
{
    if (slice_equal(name, SLICE("http://www.w3.org/2001/XInclude"))) {
        note(xml, XML_ODD_INCLUSION, name);
    }
    for (unsigned i = 0; i < xml->namespace_count; i++) {
        if (slice_equal(xml->namespaces[i].prefix, prefix) &&
            slice_equal(xml->namespaces[i].name, name)) {
            return;
        }
    }
    if (xml->namespace_count == XML_NAMESPACES_MAX) {
        note(xml, XML_ODD_MANY_NAMESPACES, name);
        return;
    }
    xml->namespaces[xml->namespace_count++] = (struct xml_namespace){prefix, name};
}

/* The declaration seen last stands for it: inner ones come behind outer ones. */
static bool find_namespace(const struct xml *xml, struct slice prefix, struct slice *name)
{
    for (unsigned i = xml->namespace_count; i > 0; i--) {
        if (slice_equal(xml->namespaces[i - 1].prefix, prefix)) {
            *name = xml->namespaces[i - 1].name;
            return true;
        }
    }
    *name = SLICE_NONE;
    return prefix.len == 0 || slice_equal(prefix, SLICE("xml"));
}

static void note_attribute(struct xml *xml, struct attributes *attributes, struct slice name,
                           struct slice value)
{
    for (unsigned i = 0; i < attributes->count; i++) {
        if (slice_equal(attributes->names[i], name)) {
            note(xml, XML_ODD_REPEATED_ATTRIBUTE, name);
        }
    }
    if (attributes->count == XML_ATTRIBUTES_MAX) {
        note(xml, XML_ODD_MANY_ATTRIBUTES, name);
        return;
    }
    attributes->names[attributes->count++] = name;
    if (attributes->count > xml->attributes) {
        xml->attributes = (uint16_t)attributes->count;
    }
    if (slice_find(value, '<') < value.len) {
        note(xml, XML_ODD_BAD_MARKUP, value);
    }
    note_references(xml, value);
    if (slice_equal(name, SLICE("xmlns"))) {
        add_namespace(xml, SLICE_NONE, value);
    } else if (slice_starts(name, SLICE("xmlns:"))) {
        add_namespace(xml, slice_skip(name, 6), value);
    }
}

/* name="value" in front of rest, blanks before it already gone. */
static bool take_attribute(struct slice *rest, struct slice *name, struct slice *value)
{
    *name = take_name(rest);
    *rest = skip_blanks(*rest);
    if (name->len == 0 || rest->len < 2 || rest->at[0] != '=') {
        return false;
    }
    *rest = skip_blanks(slice_skip(*rest, 1));
    if (rest->len == 0 || (rest->at[0] != '"' && rest->at[0] != '\'')) {
        return false;
    }
    char quote = rest->at[0];
    *rest = slice_skip(*rest, 1);
    size_t end = slice_find(*rest, quote);
    *value = slice_head(*rest, end);
    bool is_ended = end < rest->len;
    *rest = slice_skip(*rest, end + 1);
    return is_ended;
}

static void note_prefixes(struct xml *xml, struct slice element,
                          const struct attributes *attributes)
{
    struct slice name;

    if (!find_namespace(xml, prefix_of(element), &name)) {
        note(xml, XML_ODD_UNKNOWN_PREFIX, element);
    }
    for (unsigned i = 0; i < attributes->count; i++) {
        struct slice prefix = prefix_of(attributes->names[i]);

        if (prefix.len > 0 && !slice_equal(prefix, SLICE("xmlns")) &&
            !find_namespace(xml, prefix, &name)) {
            note(xml, XML_ODD_UNKNOWN_PREFIX, attributes->names[i]);
        }
    }
}

static void open_element(struct reader *reader, struct slice name, bool is_empty)
{
    struct xml *xml = reader->xml;

    if (reader->depth == 0) {
        if (reader->had_root) {
            note(xml, XML_ODD_TWO_ROOTS, name);
        } else {
            xml->root = name;
            find_namespace(xml, prefix_of(name), &xml->root_namespace);
        }
        reader->had_root = true;
    }
    if (++xml->element_count > XML_ELEMENTS_MAX) {
        give_up(reader, XML_ODD_MANY_ELEMENTS);
        return;
    }
    if (reader->depth + 1 > xml->depth) {
        xml->depth = (uint16_t)(reader->depth + 1);
    }
    if (is_empty) {
        return;
    }
    if (reader->depth == XML_DEPTH_MAX) {
        give_up(reader, XML_ODD_DEEP);
        return;
    }
    reader->open[reader->depth++] = name;
}

/* Behind "<". */
static void read_start(struct reader *reader)
{
    struct attributes attributes = {.count = 0};
    struct slice element = take_name(&reader->rest), name, value;

    if (element.len == 0) {
        give_up(reader, XML_ODD_BAD_MARKUP);
        return;
    }
    for (;;) {
        bool has_blank = reader->rest.len > 0 && is_blank(reader->rest.at[0]);
        bool is_empty = false;

        reader->rest = skip_blanks(reader->rest);
        is_empty = slice_starts(reader->rest, SLICE("/>"));
        if (is_empty || slice_starts(reader->rest, SLICE(">"))) {
            reader->rest = slice_skip(reader->rest, is_empty ? 2 : 1);
            note_prefixes(reader->xml, element, &attributes);
            open_element(reader, element, is_empty);
            return;
        }
        if (!has_blank || !take_attribute(&reader->rest, &name, &value)) {
            give_up(reader, XML_ODD_BAD_MARKUP);
            return;
        }
        note_attribute(reader->xml, &attributes, name, value);
        if (xml_is_odd(reader->xml, XML_ODD_MANY_ATTRIBUTES)) {
            give_up(reader, XML_ODD_BAD_MARKUP);
            return;
        }
    }
}

/* Behind "</". */
static void read_end(struct reader *reader)
{
    struct slice name = take_name(&reader->rest);

    reader->rest = skip_blanks(reader->rest);
    if (reader->depth == 0 || !slice_equal(name, reader->open[reader->depth - 1]) ||
        !slice_starts(reader->rest, SLICE(">"))) {
        give_up(reader, XML_ODD_UNBALANCED);
        return;
    }
    reader->depth--;
    reader->rest = slice_skip(reader->rest, 1);
}

/* A comment or a section of plain characters, from its first octet to its end. */
static void read_section(struct reader *reader, size_t front, struct slice end)
{
    struct slice inner = slice_skip(reader->rest, front);
    size_t len = find(inner, end);

    if (len == inner.len) {
        give_up(reader, XML_ODD_NOT_CLOSED);
        return;
    }
    reader->rest = slice_skip(inner, len + end.len);
}

static void read_markup(struct reader *reader)
{
    if (slice_starts(reader->rest, SLICE("<!--"))) {
        read_section(reader, 4, SLICE("-->"));
    } else if (slice_starts(reader->rest, SLICE("<![CDATA[")) && reader->depth > 0) {
        read_section(reader, 9, SLICE("]]>"));
    } else if (slice_starts(reader->rest, SLICE("<!"))) {
        give_up(reader, XML_ODD_DOCTYPE);
    } else if (slice_starts(reader->rest, SLICE("<?"))) {
        note(reader->xml, XML_ODD_INSTRUCTION, reader->rest);
        read_section(reader, 2, SLICE("?>"));
    } else if (slice_starts(reader->rest, SLICE("</"))) {
        reader->rest = slice_skip(reader->rest, 2);
        read_end(reader);
    } else {
        reader->rest = slice_skip(reader->rest, 1);
        read_start(reader);
    }
}

static void note_encoding(struct xml *xml, struct slice name, struct slice value)
{
    if (slice_equal(name, SLICE("version")) && !slice_starts(value, SLICE("1."))) {
        note(xml, XML_ODD_BAD_DECLARATION, value);
    }
    if (slice_equal(name, SLICE("encoding")) && !slice_equal_nocase(value, SLICE("UTF-8")) &&
        !slice_equal_nocase(value, SLICE("US-ASCII"))) {
        note(xml, XML_ODD_ENCODING, value);
    }
}

/* "<?xml ... ?>", which may stand only at the very front. */
static void read_declaration(struct reader *reader)
{
    struct slice name, value;
    bool has_version = false;

    if (!slice_starts(reader->rest, SLICE("<?xml")) || reader->rest.len < 6 ||
        !is_blank(reader->rest.at[5])) {
        return;
    }
    reader->rest = skip_blanks(slice_skip(reader->rest, 5));
    while (!slice_starts(reader->rest, SLICE("?>"))) {
        if (!take_attribute(&reader->rest, &name, &value)) {
            give_up(reader, XML_ODD_BAD_DECLARATION);
            return;
        }
        has_version |= slice_equal(name, SLICE("version"));
        note_encoding(reader->xml, name, value);
        reader->rest = skip_blanks(reader->rest);
    }
    if (!has_version) {
        note(reader->xml, XML_ODD_BAD_DECLARATION, reader->rest);
    }
    reader->rest = slice_skip(reader->rest, 2);
}

static void read_text(struct reader *reader, struct slice text)
{
    if (reader->depth == 0 && skip_blanks(text).len > 0) {
        note(reader->xml, XML_ODD_TWO_ROOTS, skip_blanks(text));
    }
    note_references(reader->xml, text);
}

static void xml_init(struct xml *xml)
{
    xml->oddities = 0;
    xml->root = xml->root_namespace = SLICE_NONE;
    xml->element_count = 0;
    xml->depth = xml->attributes = xml->namespace_count = 0;
}

void xml_read(struct xml *xml, struct slice text)
{
    struct reader reader = {.xml = xml, .rest = text};

    xml_init(xml);
    if (text.len > XML_MAX) {
        note(xml, XML_ODD_LONG_BODY, text);
        reader.rest = text = slice_head(text, XML_MAX);
    }
    if (slice_starts(text, SLICE("\xFE\xFF")) || slice_starts(text, SLICE("\xFF\xFE"))) {
        note(xml, XML_ODD_ENCODING, text);
        return;
    }
    note_characters(xml, text);
    if (slice_starts(reader.rest, SLICE("\xEF\xBB\xBF"))) {
        reader.rest = slice_skip(reader.rest, 3);
    }
    read_declaration(&reader);
    while (reader.rest.len > 0) {
        size_t len = slice_find(reader.rest, '<');

        read_text(&reader, slice_head(reader.rest, len));
        reader.rest = slice_skip(reader.rest, len);
        if (reader.rest.len > 0) {
            read_markup(&reader);
        }
    }
    if (reader.depth > 0 && xml->oddities == 0) {
        note(xml, XML_ODD_NOT_CLOSED, reader.open[reader.depth - 1]);
    }
    if (!reader.had_root) {
        note(xml, XML_ODD_EMPTY, text);
    }
}
