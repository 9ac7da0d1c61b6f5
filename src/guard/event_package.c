#include "guard/event_package.h"

#include "base/must.h"
#include "base/text.h"
#include "guard/class_bits.h"

// clang-format off
static const struct {
    struct slice name;
    uint32_t classes;
} packages[] = {
    {SLICE_INIT(""), NOWHERE},
#define EVENT_PACKAGE(name, classes) {SLICE_INIT(name), CO | (classes)},
#include "guard/event_packages.def"
#undef EVENT_PACKAGE
};
// clang-format on

uint8_t event_package_find(struct slice name)
{
    for (uint8_t i = 1; i < ARRAY_COUNT(packages); i++) {
        if (slice_equal_nocase(packages[i].name, name)) {
            return i;
        }
    }
    return EVENT_PACKAGE_NONE;
}

uint8_t event_package(const struct sip_message *message)
{
    struct slice value = sip_header_value(message, SIP_HEADER_EVENT);

    if (message->method == SIP_REFER) {
        return event_package_find(SLICE("refer"));
    }
    return event_package_find(slice_trim(slice_head(value, slice_find(value, ';'))));
}

bool event_package_crosses(uint8_t package, enum zone_class class)
{
    must(package < ARRAY_COUNT(packages));
    return (packages[package].classes >> class & 1) != 0;
}

struct slice event_package_name(uint8_t package)
{
    must(package < ARRAY_COUNT(packages));
    return packages[package].name;
}

void event_packages_write(struct text *text, enum zone_class class)
{
    const char *divider = "Allow-Events: ";

    for (uint8_t i = 1; i < ARRAY_COUNT(packages); i++) {
        if (event_package_crosses(i, class)) {
            text_put_string(text, divider);
            text_put(text, packages[i].name);
            divider = ", ";
        }
    }
    text_put(text, SLICE("\r\n"));
}
