#include "NumberRows.h"

#include <string.h>

#include "Digits.h"
#include "InstructionSets.h"

// The number of bytes that are parsed together: between the steps their rows fit into the first-level cache. A row has at least 6 bytes.
enum { piece_size = 4096, piece_rows = piece_size / 6 + 1 };

// The layout of fixed-layout rows, for each field of a piece.
struct row_layout {
    // The number of fields in a row.
    ptrdiff_t fields;
    // What ends a field that is not the last of its row.
    uint8_t delimiter;
    // The length of the field is between 1 and this.
    uint32_t lengths[4 * piece_rows];
    // A bit for each field, the lowest of a byte first: 1 for the last field of a row, which ends with a newline.
    uint8_t line_ends[piece_size / 8 + 9];
    // Not of the layout: for each byte the positions of its bits that are 1, ascending, the first in the lowest byte.
    uint64_t bit_places[256];
};

// Writes only if needed, so that threads that share the marks seldom invalidate each other's cache lines.
static inline void mark(uint8_t *seen, uint32_t number) {
    if (!__atomic_load_n(seen + number, __ATOMIC_RELAXED)) __atomic_store_n(seen + number, 1, __ATOMIC_RELAXED);
}

// The places of the bytes that are neither digits nor points, up to the first that the layout does not expect. `places` has capacity for
// `size` and 64 more.
static ptrdiff_t separators_portable(const uint8_t *bytes, ptrdiff_t size, const struct row_layout *layout, uint32_t *places) {
    ptrdiff_t count = 0;
    for (ptrdiff_t place = 0; place < size; place++) {
        if ((uint8_t)(bytes[place] - '0') <= 9 || bytes[place] == '.') continue;
        bool ends_line = layout->line_ends[count / 8] >> count % 8 & 1;
        if (bytes[place] != (ends_line ? '\n' : layout->delimiter)) break;
        places[count++] = (uint32_t)place;
    }
    return count;
}

// Converts fields to numbers: the upper bytes of a word are a field's 1 to 7 digits or points, the last one the highest; the other bytes
// are 0. Marks in `malformed` the words that are not a number below `bound`, spelled without points and leading zeros.
static void convert_portable(const uint64_t *restrict words, ptrdiff_t count, uint32_t bound, uint32_t *restrict numbers,
                             uint32_t *restrict malformed) {
    for (ptrdiff_t i = 0; i < count; i++) {
        uint64_t word = words[i];
        // Digits have bits 4 and 5, a point has bit 5 only. 0 is the only digit without a bit below bit 4.
        uint64_t points = (word >> 1 ^ word) & 0x1010101010101010u;
        uint64_t leading_zero = word & -word & 0x0010101010101010u;
        uint32_t number = (uint32_t)joined_digits(word & 0x0F0F0F0F0F0F0F0Fu);
        numbers[i] = number;
        malformed[i] |= (points | leading_zero) != 0 || number >= bound;
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
    ptrdiff_t (*read)(const uint8_t *, ptrdiff_t, const struct row_layout *, foldin_number_rows *) = piece_portable;
#if defined(__x86_64__)
    if (instruction_set == FOLDIN_AVX2) read = piece_avx2;
    if (instruction_set == FOLDIN_AVX512_VBMI2) read = piece_avx512;
#else
    (void)instruction_set;
#endif
    struct row_layout layout = {.fields = has_fourth ? 4 : 3, .delimiter = delimiter};
    for (ptrdiff_t i = 0; i < layout.fields * piece_rows; i++)
        layout.lengths[i] = i % layout.fields < 2 ? 7 : i % layout.fields < 3 ? 3 : UINT32_MAX;
    for (ptrdiff_t i = layout.fields - 1; i < piece_size; i += layout.fields) layout.line_ends[i / 8] |= (uint8_t)(1 << i % 8);
    for (int byte = 0; byte < 256; byte++)
        for (int bit = 0, before = 0; bit < 8; bit++)
            if (byte >> bit & 1) layout.bit_places[byte] |= (uint64_t)bit << 8 * before++;
    while (*place < end && rows->count < rows->capacity) {
        // The end is copied, so that reads past the last row stay inside a buffer.
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
        ptrdiff_t passed = read(bytes, size, &layout, rows);
        if (passed == 0) break;
        *place += passed;
    }
}
