#include "guard/content.h"

#include "guard/class_bits.h"

enum {
    INVITE = 1 << SIP_INVITE,
    BYE = 1 << SIP_BYE,
    INFO = 1 << SIP_INFO,
    OPTIONS = 1 << SIP_OPTIONS,
    MESSAGE = 1 << SIP_MESSAGE,
    NOTIFY = 1 << SIP_NOTIFY,
    PUBLISH = 1 << SIP_PUBLISH,
    SUBSCRIBE = 1 << SIP_SUBSCRIBE,
    REFER = 1 << SIP_REFER,
    CALL = INVITE | 1 << SIP_ACK | 1 << SIP_PRACK | 1 << SIP_UPDATE,
    ANY = (1 << SIP_METHOD_COUNT) - 1,
};

enum content_set {
#define CONTENT_SET(name, from, to) SET_##name,
#include "guard/content_sets.def"
#undef CONTENT_SET
};

static const struct {
    uint32_t from, to;
} sets[] = {
#define CONTENT_SET(name, from, to) {CO | (from), CO | (to)},
#include "guard/content_sets.def"
#undef CONTENT_SET
};

struct content {
    struct slice name;
    uint8_t set, kind;
    uint16_t methods;
};

// clang-format off
static const struct content contents[] = {
#define CONTENT(name, set, methods, kind) {SLICE_INIT(name), SET_##set, CONTENT_##kind, methods},
#include "guard/content_types.def"
#undef CONTENT
};
// clang-format on

static bool is_of_row(const struct media_type *type, struct slice name)
{
    size_t slash = slice_find(name, '/');
    struct slice subtype = slice_skip(name, slash + 1);

    if (!slice_equal_nocase(type->type, slice_head(name, slash))) {
        return false;
    }
    return subtype.at[subtype.len - 1] == '*'
               ? slice_starts_nocase(type->subtype, slice_head(subtype, subtype.len - 1))
               : slice_equal_nocase(type->subtype, subtype);
}

const struct content *content_find(const struct media_type *type)
{
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        if (is_of_row(type, contents[i].name)) {
            return &contents[i];
        }
    }
    return NULL;
}

enum content_kind content_kind(const struct content *content)
{
    return (enum content_kind)content->kind;
}

bool content_is_of_method(const struct content *content, enum sip_method method)
{
    return (content->methods >> method & 1) != 0;
}

bool content_crosses(const struct content *content, enum zone_class from, enum zone_class to)
{
    return (sets[content->set].from >> from & 1) != 0 && (sets[content->set].to >> to & 1) != 0;
}

static void part_of_multipart(const struct multipart *multipart, uint16_t index,
                              struct body_part *part)
{
    const struct multipart_part *from = &multipart->parts[index];

    *part = (struct body_part){
        .type = from->type,
        .body = from->body,
        .disposition = from->disposition,
        .type_value = from->type_value.len > 0 ? from->type_value : slice_head(from->head, 64),
        .is_optional = from->is_optional,
        .is_encoded = from->encoding_kind == MULTIPART_BASE64,
        .index = index,
    };
    for (; !part->is_optional && from->parent != 0;) {
        from = &multipart->parts[from->parent - 1];
        part->is_optional = from->is_optional;
    }
}

static bool is_optional(struct slice disposition)
{
    struct slice handling;

    return sip_param_find(slice_skip(disposition, slice_find(disposition, ';')), SLICE("handling"),
                          &handling) &&
           slice_equal_nocase(handling, SLICE("optional"));
}

static void part_of_message(const struct sip_message *message, struct body_part *part)
{
    struct slice value = sip_header_value(message, SIP_HEADER_CONTENT_TYPE);

    *part = (struct body_part){
        .body = message->body,
        .disposition = sip_header_value(message, SIP_HEADER_CONTENT_DISPOSITION),
        .type_value = value,
        .index = BODY_WHOLE,
    };
    media_type_read(value, &part->type);
    part->is_optional = is_optional(part->disposition);
}

bool body_next(struct inspection *inspection, uint16_t *next, struct body_part *part)
{
    const struct multipart *multipart = inspection_multipart(inspection);

    if (multipart == NULL) {
        if (*next > 0 || inspection->message.body.len == 0) {
            return false;
        }
        *next = 1;
        part_of_message(&inspection->message, part);
        return true;
    }
    while (*next < multipart->count && multipart->parts[*next].is_multipart) {
        (*next)++;
    }
    if (*next >= multipart->count) {
        return false;
    }
    part_of_multipart(multipart, (*next)++, part);
    return true;
}

/* Answers are not answered, and these requests mean the same without a body (HYG-B07). */
static bool can_do_without(const struct sip_message *message)
{
    return !message->is_request || message->method == SIP_ACK || message->method == SIP_BYE ||
           message->method == SIP_CANCEL || message->method == SIP_PRACK;
}

bool body_strip(struct inspection *inspection, const struct body_part *part)
{
    uint16_t index = part->index;

    if (!part->is_optional && !can_do_without(&inspection->message)) {
        return false;
    }
    /* A part deeper inside goes with the whole of what it stands in. */
    while (index != BODY_WHOLE && inspection->multipart.parts[index].parent != 0) {
        index = (uint16_t)(inspection->multipart.parts[index].parent - 1);
    }
    if (index != part->index && !inspection->multipart.parts[index].is_optional &&
        !can_do_without(&inspection->message)) {
        return false;
    }
    if (inspection->mode != MODE_ENFORCE) {
        return true;
    }
    if (index == BODY_WHOLE) {
        inspection->strips_body = true;
        return true;
    }
    inspection->stripped_parts |= 1U << index;
    return true;
}

enum outcome body_found(struct inspection *inspection, struct slice evidence, const char *rule,
                        uint16_t status)
{
    if (inspection->message.is_request && inspection->message.method != SIP_ACK) {
        return inspection_found_status(inspection, evidence, rule, status);
    }
    inspection->strips_body |= inspection->mode == MODE_ENFORCE;
    return inspection_found_as(inspection, evidence, rule, ACTION_STRIP, 0);
}
