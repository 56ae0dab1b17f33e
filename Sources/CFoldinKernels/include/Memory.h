#ifndef FOLDIN_MEMORY_H
#define FOLDIN_MEMORY_H

#include <stddef.h>

/// `count` zeroed floats, aligned to 64 bytes; from 4 MiB on as pages of their own, where the first `filled` floats reach to a huge page's
/// end huge ones, if the system gives them: a huge page takes its whole memory at the first touch. NULL when there is no memory.
float *_Nullable foldin_allocate(ptrdiff_t count, ptrdiff_t filled);

/// Gives back what `foldin_allocate(count, …)` returned, with the same count.
void foldin_free(float *_Nonnull memory, ptrdiff_t count);

/// Asks for huge pages under the whole huge pages that `size` bytes of fresh memory contain; they are then touched at a
/// fraction of the page faults. A hint: nothing happens where the system gives none.
void foldin_advise_huge_pages(void *_Nonnull memory, ptrdiff_t size);

/// Brings the pages of `size` mapped bytes in, all at once rather than one fault after the other. A hint: they come in when touched at
/// the latest.
void foldin_populate_pages(const void *_Nonnull memory, ptrdiff_t size);

#endif
