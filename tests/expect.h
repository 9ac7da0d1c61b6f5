/*
 * What most tests want: cmocka with the headers it forgets, and a few sentences of ours.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/must.h"
#include "base/slice.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define expect_slice(slice, string) expect_slice_at((slice), (string), __FILE__, __LINE__)

static inline void expect_slice_at(struct slice slice, const char *string, const char *file,
                                   int line)
{
    if (!slice_equal(slice, slice_string(string))) {
        print_error("\"%.*s\" is not \"%s\"\n", (int)slice.len, slice.at, string);
        _fail(file, line);
    }
}

enum { GUARDED_PAGE = 4096, GUARDED_MAX = 32 * GUARDED_PAGE };

/* Memory that ends where reading is death: a reader that looks one octet too far does not get away
 * with it, sanitizer or not. */
struct guarded {
    char *memory, *end;
};

static inline struct guarded guarded_open(void)
{
    char *memory = mmap(NULL, GUARDED_MAX + GUARDED_PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(memory != MAP_FAILED);
    assert_int_equal(mprotect(memory + GUARDED_MAX, GUARDED_PAGE, PROT_NONE), 0);
    return (struct guarded){.memory = memory, .end = memory + GUARDED_MAX};
}

/* A copy of slice whose last octet is the last before the guard. */
static inline struct slice guarded_copy(const struct guarded *guarded, struct slice slice)
{
    assert_true(slice.len <= GUARDED_MAX);
    char *at = guarded->end - slice.len;
    if (slice.len > 0) {
        memcpy(at, slice.at, slice.len);
    }
    return slice_of(at, slice.len);
}

static inline void guarded_close(struct guarded *guarded)
{
    munmap(guarded->memory, GUARDED_MAX + GUARDED_PAGE);
}

/* True when deed ends the process by a broken promise.  It is done in a child. */
static inline bool breaks_promise(void (*deed)(void *), void *with)
{
    int status = 0;

    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit no_core = {0, 0};

        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        if (freopen("/dev/null", "w", stderr) != NULL) {
            deed(with);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* Chance for tests that must fail the same way twice: splitmix64. */
static inline uint64_t chance(uint64_t *seed)
{
    uint64_t value = *seed += 0x9e3779b97f4a7c15U;

    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9U;
    value = (value ^ value >> 27) * 0x94d049bb133111ebU;
    return value ^ value >> 31;
}

static inline uint64_t chance_below(uint64_t *seed, uint64_t limit)
{
    return chance(seed) % limit;
}
