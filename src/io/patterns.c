#include "io/patterns.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <hs/hs_compile.h>
#include <hs/hs_runtime.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ESCAPED = 4 }; /* "\x41" */

struct compiler {
    __typeof__(&hs_compile_multi) compile;
    __typeof__(&hs_serialize_database) serialize;
    __typeof__(&hs_free_compile_error) forgive;
};

/* What the library takes: parallel arrays. */
struct lists_of {
    char **texts;
    unsigned *flags, *numbers;
};

static bool library_load(struct compiler *compiler, struct fault *fault)
{
    void *library = dlopen("libhs.so.5", RTLD_NOW | RTLD_LOCAL);
    void *found[3];

    if (library == NULL) {
        return fault_set(fault, "patterns need vectorscan (install libvectorscan5): %s", dlerror());
    }
    found[0] = dlsym(library, "hs_compile_multi");
    found[1] = dlsym(library, "hs_serialize_database");
    found[2] = dlsym(library, "hs_free_compile_error");
    if (found[0] == NULL || found[1] == NULL || found[2] == NULL) {
        return fault_set(fault, "vectorscan is too old for patterns");
    }
    memcpy(&compiler->compile, &found[0], sizeof(found[0]));
    memcpy(&compiler->serialize, &found[1], sizeof(found[1]));
    memcpy(&compiler->forgive, &found[2], sizeof(found[2]));
    return true;
}

/* A literal is an expression of escaped octets. */
static char *expression_of(const struct pattern_expression *from)
{
    char *text = malloc(from->text.len * ESCAPED + 1);
    char *at = text;

    if (text == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < from->text.len; i++) {
        if (from->is_regex) {
            *at++ = from->text.at[i];
        } else {
            at += snprintf(at, ESCAPED + 1, "\\x%02x", (unsigned)(unsigned char)from->text.at[i]);
        }
    }
    *at = '\0';
    return text;
}

static bool lists_make(struct lists_of *lists, const struct pattern_expression *expressions,
                       uint32_t count)
{
    lists->texts = calloc(count, sizeof(char *));
    lists->flags = calloc(count, sizeof(unsigned));
    lists->numbers = calloc(count, sizeof(unsigned));
    if (lists->texts == NULL || lists->flags == NULL || lists->numbers == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        lists->texts[i] = expression_of(&expressions[i]);
        lists->flags[i] = HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL |
                          (expressions[i].ignores_case ? HS_FLAG_CASELESS : 0U);
        lists->numbers[i] = expressions[i].number;
        if (lists->texts[i] == NULL) {
            return false;
        }
    }
    return true;
}

static bool compile(const struct pattern_expression *expressions, uint32_t count, char **octets,
                    size_t *len, struct fault *fault)
{
    struct compiler compiler = {NULL, NULL, NULL};
    struct lists_of lists;
    hs_database_t *database = NULL;
    hs_compile_error_t *error = NULL;

    if (!library_load(&compiler, fault)) {
        return false;
    }
    if (!lists_make(&lists, expressions, count)) {
        return fault_set(fault, "no memory for the patterns");
    }
    if (compiler.compile((const char *const *)lists.texts, lists.flags, lists.numbers, count,
                         HS_MODE_BLOCK, NULL, &database, &error) != HS_SUCCESS) {
        int number = error->expression;

        fault_set(fault, "pattern %d: %s", number < 0 ? number : (int)lists.numbers[number],
                  error->message);
        (void)compiler.forgive(error);
        return false;
    }
    return compiler.serialize(database, octets, len) == HS_SUCCESS ||
           fault_set(fault, "no memory for the compiled patterns");
}

static bool write_all(int fd, const char *octets, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, octets, len);

        if (done <= 0) {
            return false;
        }
        octets += done;
        len -= (size_t)done;
    }
    return true;
}

static void limit(__rlimit_resource_t which, rlim_t most)
{
    const struct rlimit bound = {.rlim_cur = most, .rlim_max = most};

    (void)setrlimit(which, &bound);
}

/* What the process has mapped already: a sanitizer maps terabytes it never touches. */
static rlim_t address_space(void)
{
    char room[64] = "";
    struct slice digits;
    uint64_t pages = 0;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!read(fd, room, sizeof(room) - 1);
        (void)close(fd);
    }
    digits = slice_string(room);
    digits = slice_head(digits, slice_find(digits, ' '));
    (void)slice_number(digits, UINT64_MAX >> 16, &pages);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* The child: its memory is a copy, and ends with it.  0 compiled, 1 refused: then the file holds
 * the reason. */
static _Noreturn void compile_and_exit(const struct pattern_expression *expressions, uint32_t count,
                                       int file)
{
    struct fault fault = {.text = ""};
    char *octets = NULL;
    size_t len = 0;

    limit(RLIMIT_CPU, PATTERNS_COMPILE_S);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_AS, PATTERNS_COMPILE_MEMORY + address_space());
    if (compile(expressions, count, &octets, &len, &fault)) {
        _exit(len <= PATTERNS_DATABASE_MAX && write_all(file, octets, len) ? 0 : 2);
    }
    (void)write_all(file, fault.text, strlen(fault.text));
    _exit(1);
}

/* Until the child is over or its time is: its end of the pipe closes with it. */
static void wait_for(pid_t child, int pipe_end)
{
    struct pollfd waited = {.fd = pipe_end, .events = POLLIN};

    if (poll(&waited, 1, PATTERNS_COMPILE_S * 2 * 1000) <= 0) {
        (void)kill(child, SIGKILL);
    }
}

static bool read_back(int file, size_t most, struct slice *octets)
{
    off_t len = lseek(file, 0, SEEK_END);
    char *copy = len < 0 || (size_t)len > most ? NULL : malloc((size_t)len + 1);

    if (copy == NULL || pread(file, copy, (size_t)len, 0) != len) {
        free(copy);
        return false;
    }
    copy[len] = '\0';
    *octets = slice_of(copy, (size_t)len);
    return true;
}

static bool outcome(int status, int file, struct slice *database, struct fault *fault)
{
    struct slice reason;

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return read_back(file, PATTERNS_DATABASE_MAX, database) ||
               fault_set(fault, "no memory for the compiled patterns");
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
        read_back(file, sizeof(fault->text) - 1, &reason)) {
        fault_set(fault, "%s", reason.at);
        free((void *)(uintptr_t)reason.at);
        return false;
    }
    return fault_set(fault, "the patterns take more than %d seconds or %d megabytes to compile",
                     PATTERNS_COMPILE_S, PATTERNS_COMPILE_MEMORY >> 20);
}

bool patterns_compile(const struct pattern_expression *expressions, uint32_t count,
                      struct slice *database, struct fault *fault)
{
    int file = memfd_create("patterns", MFD_CLOEXEC);
    int ends[2] = {-1, -1};
    int status = -1;

    *database = SLICE_NONE;
    if (file < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        if (file >= 0) {
            (void)close(file);
        }
        return fault_set(fault, "patterns: %s", strerror(errno));
    }
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        compile_and_exit(expressions, count, file);
    }
    (void)close(ends[1]);
    if (child > 0) {
        wait_for(child, ends[0]);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    (void)close(ends[0]);
    bool is_compiled = child > 0 ? outcome(status, file, database, fault)
                                 : fault_set(fault, "patterns: %s", strerror(errno));
    (void)close(file);
    return is_compiled;
}
