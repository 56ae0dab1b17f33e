#include "Peak.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Sums that do not wait for each other: more than latency times throughput of any processor here, few enough to stay in 16 registers with
// the factor and the addend.
#define sums 12

// Too late to be known to the compiler, so that nothing is worked out in advance or left out.
static volatile float almost_one = 0.999999f, little = 1e-6f, sink;

#define PEAK_LOOP(NAME, LANES)                                                                      \
    static double NAME(ptrdiff_t rounds) {                                                          \
        typedef float lanes __attribute__((vector_size(4 * LANES)));                                \
        lanes sum[sums], factor = (lanes){0} + almost_one, addend = (lanes){0} + little;            \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < sums; i++) sum[i] = addend * (float)i; \
        for (ptrdiff_t round = 0; round < rounds; round++)                                          \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < sums; i++)                       \
                sum[i] = sum[i] * factor + addend;                                                  \
        for (int i = 1; i < sums; i++) sum[0] += sum[i];                                            \
        sink = sum[0][0];                                                                           \
        return 2.0 * LANES * sums * (double)rounds;                                                 \
    }

PEAK_LOOP(peak_portable, 4)

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
PEAK_LOOP(peak_avx2, 8)
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
PEAK_LOOP(peak_avx512, 16)
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bf16"))), apply_to = function)
static double peak_bfloat16(ptrdiff_t rounds) {
    __m512 sum[sums];
    __m512bh left = _mm512_cvtne2ps_pbh(_mm512_set1_ps(almost_one), _mm512_set1_ps(almost_one));
    __m512bh right = _mm512_cvtne2ps_pbh(_mm512_set1_ps(little), _mm512_set1_ps(little));
#pragma clang loop unroll(full)
    for (int i = 0; i < sums; i++) sum[i] = _mm512_set1_ps((float)i);
    for (ptrdiff_t round = 0; round < rounds; round++)
#pragma clang loop unroll(full)
        for (int i = 0; i < sums; i++) sum[i] = _mm512_dpbf16_ps(sum[i], left, right);
    for (int i = 1; i < sums; i++) sum[0] = _mm512_add_ps(sum[0], sum[i]);
    sink = _mm512_reduce_add_ps(sum[0]);
    return 2.0 * 32 * sums * (double)rounds;
}
#pragma clang attribute pop
#endif

static int width(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f")) return 16;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 8;
#endif
    return 4;
}

bool peak_has(int kind) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (kind == PEAK_BFLOAT16) return __builtin_cpu_supports("avx512bf16");
#endif
    return kind == PEAK_FLOAT32;
}

double peak_run(int kind, ptrdiff_t rounds) {
#if defined(__x86_64__)
    if (kind == PEAK_BFLOAT16) return peak_bfloat16(rounds);
    if (width() == 16) return peak_avx512(rounds);
    if (width() == 8) return peak_avx2(rounds);
#endif
    (void)kind;
    return peak_portable(rounds);
}

const char *peak_instructions(void) {
    switch (width()) {
        case 16: return "AVX-512";
        case 8: return "AVX2";
        default: return "portable vectors";
    }
}

void peak_scale(float *values, ptrdiff_t count, float factor) {
    for (ptrdiff_t i = 0; i < count; i++) values[i] *= factor;
}
