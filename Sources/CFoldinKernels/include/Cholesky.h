#ifndef FOLDIN_CHOLESKY_H
#define FOLDIN_CHOLESKY_H

#include <stddef.h>
#include <stdint.h>

// The parts of a ridge regression that are no matrix products.

/// The largest `side` of `foldin_invert_factor`.
enum { FOLDIN_FACTOR_SIDE = 64 };

/// inverse [side, side] = the inverse of the Cholesky factor L of a symmetric matrix L L^T whose eigenvalues are at least 1; zeros above the
/// diagonal.
///
/// Reads the lower half of the matrix, whose rows are `stride` floats apart. `side` is 1 to `FOLDIN_FACTOR_SIDE`. A pivot that rounding has
/// brought below 1 counts as 1.
void foldin_invert_factor(ptrdiff_t side, const float *_Nonnull matrix, ptrdiff_t stride, float *_Nonnull inverse);

/// out [count, width] = the rows `rows` of a matrix [, width], each times `factors` [width], element by element.
void foldin_gather_scaled(ptrdiff_t count, const int32_t *_Nonnull rows, ptrdiff_t width, const float *_Nonnull matrix,
                          const float *_Nonnull factors, float *_Nonnull out);

/// out [count] = 1 / sqrt(x + addend); x is at least 0 and addend more than 0.
void foldin_inverse_roots(ptrdiff_t count, const float *_Nonnull x, float addend, float *_Nonnull out);

#endif
