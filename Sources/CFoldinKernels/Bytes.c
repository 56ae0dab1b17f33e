#include "Bytes.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "InstructionSets.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { tile_rows = 4, left_most = 31, left_excess = 32, right_most = 127 };

#pragma clang attribute push(__attribute__((target(TARGET_AVX2))), apply_to = function)

// Eight floats, zeros from `count` on.
ALWAYS_INLINE __m256 floats_at(const float *from, ptrdiff_t count) {
    if (count >= 8) return _mm256_loadu_ps(from);
    __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps(from, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), places));
}

ALWAYS_INLINE float greatest_size(const float *from, ptrdiff_t count) {
    __m256 greatest = _mm256_setzero_ps(), sign = _mm256_set1_ps(-0.0f);
    for (ptrdiff_t i = 0; i < count; i += 8)
        greatest = _mm256_max_ps(_mm256_andnot_ps(sign, floats_at(from + i, count - i)), greatest);
    float all[8], size = 0;
    _mm256_storeu_ps(all, greatest);
    for (int i = 0; i < 8; i++) size = all[i] > size ? all[i] : size;
    return size;
}

// In double precision: squares of the smallest floats would be 0 in single precision.
ALWAYS_INLINE __m256d add_squares(__m256d sums, __m256 x) {
    __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(x)), high = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
    return _mm256_fmadd_pd(high, high, _mm256_fmadd_pd(low, low, sums));
}

ALWAYS_INLINE double length_of(__m256d squares) { return sqrt(squares[0] + squares[1] + squares[2] + squares[3]); }

// Rounds `from` [inner] to a scale, which is returned, times whole numbers of at most `most`. These numbers plus `excess` are stored as
// quads, `step` apart; `sum` is the sum of the numbers. A row is rounded to zeros if its scale is not a normal float.
ALWAYS_INLINE float round_row(ptrdiff_t inner, const float *from, int most, int excess, uint32_t *quads, ptrdiff_t step,
                              int32_t *sum, foldin_lengths *lengths) {
    float scale = greatest_size(from, inner) / (float)most;
    if (scale < FLT_MIN) scale = 0;
    __m256 scales = _mm256_set1_ps(scale), inverse = _mm256_set1_ps(scale > 0 ? 1 / scale : 0);
    __m256d squares = _mm256_setzero_pd(), lost = _mm256_setzero_pd();
    __m256i sums = _mm256_setzero_si256();
    for (ptrdiff_t k = 0; k < inner; k += 8, quads += 2 * step) {
        __m256 x = floats_at(from + k, inner - k);
        __m256i whole = _mm256_cvtps_epi32(_mm256_mul_ps(x, inverse));
        sums = _mm256_add_epi32(sums, whole);
        squares = add_squares(squares, x);
        lost = add_squares(lost, _mm256_fnmadd_ps(_mm256_cvtepi32_ps(whole), scales, x));
        whole = _mm256_add_epi32(whole, _mm256_set1_epi32(excess));
        __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
        __m128i bytes = _mm_packs_epi16(halves, halves);
        quads[0] = (uint32_t)_mm_extract_epi32(bytes, 0);
        quads[step] = (uint32_t)_mm_extract_epi32(bytes, 1);
    }
    int32_t all[8];
    _mm256_storeu_si256((__m256i *)all, sums);
    *sum = 0;
    for (int i = 0; i < 8; i++) *sum = (int32_t)((uint32_t)*sum + (uint32_t)all[i]);
    *lengths = (foldin_lengths){.vector = length_of(squares), .loss = length_of(lost)};
    return scale;
}

void foldin_round_left(ptrdiff_t rows, ptrdiff_t inner, const float *from, uint32_t *quads, float *scales,
                       foldin_lengths *lengths) {
    int32_t sum;
    for (ptrdiff_t row = 0; row < rows; row++)
        scales[row] = round_row(inner, from + row * inner, left_most, left_excess, quads + row * foldin_quads(inner), 1, &sum,
                                lengths + row);
}

foldin_lengths foldin_round_right(ptrdiff_t columns, ptrdiff_t inner, const float *from, uint32_t *strips, float *scales,
                                  int32_t *excesses) {
    foldin_lengths greatest = {0, 0};
    for (ptrdiff_t column = 0; column < foldin_padded_to_byte_strips(columns); column++) {
        ptrdiff_t place = column % foldin_byte_strip;
        uint32_t *quads = strips + (column - place) * foldin_quads(inner) + place;
        if (column >= columns) {
            for (ptrdiff_t k = 0; k < foldin_quads(inner); k++) quads[k * foldin_byte_strip] = 0;
            scales[column] = 0;
            excesses[column] = 0;
            continue;
        }
        int32_t sum;
        foldin_lengths lengths;
        scales[column] = round_row(inner, from + column * inner, right_most, 0, quads, foldin_byte_strip, &sum, &lengths);
        excesses[column] = (int32_t)((uint32_t)left_excess * (uint32_t)sum);
        greatest = foldin_greatest_lengths(greatest, lengths);
    }
    return greatest;
}

