/*
 * Readers of values that may be many: one, or a list of them.
 */
#include "policy/host.h"
#include "policy/nearest.h"
#include "policy/settings.h"
#include "wire/media_type.h"
#include "wire/token.h"

enum { REALM_LEN_MAX = 128, DIGITS_LEN_MAX = 8, PREFIX_LEN_MAX = 16, CODEC_LEN_MAX = 32 };

/* What is kept of one value; false when it is none. */
typedef bool text_reader(struct draft *draft, struct slice text, struct slice *kept);

static void texts_refuse_twin(struct draft *draft, const struct item *item,
                              const struct setting *setting)
{
    draft_complain(draft, item->place, "'%s' is here twice; expected each of '%s' once; remove one",
                   show(item->text).text, setting->key);
}

static bool texts_have(const struct slice *list, uint32_t count, struct slice text)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(list[i], text)) {
            return true;
        }
    }
    return false;
}

static void texts_read(struct draft *draft, const struct item *item, const struct setting *setting,
                       void *object, text_reader *read)
{
    struct policy_slices *field = setting_field(setting, object);
    struct values values;
    const struct item *value;

    if (!values_begin(draft, item, setting, &values)) {
        return;
    }
    struct slice *list = memory_take(draft->kept, values.count, sizeof(struct slice));
    uint32_t count = 0;
    while (list != NULL && (value = values_next(&values)) != NULL) {
        struct slice kept;

        if (!setting_is_value(draft, value, setting)) {
            continue;
        }
        if (!read(draft, value->text, &kept)) {
            setting_refuse(draft, setting, value->place, "'%s' does not belong in '%s'",
                           show(value->text).text, setting->key);
        } else if (texts_have(list, count, kept)) {
            texts_refuse_twin(draft, value, setting);
        } else {
            list[count++] = kept;
        }
    }
    *field = (struct policy_slices){.at = list, .count = count};
}

static bool domain_read(struct draft *draft, struct slice text, struct slice *kept)
{
    *kept = draft_keep_lower(draft, text);
    return host_is_name(text);
}

/* A domain may also be a literal address: some trunks have nothing better. */
static bool reach_read(struct draft *draft, struct slice text, struct slice *kept)
{
    struct address address;

    *kept = draft_keep_lower(draft, text);
    return slice_equal(text, SLICE("*")) || host_is_name(text) || address_read(&address, text) ||
           (slice_starts(text, SLICE("*.")) && host_is_name(slice_skip(text, 2)));
}

static bool realm_read(struct draft *draft, struct slice text, struct slice *kept)
{
    *kept = draft_keep(draft, text);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char octet = (unsigned char)text.at[i];

        if (octet < 0x20 || octet == 0x7F || octet == '"' || octet == '\\') {
            return false;
        }
    }
    return text.len <= REALM_LEN_MAX;
}

/* As a browser sends it: scheme and host, a port if it is not the usual one, no path. */
static bool origin_read(struct draft *draft, struct slice text, struct slice *kept)
{
    bool is_secure = slice_starts(text, SLICE("https://"));
    struct host host;

    *kept = draft_keep_lower(draft, text);
    return (is_secure || slice_starts(text, SLICE("http://"))) &&
           host_read(&host, slice_skip(text, is_secure ? 8 : 7));
}

static bool media_type_named(struct draft *draft, struct slice text, struct slice *kept)
{
    struct media_type type;

    *kept = draft_keep_lower(draft, text);
    return media_type_read(text, &type) && type.params.len == 0;
}

static bool are_digits(struct slice text, size_t max)
{
    uint64_t number;

    return text.len >= 1 && text.len <= max && slice_number(text, UINT64_MAX, &number);
}

/* "+" alone is every number in international form. */
static bool number_prefix_read(struct draft *draft, struct slice text, struct slice *kept)
{
    *kept = draft_keep(draft, text);
    if (text.at[0] == '+') {
        return text.len == 1 || are_digits(slice_skip(text, 1), PREFIX_LEN_MAX);
    }
    return are_digits(text, PREFIX_LEN_MAX);
}

static bool digits_read(struct draft *draft, struct slice text, struct slice *kept)
{
    *kept = draft_keep(draft, text);
    return are_digits(text, DIGITS_LEN_MAX);
}

void setting_read_DOMAINS(struct draft *draft, const struct item *item,
                          const struct setting *setting, void *object)
{
    texts_read(draft, item, setting, object, domain_read);
}

void setting_read_REACHES(struct draft *draft, const struct item *item,
                          const struct setting *setting, void *object)
{
    texts_read(draft, item, setting, object, reach_read);
}

void setting_read_REALMS(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    texts_read(draft, item, setting, object, realm_read);
}

void setting_read_ORIGINS(struct draft *draft, const struct item *item,
                          const struct setting *setting, void *object)
{
    texts_read(draft, item, setting, object, origin_read);
}

void setting_read_BODIES(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    texts_read(draft, item, setting, object, media_type_named);
}

void setting_read_NUMBERS(struct draft *draft, const struct item *item,
                          const struct setting *setting, void *object)
{
    texts_read(draft, item, setting, object, number_prefix_read);
}

void setting_read_DIGITS(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    texts_read(draft, item, setting, object, digits_read);
}

/* 192.0.2.1/24 is a slip: its last octet is beyond the prefix. */
static bool prefix_is_askew(struct slice text)
{
    size_t slash = slice_find(text, '/');
    struct address address;
    uint64_t bits;

    return slash < text.len && address_read(&address, slice_head(text, slash)) &&
           slice_number(slice_skip(text, slash + 1), address.family == ADDRESS_V4 ? 32 : 128,
                        &bits);
}

