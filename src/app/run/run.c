#include "app/run/run.h"

#include "app/run/control.h"
#include "app/run/paths.h"
#include "app/say.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FOLDER_MAX = 256 };

/* The folder of --state, or the usual one. */
static bool folder_choose(char folder[FOLDER_MAX], const char *given)
{
    struct fault fault;

    if (given == NULL) {
        if (state_folder_usual(folder, FOLDER_MAX, &fault)) {
            return true;
        }
        say("%s", fault.text);
        return false;
    }
    return snprintf(folder, FOLDER_MAX, "%s", given) < FOLDER_MAX;
}

int run_main(int argc, char **argv)
{
    static const struct option options[] = {{"state", required_argument, NULL, 's'},
                                            {"foreground", no_argument, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    char folder[FOLDER_MAX];
    const char *given = NULL;
    int option = 0;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's') {
            given = optarg;
        } else if (option != 'f') {
            return 2;
        }
    }
    if (argc - optind != 1) {
        say("run wants one policy file");
        return 2;
    }
    if (!folder_choose(folder, given)) {
        return 3;
    }
    return parent_run(argv[optind], folder);
}

/*
 * Asking a store how it is.
 */

static bool copy_answer(int fd)
{
    char octets[65536];
    ssize_t len = 0;
    bool is_any = false;

    while ((len = read(fd, octets, sizeof(octets))) > 0) {
        (void)fwrite(octets, 1, (size_t)len, stdout);
        is_any = true;
    }
    return is_any && len == 0 && fflush(stdout) == 0;
}

static int status_ask(const char *folder, const char *line)
{
    struct sockaddr_un name;
    struct fault fault;

    if (!control_name(folder, &name, &fault)) {
        say("%s", fault.text);
        return 3;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_told = fd >= 0 && connect(fd, (struct sockaddr *)(void *)&name, sizeof(name)) == 0 &&
                   write(fd, line, strlen(line)) == (ssize_t)strlen(line);
    if (!is_told) {
        say("no store answers at %s: %s", name.sun_path, strerror(errno));
    }
    bool is_answered = is_told && copy_answer(fd);
    if (is_told && !is_answered) {
        say("the store at %s does not answer us: only root and its own user may ask",
            name.sun_path);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_answered ? 0 : 3;
}

int status_main(int argc, char **argv)
{
    static const struct option options[] = {{"state", required_argument, NULL, 's'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    char folder[FOLDER_MAX];
    const char *given = NULL;
    bool is_json = false;
    int option = 0;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's') {
            given = optarg;
        } else if (option == 'j') {
            is_json = true;
        } else {
            return 2;
        }
    }
    if (argc != optind) {
        say("status wants no file");
        return 2;
    }
    if (!folder_choose(folder, given)) {
        return 3;
    }
    return status_ask(folder, is_json ? "status json\n" : "status\n");
}
