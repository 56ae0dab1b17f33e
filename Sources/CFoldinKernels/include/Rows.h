#ifndef FOLDIN_ROWS_H
#define FOLDIN_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Numbers that stand for whole numbers: `codes[n]` is the code of n plus one, 0 where n has none.
typedef struct {
    const uint32_t *_Nonnull codes;
    ptrdiff_t count;
} foldin_codes;

/// Where the rows go: room for `room` of each.
typedef struct {
    uint32_t *_Nonnull users;
    uint32_t *_Nonnull items;
    float *_Nonnull ratings;
    ptrdiff_t capacity;
} foldin_rows;

/// Reads the usual rows from `*place` on: `user,item,rating` and, where `has_fourth`, one more whole number or nothing, each ended by a
/// single newline; ids are whole numbers of at most 7 digits that have codes, ratings one digit or digit, point, digit.
///
/// Stops before the first row that is otherwise, for the caller to look at, where fewer than 32 bytes are left before `end`, and when
/// there is no more room; moves `*place` there and returns how many rows were read.
ptrdiff_t foldin_read_coded_rows(const uint8_t *_Nonnull *_Nonnull place, const uint8_t *_Nonnull end, uint8_t delimiter,
                                 bool has_fourth, foldin_codes users, foldin_codes items, foldin_rows rows);

#endif
