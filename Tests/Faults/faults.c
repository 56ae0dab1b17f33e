// Makes the system calls of a program fail as disks and limits make them fail. Loaded by LD_PRELOAD; for Linux.
//
//     FOLDIN_FAULT_UNDER    only calls about files under this folder count (an absolute path without links)
//     FOLDIN_FAULT_COUNTS   a file that gets 8 bytes for each kind of call: how many there were, in the order of `names`; then
//                           how many were made to fail
//     FOLDIN_FAULT_CALL     the kind of call that fails: one of `names`
//     FOLDIN_FAULT_NUMBER   which of them, from 1
//     FOLDIN_FAULT_ERROR    the number of the error; 0 writes half of what was asked for, without an error
//     FOLDIN_FAULT_LASTING  1: all such calls after it fail too
//
// A close that fails has closed. What glibc calls within itself (opendir's open) is not seen.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { OPEN, WRITE, FSYNC, RENAME, MMAP, MKDIR, TRUNCATE, CLOSE, UNLINK, LINK, READ, KINDS };
static const char *const names[KINDS] = {"open",     "write", "fsync",  "rename", "mmap", "mkdir",
                                         "truncate", "close", "unlink", "link",   "read"};

static char under[4096];
static size_t under_length;
static int chosen = -1, error_number, is_lasting;
static long number;
// By kind, then the faults made, then the closes of descriptors that are not open.
static _Atomic long own_counts[KINDS + 2];
static _Atomic long *counts = own_counts;

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("FOLDIN_FAULT_UNDER"), *call = getenv("FOLDIN_FAULT_CALL");
    const char *place = getenv("FOLDIN_FAULT_NUMBER"), *error = getenv("FOLDIN_FAULT_ERROR");
    const char *lasting = getenv("FOLDIN_FAULT_LASTING"), *file = getenv("FOLDIN_FAULT_COUNTS");
    if (file) {
        int descriptor = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (descriptor >= 0 && syscall(SYS_ftruncate, descriptor, (long)sizeof own_counts) == 0) {
            void *shared = (void *)syscall(
                SYS_mmap, NULL, sizeof own_counts, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0L);
            if (shared != MAP_FAILED) counts = shared;
        }
        if (descriptor >= 0) syscall(SYS_close, descriptor);
    }
    number = place ? atol(place) : 0;
    error_number = error ? atoi(error) : EIO;
    is_lasting = lasting && *lasting == '1';
    for (int kind = 0; call && kind < KINDS; kind++)
        if (strcmp(call, names[kind]) == 0) chosen = kind;
    if (folder && strlen(folder) < sizeof under) {
        strcpy(under, folder);
        under_length = strlen(folder);
    }
}

static int is_under(const char *path) {
    return under_length > 0 && strncmp(path, under, under_length) == 0 &&
           (path[under_length] == '/' || path[under_length] == 0);
}

static int descriptor_is_under(int descriptor) {
    if (under_length == 0 || descriptor < 0) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_under(path);
}

static int path_is_under(int folder, const char *path) {
    if (under_length == 0 || !path) return 0;
    if (*path == '/') return is_under(path);
    if (folder != AT_FDCWD) return descriptor_is_under(folder);
    char here[4096];
    return syscall(SYS_getcwd, here, sizeof here) > 0 && is_under(here);
}

// Counts a call; whether it is to fail, with errno set.
static int fails(enum kind kind) {
    long count = atomic_fetch_add(&counts[kind], 1) + 1;
    if ((int)kind != chosen || number == 0) return 0;
    if (!(is_lasting ? count >= number : count == number)) return 0;
    atomic_fetch_add(&counts[KINDS], 1);
    errno = error_number;
    return 1;
}

