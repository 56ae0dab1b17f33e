#include "BFloat16.h"

#include <string.h>

#include "BFloat16Vectors.h"
#include "Prefetch.h"

#if defined(__x86_64__)
enum { tile_rows = 12, width = 32 };

// The most pairs that a tile sums at once: a strip of them, 40 kB, fits into the first-level cache.
enum { pairs_at_once = 320 };

// The length of the nearly equal pieces, of at most `pairs_at_once`, into which the pairs of a sum are cut.
static ptrdiff_t pairs_piece(ptrdiff_t pairs) {
    ptrdiff_t pieces = (pairs + pairs_at_once - 1) / pairs_at_once;
    return pieces > 1 ? ((pairs + pieces - 1) / pieces + 7) / 8 * 8 : pairs;
}

#pragma clang attribute push(__attribute__((target(TARGET_AVX512_BF16))), apply_to = function)

// 16 pairs of neighbours from the first `count` floats at `from`; zeros behind them.
ALWAYS_INLINE __m512i neighbours(const float *from, ptrdiff_t count) {
    return (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(lanes(count - 16), from + 16),
                                        _mm512_maskz_loadu_ps(lanes(count), from));
}

void foldin_bfloat16_round(ptrdiff_t count, const float *from, uint16_t *to) {
    for (ptrdiff_t i = 0; i < count; i += 16)
        _mm256_mask_storeu_epi16(to + i, lanes(count - i),
                                 (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(lanes(count - i), from + i)));
}

void foldin_pack_rows(ptrdiff_t rows, ptrdiff_t inner, const float *from, ptrdiff_t stride, uint32_t *to) {
    ptrdiff_t pairs = foldin_pairs(inner);
    for (ptrdiff_t row = 0; row < rows; row++)
        for (ptrdiff_t k = 0; k < pairs; k += 16)
            _mm512_mask_storeu_epi32(to + row * pairs + k, lanes(pairs - k),
                                     neighbours(from + row * stride + 2 * k, inner - 2 * k));
}

// strip [pairs, 32] = from [inner, columns], rounded; zeros in the remaining columns.
static void interleave_strip(ptrdiff_t inner, ptrdiff_t columns, const float *from, ptrdiff_t stride, uint32_t *strip) {
    __mmask16 some[2] = {lanes(columns), lanes(columns - 16)};
    for (ptrdiff_t k = 0; k < inner; k += 2, from += 2 * stride, strip += width)
        for (int half = 0; half < 2; half++) {
            __m512 low = _mm512_maskz_loadu_ps(some[half], from + 16 * half);
            __m512 high = _mm512_maskz_loadu_ps(k + 1 < inner ? some[half] : 0, from + stride + 16 * half);
            _mm512_storeu_si512(strip + 16 * half, interleaved((__m512i)_mm512_cvtne2ps_pbh(high, low)));
        }
}

// x = its transpose: interleaving the first half of 16 rows with the second, four times.
ALWAYS_INLINE void transpose(__m512i x[16]) {
    const __m512i low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const __m512i high = _mm512_set_epi32(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8);
    __m512i y[16];
#pragma clang loop unroll(full)
    for (int step = 0; step < 4; step++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 8; i++) {
            y[2 * i] = _mm512_permutex2var_epi32(x[i], low, x[i + 8]);
            y[2 * i + 1] = _mm512_permutex2var_epi32(x[i], high, x[i + 8]);
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) x[i] = y[i];
    }
}

// strip [pairs, 32] = the transpose of from [columns, inner], rounded; zeros in the remaining columns.
static void transpose_strip(ptrdiff_t inner, ptrdiff_t columns, const float *from, ptrdiff_t stride, uint32_t *strip) {
    ptrdiff_t pairs = foldin_pairs(inner);
    for (ptrdiff_t half = 0; half < width; half += 16)
        for (ptrdiff_t k = 0; k < pairs; k += 16) {
            __m512i square[16];
#pragma clang loop unroll(full)
            for (ptrdiff_t i = 0; i < 16; i++)
                square[i] =
                    half + i < columns ? neighbours(from + (half + i) * stride + 2 * k, inner - 2 * k) : _mm512_setzero_si512();
            transpose(square);
#pragma clang loop unroll(full)
            for (ptrdiff_t i = 0; i < 16; i++)
                if (k + i < pairs) _mm512_storeu_si512(strip + (k + i) * width + half, square[i]);
        }
}

