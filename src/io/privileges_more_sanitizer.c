/* What the sanitizers' own library asks for around threads and signals. */
#include "base/must.h"
#include "io/privileges_more.h"

#include <seccomp.h>

static const int more[] = {
    SCMP_SYS(sigaltstack), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(nanosleep),
    SCMP_SYS(readlink),    SCMP_SYS(prlimit64),   SCMP_SYS(clock_nanosleep),
};

const int *privileges_more(size_t *count)
{
    *count = ARRAY_COUNT(more);
    return more;
}
