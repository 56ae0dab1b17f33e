#ifndef FOLDIN_RESIDUAL_H
#define FOLDIN_RESIDUAL_H

#include <stddef.h>

// The operations of RecVAE (Shenbin et al., WSDM 2020) other than products: swish with layer normalisation, and a latent sample under a
// composite prior.

/// Swish and layer normalisation of each row: s = x * sigmoid(x), then
/// normalized = (s - mean s) / sqrt(variance of s + epsilon) over the row, out = gain * normalized + shift.
///
/// x, normalized, out [rows, width]; gain, shift [width]; inverses [rows] = 1 / sqrt(variance + epsilon).
void foldin_swish_norm(ptrdiff_t rows, ptrdiff_t width, const float *_Nonnull x, const float *_Nonnull gain,
                       const float *_Nonnull shift, float epsilon, float *_Nonnull normalized, float *_Nonnull inverses,
                       float *_Nonnull out);

/// d_x from d_out, both [rows, width]; the others are the inputs and outputs of `foldin_swish_norm`. d_x must not overlap d_out.
void foldin_swish_norm_backward(ptrdiff_t rows, ptrdiff_t width, const float *_Nonnull x, const float *_Nonnull normalized,
                                const float *_Nonnull inverses, const float *_Nonnull gain, const float *_Nonnull d_out,
                                float *_Nonnull d_x);

/// out [columns] = sum over the rows of x * y, element by element; both [rows, columns].
void foldin_sum_products(ptrdiff_t rows, ptrdiff_t columns, const float *_Nonnull x, const float *_Nonnull y,
                         float *_Nonnull out);

/// A mixture of three normal distributions for each element of a latent vector: the standard normal, one with the moments of an earlier
/// posterior, and a wide one around 0. `log_weights` are in this order.
typedef struct {
    float log_weights[3];
    float wide_log_variance;
} foldin_composite_prior;

/// z = mu + epsilon * exp(logvar / 2); returns log q(z) - log p(z), summed over the latent; slopes = d log p(z) / dz.
///
/// q is the normal distribution of `moments`, p the mixture with `previous`; both are means, then log-variances.
double foldin_sample_composite(const foldin_composite_prior *_Nonnull prior, ptrdiff_t latent, const float *_Nonnull moments,
                               const float *_Nonnull previous, const float *_Nonnull epsilon, float *_Nonnull z,
                               float *_Nonnull slopes);

/// d_moments from dz, and from `weight` times what `foldin_sample_composite` returned.
void foldin_sample_composite_backward(ptrdiff_t latent, const float *_Nonnull moments, const float *_Nonnull epsilon,
                                      const float *_Nonnull slopes, const float *_Nonnull dz, float weight,
                                      float *_Nonnull d_moments);

#endif
