#include "Memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t huge_page = (size_t)2 << 20;

// A multiple of the small page size: the last, partly filled huge page is not cleared as a whole.
static size_t mapped_size(ptrdiff_t count) {
    size_t bytes = (size_t)count * sizeof(float), page = (size_t)sysconf(_SC_PAGESIZE);
    return bytes < 2 * huge_page ? 0 : (bytes + page - 1) / page * page;
}

float *foldin_allocate(ptrdiff_t count, ptrdiff_t filled) {
    // The size in bytes, plus a huge page, must not overflow.
    if (count < 0 || (size_t)count > (SIZE_MAX - 2 * huge_page) / sizeof(float)) return NULL;
    size_t mapped = mapped_size(count);
    if (mapped) {
        // One huge page more than needed, so that it contains an aligned range; the ends are unmapped.
        char *start = mmap(NULL, mapped + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED) return NULL;
        size_t skip = (huge_page - (size_t)start % huge_page) % huge_page;
        if (skip) munmap(start, skip);
        munmap(start + skip + mapped, huge_page - skip);
#ifdef MADV_HUGEPAGE
        size_t huge = filled < count ? (size_t)filled * sizeof(float) / huge_page * huge_page : mapped;
        if (huge) madvise(start + skip, huge, MADV_HUGEPAGE);
#endif
        return (float *)(start + skip);
    }
    (void)filled;
    void *memory = NULL;
    if (posix_memalign(&memory, 64, (size_t)count * sizeof(float))) return NULL;
    memset(memory, 0, (size_t)count * sizeof(float));
    return memory;
}

void foldin_free(float *memory, ptrdiff_t count) {
    size_t mapped = mapped_size(count);
    if (mapped)
        munmap(memory, mapped);
    else
        free(memory);
}

void foldin_advise_huge_pages(void *memory, ptrdiff_t size) {
#ifdef MADV_HUGEPAGE
    size_t first = ((size_t)memory + huge_page - 1) / huge_page * huge_page;
    size_t end = ((size_t)memory + (size_t)size) / huge_page * huge_page;
    if (first < end) madvise((void *)first, end - first, MADV_HUGEPAGE);
#else
    (void)memory, (void)size;
#endif
}

void foldin_populate_pages(const void *memory, ptrdiff_t size) {
#if defined(__linux__) && !defined(MADV_POPULATE_READ)
#define MADV_POPULATE_READ 22  // Linux 5.14; older kernels refuse it, and each page is read at the first access
#endif
#ifdef MADV_POPULATE_READ
    size_t page = (size_t)sysconf(_SC_PAGESIZE), first = (size_t)memory / page * page;
    if (size > 0) madvise((void *)first, (size_t)memory + (size_t)size - first, MADV_POPULATE_READ);
#else
    (void)memory, (void)size;
#endif
}
