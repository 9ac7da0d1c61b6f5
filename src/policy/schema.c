/*
 * JSON Schema of a policy file, for editors and pipelines: the same rows the reader walks.
 *
 * One property is one line, so that a change of the schema is readable in a diff.
 */
#include "policy/report.h"
#include "policy/settings.h"

static const struct {
    enum section section;
    const char *name;
} definitions[] = {
    {SECTION_ZONE, "zone"},       {SECTION_LISTENER, "listener"}, {SECTION_PEER, "peer"},
    {SECTION_HOP, "hop"},         {SECTION_ROUTE, "route"},       {SECTION_CONTROL, "control"},
    {SECTION_HEP, "hep"},         {SECTION_TLS, "tls"},           {SECTION_FEED, "feed"},
    {SECTION_PATTERN, "pattern"},
};

static void string_write(struct text *text, const char *key, const char *value)
{
    text_put_format(text, "\"%s\": ", key);
    text_put_json(text, slice_string(value));
}

/* What one value is, without the braces around it. */
static void value_write(struct text *text, const struct setting *setting)
{
    if (setting->kind == KIND_AMOUNT) {
        text_put_format(text,
                        "\"anyOf\": [{\"type\": \"integer\", \"minimum\": %llu, \"maximum\": "
                        "%llu}, {\"const\": \"none\"}]",
                        (unsigned long long)setting->min, (unsigned long long)setting->max);
        return;
    }
    text_put_string(text, kind_schema(setting->kind));
    if (setting->kind == KIND_NUMBER) {
        text_put_format(text, ", \"minimum\": %llu, \"maximum\": %llu",
                        (unsigned long long)setting->min, (unsigned long long)setting->max);
    }
}

static void many_write(struct text *text, const struct setting *setting)
{
    text_put_string(text, "\"anyOf\": [{");
    value_write(text, setting);
    text_put_string(text, "}, {\"type\": \"array\", \"minItems\": 1, ");
    text_put_format(text, "\"maxItems\": %llu, \"items\": {", (unsigned long long)setting->max);
    value_write(text, setting);
    text_put_string(text, "}}]");
}

/* One socket or hop, or a list; each a text or a map. */
static void shorthand_write(struct text *text, const struct setting *setting, enum kind kind,
                            const char *name)
{
    for (unsigned i = 0; i < 2; i++) {
        text_put_string(text,
                        i == 0 ? "\"anyOf\": [" : ", {\"type\": \"array\", \"minItems\": 1, ");
        if (i == 1) {
            text_put_format(text, "\"maxItems\": %llu, \"items\": {\"anyOf\": [",
                            (unsigned long long)setting->max);
        }
        text_put_format(text, "{%s}, {\"$ref\": \"#/$defs/%s\"}", kind_schema(kind), name);
    }
    text_put_string(text, "]}}]");
}

static void map_write(struct text *text, const struct setting *setting, const char *name)
{
    text_put_format(text,
                    "\"type\": \"object\", \"minProperties\": 1, \"maxProperties\": %llu, "
                    "\"propertyNames\": {%s}, \"additionalProperties\": {\"$ref\": "
                    "\"#/$defs/%s\"}",
                    (unsigned long long)setting->max, kind_schema(KIND_NAME), name);
}

static void own_write(struct text *text, const struct setting *setting)
{
    // clang-format off
    static const struct {
        enum kind kind;
        const char *reference;
    } references[] = {
        {KIND_LIMITS, "limits"}, {KIND_RATES, "rates"}, {KIND_TIMERS, "timers"},
        {KIND_CAPACITY, "capacity"}, {KIND_HEP, "hep"}, {KIND_TLS, "tls"},
    };
    // clang-format on

    for (unsigned i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
        if (references[i].kind == setting->kind) {
            text_put_format(text, "\"$ref\": \"#/$defs/%s\"", references[i].reference);
        }
    }
    if (setting->kind == KIND_LISTENERS) {
        shorthand_write(text, setting, KIND_ENDPOINT, "listener");
    } else if (setting->kind == KIND_HOPS) {
        shorthand_write(text, setting, KIND_TARGET, "hop");
    } else if (setting->kind == KIND_ZONES || setting->kind == KIND_PEERS) {
        map_write(text, setting, setting->kind == KIND_ZONES ? "zone" : "peer");
    } else if (setting->kind == KIND_FEEDS || setting->kind == KIND_PATTERNS) {
        map_write(text, setting, setting->kind == KIND_FEEDS ? "feed" : "pattern");
    } else if (setting->kind == KIND_ROUTES) {
        text_put_format(text,
                        "\"type\": \"array\", \"minItems\": 1, \"maxItems\": %llu, \"items\": "
                        "{\"$ref\": \"#/$defs/route\"}",
                        (unsigned long long)setting->max);
    } else if (setting->kind == KIND_CONTROLS) {
        text_put_format(text,
                        "\"type\": \"object\", \"additionalProperties\": {\"anyOf\": [{%s}, "
                        "{\"$ref\": \"#/$defs/control\"}]}",
                        kind_schema(KIND_MODE));
    }
}

