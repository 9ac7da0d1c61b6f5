#include "guard/body_rules.h"

#include "wire/isup/isup.h"
#include "wire/json/json.h"

static const struct {
    struct slice name;
    enum disposition disposition;
} dispositions[] = {
#define DISPOSITION(name, disposition, reference) {SLICE_INIT(name), DISPOSITION_##disposition},
#include "guard/dispositions.def"
#undef DISPOSITION
};

enum disposition body_disposition(const struct body_part *part)
{
    struct slice name =
        slice_trim(slice_head(part->disposition, slice_find(part->disposition, ';')));

    if (name.len == 0) {
        return DISPOSITION_KNOWN; /* the usual one of its kind */
    }
    for (size_t i = 0; i < sizeof(dispositions) / sizeof(dispositions[0]); i++) {
        if (slice_equal_nocase(name, dispositions[i].name)) {
            return dispositions[i].disposition;
        }
    }
    return DISPOSITION_UNKNOWN;
}

bool body_is_json(const struct body_part *part)
{
    return slice_equal_nocase(part->type.subtype, SLICE("json")) ||
           slice_ends_nocase(part->type.subtype, SLICE("+json"));
}

bool body_is_sound_json(const struct body_part *part, struct slice *at)
{
    return !part->is_encoded && json_check(part->body, at) == JSON_SOUND;
}

bool body_is_isup(const struct body_part *part)
{
    return media_type_is(&part->type, SLICE("application/isup"));
}

bool body_is_sound_isup(const struct body_part *part)
{
    struct isup isup;

    return !part->is_encoded && isup_read(&isup, part->body) && isup.kind != ISUP_MAINTENANCE;
}
