#ifndef FOLDIN_BYTES_H
#define FOLDIN_BYTES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Products of numbers rounded to a byte each: approximate scores of many items, of which the best few are then computed in single
// precision.
//
// A row of floats is rounded to a scale of its own times whole numbers: from -31 to 31 for a left operand and from -127 to 127 for a right
// operand. A left operand is stored with 32 added, because the processor multiplies unsigned by signed bytes. With more bits, sums of four
// neighbouring products could overflow 16 bits.
//
// Four neighbours of a sum are stored in 32 bits, a quad. A sum is padded with zeros to a multiple of eight numbers.
//
// Everything here needs a processor that has `FOLDIN_AVX2`. With `FOLDIN_AVX512` products of floats are faster than these.

/// The number of quads of a sum of `inner` products.
static inline ptrdiff_t foldin_quads(ptrdiff_t inner) { return (inner + 7) / 8 * 2; }

/// The number of columns in a strip.
enum { foldin_byte_strip = 16 };

/// `columns`, rounded up to whole strips.
static inline ptrdiff_t foldin_padded_to_byte_strips(ptrdiff_t columns) {
    return (columns + foldin_byte_strip - 1) / foldin_byte_strip * foldin_byte_strip;
}

/// The longest sum of such products that 32 bits can hold.
enum { foldin_longest_byte_sum = 1 << 17 };

/// The Euclidean lengths of a vector and of its rounding error. Not finite if the vector is not.
typedef struct {
    double vector;
    double loss;
} foldin_lengths;

/// The greater of two, for each length; NaN counts as infinity.
static inline foldin_lengths foldin_greatest_lengths(foldin_lengths a, foldin_lengths b) {
    return (foldin_lengths){.vector = isnan(a.vector) || isnan(b.vector) ? INFINITY : fmax(a.vector, b.vector),
                            .loss = isnan(a.loss) || isnan(b.loss) ? INFINITY : fmax(a.loss, b.loss)};
}

/// A left operand: quads [rows, foldin_quads(inner)] from `from` [rows, inner], with the scale and the lengths of each row.
void foldin_round_left(ptrdiff_t rows, ptrdiff_t inner, const float *_Nonnull from, uint32_t *_Nonnull quads,
                       float *_Nonnull scales, foldin_lengths *_Nonnull lengths);

/// A right operand [inner, columns] from its transpose `from` [columns, inner]: strips of 16 columns, each [quads, 16]. Also the scale of
/// each column, and its excess: 32 times the sum of its whole numbers, which the 32 of the left operand adds to its products. All three
/// arrays have `foldin_padded_to_byte_strips(columns)` columns; the remaining ones are 0. Returns the greatest of the columns' lengths.
foldin_lengths foldin_round_right(ptrdiff_t columns, ptrdiff_t inner, const float *_Nonnull from, uint32_t *_Nonnull strips,
                                  float *_Nonnull scales, int32_t *_Nonnull excesses);

/// c [rows, columns] = a [rows, inner] * b [inner, columns] + bias [columns].
///
/// Summed exactly, then scaled: an element's bits depend on its row of a, its column of b and the bias alone. The rows of c are
/// `c_stride` apart; a c and a stride that are multiples of 16 floats is fastest.
void foldin_multiply_quads(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, const uint32_t *_Nonnull a,
                           const float *_Nonnull a_scales, const uint32_t *_Nonnull b, const float *_Nonnull b_scales,
                           const int32_t *_Nonnull b_excesses, const float *_Nonnull bias, float *_Nonnull c, ptrdiff_t c_stride);

#endif
