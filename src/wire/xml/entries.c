#include "wire/xml/entries.h"

/* What is passed over, and how it ends. */
static const struct {
    struct slice begins, ends;
} skipped[] = {
    {SLICE_INIT("<!--"), SLICE_INIT("-->")},
    {SLICE_INIT("<![CDATA["), SLICE_INIT("]]>")},
    {SLICE_INIT("<?"), SLICE_INIT("?>")},
};

static const struct {
    struct slice name;
    enum xml_entry_kind kind;
} elements[] = {
    {SLICE_INIT("list"), XML_LIST_BEGINS},
    {SLICE_INIT("entry"), XML_ENTRY},
    {SLICE_INIT("entry-ref"), XML_ENTRY_FOREIGN},
    {SLICE_INIT("external"), XML_ENTRY_FOREIGN},
};

static bool is_blank(char octet)
{
    return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

/* Behind the end, or all of it. */
static struct slice behind(struct slice rest, struct slice end)
{
    while (rest.len > 0 && !slice_starts(rest, end)) {
        rest = slice_skip(rest, 1);
    }
    return slice_skip(rest, end.len);
}

/* How long the tag at the front is, its '>' within quotes not counted. */
static size_t tag_len(struct slice rest)
{
    char quote = '\0';
    size_t len = 1;

    for (; len < rest.len && (quote != '\0' || rest.at[len] != '>'); len++) {
        if (quote == '\0' && (rest.at[len] == '"' || rest.at[len] == '\'')) {
            quote = rest.at[len];
        } else if (rest.at[len] == quote) {
            quote = '\0';
        }
    }
    return len;
}

static struct slice name_of(struct slice tag)
{
    size_t len = 0;

    while (len < tag.len && !is_blank(tag.at[len]) && tag.at[len] != '/') {
        len++;
    }
    tag = slice_head(tag, len);
    size_t colon = slice_find(tag, ':');

    return colon < tag.len ? slice_skip(tag, colon + 1) : tag;
}

static struct slice attribute(struct slice tag, struct slice wanted)
{
    while (tag.len > 0 && !is_blank(tag.at[0])) {
        tag = slice_skip(tag, 1);
    }
    while (tag.len > 0) {
        size_t equals = slice_find(tag, '=');
        struct slice name = slice_trim(slice_head(tag, equals));
        struct slice value = slice_trim(slice_skip(tag, equals + 1));
        size_t len;

        if (value.len == 0 || (value.at[0] != '"' && value.at[0] != '\'')) {
            break;
        }
        len = slice_find(slice_skip(value, 1), value.at[0]);
        if (slice_equal(name, wanted)) {
            return slice_head(slice_skip(value, 1), len);
        }
        tag = slice_skip(value, len + 2);
    }
    return SLICE_NONE;
}

static bool element_take(struct slice tag, struct xml_entry *entry)
{
    bool is_end = tag.len > 0 && tag.at[0] == '/';
    bool is_empty = tag.len > 0 && tag.at[tag.len - 1] == '/';
    struct slice name = name_of(slice_skip(tag, is_end));

    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        if (!slice_equal(name, elements[i].name)) {
            continue;
        }
        bool is_list = elements[i].kind == XML_LIST_BEGINS;

        if ((is_end && !is_list) || (is_empty && is_list)) {
            return false;
        }
        *entry = (struct xml_entry){.kind = is_end ? XML_LIST_ENDS : elements[i].kind};
        if (entry->kind == XML_ENTRY) {
            entry->uri = attribute(tag, SLICE("uri"));
        }
        return true;
    }
    return false;
}

static bool skip(struct slice *rest)
{
    for (size_t i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++) {
        if (slice_starts(*rest, skipped[i].begins)) {
            *rest = behind(slice_skip(*rest, skipped[i].begins.len), skipped[i].ends);
            return true;
        }
    }
    return false;
}

bool xml_entry_next(struct slice *rest, struct xml_entry *entry)
{
    for (;;) {
        *rest = slice_skip(*rest, slice_find(*rest, '<'));
        if (rest->len == 0) {
            return false;
        }
        if (skip(rest)) {
            continue;
        }
        size_t len = tag_len(*rest);
        struct slice tag = slice_skip(slice_head(*rest, len), 1);

        *rest = slice_skip(*rest, len + 1);
        if (element_take(tag, entry)) {
            return true;
        }
    }
}
