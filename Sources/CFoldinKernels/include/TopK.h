#ifndef FOLDIN_TOP_K_H
#define FOLDIN_TOP_K_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "Processor.h"

/// The number of 64-bit words of scratch memory that `foldin_top_k` needs, whatever the length of the row.
ptrdiff_t foldin_top_k_scratch(ptrdiff_t k);

/// Writes the indices of the k highest of `count` scores to `items`, highest first, the lower index first among equals, and
/// returns their number: fewer than k only if fewer scores qualify. NaN and minus infinity never qualify.
/// 0 < k, count < 2^31. Reads a row that is much longer than k twice: for a threshold, and for the scores that reach it.
ptrdiff_t foldin_top_k(const float *_Nonnull scores, ptrdiff_t count, ptrdiff_t k, uint64_t *_Nonnull scratch,
                       int32_t *_Nonnull items);

/// The same by the best version for an instruction set that the processor has: there are those for `FOLDIN_PORTABLE` and `FOLDIN_AVX2`.
ptrdiff_t foldin_top_k_by(int instruction_set, const float *_Nonnull scores, ptrdiff_t count, ptrdiff_t k,
                          uint64_t *_Nonnull scratch, int32_t *_Nonnull items);

/// Writes the indices of the scores that are `bound` or more to `items`, ascending, and returns their number. NaN never is.
/// `items` has capacity for `count`, which is less than 2^31.
ptrdiff_t foldin_at_least(float bound, const float *_Nonnull scores, ptrdiff_t count, int32_t *_Nonnull items);

/// The same by the version for an instruction set, as with `foldin_top_k_by`.
ptrdiff_t foldin_at_least_by(int instruction_set, float bound, const float *_Nonnull scores, ptrdiff_t count,
                             int32_t *_Nonnull items);

#endif
