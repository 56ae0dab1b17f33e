#ifndef FOLDIN_INVERSE_H
#define FOLDIN_INVERSE_H

#include <stdbool.h>
#include <stddef.h>

/// Puts the inverse of a symmetric positive definite matrix [side, side] in its place, on the calling thread; side^3 operations.
///
/// False, with the matrix spoilt, if it is not positive definite in double precision.
bool foldin_invert_positive(ptrdiff_t side, double *_Nonnull matrix);

#endif
