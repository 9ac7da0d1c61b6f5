/*
 * The verb controls: the manual of every control, or of one.
 */
#include "app/say.h"
#include "app/verbs.h"
#include "base/must.h"
#include "guard/event.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { MANUAL_MAX = 1 << 20 }; /* octets: 165 controls of 2 kB, three times over */

static int manual_print(void (*write)(struct text *text))
{
    char *room = malloc(MANUAL_MAX);
    struct text text;

    must(room != NULL);
    text_init(&text, room, MANUAL_MAX);
    write(&text);
    must(!text.is_full);
    bool is_out = fwrite(room, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    free(room);
    return is_out ? EXIT_OK : EXIT_RUNTIME;
}

static int one_print(const char *id, bool is_json)
{
    uint32_t index = control_find(slice_string(id));
    char room[8192];
    struct text text;

    if (index == control_count()) {
        say("there is no control \"%s\"; see sipwarden controls", id);
        return EXIT_USAGE;
    }
    text_init(&text, room, sizeof(room));
    if (is_json) {
        control_write_json(&text, index);
    } else {
        control_write(&text, index);
    }
    must(!text.is_full);
    return fwrite(room, 1, text.len, stdout) == text.len && fflush(stdout) == 0 ? EXIT_OK
                                                                                : EXIT_RUNTIME;
}

int controls_main(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"markdown", no_argument, NULL, 'm'},
                                            {NULL, 0, NULL, 0}};
    void (*write)(struct text * text) = controls_write;
    int option = 0;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j' && option != 'm') {
            return EXIT_USAGE;
        }
        write = option == 'j' ? controls_write_json : controls_write_markdown;
    }
    if (argc == optind) {
        return manual_print(write);
    }
    if (argc != optind + 1 || write == controls_write_markdown) {
        return EXIT_USAGE;
    }
    return one_print(argv[optind], write == controls_write_json);
}
