/*
 * Counting more things than there is memory for (rules 6.5): how often, and how many different
 * ones.  Keys are keyed hashes, so nobody can choose ones that meet.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * How often, never too low: count-min with conservative update.  Two generations, so that what was
 * long ago is forgotten: sketch_turn makes the younger one the older and begins anew.
 */
enum { SKETCH_DEPTH = 4, SKETCH_WIDTH = 8192 };

struct sketch {
    uint32_t counts[2][SKETCH_DEPTH][SKETCH_WIDTH];
    unsigned young;
};

/* Counts one more and says how often by now, both generations together. */
uint32_t sketch_add(struct sketch *sketch, uint64_t key);
uint32_t sketch_of(const struct sketch *sketch, uint64_t key);
void sketch_turn(struct sketch *sketch);

/*
 * How many different ones: HyperLogLog with 256 registers, within seven percent; below some
 * hundreds by the registers still empty, within three.
 */
enum { DISTINCT_REGISTERS = 256 };

struct distinct {
    uint8_t registers[DISTINCT_REGISTERS];
    uint16_t empty; /* registers; made by distinct_clear */
};

void distinct_clear(struct distinct *distinct);
void distinct_add(struct distinct *distinct, uint64_t key);
uint32_t distinct_count(const struct distinct *distinct);
