#ifndef FOLDIN_POSITIVE_SYSTEM_H
#define FOLDIN_POSITIVE_SYSTEM_H

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
