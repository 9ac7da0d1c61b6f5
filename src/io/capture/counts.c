#include "io/capture/counts.h"

static const struct {
    const char *name, *text;
    enum capture_count_group group;
} rows[] = {
// clang-format off
#define COUNT(name, group, text) {#name, text, CAPTURE_##group},
#include "io/capture/counts.def"
#undef COUNT
    // clang-format on
};

enum capture_count_group capture_count_group(enum capture_count count)
{
    return rows[count].group;
}

const char *capture_count_name(enum capture_count count)
{
    return rows[count].name;
}

const char *capture_count_text(enum capture_count count)
{
    return rows[count].text;
}
