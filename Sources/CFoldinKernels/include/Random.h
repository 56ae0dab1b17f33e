#ifndef FOLDIN_RANDOM_H
#define FOLDIN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/// A sequence of random numbers: Philox4x32-10 (Salmon et al., SC 2011) at counter (position, stream, step).
///
/// A number is a function of this and of its position alone, so that any thread can compute any part of the sequence.
typedef struct {
    uint64_t seed;
    /// What the numbers are for, for example a layer.
    uint32_t stream;
    /// The training step, or 0.
    uint64_t step;
} foldin_random_source;

/// out[i] = the 32-bit word at position first + i.
void foldin_random_words(foldin_random_source source, uint64_t first, ptrdiff_t count, uint32_t *_Nonnull out);

/// out[i] = a uniform number in [0, 1) with 24 random bits.
void foldin_random_uniform(foldin_random_source source, uint64_t first, ptrdiff_t count, float *_Nonnull out);

/// out[i] = a standard normal number, by Box and Muller from two words. `first` must be even.
void foldin_random_normal(foldin_random_source source, uint64_t first, ptrdiff_t count, float *_Nonnull out);

/// Inverted dropout: y[i] = x[i] / keep with probability keep, else 0. x and y may be the same. The gradient is the same
/// call on the gradient: the same positions are dropped.
void foldin_dropout(foldin_random_source source, uint64_t first, ptrdiff_t count, float keep, const float *_Nonnull x,
                    float *_Nonnull y);

#endif
