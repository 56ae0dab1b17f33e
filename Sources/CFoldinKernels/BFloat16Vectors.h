#ifndef FOLDIN_BFLOAT16_VECTORS_H
#define FOLDIN_BFLOAT16_VECTORS_H

#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>

#include "InstructionSets.h"

#pragma clang attribute push(__attribute__((target(TARGET_AVX512_BF16))), apply_to = function)

// The lanes below `count`.
ALWAYS_INLINE __mmask16 lanes(ptrdiff_t count) {
    return count >= 16 ? (__mmask16)0xFFFF : count > 0 ? (__mmask16)((1u << count) - 1) : 0;
}

// 16 pairs (x[i], x[16 + i]).
ALWAYS_INLINE __m512i interleaved(__m512i x) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20,
                                           4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, x);
}

#pragma clang attribute pop
#endif

#endif
