/*
 * Lines for whoever runs the program, on standard error.
 */
#pragma once

/* "sipwarden: ..." and a line end. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
