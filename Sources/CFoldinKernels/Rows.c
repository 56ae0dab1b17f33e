#include "Rows.h"

#include <string.h>

#include "Digits.h"

// The id at *place that `delimiter` ends, or -1 if there is none; moves *place behind the delimiter. Tests eight bytes together: the end of
// a loop over bytes would be mispredicted.
static inline ptrdiff_t whole_number(const uint8_t **place, uint8_t delimiter) {
    uint64_t word;
    memcpy(&word, *place, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    // Digits become 0 to 9; the lowest bit of `others` belongs to the first byte that is not a digit.
    uint64_t values = word ^ 0x3030303030303030u;
    uint64_t others = ((values + 0x7676767676767676u) | values) & 0x8080808080808080u;
    unsigned bits = others ? (unsigned)__builtin_ctzll(others) & ~7u : 64;
    bool leading_zero = (word & 0xFF) == '0' && bits > 8;
    if (bits - 8 > 48 || leading_zero || (*place)[bits / 8] != delimiter) return -1;
    *place += bits / 8 + 1;
    return (ptrdiff_t)joined_digits(values << (64 - bits));
}

static inline uint32_t code_of(ptrdiff_t number, foldin_codes codes) {
    return (size_t)number < (size_t)codes.count ? codes.codes[number] : 0;
}

ptrdiff_t foldin_read_coded_rows(const uint8_t **place, const uint8_t *end, uint8_t delimiter, bool has_fourth,
                                 foldin_codes users, foldin_codes items, foldin_rows rows) {
    ptrdiff_t count = 0;
    const uint8_t *at = *place;
    for (; count < rows.capacity && end - at >= 32; count++) {
        const uint8_t *next = at;
        uint32_t user = code_of(whole_number(&next, delimiter), users);
        if (!user) break;
        uint32_t item = code_of(whole_number(&next, delimiter), items);
        if (!item) break;
        unsigned whole = next[0] - '0';
        if (whole > 9) break;
        unsigned tenths = 0;
        if (next[1] == '.') {
            tenths = next[2] - '0';
            if (tenths > 9) break;
            next += 3;
        } else {
            next += 1;
        }
        if (has_fourth) {
            if (*next != delimiter) break;
            do next++;
            while ((uint8_t)(*next - '0') <= 9 || *next == '.');
        }
        if (*next != '\n') break;
        rows.users[count] = user - 1;
        rows.items[count] = item - 1;
        rows.ratings[count] = (float)((double)(whole * 10 + tenths) / 10);
        at = next + 1;
    }
    *place = at;
    return count;
}
