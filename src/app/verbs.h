/*
 * The verbs of the program, each a main of its own: verbs.def.
 *
 * Exit status of every verb: 0 all is well, 1 something was found, 2 it was called wrongly,
 * 3 something outside refused.
 */
#pragma once

enum { EXIT_OK, EXIT_FINDINGS, EXIT_USAGE, EXIT_RUNTIME };

#define VERB(word, function, given, line, options) int function(int argc, char **argv);
#include "app/verbs.def"
#undef VERB
