#ifndef FOLDIN_BFLOAT16_H
#define FOLDIN_BFLOAT16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "Loops.h"
#include "Multiply.h"

// Products of numbers rounded to bfloat16 (a float's upper 16 bits), summed in single precision.
//
// The processor multiplies two neighbours of a sum at once, so operands are stored as pairs: the even neighbour in the
// lower half of 32 bits, the odd one in the upper. A sum of odd length ends with a pair whose second half is 0. Rounding is
// to the nearest, ties to even; numbers below the smallest normal float count as 0.
//
// Everything here needs a processor that has `FOLDIN_AVX512_BF16`.

/// The number of pairs of a sum of `inner` products.
static inline ptrdiff_t foldin_pairs(ptrdiff_t inner) { return (inner + 1) / 2; }

/// The number of 32-bit words that `foldin_pack_strips` writes.
static inline ptrdiff_t foldin_strips(ptrdiff_t columns, ptrdiff_t inner) {
    return (columns + 31) / 32 * 32 * foldin_pairs(inner);
}

/// to [count] = from, rounded.
void foldin_bfloat16_round(ptrdiff_t count, const float *_Nonnull from, uint16_t *_Nonnull to);

/// A left operand: pair `k` of row `i` at `start[i * row_stride + k * pair_stride]`. One of the strides is 1.
typedef struct {
    const uint32_t *_Nonnull start;
    ptrdiff_t row_stride;
    ptrdiff_t pair_stride;
} foldin_left_pairs;

/// to [rows, pairs] = from [rows, inner], rounded: a left operand of row stride `foldin_pairs(inner)`.
void foldin_pack_rows(ptrdiff_t rows, ptrdiff_t inner, const float *_Nonnull from, ptrdiff_t stride, uint32_t *_Nonnull to);

/// A right operand from [inner, columns], rounded: strips of 32 columns, each [pairs, 32]; zeros in the remaining columns.
void foldin_pack_strips(ptrdiff_t inner, ptrdiff_t columns, foldin_matrix from, uint32_t *_Nonnull strips);

/// Two ranges of `count` floats each that are used right after a product, which prefetches them. None if `count` is 0.
typedef struct {
    const float *_Nullable first;
    const float *_Nullable second;
    ptrdiff_t count;
} foldin_prefetch_ranges;

/// c [rows, columns] = a [rows, inner] * b [inner, columns], or c += that where `adds`; b as `foldin_pack_strips` packed it.
///
/// As with `foldin_multiply_by`, an element's bits depend on its row of a, its column of b and `inner` alone. Prefetches `next`.
void foldin_multiply_pairs(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, foldin_left_pairs a,
                           const uint32_t *_Nonnull strips, bool adds, float *_Nonnull c, ptrdiff_t c_stride,
                           foldin_prefetch_ranges next);

/// The same for a b of floats, packed a strip at a time on the stack.
void foldin_multiply_rounding(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, foldin_left_pairs a, foldin_matrix b, bool adds,
                              float *_Nonnull c, ptrdiff_t c_stride);

/// `foldin_exponentials`, with the exponentials rounded into `to` [rows, columns]; the sums are of the exponentials before rounding.
void foldin_exponentials_rounded(ptrdiff_t rows, ptrdiff_t columns, float *_Nonnull panel, const float *_Nonnull bias,
                                 float *_Nonnull maxima, float *_Nonnull sums, uint16_t *_Nonnull to);

/// `foldin_loss_gradient` from rounded exponentials, the gradient [users, count] rounded and stored twice: `by_items`
/// [users, pairs of items] is a left operand for sums over items; `by_users` [pairs of users, count] one for sums over
/// users, of row stride 1. The column sums are of the gradient before it was rounded.
void foldin_loss_gradient_rounded(ptrdiff_t users, ptrdiff_t first, ptrdiff_t count, foldin_clicks clicks,
                                  const float *_Nonnull shares, const float *_Nonnull scales, const uint16_t *_Nonnull exponentials,
                                  uint32_t *_Nonnull by_items, uint32_t *_Nonnull by_users, float *_Nonnull column_sums);

#endif