// c [height, 16] = a [height, quads] * strip [quads, 16], scaled. All arguments but `quads` and pointers are constants where this is
// inlined.
ALWAYS_INLINE void tile(const int height, ptrdiff_t quads, const uint32_t *a, const float *a_scales, const uint32_t *strip,
                        const float *b_scales, const int32_t *b_excesses, const float *bias, float *c, ptrdiff_t c_stride) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sums[tile_rows][2];
#pragma clang loop unroll(full)
    for (int i = 0; i < height; i++) sums[i][0] = sums[i][1] = _mm256_setzero_si256();
#pragma clang loop unroll(disable)
    for (ptrdiff_t k = 0; k < quads; k += 2)
#pragma clang loop unroll(full)
        for (int j = 0; j < 2; j++) {
            __m256i b0 = _mm256_loadu_si256((const __m256i *)(strip + k * foldin_byte_strip + 8 * j));
            __m256i b1 = _mm256_loadu_si256((const __m256i *)(strip + (k + 1) * foldin_byte_strip + 8 * j));
#pragma clang loop unroll(full)
            for (int i = 0; i < height; i++) {
                __m256i a0 = _mm256_set1_epi32((int)a[i * quads + k]), a1 = _mm256_set1_epi32((int)a[i * quads + k + 1]);
                __m256i halves = _mm256_add_epi16(_mm256_maddubs_epi16(a0, b0), _mm256_maddubs_epi16(a1, b1));
                sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(halves, ones));
            }
        }
#pragma clang loop unroll(full)
    for (int j = 0; j < 2; j++) {
        __m256i excess = _mm256_loadu_si256((const __m256i *)(b_excesses + 8 * j));
        __m256 scale = _mm256_loadu_ps(b_scales + 8 * j), added = _mm256_loadu_ps(bias + 8 * j);
#pragma clang loop unroll(full)
        for (int i = 0; i < height; i++) {
            __m256 sum = _mm256_cvtepi32_ps(_mm256_sub_epi32(sums[i][j], excess));
            __m256 scales = _mm256_mul_ps(scale, _mm256_set1_ps(a_scales[i]));
            _mm256_storeu_ps(c + i * c_stride + 8 * j, _mm256_fmadd_ps(sum, scales, added));
        }
    }
}

// c [rows, 16] = a [rows, quads] * a strip.
static void pass(ptrdiff_t rows, ptrdiff_t quads, const uint32_t *a, const float *a_scales, const uint32_t *strip,
                 const float *b_scales, const int32_t *b_excesses, const float *bias, float *c, ptrdiff_t c_stride) {
    ptrdiff_t row = 0;
    for (; row + tile_rows <= rows; row += tile_rows)
        tile(tile_rows, quads, a + row * quads, a_scales + row, strip, b_scales, b_excesses, bias, c + row * c_stride, c_stride);
    for (; row < rows; row++)
        tile(1, quads, a + row * quads, a_scales + row, strip, b_scales, b_excesses, bias, c + row * c_stride, c_stride);
}

void foldin_multiply_quads(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, const uint32_t *a, const float *a_scales,
                           const uint32_t *b, const float *b_scales, const int32_t *b_excesses, const float *bias, float *c,
                           ptrdiff_t c_stride) {
    ptrdiff_t quads = foldin_quads(inner), column = 0;
    for (; column + foldin_byte_strip <= columns; column += foldin_byte_strip)
        pass(rows, quads, a, a_scales, b + column * quads, b_scales + column, b_excesses + column, bias + column, c + column,
             c_stride);
    size_t bytes = (size_t)(columns - column) * sizeof(float);
    if (bytes == 0) return;
    float added[foldin_byte_strip] = {0}, edge[foldin_byte_strip];
    memcpy(added, bias + column, bytes);
    for (ptrdiff_t row = 0; row < rows; row++) {
        pass(1, quads, a + row * quads, a_scales + row, b + column * quads, b_scales + column, b_excesses + column, added, edge,
             foldin_byte_strip);
        memcpy(c + row * c_stride + column, edge, bytes);
    }
}
#pragma clang attribute pop

#else
// These must not be called on processors without AVX2.
#pragma clang diagnostic ignored "-Wunused-parameter"

void foldin_round_left(ptrdiff_t rows, ptrdiff_t inner, const float *from, uint32_t *quads, float *scales,
                       foldin_lengths *lengths) {
    __builtin_trap();
}

foldin_lengths foldin_round_right(ptrdiff_t columns, ptrdiff_t inner, const float *from, uint32_t *strips, float *scales,
                                  int32_t *excesses) {
    __builtin_trap();
}

void foldin_multiply_quads(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, const uint32_t *a, const float *a_scales,
                           const uint32_t *b, const float *b_scales, const int32_t *b_excesses, const float *bias, float *c,
                           ptrdiff_t c_stride) {
    __builtin_trap();
}
#endif
