/* Asking a message that was read. */
#include "wire/sip/reader.h"

struct slice sip_header_value(const struct sip_message *message, enum sip_header_name name)
{
    const struct sip_header *header = sip_header(message, name);

    return header == NULL ? SLICE_NONE : sip_slice(message, header->value);
}

void sip_list_init(struct sip_list *list, const struct sip_message *message,
                   enum sip_header_name name)
{
    list->header = sip_header(message, name);
    list->rest = sip_header_value(message, name);
}

/* What stands in rest before the first comma outside quotes and brackets. */
static struct slice item_cut(struct slice *rest)
{
    bool is_quoted = false, is_bracketed = false;
    struct slice item;
    size_t i;

    for (i = 0; i < rest->len; i++) {
        char octet = rest->at[i];

        if (octet == '"') {
            is_quoted = !is_quoted;
        } else if (is_quoted) {
            i += octet == '\\';
        } else if (octet == '<' || octet == '>') {
            is_bracketed = octet == '<';
        } else if (octet == ',' && !is_bracketed) {
            break;
        }
    }
    item = slice_trim(slice_head(*rest, i));
    *rest = slice_skip(*rest, i + 1);
    return item;
}

/* Empty items are left out. */
bool sip_list_next(struct sip_list *list, const struct sip_message *message, struct slice *item)
{
    while (list->header != NULL) {
        while (list->rest.len > 0) {
            *item = item_cut(&list->rest);
            if (item->len > 0) {
                return true;
            }
        }
        list->header = sip_header_next(message, list->header);
        if (list->header != NULL) {
            list->rest = sip_slice(message, list->header->value);
        }
    }
    return false;
}

bool sip_list_has(const struct sip_message *message, enum sip_header_name name, struct slice token)
{
    struct sip_list list;
    struct slice item;

    sip_list_init(&list, message, name);
    while (sip_list_next(&list, message, &item)) {
        if (slice_equal_nocase(item, token)) {
            return true;
        }
    }
    return false;
}

bool sip_number(const struct sip_message *message, enum sip_header_name name, uint32_t *number)
{
    struct slice text = sip_header_value(message, name);
    uint64_t wide;

    if (text.len > 10 || !slice_number(text, UINT32_MAX, &wide)) {
        return false;
    }
    *number = (uint32_t)wide;
    return true;
}

static struct slice tag_of(const struct sip_message *message, enum sip_header_name name)
{
    const struct sip_value *value = sip_value(message, name);

    return value == NULL ? SLICE_NONE : sip_slice(message, value->tag);
}

struct slice sip_from_tag(const struct sip_message *message)
{
    return tag_of(message, SIP_HEADER_FROM);
}

struct slice sip_to_tag(const struct sip_message *message)
{
    return tag_of(message, SIP_HEADER_TO);
}

struct slice sip_branch(const struct sip_message *message)
{
    return tag_of(message, SIP_HEADER_VIA);
}