static bool prefix_take(struct draft *draft, const struct item *item, const struct setting *setting,
                        struct prefix *prefix)
{
    if (!setting_is_value(draft, item, setting)) {
        return false;
    }
    if (!prefix_read(prefix, item->text)) {
        setting_refuse(draft, setting, item->place, "'%s' %s", show(item->text).text,
                       prefix_is_askew(item->text) ? "has bits set behind its prefix"
                                                   : "is no address or prefix");
        return false;
    }
    return true;
}

static const struct prefix *prefixes_take(struct draft *draft, const struct item *item,
                                          const struct setting *setting, uint32_t *count)
{
    struct values values;
    const struct item *value;

    *count = 0;
    if (!values_begin(draft, item, setting, &values)) {
        return NULL;
    }
    struct prefix *list = memory_take(draft->kept, values.count, sizeof(struct prefix));
    while (list != NULL && (value = values_next(&values)) != NULL) {
        if (prefix_take(draft, value, setting, &list[*count])) {
            (*count)++;
        }
    }
    return list;
}

void setting_read_ADDRESSES(struct draft *draft, const struct item *item,
                            const struct setting *setting, void *object)
{
    struct policy_peer *peer = object;

    peer->addresses = prefixes_take(draft, item, setting, &peer->address_count);
}

void setting_read_MEDIA_FROM(struct draft *draft, const struct item *item,
                             const struct setting *setting, void *object)
{
    struct policy_peer *peer = object;

    peer->media_prefixes = prefixes_take(draft, item, setting, &peer->media_prefix_count);
}

static bool codec_read(struct draft *draft, struct slice text, struct slice *kept)
{
    if (text.len > CODEC_LEN_MAX || !slice_is_token(text)) {
        return false;
    }
    *kept = draft_keep(draft, text);
    return true;
}

void setting_read_CODECS(struct draft *draft, const struct item *item,
                         const struct setting *setting, void *object)
{
    texts_read(draft, item, setting, object, codec_read);
}

void setting_read_TRANSPORTS(struct draft *draft, const struct item *item,
                             const struct setting *setting, void *object)
{
    uint8_t *field = setting_field(setting, object);
    struct values values;
    const struct item *value;

    if (!values_begin(draft, item, setting, &values)) {
        return;
    }
    while ((value = values_next(&values)) != NULL) {
        enum transport transport;

        if (!setting_is_value(draft, value, setting)) {
            continue;
        }
        if (!transport_read(value->text, &transport)) {
            setting_refuse(draft, setting, value->place, "'%s' is no transport",
                           show(value->text).text);
        } else {
            *field = (uint8_t)(*field | 1u << transport);
        }
    }
}

static struct suggestion method_suggest(struct slice word)
{
    struct nearest nearest;

    nearest_init(&nearest, word);
    for (unsigned method = 0; method < SIP_METHOD_COUNT; method++) {
        nearest_try(&nearest, sip_method_token((enum sip_method)method));
    }
    return nearest_suggest(&nearest);
}

void setting_read_METHODS(struct draft *draft, const struct item *item,
                          const struct setting *setting, void *object)
{
    uint32_t *field = setting_field(setting, object);
    struct values values;
    const struct item *value;

    if (!values_begin(draft, item, setting, &values)) {
        return;
    }
    while ((value = values_next(&values)) != NULL) {
        if (!setting_is_value(draft, value, setting)) {
            continue;
        }
        enum sip_method method = sip_method_find(value->text);
        if (method == SIP_METHOD_UNKNOWN) {
            setting_refuse(draft, setting, value->place, "'%s' is no method%s",
                           show(value->text).text, method_suggest(value->text).text);
        } else {
            *field |= 1u << method;
        }
    }
}

static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char octet = text.at[i];
        bool is_letter = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
                         (octet >= '0' && octet <= '9');

        if (!is_letter && (octet == '\0' || strchr("-.!%*_+`'~", octet) == NULL)) {
            return false;
        }
    }
    return text.len > 0 && text.len <= SIP_NAME_MAX;
}

/* Unknown names are kept for peers (HDR-19); a zone opens only what the tables know. */
static void header_take(struct draft *draft, const struct item *value,
                        const struct setting *setting, uint64_t *bits, struct policy_slices *extra,
                        struct slice *room)
{
    enum sip_header_name header = sip_header_find(value->text);

    if (!is_token(value->text)) {
        setting_refuse(draft, setting, value->place, "'%s' is no header name",
                       show(value->text).text);
    } else if (header != SIP_HEADER_UNKNOWN) {
        bits[header / 64] |= 1ULL << (header % 64);
    } else if (extra == NULL) {
        setting_refuse(draft, setting, value->place,
                       "'%s' is no header known here; only a peer may have private ones",
                       show(value->text).text);
    } else {
        room[extra->count++] = draft_keep(draft, value->text);
    }
}

void setting_read_HEADERS(struct draft *draft, const struct item *item,
                          const struct setting *setting, void *object)
{
    struct policy_slices *extra =
        setting->section == SECTION_PEER ? &((struct policy_peer *)object)->extra_headers : NULL;
    struct values values;
    const struct item *value;

    if (!values_begin(draft, item, setting, &values)) {
        return;
    }
    struct slice *room = memory_take(draft->kept, values.count, sizeof(struct slice));
    while (room != NULL && (value = values_next(&values)) != NULL) {
        if (setting_is_value(draft, value, setting)) {
            header_take(draft, value, setting, setting_field(setting, object), extra, room);
        }
    }
    if (extra != NULL) {
        extra->at = room;
    }
}
