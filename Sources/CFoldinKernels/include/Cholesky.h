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
#include <stdbool.h>
#include <stddef.h>

/// The largest `side` of `foldin_cholesky`.
enum { FOLDIN_CHOLESKY_SIDE = 64 };

/// Replaces the lower half of a symmetric matrix [side, side] by its Cholesky factor L, with `L L^T` the matrix, and writes the inverse of L to
/// `inverse` [side, side], with zeros above the diagonal. The rows of the matrix are `stride` floats apart; its upper half is not read.
///
/// Returns false if the square of an element of L's diagonal is not above the bound of its row in `least` [side]: then the matrix is not positive
/// definite, or not in 32-bit floats, and the elements of both are undefined. `side` is at most `FOLDIN_CHOLESKY_SIDE`.
bool foldin_cholesky(ptrdiff_t side, float *_Nonnull matrix, ptrdiff_t stride, const float *_Nonnull least,
                     float *_Nonnull inverse);

/// x [side] = `L^-T x` for the lower triangular matrix L [side, side], whose rows are `stride` floats apart.
void foldin_solve_transposed(ptrdiff_t side, const float *_Nonnull lower, ptrdiff_t stride, float *_Nonnull x);

#endif
