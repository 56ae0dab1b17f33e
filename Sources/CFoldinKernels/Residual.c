#include "Residual.h"

#include <math.h>
#include <string.h>

#include "Vectors.h"

#define BODY "Residual.inc"
#define PORTABLE 1
#define AVX2_TARGET TARGET_AVX2
#define AVX512_TARGET TARGET_AVX512
#include "EachInstructionSet.inc"

void foldin_swish_norm(ptrdiff_t rows, ptrdiff_t width, const float *x, const float *gain, const float *shift, float epsilon,
                       float *normalized, float *inverses, float *out) {
    CALL(swish_norm, rows, width, x, gain, shift, epsilon, normalized, inverses, out)
}

void foldin_swish_norm_backward(ptrdiff_t rows, ptrdiff_t width, const float *x, const float *normalized, const float *inverses,
                                const float *gain, const float *d_out, float *d_x) {
    CALL(swish_norm_backward, rows, width, x, normalized, inverses, gain, d_out, d_x)
}

void foldin_sum_products(ptrdiff_t rows, ptrdiff_t columns, const float *x, const float *y, float *out) {
    CALL(sum_products, rows, columns, x, y, out)
}

double foldin_sample_composite(const foldin_composite_prior *prior, ptrdiff_t latent, const float *moments, const float *previous,
                               const float *epsilon, float *z, float *slopes) {
    CALL(sample_composite, prior, latent, moments, previous, epsilon, z, slopes)
}

void foldin_sample_composite_backward(ptrdiff_t latent, const float *moments, const float *epsilon, const float *slopes,
                                      const float *dz, float weight, float *d_moments) {
    CALL(sample_composite_backward, latent, moments, epsilon, slopes, dz, weight, d_moments)
}
