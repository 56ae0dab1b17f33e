#include "Loops.h"

#include <math.h>
#include <string.h>

#include "Clicks.h"
#include "Vectors.h"

// The number of rows that are summed together, and the number of floats of a row that are prefetched.
enum { rows_at_once = 128, prefetched_width = 1024 };

#define BODY "Loops.inc"
#define PORTABLE 1
#define AVX2_TARGET TARGET_AVX2
#define AVX512_TARGET TARGET_AVX512
#include "EachInstructionSet.inc"

void foldin_adam(const foldin_adam_step *step, ptrdiff_t count, float *weight, float *m, float *v, const float *gradient) {
    CALL(adam, step, count, weight, m, v, gradient)
}

void foldin_adam_without_gradient(const foldin_adam_step *steps, ptrdiff_t number, ptrdiff_t count, float *weight, float *m,
                                  float *v) {
    CALL(adam_without_gradient, steps, number, count, weight, m, v)
}

void foldin_row_adam(const foldin_adam_step *step, ptrdiff_t count, float *weight, float *m, float *v, const float *gradient) {
    CALL(row_adam, step, count, weight, m, v, gradient)
}

void foldin_row_resume(const foldin_adam_skipped *skipped, ptrdiff_t count, float *weight, float *m, float *v) {
    CALL(row_resume, skipped, count, weight, m, v)
}

void foldin_prefetch(ptrdiff_t count, const float *from) {
    for (ptrdiff_t i = 0; i < count + 15; i += 16) __builtin_prefetch(from + (i < count ? i : count - 1), 1, 2);
}

void foldin_sum_rows(ptrdiff_t width, const float *start, ptrdiff_t count, const int32_t *rows, const float *factors,
                     const float *matrix, float *out) {
    CALL(sum_rows, width, start, count, rows, factors, matrix, out)
}

void foldin_multiply_clicks(ptrdiff_t rows, const ptrdiff_t *starts, const int32_t *clicks, ptrdiff_t width, const float *matrix,
                            float *out) {
    CALL(multiply_clicks, rows, starts, clicks, width, matrix, out)
}

void foldin_exponentials(ptrdiff_t rows, ptrdiff_t columns, float *panel, const float *bias, float *maxima, float *sums) {
    CALL(exponentials, rows, columns, panel, bias, maxima, sums)
}

void foldin_loss_gradient(ptrdiff_t users, ptrdiff_t first, ptrdiff_t count, foldin_clicks clicks, const float *shares,
                          const float *scales, float *panel, float *column_sums) {
    CALL(loss_gradient, users, first, count, clicks, shares, scales, panel, column_sums)
}

void foldin_sum_clicks(ptrdiff_t users, ptrdiff_t first, ptrdiff_t count, foldin_clicks clicks, const float *panel,
                       const float *bias, float *sums) {
    for (ptrdiff_t user = 0; user < users; user++) {
        ptrdiff_t click = first_click(clicks, user, first), end = clicks.starts[user + 1];
        float sum = 0;
        for (; click < end && clicks.items[click] < first + count; click++) {
            ptrdiff_t at = clicks.items[click] - first;
            sum += panel[user * count + at] + bias[at];
        }
        sums[user] = sum;
    }
}

void foldin_sum_columns(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, const float *matrix, float *out) {
    CALL(sum_columns, rows, columns, stride, matrix, out)
}

void foldin_add_bias(ptrdiff_t rows, ptrdiff_t columns, float *matrix, const float *bias) {
    CALL(add_bias, rows, columns, matrix, bias)
}

void foldin_tanh(ptrdiff_t count, const float *x, float *y) { CALL(tanh, count, x, y) }

void foldin_tanh_backward(ptrdiff_t count, const float *y, float *gradient) { CALL(tanh_backward, count, y, gradient) }

void foldin_add(ptrdiff_t count, const float *addend, float *sum) { CALL(add, count, addend, sum) }

double foldin_sample_latent(ptrdiff_t latent, const float *moments, const float *epsilon, float *z) {
    CALL(sample_latent, latent, moments, epsilon, z)
}

void foldin_sample_latent_backward(ptrdiff_t latent, const float *moments, const float *epsilon, const float *dz, float weight,
                                   float *d_moments) {
    CALL(sample_latent_backward, latent, moments, epsilon, dz, weight, d_moments)
}
