#ifndef FOLDIN_AHEAD_H
#define FOLDIN_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "Multiply.h"

// Memory that is wanted soon: rows some way apart. A few of its cache lines are asked for before each tile of a product,
// so that the wait for them passes while the tiles are summed.
struct ahead {
    const char *row;
    ptrdiff_t rows, stride, bytes, done;
};

// The part of the right operand b [inner, columns] that is packed into a strip: `count` of its rows from k on, `part` of
// its columns from `column` on.
static inline struct ahead ahead_of(foldin_matrix b, ptrdiff_t k, ptrdiff_t count, ptrdiff_t column, ptrdiff_t part) {
    ptrdiff_t size = sizeof(float);
    const float *start = b.start + (b.is_transposed ? column * b.stride + k : k * b.stride + column);
    return (struct ahead){.row = (const char *)start,
                          .rows = b.is_transposed ? part : count,
                          .stride = b.stride * size,
                          .bytes = (b.is_transposed ? count : part) * size};
}

// The lines to ask for at a time, to have all after so many times.
static inline ptrdiff_t ahead_lines(const struct ahead *ahead, ptrdiff_t times) {
    return ahead->rows * (ahead->bytes / 64 + 2) / times + 1;
}

static inline void fetch(struct ahead *ahead, ptrdiff_t lines) {
    for (; lines > 0 && ahead->rows > 0; lines--) {
        __builtin_prefetch(ahead->row + ahead->done, 0, 2);
        ahead->done += 64;
        // A row that does not begin with a line has a part of one more.
        if (ahead->done < ahead->bytes + 63) continue;
        ahead->done = 0;
        ahead->row += ahead->stride;
        ahead->rows--;
    }
}

// Asks for the lines of a tile c [rows, columns] that is going to be added to, before it is summed: at most 32 columns.
static inline void fetch_tile(int rows, ptrdiff_t columns, const float *c, ptrdiff_t c_stride) {
    for (int i = 0; i < rows; i++, c += c_stride) {
        __builtin_prefetch(c, 1, 3);
        __builtin_prefetch(c + columns / 2, 1, 3);
        __builtin_prefetch(c + columns - 1, 1, 3);
    }
}

#endif
