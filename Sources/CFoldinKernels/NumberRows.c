#include "NumberRows.h"

#include <string.h>

#include "Digits.h"
#include "InstructionSets.h"

// So many bytes are looked at together; their rows fit in the first-level cache between the steps. A row has at least 6 bytes.
enum { piece_size = 4096, piece_rows = piece_size / 6 + 1 };

// What usual rows look like, field by field: the number that a field's length less one stays below, and a bit, the lowest of a byte
// first, set where the field is a line's last, which a newline ends. The others end in `delimiter`. And the places of each byte's bits,
// ascending, the first in the lowest byte.
struct usual {
    ptrdiff_t fields;
    uint8_t delimiter;
    uint32_t lengths[4 * piece_rows];
    uint8_t line_ends[piece_size / 8 + 9];
    uint64_t bit_places[256];
};

// Written once only, so that threads which share the marks seldom wait for each other's lines.
static inline void mark(uint8_t *seen, uint32_t number) {
    if (!__atomic_load_n(seen + number, __ATOMIC_RELAXED)) __atomic_store_n(seen + number, 1, __ATOMIC_RELAXED);
}

// The places of the bytes that are neither digits nor points, as far as they are what `usual` has there. Room for `size` and 64 more.
static ptrdiff_t separators_portable(const uint8_t *bytes, ptrdiff_t size, const struct usual *usual, uint32_t *places) {
    ptrdiff_t count = 0;
    for (ptrdiff_t place = 0; place < size; place++) {
        if ((uint8_t)(bytes[place] - '0') <= 9 || bytes[place] == '.') continue;
        bool ends_line = usual->line_ends[count / 8] >> count % 8 & 1;
        if (bytes[place] != (ends_line ? '\n' : usual->delimiter)) break;
        places[count++] = (uint32_t)place;
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
        uint32_t number = (uint32_t)joined_digits(word & 0x0F0F0F0F0F0F0F0Fu);
        numbers[i] = number;
        odd[i] |= (points | leading_zero) != 0 || number >= bound;
    }
}

#if defined(__x86_64__)
#include "NumberRowsVectors.h"
#endif

#define BODY "NumberRows.inc"
#define PORTABLE 1
#define AVX2_TARGET NUMBERS_AVX2
#define AVX512_TARGET NUMBERS_AVX512
#include "EachInstructionSet.inc"

void foldin_read_numbers(int instruction_set, const uint8_t **place, const uint8_t *end, uint8_t delimiter, bool has_fourth,
                         foldin_number_rows *rows) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return;
#endif
    ptrdiff_t (*read)(const uint8_t *, ptrdiff_t, const struct usual *, foldin_number_rows *) = piece_portable;
#if defined(__x86_64__)
    if (instruction_set == FOLDIN_AVX2) read = piece_avx2;
    if (instruction_set == FOLDIN_AVX512_VBMI2) read = piece_avx512;
#else
    (void)instruction_set;
#endif
    struct usual usual = {.fields = has_fourth ? 4 : 3, .delimiter = delimiter};
    for (ptrdiff_t i = 0; i < usual.fields * piece_rows; i++)
        usual.lengths[i] = i % usual.fields < 2 ? 7 : i % usual.fields < 3 ? 3 : UINT32_MAX;
    for (ptrdiff_t i = usual.fields - 1; i < piece_size; i += usual.fields) usual.line_ends[i / 8] |= (uint8_t)(1 << i % 8);
    for (int byte = 0; byte < 256; byte++)
        for (int bit = 0, before = 0; bit < 8; bit++)
            if (byte >> bit & 1) usual.bit_places[byte] |= (uint64_t)bit << 8 * before++;
    while (*place < end && rows->count < rows->capacity) {
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
