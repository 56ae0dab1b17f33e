// The vector versions of what NumberRows.c does field by field: finding separators and converting numbers.
#include <immintrin.h>

#define NUMBERS_AVX2 "avx2,popcnt,bmi,bmi2"
#define NUMBERS_AVX512 "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,popcnt,bmi,bmi2"

#pragma clang attribute push(__attribute__((target(NUMBERS_AVX2))), apply_to = function)

// The number of separators before the first that the layout does not expect. `others` has a bit for each separator of 64 bytes, `lines` for
// each newline, `delimiters` for each delimiter; the first separator ends field `count`.
static inline ptrdiff_t expected_separators(uint64_t others, uint64_t lines, uint64_t delimiters, const struct row_layout *layout,
                                            ptrdiff_t count) {
    uint64_t ends;
    memcpy(&ends, layout->line_ends + count / 8, sizeof ends);
    ends = ends >> count % 8 | (uint64_t)layout->line_ends[count / 8 + 8] << 1 << (63 - count % 8);
    uint64_t unexpected = others & ~(lines | delimiters);
    uint32_t here = (uint32_t)_mm_popcnt_u64(others);
    uint64_t wrong = _bzhi_u64(_pext_u64(lines, others) ^ ends, here);
    if (!(wrong | unexpected)) return here;
    return (ptrdiff_t)_tzcnt_u64(wrong | _pext_u64(unexpected, others));
}

// A bit for each of 32 bytes: 1 if it equals `byte`.
static inline uint32_t equal_avx2(__m256i bytes, uint8_t byte) {
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8((char)byte)));
}

// A bit for each of 32 bytes: 1 if it is a digit.
static inline uint32_t digits_avx2(__m256i bytes) {
    __m256i above = _mm256_subs_epu8(_mm256_sub_epi8(bytes, _mm256_set1_epi8('0')), _mm256_set1_epi8(9));
    return equal_avx2(above, 0);
}

// The positions of the bits of `bits`, plus `start`, one byte of bits at a time. Up to 7 more numbers are written.
static inline void places_of_avx2(uint64_t bits, uint32_t start, const uint64_t *bit_places, uint32_t *places) {
    __m256i before = _mm256_set1_epi32((int)start);
#pragma clang loop unroll(full)
    for (int byte = 0; byte < 8; byte++) {
        uint8_t some = (uint8_t)(bits >> 8 * byte);
        __m256i here = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(bit_places + some)));
        _mm256_storeu_si256((__m256i *)places, _mm256_add_epi32(here, before));
        places += _mm_popcnt_u32(some);
        before = _mm256_add_epi32(before, _mm256_set1_epi32(8));
    }
}

// The same as `separators_portable`, 64 bytes at a time.
static ptrdiff_t separators_avx2(const uint8_t *bytes, ptrdiff_t size, const struct row_layout *layout, uint32_t *places) {
    ptrdiff_t count = 0;
    for (ptrdiff_t start = 0; start < size; start += 64) {
        // The processor's own prefetching stops at the end of a page.
        _mm_prefetch((const char *)bytes + start + piece_size, _MM_HINT_T0);
        __m256i first = _mm256_loadu_si256((const __m256i *)(bytes + start));
        __m256i second = _mm256_loadu_si256((const __m256i *)(bytes + start + 32));
        uint64_t others = ~((uint64_t)digits_avx2(second) << 32 | digits_avx2(first) | (uint64_t)equal_avx2(second, '.') << 32 |
                            equal_avx2(first, '.'));
        if (size - start < 64) others &= ((uint64_t)1 << (size - start)) - 1;
        uint64_t lines = (uint64_t)equal_avx2(second, '\n') << 32 | equal_avx2(first, '\n');
        uint64_t delimiters = (uint64_t)equal_avx2(second, layout->delimiter) << 32 | equal_avx2(first, layout->delimiter);
        ptrdiff_t here = (ptrdiff_t)_mm_popcnt_u64(others), right = expected_separators(others, lines, delimiters, layout, count);
        places_of_avx2(others, (uint32_t)start, layout->bit_places, places + count);
        count += right;
        if (right < here) break;
    }
    return count;
}

// The lower halves of eight 64-bit numbers.
static inline __m256i lower_halves_avx2(__m256i first, __m256i second) {
    __m256 mixed = _mm256_shuffle_ps(_mm256_castsi256_ps(first), _mm256_castsi256_ps(second), 0x88);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(mixed), 0xD8);
}

// Converts four words to numbers; a number of `unexpected` is not 0 if its word has a point or a leading zero.
static inline __m256i numbers_avx2(__m256i word, __m256i *unexpected) {
    const __m256i ones = _mm256_set1_epi8(0x10), zero = _mm256_setzero_si256();
    const __m256i tens = _mm256_set1_epi16(0x010A), hundreds = _mm256_set1_epi32(0x00010064);
    __m256i points = _mm256_and_si256(_mm256_xor_si256(_mm256_srli_epi64(word, 1), word), ones);
    __m256i zeros = _mm256_and_si256(_mm256_and_si256(word, _mm256_sub_epi64(zero, word)), _mm256_srli_epi64(ones, 8));
    *unexpected = _mm256_or_si256(points, zeros);
    __m256i digits = _mm256_and_si256(word, _mm256_set1_epi8(0x0F));
    __m256i fours = _mm256_madd_epi16(_mm256_maddubs_epi16(digits, tens), hundreds);
    return _mm256_add_epi64(_mm256_mul_epu32(fours, _mm256_set1_epi64x(10000)), _mm256_srli_epi64(fours, 32));
}

