#include <string.h>

#include "BFloat16.h"
#include "BFloat16Vectors.h"
#include "Clicks.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target(TARGET_AVX512_BF16))), apply_to = function)

// The floats with these upper halves.
ALWAYS_INLINE __m512 widen(const uint16_t *from, __mmask16 some) {
    return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(some, from)), 16);
}

void foldin_exponentials_rounded(ptrdiff_t rows, ptrdiff_t columns, float *panel, const float *bias, float *maxima, float *sums,
                                 uint16_t *to) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        foldin_exponentials(1, columns, panel + row * columns, bias, maxima + row, sums + row);
        foldin_bfloat16_round(columns, panel + row * columns, to + row * columns);
    }
}

void foldin_loss_gradient_rounded(ptrdiff_t users, ptrdiff_t first, ptrdiff_t count, foldin_clicks clicks,
                                  const float *shares, const float *scales, const uint16_t *exponentials, uint32_t *by_items, uint32_t *by_users,
                                  float *column_sums) {
    ptrdiff_t pairs = foldin_pairs(count);
    memset(column_sums, 0, (size_t)count * sizeof(float));
    for (ptrdiff_t user = 0; user < users; user += 2) {
        // The last user of an odd number is paired with zeros.
        ptrdiff_t both = user + 1 < users ? 2 : 1;
        const uint16_t *from = exponentials + user * count;
        uint32_t *rows = by_items + user * pairs, *pair = by_users + user / 2 * count;
        // The exponentials come from memory: prefetches those of the users 16 rows later.
        for (ptrdiff_t i = 0; i < both * count; i += 32) __builtin_prefetch(from + 16 * count + i, 0, 3);
        for (ptrdiff_t i = 0; i < count; i += 16) {
            __mmask16 some = lanes(count - i);
            __m512 low = _mm512_mul_ps(widen(from + i, some), _mm512_set1_ps(scales[user])), high = _mm512_setzero_ps();
            if (both == 2) high = _mm512_mul_ps(widen(from + count + i, some), _mm512_set1_ps(scales[user + 1]));
            __m512 sum = _mm512_add_ps(_mm512_maskz_loadu_ps(some, column_sums + i), _mm512_add_ps(low, high));
            _mm512_mask_storeu_ps(column_sums + i, some, sum);
            __m512i rounded = (__m512i)_mm512_cvtne2ps_pbh(high, low);
            _mm512_mask_storeu_epi32(pair + i, some, interleaved(rounded));
            _mm256_mask_storeu_epi32(rows + i / 2, (__mmask8)lanes(pairs - i / 2), _mm512_castsi512_si256(rounded));
            if (both == 2)
                _mm256_mask_storeu_epi32(rows + pairs + i / 2, (__mmask8)lanes(pairs - i / 2),
                                         _mm512_extracti64x4_epi64(rounded, 1));
        }
        for (ptrdiff_t which = 0; which < both; which++) {
            ptrdiff_t click = first_click(clicks, user + which, first), end = clicks.starts[user + which + 1];
            for (; click < end && clicks.items[click] < first + count; click++) {
                ptrdiff_t item = clicks.items[click] - first;
                float gradient = widen(from + which * count + item, 1)[0] * scales[user + which] - shares[user + which];
                uint16_t rounded;
                foldin_bfloat16_round(1, &gradient, &rounded);
                column_sums[item] -= shares[user + which];
                memcpy((uint16_t *)(rows + which * pairs) + item, &rounded, sizeof rounded);
                memcpy((uint16_t *)(pair + item) + which, &rounded, sizeof rounded);
            }
        }
    }
}
#pragma clang attribute pop

#else
// These must not be called on processors without bfloat16.
#pragma clang diagnostic ignored "-Wunused-parameter"

void foldin_exponentials_rounded(ptrdiff_t rows, ptrdiff_t columns, float *panel, const float *bias, float *maxima, float *sums,
                                 uint16_t *to) {
    __builtin_trap();
}

void foldin_loss_gradient_rounded(ptrdiff_t users, ptrdiff_t first, ptrdiff_t count, foldin_clicks clicks,
                                  const float *shares, const float *scales, const uint16_t *exponentials, uint32_t *by_items, uint32_t *by_users,
                                  float *column_sums) {
    __builtin_trap();
}
#endif