static void pack_strip(ptrdiff_t inner, ptrdiff_t columns, foldin_matrix from, ptrdiff_t k, ptrdiff_t column, uint32_t *strip) {
    if (from.is_transposed)
        transpose_strip(inner, columns, from.start + column * from.stride + k, from.stride, strip);
    else
        interleave_strip(inner, columns, from.start + k * from.stride + column, from.stride, strip);
}

void foldin_pack_strips(ptrdiff_t inner, ptrdiff_t columns, foldin_matrix from, uint32_t *strips) {
    for (ptrdiff_t column = 0; column < columns; column += width) {
        pack_strip(inner, columns - column < width ? columns - column : width, from, 0, column, strips);
        strips += width * foldin_pairs(inner);
    }
}

// c [height, columns] (+)= a [height, pairs] * strip [pairs, 32]. All arguments but `pairs`, pointers and
// `columns` are constants where this is inlined.
ALWAYS_INLINE void tile(const int height, const int vectors, ptrdiff_t pairs, const uint32_t *a, const ptrdiff_t row_stride,
                        const ptrdiff_t pair_stride, const uint32_t *strip, bool adds, ptrdiff_t columns, float *c,
                        ptrdiff_t c_stride) {
    __m512 sums[tile_rows][2];
#pragma clang loop unroll(full)
    for (int i = 0; i < height; i++) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
    // Keeps each row's address in a register; the compiler would compute it from its neighbour's each time.
    const uint32_t *from[tile_rows];
#pragma clang loop unroll(full)
    for (int i = 0; i < height; i++) {
        from[i] = a + i * row_stride;
        if (pair_stride == 1) __asm__("" : "+r"(from[i]));
    }
    if (adds) prefetch_tile(height, columns, c, c_stride);
#pragma clang loop unroll(disable)
    for (ptrdiff_t k = 0; k < pairs; k++) {
        __m512bh b0 = (__m512bh)_mm512_loadu_si512(strip + k * width);
        __m512bh b1 = (__m512bh)_mm512_loadu_si512(strip + k * width + 16);
#pragma clang loop unroll(full)
        for (int i = 0; i < height; i++) {
            __m512bh pair = (__m512bh)_mm512_set1_epi32((int)from[i][k * pair_stride]);
            sums[i][0] = _mm512_dpbf16_ps(sums[i][0], pair, b0);
            if (vectors > 1) sums[i][1] = _mm512_dpbf16_ps(sums[i][1], pair, b1);
        }
    }
    __mmask16 some[2] = {lanes(columns), lanes(columns - 16)};
#pragma clang loop unroll(full)
    for (int i = 0; i < height; i++)
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) {
            float *to = c + i * c_stride + 16 * j;
            __m512 sum = adds ? _mm512_add_ps(_mm512_maskz_loadu_ps(some[j], to), sums[i][j]) : sums[i][j];
            _mm512_mask_storeu_ps(to, some[j], sum);
        }
}

#define TILE(HEIGHT)                                                                             \
    case HEIGHT:                                                                                 \
        if (a.pair_stride != 1 && wide)                                                          \
            tile(HEIGHT, 2, pairs, start, 1, a.pair_stride, strip, adds, columns, to, c_stride); \
        else if (a.pair_stride != 1)                                                             \
            tile(HEIGHT, 1, pairs, start, 1, a.pair_stride, strip, adds, columns, to, c_stride); \
        else if (wide)                                                                           \
            tile(HEIGHT, 2, pairs, start, a.row_stride, 1, strip, adds, columns, to, c_stride);  \
        else                                                                                     \
            tile(HEIGHT, 1, pairs, start, a.row_stride, 1, strip, adds, columns, to, c_stride);  \
        break;

// c [rows, columns] (+)= a [rows, pairs] * strip [pairs, 32], columns <= 32: tiles of nearly equal heights.
static void pass(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, foldin_left_pairs a, const uint32_t *strip, bool adds,
                 float *c, ptrdiff_t c_stride, struct prefetch *prefetch, ptrdiff_t lines) {
    bool wide = columns > 16;
    ptrdiff_t tiles = (rows + tile_rows - 1) / tile_rows;
    for (ptrdiff_t number = 0; number < tiles; number++) {
        prefetch_lines(prefetch, lines);
        ptrdiff_t row = number * rows / tiles, height = (number + 1) * rows / tiles - row;
        const uint32_t *start = a.start + row * a.row_stride;
        float *to = c + row * c_stride;
        switch (height) { TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) }
    }
}

