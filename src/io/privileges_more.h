/*
 * System calls that every process needs beyond its role's because of how the program was built.
 */
#pragma once

#include <stddef.h>

const int *privileges_more(size_t *count);
