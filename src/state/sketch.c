#include "state/sketch.h"

#include <string.h>

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* A place per row: one hash in parts, each of more bits than a row is wide. */
static uint32_t place(uint64_t key, unsigned row)
{
    return (uint32_t)(key >> (16 * row)) & (SKETCH_WIDTH - 1);
}

static uint32_t count_in(uint32_t counts[SKETCH_DEPTH][SKETCH_WIDTH], uint64_t key)
{
    uint32_t count = UINT32_MAX;

    for (unsigned row = 0; row < SKETCH_DEPTH; row++) {
        count = least(count, counts[row][place(key, row)]);
    }
    return count;
}

uint32_t sketch_add(struct sketch *sketch, uint64_t key)
{
    uint32_t(*young)[SKETCH_WIDTH] = sketch->counts[sketch->young];
    uint32_t count = count_in(young, key);

    if (count < UINT32_MAX) {
        count++;
    }
    for (unsigned row = 0; row < SKETCH_DEPTH; row++) {
        uint32_t *at = &young[row][place(key, row)];

        *at = *at < count ? count : *at;
    }
    uint32_t old = count_in(sketch->counts[sketch->young ^ 1], key);
    return count < UINT32_MAX - old ? count + old : UINT32_MAX;
}

uint32_t sketch_of(const struct sketch *sketch, uint64_t key)
{
    uint32_t sum = 0;

    for (unsigned age = 0; age < 2; age++) {
        uint32_t count = UINT32_MAX;

        for (unsigned row = 0; row < SKETCH_DEPTH; row++) {
            count = least(count, sketch->counts[age][row][place(key, row)]);
        }
        sum = count < UINT32_MAX - sum ? sum + count : UINT32_MAX;
    }
    return sum;
}

void sketch_turn(struct sketch *sketch)
{
    sketch->young ^= 1;
    memset(sketch->counts[sketch->young], 0, sizeof(sketch->counts[0]));
}

void distinct_clear(struct distinct *distinct)
{
    memset(distinct, 0, sizeof(*distinct));
    distinct->empty = DISTINCT_REGISTERS;
}

void distinct_add(struct distinct *distinct, uint64_t key)
{
    uint64_t rest = key >> 8 | 1ULL << 56; /* a bit that ends the count */
    uint8_t rank = (uint8_t)(__builtin_ctzll(rest) + 1);
    uint8_t *at = &distinct->registers[key & (DISTINCT_REGISTERS - 1)];

    distinct->empty = (uint16_t)(distinct->empty - (*at == 0));
    *at = *at < rank ? rank : *at;
}

// clang-format off
/* 256 ln(256 / empty): how many different ones leave so many registers empty. */
static const uint16_t by_empty[DISTINCT_REGISTERS + 1] = {
    1597, 1420, 1242, 1138, 1065, 1008, 961, 921, 887, 857, 830, 806,
    783, 763, 744, 726, 710, 694, 680, 666, 653, 640, 628, 617,
    606, 596, 585, 576, 567, 558, 549, 540, 532, 524, 517, 509,
    502, 495, 488, 482, 475, 469, 463, 457, 451, 445, 439, 434,
    429, 423, 418, 413, 408, 403, 398, 394, 389, 385, 380, 376,
    371, 367, 363, 359, 355, 351, 347, 343, 339, 336, 332, 328,
    325, 321, 318, 314, 311, 308, 304, 301, 298, 295, 291, 288,
    285, 282, 279, 276, 273, 270, 268, 265, 262, 259, 256, 254,
    251, 248, 246, 243, 241, 238, 236, 233, 231, 228, 226, 223,
    221, 219, 216, 214, 212, 209, 207, 205, 203, 200, 198, 196,
    194, 192, 190, 188, 186, 184, 181, 179, 177, 175, 173, 172,
    170, 168, 166, 164, 162, 160, 158, 156, 155, 153, 151, 149,
    147, 146, 144, 142, 140, 139, 137, 135, 133, 132, 130, 128,
    127, 125, 124, 122, 120, 119, 117, 116, 114, 112, 111, 109,
    108, 106, 105, 103, 102, 100, 99, 97, 96, 94, 93, 92,
    90, 89, 87, 86, 85, 83, 82, 80, 79, 78, 76, 75,
    74, 72, 71, 70, 68, 67, 66, 64, 63, 62, 61, 59,
    58, 57, 56, 54, 53, 52, 51, 49, 48, 47, 46, 45,
    43, 42, 41, 40, 39, 38, 36, 35, 34, 33, 32, 31,
    30, 29, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
    17, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5,
    4, 3, 2, 1, 0,
};
// clang-format on

enum { BY_EMPTY_LEAST = 24 }; /* registers: with fewer empty ones the ranks say it better */

uint32_t distinct_count(const struct distinct *distinct)
{
    double sum = 0;

    if (distinct->empty >= BY_EMPTY_LEAST) {
        return by_empty[distinct->empty];
    }
    for (unsigned i = 0; i < DISTINCT_REGISTERS; i++) {
        sum += 1.0 / (double)(1ULL << distinct->registers[i]);
    }
    /* alpha of 256 registers: 0.7213 / (1 + 1.079 / 256) */
    return (uint32_t)(0.71827 * DISTINCT_REGISTERS * DISTINCT_REGISTERS / sum);
}
