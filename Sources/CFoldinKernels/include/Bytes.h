#ifndef FOLDIN_BYTES_H
#define FOLDIN_BYTES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Products of numbers rounded to a byte each, for a first look at many, after which a few are worked out in single precision.
//
// A row of floats is rounded to a scale of its own times whole numbers: from -31 to 31 for a left operand, which is stored with 32
// added because the processor multiplies bytes without a sign by bytes with one, and from -127 to 127 for a right operand. More bits
// for either and the sums of four neighbouring products, 16 bits, could overflow.
//
// Four neighbours of a sum stand in 32 bits, a quad. A sum ends with zeros, up to a multiple of eight numbers.
//
// Everything here needs a processor that has `FOLDIN_AVX2`. With `FOLDIN_AVX512` products of floats are faster than these.

/// The quads that a sum of `inner` products takes.
static inline ptrdiff_t foldin_quads(ptrdiff_t inner) { return (inner + 7) / 8 * 2; }

/// The number of columns in a strip.
enum { foldin_byte_strip = 16 };

/// `columns`, up to a whole number of strips.
static inline ptrdiff_t foldin_padded_to_byte_strips(ptrdiff_t columns) {
    return (columns + foldin_byte_strip - 1) / foldin_byte_strip * foldin_byte_strip;
}

/// The longest sum of such products that 32 bits hold.
enum { foldin_longest_byte_sum = 1 << 17 };

/// The Euclidean lengths of a vector and of what rounding took from it. Not finite where the vector is not.
typedef struct {
    double vector;
    double loss;
} foldin_lengths;

/// Each the greater of two; what is no number is greater than any.
static inline foldin_lengths foldin_greatest_lengths(foldin_lengths a, foldin_lengths b) {
    return (foldin_lengths){.vector = isnan(a.vector) || isnan(b.vector) ? INFINITY : fmax(a.vector, b.vector),
                            .loss = isnan(a.loss) || isnan(b.loss) ? INFINITY : fmax(a.loss, b.loss)};
}

/// A left operand: quads [rows, foldin_quads(inner)] from `from` [rows, inner], with the scale and the lengths of each row.
void foldin_round_left(ptrdiff_t rows, ptrdiff_t inner, const float *_Nonnull from, uint32_t *_Nonnull quads,
                       float *_Nonnull scales, foldin_lengths *_Nonnull lengths);

/// A right operand [inner, columns] from its transpose `from` [columns, inner]: strips of 16 columns, each [quads, 16], with the scale
/// of each column, and 32 times the sum of its whole numbers, which the left operand's 32 add to its products. All three have room for
/// `foldin_padded_to_byte_strips(columns)` columns; those beyond are 0. Returns the greatest of the columns' lengths.
foldin_lengths foldin_round_right(ptrdiff_t columns, ptrdiff_t inner, const float *_Nonnull from, uint32_t *_Nonnull strips,
                                  float *_Nonnull scales, int32_t *_Nonnull excesses);

/// c [rows, columns] = a [rows, inner] * b [inner, columns] + bias [columns].
///
/// Summed exactly, then scaled: an element's bits depend on its row of a, its column of b and the bias alone. The rows of c are
/// `c_stride` apart; a c and a stride that are multiples of 16 floats are fastest.
void foldin_multiply_quads(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, const uint32_t *_Nonnull a,
                           const float *_Nonnull a_scales, const uint32_t *_Nonnull b, const float *_Nonnull b_scales,
                           const int32_t *_Nonnull b_excesses, const float *_Nonnull bias, float *_Nonnull c, ptrdiff_t c_stride);

#endif
