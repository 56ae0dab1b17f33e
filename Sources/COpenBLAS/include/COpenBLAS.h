#ifndef FOLDIN_OPENBLAS_H
#define FOLDIN_OPENBLAS_H

#include <stdbool.h>

/// OpenBLAS, loaded when it is first needed and not with the program.
///
/// On a processor that has Foldin's own kernels it is never needed; and as it is loaded it starts threads, of which Foldin uses none, that
/// spin for a few dozen milliseconds and take a processor from whatever a short command does meanwhile.
/// Functions may be called by several threads at once.

/// Whether OpenBLAS can be loaded.
bool foldin_openblas_is_available(void);

/// How it was built, and which kernels it takes on this processor, for people; NULL where it cannot be loaded.
const char *_Nullable foldin_openblas_configuration(void);
const char *_Nullable foldin_openblas_kernels(void);

/// c [rows, columns] = a [rows, inner] * b [inner, columns] + beta * c, row-major, by the calling thread alone: `cblas_sgemm`.
///
/// A transposed operand lies as its transpose; strides are the floats from one stored row to the next. False, and nothing is done, where
/// OpenBLAS cannot be loaded.
bool foldin_openblas_multiply(bool a_is_transposed, bool b_is_transposed, int rows, int columns, int inner,
                              const float *_Nonnull a, int a_stride, const float *_Nonnull b, int b_stride, float beta,
                              float *_Nonnull c, int c_stride);

#endif
