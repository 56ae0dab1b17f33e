#ifndef FOLDIN_LOOPS_H
#define FOLDIN_LOOPS_H

#include <stddef.h>
#include <stdint.h>

/// The constants of one update of Adam (Kingma & Ba 2015, as PyTorch computes it), the powers of beta already computed.
typedef struct {
    /// learning rate / (1 - beta1^t)
    float step_size;
    /// 1 / sqrt(1 - beta2^t)
    float second_moment_scale;
    float beta1;
    float beta2;
    float epsilon;
    /// Weights are first multiplied by this: 1 - learning rate x decay for AdamW, 1 for none.
    float shrink;
    /// Added to the gradient, times the weight: weight decay as plain L2. 0 for none.
    float l2;
} foldin_adam_step;

/// Applies `step` to `count` weights with moments m and v.
void foldin_adam(const foldin_adam_step *_Nonnull step, ptrdiff_t count, float *_Nonnull weight, float *_Nonnull m,
                 float *_Nonnull v, const float *_Nonnull gradient);

/// Applies `number` steps without a gradient, one after the other: the same bits as `foldin_adam` with zeros. Reads and writes memory once.
void foldin_adam_without_gradient(const foldin_adam_step *_Nonnull steps, ptrdiff_t number, ptrdiff_t count,
                                  float *_Nonnull weight, float *_Nonnull m, float *_Nonnull v);

/// One update of Adam for a row of weights that shares one second moment: the running mean of the row's mean squared gradient.
void foldin_row_adam(const foldin_adam_step *_Nonnull step, ptrdiff_t count, float *_Nonnull weight, float *_Nonnull m,
                     float *_Nonnull v, const float *_Nonnull gradient);

/// Several updates of Adam without a gradient, as one operation.
typedef struct {
    /// The first and the second moment are multiplied by these.
    float first_decay;
    float second_decay;
    /// Weights are multiplied by this; 1 without weight decay.
    float shrink;
    /// Times m / (sqrt(v) + epsilon), with the moments before the operation, this is then subtracted from the weights.
    float move;
    float epsilon;
} foldin_adam_skipped;

/// Applies `skipped` to a row of weights that shares one second moment v.
void foldin_row_resume(const foldin_adam_skipped *_Nonnull skipped, ptrdiff_t count, float *_Nonnull weight, float *_Nonnull m,
                       float *_Nonnull v);

/// Prefetches `count` floats that are read and written soon after.
void foldin_prefetch(ptrdiff_t count, const float *_Nonnull from);

/// out [width] = start [width] + sum over i of factors[i] * matrix[rows[i], :]. If `start` is NULL, it is zero. Rows with factor 0 are not
/// read.
void foldin_sum_rows(ptrdiff_t width, const float *_Nullable start, ptrdiff_t count, const int32_t *_Nonnull rows,
                     const float *_Nonnull factors, const float *_Nonnull matrix, float *_Nonnull out);

/// out [rows, width] = the product of a binary sparse matrix and `matrix` [columns, width], the rows added in the order of the list: row i has
/// ones in the columns `clicks[starts[i]] ..< clicks[starts[i + 1]]`. The width is a multiple of 16.
void foldin_multiply_clicks(ptrdiff_t rows, const ptrdiff_t *_Nonnull starts, const int32_t *_Nonnull clicks, ptrdiff_t width,
                            const float *_Nonnull matrix, float *_Nonnull out);

/// For each row of panel [rows, columns]: l = panel + bias; maxima = max l; panel = exp(l - maxima); sums = sum of panel.
void foldin_exponentials(ptrdiff_t rows, ptrdiff_t columns, float *_Nonnull panel, const float *_Nonnull bias,
                         float *_Nonnull maxima, float *_Nonnull sums);

/// The clicks of a batch by user: those of user u are `items[starts[u]] ..< items[starts[u + 1]]`, ascending.
typedef struct {
    const ptrdiff_t *_Nonnull starts;
    const int32_t *_Nonnull items;
} foldin_clicks;

/// sums [users] = the sum of panel + bias over the items each user clicked; panel [users, count] holds items first, first + 1, ...
void foldin_sum_clicks(ptrdiff_t users, ptrdiff_t first, ptrdiff_t count, foldin_clicks clicks, const float *_Nonnull panel,
                       const float *_Nonnull bias, float *_Nonnull sums);

/// From exponentials to the loss's gradient, and its sum over the users: panel [users, count] *= scales [users], row by row;
/// minus shares [users] at the clicked items; column_sums [count] = the sums of its columns.
void foldin_loss_gradient(ptrdiff_t users, ptrdiff_t first, ptrdiff_t count, foldin_clicks clicks,
                          const float *_Nonnull shares, const float *_Nonnull scales, float *_Nonnull panel,
                          float *_Nonnull column_sums);

/// out [columns] = sum over the rows of matrix [rows, columns], whose rows are `stride` floats apart.
void foldin_sum_columns(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, const float *_Nonnull matrix, float *_Nonnull out);

/// matrix [rows, columns] += bias [columns].
void foldin_add_bias(ptrdiff_t rows, ptrdiff_t columns, float *_Nonnull matrix, const float *_Nonnull bias);

/// y = tanh(x), element by element; x and y may be the same.
void foldin_tanh(ptrdiff_t count, const float *_Nonnull x, float *_Nonnull y);

/// gradient *= 1 - y^2, where y is the result of `foldin_tanh`.
void foldin_tanh_backward(ptrdiff_t count, const float *_Nonnull y, float *_Nonnull gradient);

/// sum += addend.
void foldin_add(ptrdiff_t count, const float *_Nonnull addend, float *_Nonnull sum);

/// z = mu + epsilon * exp(logvar / 2), and its Kullback-Leibler divergence from the standard normal (Liang et al., eq. 7):
/// returns -1/2 sum(1 + logvar - mu^2 - exp(logvar)). For one user: `moments` is mu, then logvar.
double foldin_sample_latent(ptrdiff_t latent, const float *_Nonnull moments, const float *_Nonnull epsilon, float *_Nonnull z);

/// d_moments from dz, and from the divergence times `weight`. Same layout as `foldin_sample_latent`.
void foldin_sample_latent_backward(ptrdiff_t latent, const float *_Nonnull moments, const float *_Nonnull epsilon,
                                   const float *_Nonnull dz, float weight, float *_Nonnull d_moments);

#endif
