#ifndef FOLDIN_MULTIPLY_H
#define FOLDIN_MULTIPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "Processor.h"

/// A matrix in memory, row-major; `stride` is the distance between its stored rows in floats.
typedef struct {
    const float *_Nonnull start;
    ptrdiff_t stride;
    /// Whether the matrix is the transpose of what is stored there.
    bool is_transposed;
} foldin_matrix;

/// c [rows, columns] = a [rows, inner] * b [inner, columns], or c += that where `adds`; by the version for
/// `FOLDIN_AVX2` or `FOLDIN_AVX512`, which the processor must have. There is no portable version.
///
/// Without `adds`, c may hold anything before. Uses at most 32 kB of the calling thread's stack and no other scratch memory. The order in
/// which an element of c is summed depends only on the instruction set, `inner` and whether a is transposed. So its bits do not depend on
/// the position or the number of other rows and columns.
void foldin_multiply_by(int instruction_set, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, foldin_matrix a, foldin_matrix b,
                        bool adds, float *_Nonnull c, ptrdiff_t c_stride);

/// c [count] = the products of a [inner] and the rows `rows` [count] of b, which are `b_stride` floats apart: the same bits as
/// `foldin_multiply_by` for a plain a and a transposed b.
void foldin_multiply_rows_by(int instruction_set, ptrdiff_t count, const int32_t *_Nonnull rows, ptrdiff_t inner,
                             const float *_Nonnull a, const float *_Nonnull b, ptrdiff_t b_stride, float *_Nonnull c);

#endif
