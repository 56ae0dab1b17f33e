#ifndef FOLDIN_INVERSE_H
#define FOLDIN_INVERSE_H

#include <stdbool.h>
#include <stddef.h>

/// Replaces a symmetric positive definite matrix [side, side] by its inverse, on the calling thread; side^3 operations.
///
/// Returns false if the matrix is not positive definite in double precision; its elements are then undefined.
bool foldin_invert_positive(ptrdiff_t side, double *_Nonnull matrix);

#endif
