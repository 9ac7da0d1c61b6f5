/*
 * Writes the table of header names while the program is built: finds a factor for which no two
 * names of headers.def share a slot.
 */
#include "wire/sip/name_slot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

// clang-format off
static const struct {
    const char *name, *text;
    char letter; /* 0 when it has no compact form */
} names[] = {
#define HEADER(name, spelling, compact, shape, flags) {#name, spelling, compact},
#include "wire/sip/headers.def"
#undef HEADER
};
// clang-format on

enum { NAME_COUNT = sizeof(names) / sizeof(names[0]), LETTERS = 26, ROW = 24 };

/* One in some thousand factors fits.  Odd ones lose no bit. */
static const uint64_t factor_first = UINT64_C(0x9E3779B97F4A7C15);
static const uint64_t factor_step = UINT64_C(0x9E3779B97F4A7C16);
static const uint32_t factors_max = 1 << 24;

static struct name_ends ends_of(const char *text)
{
    return name_ends(text, strlen(text));
}

/* Numbers are those of enum sip_header_name, which begins with the unknown one. */
static bool names_fit(uint64_t factor, uint8_t slots[NAME_SLOTS])
{
    memset(slots, 0, NAME_SLOTS);
    for (unsigned i = 0; i < NAME_COUNT; i++) {
        const char *text = names[i].text;
        uint8_t *slot = &slots[name_slot(ends_of(text), strlen(text), factor)];

        if (*slot != 0) {
            return false;
        }
        *slot = (uint8_t)(i + 1);
    }
    return true;
}

static void octets_print(const char *name, const uint8_t *octets, unsigned count)
{
    printf("\nconst uint8_t %s[%u] = {", name, count);
    for (unsigned i = 0; i < count; i++) {
        printf("%s%u,", i % ROW == 0 ? "\n    " : " ", octets[i]);
    }
    printf("\n};\n");
}

static void names_print(uint64_t factor, const uint8_t slots[NAME_SLOTS])
{
    uint8_t letters[LETTERS] = {0};

    printf("const uint64_t sip_name_factor = UINT64_C(0x%" PRIx64 ");\n", factor);
    octets_print("sip_name_slots", slots, NAME_SLOTS);
    for (unsigned i = 0; i < NAME_COUNT; i++) {
        if (names[i].letter != 0) {
            letters[names[i].letter - 'a'] = (uint8_t)(i + 1);
        }
    }
    octets_print("sip_name_letters", letters, LETTERS);
    printf("\n");
    for (unsigned i = 0; i < NAME_COUNT; i++) {
        struct name_ends ends = ends_of(names[i].text);

        printf("#define ENDS_%s {UINT64_C(0x%016" PRIx64 "), UINT64_C(0x%016" PRIx64 ")}\n",
               names[i].name, ends.first, ends.last);
    }
}

int main(void)
{
    uint64_t factor = factor_first;
    uint8_t slots[NAME_SLOTS];

    for (uint32_t tries = 0; tries < factors_max; tries++, factor += factor_step) {
        if (names_fit(factor, slots)) {
            names_print(factor, slots);
            return EXIT_SUCCESS;
        }
    }
    fputs("make_names: no factor keeps the names apart; give name_slot other octets\n", stderr);
    return EXIT_FAILURE;
}