// The same as `convert_portable`, eight fields at a time.
static void convert_avx2(const uint64_t *restrict words, ptrdiff_t count, uint32_t bound, uint32_t *restrict numbers,
                         uint32_t *restrict malformed) {
    const __m256i zero = _mm256_setzero_si256();
    ptrdiff_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256i unexpected[2];
        __m256i first = numbers_avx2(_mm256_loadu_si256((const __m256i *)(words + i)), &unexpected[0]);
        __m256i second = numbers_avx2(_mm256_loadu_si256((const __m256i *)(words + i + 4)), &unexpected[1]);
        __m256i number = lower_halves_avx2(first, second);
        __m256i plain = lower_halves_avx2(_mm256_cmpeq_epi64(unexpected[0], zero), _mm256_cmpeq_epi64(unexpected[1], zero));
        // Numbers of up to 7 digits or points, and the bound, are far below 2^31.
        __m256i valid = _mm256_and_si256(plain, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)bound), number));
        __m256i marks = _mm256_loadu_si256((const __m256i *)(malformed + i));
        _mm256_storeu_si256((__m256i *)(malformed + i), _mm256_or_si256(marks, _mm256_andnot_si256(valid, _mm256_set1_epi32(1))));
        _mm256_storeu_si256((__m256i *)(numbers + i), number);
    }
    convert_portable(words + i, count - i, bound, numbers + i, malformed + i);
}
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(NUMBERS_AVX512))), apply_to = function)

// The same as `separators_portable`, 64 bytes at a time; the places of the separators are compressed to the front of a vector.
static ptrdiff_t separators_avx512(const uint8_t *bytes, ptrdiff_t size, const struct row_layout *layout, uint32_t *places) {
    const __m512i ascending = _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43,
                                              42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22,
                                              21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    ptrdiff_t count = 0;
    for (ptrdiff_t start = 0; start < size; start += 64) {
        ptrdiff_t left = size - start;
        // The processor's own prefetching stops at the end of a page.
        _mm_prefetch((const char *)bytes + start + piece_size, _MM_HINT_T0);
        __mmask64 inside = left >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << left) - 1;
        __m512i block = _mm512_maskz_loadu_epi8(inside, bytes + start);
        __mmask64 others =
            _mm512_mask_cmpgt_epu8_mask(inside, _mm512_sub_epi8(block, _mm512_set1_epi8('0')), _mm512_set1_epi8(9));
        others = _mm512_mask_cmpneq_epu8_mask(others, block, _mm512_set1_epi8('.'));
        __m512i compressed = _mm512_maskz_compress_epi8(others, ascending);
        __mmask64 lines = _mm512_cmpeq_epu8_mask(block, _mm512_set1_epi8('\n'));
        __mmask64 delimiters = _mm512_cmpeq_epu8_mask(block, _mm512_set1_epi8((char)layout->delimiter));
        ptrdiff_t here = (ptrdiff_t)_mm_popcnt_u64(others), right = expected_separators(others, lines, delimiters, layout, count);
        for (ptrdiff_t done = 0; done < here; done += 16) {
            __m512i wide = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(compressed));
            _mm512_storeu_si512(places + count + done, _mm512_add_epi32(wide, _mm512_set1_epi32((int)start)));
            compressed = _mm512_alignr_epi64(compressed, compressed, 2);
        }
        count += right;
        if (right < here) break;
    }
    return count;
}

// The same as `convert_portable`, eight fields at a time.
static void convert_avx512(const uint64_t *restrict words, ptrdiff_t count, uint32_t bound, uint32_t *restrict numbers,
                           uint32_t *restrict malformed) {
    const __m512i ones = _mm512_set1_epi8(0x10), low = _mm512_set1_epi8(0x0F), zero = _mm512_setzero_si512();
    const __m512i tens = _mm512_set1_epi16(0x010A), hundreds = _mm512_set1_epi32(0x00010064);
    for (ptrdiff_t i = 0; i < count; i += 8) {
        __mmask8 some = count - i >= 8 ? 0xFF : (__mmask8)((1 << (count - i)) - 1);
        __m512i word = _mm512_maskz_loadu_epi64(some, words + i);
        __m512i points = _mm512_and_si512(_mm512_xor_si512(_mm512_srli_epi64(word, 1), word), ones);
        __m512i zeros = _mm512_and_si512(_mm512_and_si512(word, _mm512_sub_epi64(zero, word)), _mm512_srli_epi64(ones, 8));
        __m512i fours = _mm512_madd_epi16(_mm512_maddubs_epi16(_mm512_and_si512(word, low), tens), hundreds);
        __m512i number = _mm512_add_epi64(_mm512_mul_epu32(fours, _mm512_set1_epi64(10000)), _mm512_srli_epi64(fours, 32));
        __m512i unexpected = _mm512_or_si512(points, zeros);
        __mmask8 marks =
            _mm512_test_epi64_mask(unexpected, unexpected) | _mm512_cmpge_epu64_mask(number, _mm512_set1_epi64(bound));
        _mm256_mask_storeu_epi32(numbers + i, some, _mm512_cvtepi64_epi32(number));
        _mm256_mask_storeu_epi32(malformed + i, some & marks, _mm256_set1_epi32(1));
    }
}
#pragma clang attribute pop
