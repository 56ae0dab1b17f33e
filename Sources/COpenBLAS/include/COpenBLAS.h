/// Single-precision matrix products from the best CBLAS of the machine.
///
/// On Apple systems the library is Accelerate. Elsewhere it is OpenBLAS, opened while the program runs instead of linked,
/// for one reason: OpenBLAS chooses its kernels in a constructor that runs before `main`, and an OpenBLAS older than the
/// processor chooses badly (0.3.21 takes its Haswell kernels on Zen 5, half the speed of its AVX-512 ones). Opening it
/// late lets this file name the kernels first. See Documentation/Decisions/.
#ifndef COPENBLAS_H
#define COPENBLAS_H

#include <stdbool.h>

/// Finds and prepares the library for one thread a call. Safe to call from any thread, any number of times.
/// Returns false where no library is found.
bool foldin_blas_open(void);

/// What was found, for people: library, version, kernels. Never null.
const char *foldin_blas_description(void);

/// C [m, n] = alpha * op(A) [m, k] * op(B) [k, n] + beta * C, all row-major, leading dimensions in elements.
/// `foldin_blas_open` must have returned true.
void foldin_sgemm(bool transpose_a, bool transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                  const float *b, int ldb, float beta, float *c, int ldc);

#endif
