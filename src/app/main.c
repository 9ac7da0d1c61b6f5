#include "app/run/child.h"
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"

#include <stdio.h>

struct verb {
    const char *word;
    int (*main)(int argc, char **argv);
    const char *given, *line, *options;
};

static const struct verb verbs[] = {
// clang-format off
#define VERB(word, function, given, line, options) {word, function, given, line, options},
#include "app/verbs.def"
#undef VERB
    // clang-format on
};

static const struct verb *verb_find(const char *word)
{
    for (size_t i = 0; i < ARRAY_COUNT(verbs); i++) {
        if (strcmp(verbs[i].word, word) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static void help_all(FILE *out)
{
    (void)fprintf(out, "sipwarden: a SIP signalling firewall and border\n\n");
    for (size_t i = 0; i < ARRAY_COUNT(verbs); i++) {
        (void)fprintf(out, "  sipwarden %-10s %s\n", verbs[i].word, verbs[i].line);
    }
    (void)fprintf(out, "\nsipwarden VERB --help says what a verb wants.  Exit status: 0 all is "
                       "well, 1 something was found,\n2 called wrongly, 3 refused by something "
                       "outside.\n");
}

static void help_verb(FILE *out, const struct verb *verb)
{
    char *const ask[] = {(char *)(uintptr_t)verb->word, "--help", NULL};

    if (verb->options == NULL) {
        (void)verb->main(2, (char **)(uintptr_t)ask);
        return;
    }
    (void)fprintf(out, "sipwarden %s%s%s\n\n%s.\n", verb->word, verb->given[0] == '\0' ? "" : " ",
                  verb->given, verb->line);
    if (verb->options[0] != '\0') {
        (void)fprintf(out, "\n%s", verb->options);
    }
}

int help_main(int argc, char **argv)
{
    const struct verb *verb = argc > 1 ? verb_find(argv[1]) : NULL;

    if (argc > 1 && verb == NULL) {
        say("there is no verb \"%s\"", argv[1]);
        return EXIT_USAGE;
    }
    if (verb != NULL) {
        help_verb(stdout, verb);
    } else {
        help_all(stdout);
    }
    return EXIT_OK;
}

static bool asks_for_help(int argc, char **argv)
{
    return argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--child") == 0) {
        return child_main(slice_string(argv[2]));
    }
    if (argc < 2) {
        help_all(stderr);
        return EXIT_USAGE;
    }
    if (asks_for_help(argc, argv)) {
        help_all(stdout);
        return EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        return version_main(1, argv + 1);
    }
    const struct verb *verb = verb_find(argv[1]);
    if (verb == NULL) {
        say("there is no verb \"%s\"; see sipwarden help", argv[1]);
        return EXIT_USAGE;
    }
    if (verb->options != NULL && asks_for_help(argc - 1, argv + 1)) {
        help_verb(stdout, verb);
        return EXIT_OK;
    }
    int status = verb->main(argc - 1, argv + 1);
    if (verb->options != NULL && status == EXIT_USAGE) {
        help_verb(stderr, verb);
    }
    return status;
}
