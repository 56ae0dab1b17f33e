#include "NumberRows.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// So many bytes are looked at together; their rows fit in the first-level cache between the steps. A row has at least 6 bytes.
enum { piece_size = 4096, piece_rows = piece_size / 6 + 1, block_rows = 16 };

// What usual rows look like, field by field: the byte behind a field, and the number that its length less one stays below.
struct usual {
    ptrdiff_t fields;
    uint8_t kinds[4 * piece_rows];
    uint32_t lengths[4 * piece_rows];
};

// The places of the bytes that are neither digits nor points, and these bytes. Room for `size` and 64 more.
static ptrdiff_t separators_portable(const uint8_t *bytes, ptrdiff_t size, uint32_t *places, uint8_t *kinds) {
    ptrdiff_t count = 0;
    for (ptrdiff_t place = 0; place < size; place++) {
        places[count] = (uint32_t)place;
        kinds[count] = bytes[place];
        count += ((uint8_t)(bytes[place] - '0') > 9) & (bytes[place] != '.');
    }
    return count;
}

// The numbers that words spell, the upper bytes being a field's 1 to 7 digits or points, the last the highest, the others 0; marks in
// `odd` where it is not the usual spelling of a number below `bound`.
static void convert_portable(const uint64_t *restrict words, ptrdiff_t count, uint32_t bound, uint32_t *restrict numbers,
                             uint32_t *restrict odd) {
    for (ptrdiff_t i = 0; i < count; i++) {
        uint64_t word = words[i];
        // Digits have bits 4 and 5, a point has bit 5 alone. Of the digits only 0 has no lower bit than 4.
        uint64_t points = (word >> 1 ^ word) & 0x1010101010101010u;
        uint64_t leading_zero = word & -word & 0x0010101010101010u;
        // Neighbours are joined to numbers of two, four and eight digits.
        uint64_t pairs = ((word & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8) & 0x00FF00FF00FF00FFu;
        uint64_t fours = (pairs * 6553601 >> 16) & 0x0000FFFF0000FFFFu;
        uint32_t number = (uint32_t)(fours * 42949672960001u >> 32);
        numbers[i] = number;
        odd[i] |= (points | leading_zero) != 0 || number >= bound;
    }
}

#define VERSION(name) name##_portable
#include "NumberRows.inc"
#undef VERSION

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,popcnt,bmi,bmi2,lzcnt"))), \
                             apply_to = function)

// The same as `separators_portable`, 64 bytes at a time, whose separators are squeezed together.
static ptrdiff_t separators_avx512(const uint8_t *bytes, ptrdiff_t size, uint32_t *places, uint8_t *kinds) {
    const __m512i ascending = _mm512_set_epi8(
        63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31,
        30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    ptrdiff_t count = 0;
    for (ptrdiff_t start = 0; start < size; start += 64) {
        ptrdiff_t left = size - start;
        // Processors fetch ahead by themselves up to the end of a page only.
        _mm_prefetch((const char *)bytes + start + piece_size, _MM_HINT_T0);
        __mmask64 inside = left >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << left) - 1;
        __m512i block = _mm512_maskz_loadu_epi8(inside, bytes + start);
        __mmask64 others = _mm512_mask_cmpgt_epu8_mask(inside, _mm512_sub_epi8(block, _mm512_set1_epi8('0')), _mm512_set1_epi8(9));
        others = _mm512_mask_cmpneq_epu8_mask(others, block, _mm512_set1_epi8('.'));
        _mm512_storeu_si512(kinds + count, _mm512_maskz_compress_epi8(others, block));
        __m512i squeezed = _mm512_maskz_compress_epi8(others, ascending);
        ptrdiff_t here = (ptrdiff_t)_mm_popcnt_u64(others);
        for (ptrdiff_t done = 0; done < here; done += 16) {
            __m512i wide = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(squeezed));
            _mm512_storeu_si512(places + count + done, _mm512_add_epi32(wide, _mm512_set1_epi32((int)start)));
            squeezed = _mm512_alignr_epi64(squeezed, squeezed, 2);
        }
        count += here;
    }
    return count;
}

// The same as `convert_portable`, eight fields at a time.
static void convert_avx512(const uint64_t *restrict words, ptrdiff_t count, uint32_t bound, uint32_t *restrict numbers,
                           uint32_t *restrict odd) {
    const __m512i ones = _mm512_set1_epi8(0x10), low = _mm512_set1_epi8(0x0F), zero = _mm512_setzero_si512();
    const __m512i tens = _mm512_set1_epi16(0x010A), hundreds = _mm512_set1_epi32(0x00010064);
    for (ptrdiff_t i = 0; i < count; i += 8) {
        __mmask8 some = count - i >= 8 ? 0xFF : (__mmask8)((1 << (count - i)) - 1);
        __m512i word = _mm512_maskz_loadu_epi64(some, words + i);
        __m512i points = _mm512_and_si512(_mm512_xor_si512(_mm512_srli_epi64(word, 1), word), ones);
        __m512i zeros = _mm512_and_si512(_mm512_and_si512(word, _mm512_sub_epi64(zero, word)), _mm512_srli_epi64(ones, 8));
        __m512i fours = _mm512_madd_epi16(_mm512_maddubs_epi16(_mm512_and_si512(word, low), tens), hundreds);
        __m512i number = _mm512_add_epi64(_mm512_mul_epu32(fours, _mm512_set1_epi64(10000)), _mm512_srli_epi64(fours, 32));
        __m512i strange = _mm512_or_si512(points, zeros);
        __mmask8 marks = _mm512_test_epi64_mask(strange, strange) | _mm512_cmpge_epu64_mask(number, _mm512_set1_epi64(bound));
        _mm256_mask_storeu_epi32(numbers + i, some, _mm512_cvtepi64_epi32(number));
        _mm256_mask_storeu_epi32(odd + i, some & marks, _mm256_set1_epi32(1));
    }
}

#define VERSION(name) name##_avx512
#include "NumberRows.inc"
#undef VERSION
#pragma clang attribute pop

static bool has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2");
}
#endif

void foldin_read_numbers(const uint8_t **place, const uint8_t *end, uint8_t delimiter, bool has_fourth, foldin_number_rows *rows,
                         bool portable) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return;
#endif
    ptrdiff_t (*read)(const uint8_t *, ptrdiff_t, const struct usual *, foldin_number_rows *) = piece_portable;
#if defined(__x86_64__)
    if (!portable && has_avx512()) read = piece_avx512;
#endif
    struct usual usual = {.fields = has_fourth ? 4 : 3};
    for (ptrdiff_t i = 0; i < usual.fields * piece_rows; i++) {
        usual.kinds[i] = (i + 1) % usual.fields ? delimiter : '\n';
        usual.lengths[i] = i % usual.fields < 2 ? 7 : i % usual.fields < 3 ? 3 : UINT32_MAX;
    }
    while (*place < end && rows->count < rows->room) {
        // The end is copied, so that looking past a row stays in memory of ours.
        uint8_t last[piece_size + 64];
        const uint8_t *bytes = *place;
        ptrdiff_t size = end - bytes;
        if (size < piece_size + 64) {
            if (size > piece_size) size = piece_size;
            memcpy(last, bytes, (size_t)size);
            memset(last + size, 0, 64);
            bytes = last;
        } else {
            size = piece_size;
        }
        ptrdiff_t passed = read(bytes, size, &usual, rows);
        if (passed == 0) break;
        *place += passed;
    }
}
