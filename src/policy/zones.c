#include "policy/policy.h"

// clang-format off
static const struct {
    const char *code, *written;
    bool is_trusted, is_access;
} classes[] = {
#define ZONE_CLASS(name, code, written, trusted, access) {code, written, trusted, access},
#include "policy/zones.def"
#undef ZONE_CLASS
};
// clang-format on

const char *zone_class_code(enum zone_class class)
{
    return classes[class].code;
}

const char *zone_class_written(enum zone_class class)
{
    return classes[class].written;
}

bool zone_class_is_trusted(enum zone_class class)
{
    return classes[class].is_trusted;
}

bool zone_class_is_access(enum zone_class class)
{
    return classes[class].is_access;
}
