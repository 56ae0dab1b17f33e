#ifndef FOLDIN_OPENBLAS_H
#define FOLDIN_OPENBLAS_H

#include <stdbool.h>

/// OpenBLAS, loaded when it is first needed and not at the start of the program.
///
/// A processor that has Foldin's own kernels never needs it. When OpenBLAS is loaded, it starts threads that Foldin does not use; they spin
/// for a few dozen milliseconds and take a processor from a short command. Functions may be called by several threads at once.

/// Whether OpenBLAS can be loaded.
bool foldin_openblas_is_available(void);

/// A description of the build, for people; NULL if OpenBLAS cannot be loaded.
const char *_Nullable foldin_openblas_configuration(void);
/// The name of the kernels that it uses on this processor; NULL if OpenBLAS cannot be loaded.
const char *_Nullable foldin_openblas_kernels(void);

/// c [rows, columns] = a [rows, inner] * b [inner, columns] + beta * c, row-major, by the calling thread alone: `cblas_sgemm`.
///
/// A transposed operand is stored as its transpose; strides are the floats from one stored row to the next. If OpenBLAS cannot be loaded,
/// returns false and does nothing.
bool foldin_openblas_multiply(bool a_is_transposed, bool b_is_transposed, int rows, int columns, int inner,
                              const float *_Nonnull a, int a_stride, const float *_Nonnull b, int b_stride, float beta,
                              float *_Nonnull c, int c_stride);

#endif
