/*
 * The outside world's refusals, in words.
 *
 * A function that can be refused takes a fault as its last argument and returns bool; fault_set
 * returns false, so failing is one line.  Only app prints faults.
 */
#pragma once

#include <stdbool.h>

enum { FAULT_TEXT_MAX = 512 };

struct fault {
    char text[FAULT_TEXT_MAX]; /* always terminated; empty when nothing happened */
};

bool fault_set(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
