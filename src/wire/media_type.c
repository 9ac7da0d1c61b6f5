#include "wire/media_type.h"

#include "wire/sip/uri.h"
#include "wire/token.h"

bool media_type_read(struct slice value, struct media_type *media_type)
{
    size_t semicolon = slice_find(value, ';');
    struct slice essence = slice_trim(slice_head(value, semicolon));
    size_t slash = slice_find(essence, '/');

    *media_type = (struct media_type){
        .type = slice_trim(slice_head(essence, slash)),
        .subtype = slice_trim(slice_skip(essence, slash + 1)),
        .params = slice_skip(value, semicolon + 1),
    };
    if (!slice_is_token(media_type->type) || !slice_is_token(media_type->subtype)) {
        *media_type = (struct media_type){.params = SLICE_NONE};
        return false;
    }
    return true;
}

bool media_type_is(const struct media_type *media_type, struct slice name)
{
    size_t slash = slice_find(name, '/');

    return slice_equal_nocase(media_type->type, slice_head(name, slash)) &&
           slice_equal_nocase(media_type->subtype, slice_skip(name, slash + 1));
}

bool media_type_param(const struct media_type *media_type, struct slice name, struct slice *value)
{
    *value = SLICE_NONE;
    if (!sip_param_find(media_type->params, name, value) || value->len == 0) {
        return false;
    }
    if (value->at[0] != '"') {
        return true;
    }
    if (value->len < 3 || value->at[value->len - 1] != '"') {
        return false;
    }
    *value = slice_of(value->at + 1, value->len - 2);
    return slice_find(*value, '\\') == value->len && slice_find(*value, '"') == value->len;
}
