#ifndef FOLDIN_PREFETCH_H
#define FOLDIN_PREFETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "Multiply.h"

// Memory that is used after the next tiles of a product: rows with gaps between them. Before each tile a few of its cache lines are
// prefetched, so that they arrive while the tiles are summed.
struct prefetch {
    const char *row;
    ptrdiff_t rows, stride, bytes, done;
};

// The part of the right operand b [inner, columns] that is packed into a strip: `count` of its rows from k on, `part` of
// its columns from `column` on.
static inline struct prefetch prefetch_of(foldin_matrix b, ptrdiff_t k, ptrdiff_t count, ptrdiff_t column, ptrdiff_t part) {
    ptrdiff_t size = sizeof(float);
    const float *start = b.start + (b.is_transposed ? column * b.stride + k : k * b.stride + column);
    return (struct prefetch){.row = (const char *)start,
                             .rows = b.is_transposed ? part : count,
                             .stride = b.stride * size,
                             .bytes = (b.is_transposed ? count : part) * size};
}

// How many lines each of `times` steps has to prefetch, so that all are prefetched at the end.
static inline ptrdiff_t lines_per_step(const struct prefetch *prefetch, ptrdiff_t times) {
    return prefetch->rows * (prefetch->bytes / 64 + 2) / times + 1;
}

static inline void prefetch_lines(struct prefetch *prefetch, ptrdiff_t lines) {
    for (; lines > 0 && prefetch->rows > 0; lines--) {
        __builtin_prefetch(prefetch->row + prefetch->done, 0, 2);
        prefetch->done += 64;
        // A row that does not start at the start of a line reaches into one more line.
        if (prefetch->done < prefetch->bytes + 63) continue;
        prefetch->done = 0;
        prefetch->row += prefetch->stride;
        prefetch->rows--;
    }
}

// Prefetches the lines of a tile c [rows, columns], to which sums will be added: at most 32 columns.
static inline void prefetch_tile(int rows, ptrdiff_t columns, const float *c, ptrdiff_t c_stride) {
    for (int i = 0; i < rows; i++, c += c_stride) {
        __builtin_prefetch(c, 1, 3);
        __builtin_prefetch(c + columns / 2, 1, 3);
        __builtin_prefetch(c + columns - 1, 1, 3);
    }
}

#endif