static int opening(int folder, const char *path, int flags, mode_t mode) {
    int saved = errno;
    if (path_is_under(folder, path) && fails(OPEN)) return -1;
    errno = saved;
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define MODE(flags)                                                                                                  \
    mode_t mode = 0;                                                                                                 \
    if ((flags) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) {                                                          \
        va_list list;                                                                                                \
        va_start(list, flags);                                                                                       \
        mode = va_arg(list, mode_t);                                                                                 \
        va_end(list);                                                                                                \
    }

int open(const char *path, int flags, ...) { MODE(flags) return opening(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opening(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return opening(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags) return opening(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return opening(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return opening(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

// Whether a write fails; `count` becomes less for one that is to be short.
static int write_fails(int descriptor, size_t *count) {
    int saved = errno;
    if (!descriptor_is_under(descriptor)) {
        errno = saved;
        return 0;
    }
    if (!fails(WRITE)) {
        errno = saved;
        return 0;
    }
    if (error_number == 0 && *count > 1) *count /= 2;
    if (error_number == 0) errno = saved;
    return error_number != 0;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    return write_fails(descriptor, &count) ? -1 : syscall(SYS_write, descriptor, bytes, count);
}
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    return write_fails(descriptor, &count) ? -1 : syscall(SYS_pwrite64, descriptor, bytes, count, offset);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    return write_fails(descriptor, &count) ? -1 : syscall(SYS_pwrite64, descriptor, bytes, count, offset);
}
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    size_t none = 0;
    return write_fails(descriptor, &none) ? -1 : syscall(SYS_writev, descriptor, parts, count);
}

#define FAILS(kind, condition)                                                                                       \
    do {                                                                                                             \
        int saved = errno;                                                                                           \
        if ((condition) && fails(kind)) return -1;                                                                   \
        errno = saved;                                                                                               \
    } while (0)

ssize_t read(int descriptor, void *bytes, size_t count) {
    FAILS(READ, descriptor_is_under(descriptor));
    return syscall(SYS_read, descriptor, bytes, count);
}
ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
    FAILS(READ, descriptor_is_under(descriptor));
    return syscall(SYS_pread64, descriptor, bytes, count, offset);
}
ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset) {
    FAILS(READ, descriptor_is_under(descriptor));
    return syscall(SYS_pread64, descriptor, bytes, count, offset);
}

int fsync(int descriptor) {
    FAILS(FSYNC, descriptor_is_under(descriptor));
    return (int)syscall(SYS_fsync, descriptor);
}
int fdatasync(int descriptor) {
    FAILS(FSYNC, descriptor_is_under(descriptor));
    return (int)syscall(SYS_fdatasync, descriptor);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    FAILS(RENAME, path_is_under(from, old) || path_is_under(to, new));
    return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}
int renameat(int from, const char *old, int to, const char *new) { return renameat2(from, old, to, new, 0); }
int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }

int linkat(int from, const char *old, int to, const char *new, int flags) {
    FAILS(LINK, path_is_under(to, new));
    return (int)syscall(SYS_linkat, from, old, to, new, flags);
}
int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

int mkdirat(int folder, const char *path, mode_t mode) {
    FAILS(MKDIR, path_is_under(folder, path));
    return (int)syscall(SYS_mkdirat, folder, path, mode);
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int ftruncate(int descriptor, off_t length) {
    FAILS(TRUNCATE, descriptor_is_under(descriptor));
    return (int)syscall(SYS_ftruncate, descriptor, length);
}
int ftruncate64(int descriptor, off64_t length) {
    FAILS(TRUNCATE, descriptor_is_under(descriptor));
    return (int)syscall(SYS_ftruncate, descriptor, length);
}

int unlinkat(int folder, const char *path, int flags) {
    FAILS(UNLINK, path_is_under(folder, path));
    return (int)syscall(SYS_unlinkat, folder, path, flags);
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int close(int descriptor) {
    int saved = errno, is_ours = descriptor_is_under(descriptor), is_to_fail = is_ours && fails(CLOSE);
    errno = saved;
    int status = (int)syscall(SYS_close, descriptor);
    if (status != 0 && errno == EBADF && descriptor >= 0) atomic_fetch_add(&counts[KINDS + 1], 1);
    if (!is_to_fail) return status;
    errno = error_number;
    return -1;
}

static void *mapping(void *start, size_t length, int protection, int flags, int descriptor, off64_t offset) {
    int saved = errno;
    if (!(flags & MAP_ANONYMOUS) && descriptor_is_under(descriptor) && fails(MMAP)) return MAP_FAILED;
    errno = saved;
    return (void *)syscall(SYS_mmap, start, length, protection, flags, descriptor, offset);
}
void *mmap(void *start, size_t length, int protection, int flags, int descriptor, off_t offset) {
    return mapping(start, length, protection, flags, descriptor, offset);
}
void *mmap64(void *start, size_t length, int protection, int flags, int descriptor, off64_t offset) {
    return mapping(start, length, protection, flags, descriptor, offset);
}