static void property_write(struct text *text, const char *indent, const struct setting *setting)
{
    text_put_format(text, "%s", indent);
    text_put_json(text, slice_string(setting->key));
    text_put_string(text, ": {");
    string_write(text, "description", setting->what);
    text_put_string(text, ", ");
    switch (kind_shape(setting->kind)) {
    case SHAPE_ONE:
        value_write(text, setting);
        break;
    case SHAPE_MANY:
        many_write(text, setting);
        break;
    case SHAPE_OWN:
        own_write(text, setting);
        break;
    }
    text_put_octet(text, '}');
}

static void section_schema(struct text *text, enum section section, const char *indent)
{
    uint32_t count;
    const struct setting *rows = settings_of(section, &count);
    bool is_first = true;

    text_put_format(text, "\"type\": \"object\", \"additionalProperties\": false,\n%s", indent);
    string_write(text, "description", section_what(section));
    text_put_format(text, ",\n%s\"required\": [", indent);
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].presence == PRESENCE_REQUIRED) {
            text_put_format(text, "%s\"%s\"", is_first ? "" : ", ", rows[i].key);
            is_first = false;
        }
    }
    text_put_format(text, "],\n%s\"properties\": {\n", indent);
    for (uint32_t i = 0; i < count; i++) {
        text_put_string(text, "  ");
        property_write(text, indent, &rows[i]);
        text_put_string(text, i + 1 < count ? ",\n" : "\n");
    }
    text_put_format(text, "%s}", indent);
}

/* Limits of a zone may go down to 1; their maximum is the hard one. */
static void figures_schema(struct text *text, const char *name, enum kind kind)
{
    struct figures figures = figures_of(kind);

    text_put_format(text,
                    "    \"%s\": {\"type\": \"object\", \"additionalProperties\": false, "
                    "\"properties\": {\n",
                    name);
    for (uint32_t i = 0; i < figures.count; i++) {
        const struct figure *figure = &figures.list[i];

        text_put_format(text, "      \"%s\": {", figure->key);
        string_write(text, "description", figure->what);
        if (kind == KIND_TIMERS) {
            text_put_string(text, ", \"type\": \"string\", \"pattern\": "
                                  "\"^(0|[1-9][0-9]*)(ms|s|m|h|d)$\"}");
        } else {
            text_put_format(text, ", \"type\": \"integer\", \"minimum\": %llu, \"maximum\": %llu}",
                            (unsigned long long)figure->min, (unsigned long long)figure->max);
        }
        text_put_string(text, i + 1 < figures.count ? ",\n" : "\n");
    }
    text_put_string(text, "    }},\n");
}

static void words_schema(struct text *text)
{
    text_put_string(text, "    \"class\": {\"enum\": [");
    for (unsigned class = 0; class < ZONE_CLASS_COUNT; class ++) {
        text_put_format(text, "%s\"%s\"", class == 0 ? "" : ", ",
                        zone_class_written((enum zone_class) class));
    }
    text_put_string(text, "]},\n    \"method\": {\"enum\": [");
    for (unsigned method = 0; method < SIP_METHOD_COUNT; method++) {
        struct slice token = sip_method_token((enum sip_method)method);

        text_put_format(text, "%s\"%.*s\"", method == 0 ? "" : ", ", (int)token.len, token.at);
    }
    text_put_string(text, "]},\n");
}

void policy_schema_write(struct text *text)
{
    text_put_string(text, "{\n"
                          "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                          "  \"$id\": \"urn:sipwarden:policy\",\n"
                          "  \"title\": \"A sipwarden policy\",\n  ");
    section_schema(text, SECTION_ROOT, "  ");
    text_put_string(text, ",\n  \"$defs\": {\n");
    words_schema(text);
    figures_schema(text, "limits", KIND_LIMITS);
    figures_schema(text, "rates", KIND_RATES);
    figures_schema(text, "timers", KIND_TIMERS);
    figures_schema(text, "capacity", KIND_CAPACITY);
    for (unsigned i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++) {
        text_put_format(text, "    \"%s\": {", definitions[i].name);
        section_schema(text, definitions[i].section, "    ");
        text_put_string(text,
                        i + 1 < sizeof(definitions) / sizeof(definitions[0]) ? "},\n" : "}\n");
    }
    text_put_string(text, "  }\n}\n");
}
