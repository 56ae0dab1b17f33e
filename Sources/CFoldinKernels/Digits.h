#ifndef FOLDIN_DIGITS_H
#define FOLDIN_DIGITS_H

#include <stdint.h>

// The number that eight bytes spell, each of them a digit's value, 0 to 9, the first digit in the lowest byte. Neighbours are joined to
// numbers of two, four and eight digits.
static inline uint64_t joined_digits(uint64_t digits) {
    uint64_t pairs = digits * 2561 >> 8 & 0x00FF00FF00FF00FFu;
    uint64_t fours = pairs * 6553601 >> 16 & 0x0000FFFF0000FFFFu;
    return fours * 42949672960001u >> 32;
}

#endif
