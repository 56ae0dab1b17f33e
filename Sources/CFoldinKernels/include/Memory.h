#ifndef FOLDIN_MEMORY_H
#define FOLDIN_MEMORY_H

#include <stddef.h>

/// `count` zeroed floats, aligned to 64 bytes, or NULL if there is no memory. Blocks of 4 MiB or more have pages of their own.
///
/// The huge pages that the first `filled` floats fill are requested as huge pages, the others as small ones: a huge page takes all of its
/// memory at the first access.
float *_Nullable foldin_allocate(ptrdiff_t count, ptrdiff_t filled);

/// Frees what `foldin_allocate(count, …)` returned, with the same count.
void foldin_free(float *_Nonnull memory, ptrdiff_t count);

/// Requests huge pages for `size` bytes of fresh memory, as far as it contains whole ones: the first access then causes fewer page
/// faults. A hint: nothing happens if the system has no huge pages.
void foldin_advise_huge_pages(void *_Nonnull memory, ptrdiff_t size);

/// Reads the pages of `size` mapped bytes into memory together, instead of one page fault after the other. A hint: a page that is not read
/// now is read at the first access.
void foldin_populate_pages(const void *_Nonnull memory, ptrdiff_t size);

#endif
