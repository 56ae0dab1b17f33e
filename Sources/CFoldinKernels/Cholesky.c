#include "Cholesky.h"

#include <string.h>

#include "Vectors.h"

#define BODY "Cholesky.inc"
#define PORTABLE 1
#define AVX2_TARGET TARGET_AVX2
#define AVX512_TARGET TARGET_AVX512
#include "EachInstructionSet.inc"

void foldin_invert_factor(ptrdiff_t side, const float *matrix, ptrdiff_t stride, float *inverse) {
    CALL(invert_factor, side, matrix, stride, inverse)
}

void foldin_gather_scaled(ptrdiff_t count, const int32_t *rows, ptrdiff_t width, const float *matrix, const float *factors,
                          float *out) {
    CALL(gather_scaled, count, rows, width, matrix, factors, out)
}

void foldin_inverse_roots(ptrdiff_t count, const float *x, float addend, float *out) {
    CALL(inverse_roots, count, x, addend, out)
}
