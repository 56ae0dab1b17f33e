#include "Multiply.h"

#include <string.h>

#include "Ahead.h"
#include "AlwaysInline.h"

#if defined(__x86_64__)
// A tile of c is summed in 12 x 2 of AVX-512's 32 registers, or 6 x 2 of AVX2's 16. More rows than 12 have room among the
// vectors, but their addresses none among the 16 ordinary registers.

// How `inner` is cut: into equal pieces of at most `longest`, all but the last a multiple of 16.
static ptrdiff_t inner_piece(ptrdiff_t inner, ptrdiff_t longest) {
    ptrdiff_t pieces = (inner + longest - 1) / longest;
    return pieces > 1 ? ((inner + pieces - 1) / pieces + 15) / 16 * 16 : inner;
}

// LONGEST is how long a sum a tile takes at once, LONGEST_ACROSS the same where a is transposed. Longer ones begin and end less
// often; shorter strips, of two vectors a row, stay in the first-level cache. Across, the lines of a have to stay there too, since the
// next tile reads the rest of each. STEPS products are added a round: fewer instructions between them.

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define VERSION(name) name##_avx2
#define LANES 8
#define TILE_ROWS 6
#define STEPS 4
#define LONGEST 320
#define LONGEST_ACROSS 128
#define EACH_HEIGHT(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define LOW_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#include "Multiply.inc"
#include "PickedRows.inc"
#undef VERSION
#undef LANES
#undef TILE_ROWS
#undef STEPS
#undef LONGEST
#undef LONGEST_ACROSS
#undef EACH_HEIGHT
#undef LOW_HALVES
#undef HIGH_HALVES
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), apply_to = function)
#define VERSION(name) name##_avx512
#define LANES 16
#define TILE_ROWS 12
#define STEPS 1
#define LONGEST 256
#define LONGEST_ACROSS 256
#define EACH_HEIGHT(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#define LOW_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#include "Multiply.inc"
#include "PickedRows.inc"
#pragma clang attribute pop
#endif

bool foldin_multiply_has(int variant) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    switch (variant) {
        case FOLDIN_MULTIPLY_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        case FOLDIN_MULTIPLY_AVX512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
        default: return false;
    }
#else
    (void)variant;
    return false;
#endif
}

void foldin_multiply_by(int variant, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, foldin_matrix a, foldin_matrix b,
                        bool adds, float *c, ptrdiff_t c_stride) {
    if (inner <= 0) {
        for (ptrdiff_t row = 0; row < rows && !adds; row++) memset(c + row * c_stride, 0, (size_t)columns * sizeof(float));
        return;
    }
#if defined(__x86_64__)
    switch (variant) {
        case FOLDIN_MULTIPLY_AVX2: multiply_avx2(rows, columns, inner, a, b, adds, c, c_stride); break;
        case FOLDIN_MULTIPLY_AVX512: multiply_avx512(rows, columns, inner, a, b, adds, c, c_stride); break;
        default: __builtin_trap();
    }
#else
    (void)variant, (void)a, (void)b;
    __builtin_trap();
#endif
}

void foldin_multiply_rows_by(int variant, ptrdiff_t count, const int32_t *rows, ptrdiff_t inner, const float *a, const float *b,
                             ptrdiff_t b_stride, float *c) {
#if defined(__x86_64__)
    switch (variant) {
        case FOLDIN_MULTIPLY_AVX2: multiply_rows_avx2(count, rows, inner, a, b, b_stride, c); break;
        case FOLDIN_MULTIPLY_AVX512: multiply_rows_avx512(count, rows, inner, a, b, b_stride, c); break;
        default: __builtin_trap();
    }
#else
    (void)variant, (void)count, (void)rows, (void)inner, (void)a, (void)b, (void)b_stride, (void)c;
    __builtin_trap();
#endif
}
