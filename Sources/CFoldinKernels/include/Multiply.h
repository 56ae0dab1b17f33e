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
    /// Whether the transpose of what lies there is meant.
    bool is_transposed;
} foldin_matrix;

/// c [rows, columns] = a [rows, inner] * b [inner, columns], or c += that where `adds`; by the version for
/// `FOLDIN_AVX2` or `FOLDIN_AVX512`, which the processor must have. There is no portable version.
///
/// Where not `adds`, c is overwritten whatever it held. Uses at most 32 kB of the calling thread's stack and no other scratch.
/// An element of c is summed in an order that depends on nothing but the instruction set, `inner` and whether a is transposed: the same bits
/// wherever its row and column stand, and for any number of other rows and columns.
void foldin_multiply_by(int instruction_set, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, foldin_matrix a, foldin_matrix b,
                        bool adds, float *_Nonnull c, ptrdiff_t c_stride);

/// c [count] = the products of a [inner] and some rows of b, `rows` [count], whose starts are `b_stride` floats apart: the bits that
/// `foldin_multiply_by` gives for a plain a and a transposed b.
void foldin_multiply_rows_by(int instruction_set, ptrdiff_t count, const int32_t *_Nonnull rows, ptrdiff_t inner,
                             const float *_Nonnull a, const float *_Nonnull b, ptrdiff_t b_stride, float *_Nonnull c);

#endif
