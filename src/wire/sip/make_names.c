/*
 * Writes the table of header names while the program is built: finds a factor for which no two
 * names of headers.def share a slot.
 */
#include "wire/sip/name.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

// clang-format off
static const struct {
    const char *text;
    char letter; /* 0 when it has no compact form */
} names[] = {
#define HEADER(name, spelling, compact, shape, flags) {spelling, compact},
#include "wire/sip/headers.def"
#undef HEADER
};
// clang-format on

enum { NAME_COUNT = sizeof(names) / sizeof(names[0]) };

static bool names_fit(uint64_t factor, uint8_t slots[NAME_SLOTS])
{
    memset(slots, 0, NAME_SLOTS);
    for (unsigned i = 0; i < NAME_COUNT; i++) {
        uint8_t *slot = &slots[name_slot(names[i].text, (unsigned)strlen(names[i].text), factor)];

        if (*slot != 0) {
            return false;
        }
        *slot = (uint8_t)(i + 1);
    }
    return true;
}

static void letters_print(void)
{
    uint8_t letters[26] = {0};

    for (unsigned i = 0; i < NAME_COUNT; i++) {
        if (names[i].letter != 0) {
            letters[names[i].letter - 'a'] = (uint8_t)(i + 1);
        }
    }
    printf("const uint8_t sip_name_letters[26] = {");
    for (unsigned i = 0; i < 26; i++) {
        printf(" %u,", letters[i]);
    }
    printf(" };\n");
}

static void names_print(uint64_t factor, const uint8_t slots[NAME_SLOTS])
{
    printf("#include \"wire/sip/name.h\"\n\n");
    printf("const uint64_t sip_name_factor = UINT64_C(0x%" PRIx64 ");\n", factor);
    printf("const uint8_t sip_name_slots[NAME_SLOTS] = {");
    for (unsigned i = 0; i < NAME_SLOTS; i++) {
        printf("%s%u,", i % 24 == 0 ? "\n    " : " ", slots[i]);
    }
    printf("\n};\n");
    letters_print();
}

int main(void)
{
    const uint64_t step = UINT64_C(0x9E3779B97F4A7C16);
    uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
    uint8_t slots[NAME_SLOTS];

    /* Odd factors only, so that no bit is lost.  One in some thousand fits. */
    for (uint32_t tries = 0; tries < 1u << 24; tries++, factor += step) {
        if (names_fit(factor, slots)) {
            names_print(factor, slots);
            return EXIT_SUCCESS;
        }
    }
    fputs("make_names: no factor keeps the names apart; give name_slot other octets\n", stderr);
    return EXIT_FAILURE;
}