// Both ranges.
static struct prefetch prefetch_of_ranges(foldin_prefetch_ranges next) {
    if (next.count == 0) return (struct prefetch){0};
    return (struct prefetch){.row = (const char *)next.first,
                             .rows = 2,
                             .stride = (const char *)next.second - (const char *)next.first,
                             .bytes = next.count * (ptrdiff_t)sizeof(float)};
}

// If `strips` is NULL, each strip of b is packed when it is needed, and the next strip is prefetched instead of `prefetch`.
static void multiply(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, foldin_left_pairs a, const uint32_t *strips,
                     foldin_matrix b, bool adds, float *c, ptrdiff_t c_stride, struct prefetch prefetch) {
    uint32_t packed[pairs_at_once * width] __attribute__((aligned(64)));
    ptrdiff_t pairs = foldin_pairs(inner), piece = pairs_piece(pairs), tiles = (rows + tile_rows - 1) / tile_rows;
    ptrdiff_t lines = 0;
    if (pairs > 0) lines = lines_per_step(&prefetch, tiles * ((columns + width - 1) / width) * ((pairs + piece - 1) / piece));
    if (inner <= 0 && !adds)
        for (ptrdiff_t row = 0; row < rows; row++) memset(c + row * c_stride, 0, (size_t)columns * sizeof(float));
    for (ptrdiff_t k = 0; k < pairs; k += piece) {
        ptrdiff_t count = pairs - k < piece ? pairs - k : piece;
        ptrdiff_t summed = inner - 2 * k < 2 * count ? inner - 2 * k : 2 * count;
        foldin_left_pairs left = a;
        left.start += k * a.pair_stride;
        for (ptrdiff_t column = 0; column < columns; column += width) {
            ptrdiff_t part = columns - column < width ? columns - column : width;
            if (!strips) {
                pack_strip(summed, part, b, 2 * k, column, packed);
                ptrdiff_t next = column + width;
                prefetch = (struct prefetch){0};
                if (next < columns)
                    prefetch = prefetch_of(b, 2 * k, summed, next, columns - next < width ? columns - next : width);
                lines = lines_per_step(&prefetch, tiles);
            }
            pass(rows, part, count, left, strips ? strips + column * pairs + k * width : packed, adds || k > 0, c + column,
                 c_stride, &prefetch, lines);
        }
    }
}

void foldin_multiply_pairs(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, foldin_left_pairs a, const uint32_t *strips,
                           bool adds, float *c, ptrdiff_t c_stride, foldin_prefetch_ranges next) {
    multiply(rows, columns, inner, a, strips, (foldin_matrix){.start = c}, adds, c, c_stride, prefetch_of_ranges(next));
}

void foldin_multiply_rounding(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, foldin_left_pairs a, foldin_matrix b, bool adds,
                              float *c, ptrdiff_t c_stride) {
    multiply(rows, columns, inner, a, NULL, b, adds, c, c_stride, (struct prefetch){0});
}
#pragma clang attribute pop

#else
// These must not be called on processors without bfloat16.
#pragma clang diagnostic ignored "-Wunused-parameter"

void foldin_bfloat16_round(ptrdiff_t count, const float *from, uint16_t *to) { __builtin_trap(); }

void foldin_pack_rows(ptrdiff_t rows, ptrdiff_t inner, const float *from, ptrdiff_t stride, uint32_t *to) { __builtin_trap(); }

void foldin_pack_strips(ptrdiff_t inner, ptrdiff_t columns, foldin_matrix from, uint32_t *strips) { __builtin_trap(); }

void foldin_multiply_pairs(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, foldin_left_pairs a, const uint32_t *strips,
                           bool adds, float *c, ptrdiff_t c_stride, foldin_prefetch_ranges next) {
    __builtin_trap();
}

void foldin_multiply_rounding(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, foldin_left_pairs a, foldin_matrix b, bool adds,
                              float *c, ptrdiff_t c_stride) {
    __builtin_trap();
}
#endif
