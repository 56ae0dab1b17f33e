#ifndef FOLDIN_EIGEN_H
#define FOLDIN_EIGEN_H

#include <stddef.h>

// The eigenvectors of a symmetric matrix in three steps (Golub and Van Loan, Matrix Computations, 8.3), each of which a caller may do in
// parts: A [side, side] = Q T Q^T with a tridiagonal T, the matrix Q^T, and T = Y D Y^T. The rows of Y^T Q^T are the eigenvectors.

/// Householder reflections `from` to `to` - 1 of side - 2: replaces A by what is left of it and by the reflections' vectors.
///
/// Takes both halves of A. diagonal [side], beside [side] and factors [side] get their elements `from` to `to` - 1, and after the last
/// reflection the others too. scratch [side].
void foldin_tridiagonalize(ptrdiff_t side, ptrdiff_t from, ptrdiff_t to, double *_Nonnull a, double *_Nonnull diagonal,
                           double *_Nonnull beside, double *_Nonnull factors, double *_Nonnull scratch);

/// q [side, side] = q times the reflections `to` - 1 down to `from`. From the identity, and from side - 2 down to 0, it becomes Q^T.
void foldin_multiply_reflections(ptrdiff_t side, ptrdiff_t from, ptrdiff_t to, const double *_Nonnull a,
                                 const double *_Nonnull factors, double *_Nonnull q);

/// QR steps with Wilkinson's shift on the rows and columns below `end` of a tridiagonal matrix, until the last of them are diagonal.
/// Returns how many are not, at most `end` - 1; 0 when all are done. vectors [side, side] is multiplied from the left.
ptrdiff_t foldin_diagonalize(ptrdiff_t side, ptrdiff_t end, double *_Nonnull diagonal, double *_Nonnull beside,
                             double *_Nonnull vectors);

#endif
