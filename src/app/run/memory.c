#include "app/run/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int memory_refused(int fd, const char *name, struct fault *fault)
{
    (void)fault_set(fault, "memory for %s: %s", name, strerror(errno));
    if (fd >= 0) {
        (void)close(fd);
    }
    return -1;
}

int memory_new(const char *name, size_t len, struct fault *fault)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    /* A child that could shrink it would make the others fall over its edge. */
    if (fd < 0 || ftruncate(fd, (off_t)len) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return memory_refused(fd, name, fault);
    }
    return fd;
}

static bool write_all(int fd, struct slice octets)
{
    while (octets.len > 0) {
        ssize_t len = write(fd, octets.at, octets.len);

        if (len <= 0) {
            return false;
        }
        octets = slice_skip(octets, (size_t)len);
    }
    return true;
}

int memory_sealed(const char *name, struct slice octets, struct fault *fault)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0 || !write_all(fd, octets) ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return memory_refused(fd, name, fault);
    }
    return fd;
}

void *memory_map(int fd, size_t len)
{
    struct stat stat;

    if (fstat(fd, &stat) != 0 || (size_t)stat.st_size < len || len == 0) {
        return NULL;
    }
    void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* No question to the kernel about the file: a confined process may not ask. */
const void *memory_map_sealed(int fd, size_t len)
{
    void *at = len == 0 ? MAP_FAILED : mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);

    return at == MAP_FAILED ? NULL : at;
}

void memory_unmap(void *at, size_t len)
{
    if (at != NULL) {
        (void)munmap(at, len);
    }
}

bool memory_read(int fd, size_t max, struct slice *octets)
{
    char *copy = malloc(max + 1);
    size_t len = 0;

    while (copy != NULL && len < max) {
        ssize_t more = pread(fd, copy + len, max - len, (off_t)len);

        if (more <= 0) {
            break;
        }
        len += (size_t)more;
    }
    if (copy == NULL) {
        return false;
    }
    copy[len] = '\0';
    *octets = slice_of(copy, len);
    return true;
}
