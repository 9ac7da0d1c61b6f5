/* CT-FW-15: an XML body that makes its reader fetch, expand or guess. */
#include "guard/content.h"
#include "wire/xml/xml.h"

enum { /* HYG-L35 */
       XML_OCTETS_LIMIT = 32768,
       XML_DEPTH_LIMIT = 16,
       XML_ELEMENTS_LIMIT = 1000,
       XML_ATTRIBUTES_LIMIT = 32,
};

static const struct slice namespaces[] = {
#define XML_NAMESPACE(begins, whose) SLICE_INIT(begins),
#include "guard/xml_namespaces.def"
#undef XML_NAMESPACE
};

static const struct {
    struct slice type, element, namespace;
} roots[] = {
#define XML_ROOT(type, element, namespace)                                                         \
    {SLICE_INIT(type), SLICE_INIT(element), SLICE_INIT(namespace)},
#include "guard/xml_roots.def"
#undef XML_ROOT
};

static bool is_listed(struct slice namespace)
{
    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
        if (slice_starts(namespace, namespaces[i])) {
            return true;
        }
    }
    return namespace.len == 0;
}

static bool is_xml(const struct body_part *part)
{
    const struct content *content = content_find(&part->type);

    return slice_ends_nocase(part->type.subtype, SLICE("+xml")) ||
           (content != NULL && content_kind(content) == CONTENT_XML);
}

/* It goes where it may be left out; else the message does not pass. */
static enum outcome found(struct inspection *inspection, const struct body_part *part,
                          struct slice evidence, const char *rule)
{
    return part->is_optional && body_strip(inspection, part)
               ? inspection_found_as(inspection, evidence, rule, ACTION_STRIP, 0)
               : body_found(inspection, evidence, rule, 400);
}

static struct slice local_name(struct slice name)
{
    size_t colon = slice_find(name, ':');

    return colon == name.len ? name : slice_skip(name, colon + 1);
}

static enum outcome root(struct inspection *inspection, const struct body_part *part,
                         const struct xml *xml)
{
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (!media_type_is(&part->type, roots[i].type)) {
            continue;
        }
        bool is_any = slice_equal(roots[i].element, SLICE("*"));

        if (!slice_equal(xml->root_namespace, roots[i].namespace) ||
            (!is_any && !slice_equal(local_name(xml->root), roots[i].element))) {
            return found(inspection, part, xml->root, "HYG-B10");
        }
    }
    return OUTCOME_PASSED;
}

static enum outcome structure(struct inspection *inspection, const struct body_part *part,
                              const struct xml *xml)
{
    for (unsigned i = 0; i < XML_ODDITY_COUNT; i++) {
        if (xml_is_odd(xml, (enum xml_oddity)i)) {
            bool is_limit = i == XML_ODD_DEEP || i == XML_ODD_MANY_ELEMENTS ||
                            i == XML_ODD_MANY_ATTRIBUTES || i == XML_ODD_LONG_BODY;

            return found(inspection, part, xml->odd_at[i], is_limit ? "HYG-L35" : "HYG-B10");
        }
    }
    if (part->body.len > XML_OCTETS_LIMIT || xml->depth > XML_DEPTH_LIMIT ||
        xml->element_count > XML_ELEMENTS_LIMIT || xml->attributes > XML_ATTRIBUTES_LIMIT) {
        return found(inspection, part, xml->root, "HYG-L35");
    }
    return OUTCOME_PASSED;
}

static enum outcome judge_part(struct inspection *inspection, const struct body_part *part)
{
    struct xml xml;

    if (part->is_encoded) {
        return found(inspection, part, part->type_value, "HYG-B03"); /* nobody can look into it */
    }
    xml_read(&xml, part->body);
    if (structure(inspection, part, &xml) == OUTCOME_FAILED ||
        root(inspection, part, &xml) == OUTCOME_FAILED) {
        return OUTCOME_FAILED;
    }
    for (unsigned i = 0; i < xml.namespace_count; i++) {
        if (!is_listed(xml.namespaces[i].name)) {
            return found(inspection, part, xml.namespaces[i].name, "HYG-B10");
        }
    }
    return OUTCOME_PASSED;
}

enum outcome control_xml_safe(struct inspection *inspection)
{
    enum outcome outcome = OUTCOME_NOT_APPLICABLE;
    struct body_part part;
    uint16_t next = 0;

    if (body_is_sdp(inspection)) {
        return OUTCOME_NOT_APPLICABLE;
    }
    while (outcome != OUTCOME_FAILED && body_next(inspection, &next, &part)) {
        if (is_xml(&part)) {
            outcome = judge_part(inspection, &part);
        }
    }
    return outcome;
}
