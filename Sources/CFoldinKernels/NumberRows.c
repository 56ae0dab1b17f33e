#include "NumberRows.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// So many bytes are looked at together; their rows fit in the first-level cache between the steps. A row has at least 6 bytes.
enum { piece_size = 4096, piece_rows = piece_size / 6 + 1 };

// The places of the bytes that are neither digits nor points. Room for `size` and 64 more.
static ptrdiff_t separators_portable(const uint8_t *bytes, ptrdiff_t size, uint32_t *places) {
    ptrdiff_t count = 0;
    for (ptrdiff_t place = 0; place < size; place++) {
        places[count] = (uint32_t)place;
        count += ((uint8_t)(bytes[place] - '0') > 9) & (bytes[place] != '.');
    }
    return count;
}

#define VERSION(name) name##_portable
#include "NumberRows.inc"
#undef VERSION

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,popcnt,bmi,bmi2,lzcnt"))), \
                             apply_to = function)

// The same, 64 bytes at a time, whose separators' places are squeezed together.
static ptrdiff_t separators_avx512(const uint8_t *bytes, ptrdiff_t size, uint32_t *places) {
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
    ptrdiff_t (*read)(const uint8_t *, ptrdiff_t, uint8_t, bool, foldin_number_rows *) = piece_portable;
#if defined(__x86_64__)
    if (!portable && has_avx512()) read = piece_avx512;
#endif
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
        ptrdiff_t passed = read(bytes, size, delimiter, has_fourth, rows);
        if (passed == 0) break;
        *place += passed;
    }
}

// The least number of tenths that is above `threshold`, 256 for none.
static int least_tenths(float threshold) {
    int least = 0;
    while (least < 256 && !((float)least / 10.0f > threshold)) least++;
    return least;
}

ptrdiff_t foldin_count_rated(foldin_rated_rows rows, float threshold) {
    if (!rows.tenths && !rows.ratings) return rows.count;
    ptrdiff_t kept = 0;
    if (rows.tenths) {
        int least = least_tenths(threshold);
        for (ptrdiff_t row = 0; row < rows.count; row++) kept += rows.tenths[row] >= least;
    } else {
        for (ptrdiff_t row = 0; row < rows.count; row++) kept += rows.ratings[row] > threshold;
    }
    return kept;
}

void foldin_keep_rated(foldin_rated_rows rows, float threshold, uint32_t *kept_users, uint32_t *kept_items, ptrdiff_t kept) {
    int least = least_tenths(threshold);
    ptrdiff_t place = 0;
    for (ptrdiff_t run = 0; run < rows.run_count; run++) {
        uint32_t user = rows.runs[run].user;
        ptrdiff_t end = run + 1 < rows.run_count ? rows.runs[run + 1].start : rows.count;
        // Written whether kept or not, and written over if not: no branch is guessed wrong.
        for (ptrdiff_t row = rows.runs[run].start; row < end && place < kept; row++) {
            kept_users[place] = user;
            kept_items[place] = rows.items[row];
            place += rows.tenths ? rows.tenths[row] >= least : !rows.ratings || rows.ratings[row] > threshold;
        }
    }
}
