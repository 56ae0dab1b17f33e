#ifndef FOLDIN_ROWS_H
#define FOLDIN_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Codes of whole numbers: `codes[n]` is the code of n plus one, or 0 if n has no code.
typedef struct {
    const uint32_t *_Nonnull codes;
    ptrdiff_t count;
} foldin_codes;

/// Where the rows are written: arrays of `capacity` elements.
typedef struct {
    uint32_t *_Nonnull users;
    uint32_t *_Nonnull items;
    float *_Nonnull ratings;
    ptrdiff_t capacity;
} foldin_rows;

/// Reads fixed-layout rows (NumberRows.h) whose ids have codes from `*place` on, one at a time. With `has_fourth` a row has a fourth field,
/// which may be empty.
///
/// Stops before the first malformed row, before the last 32 bytes, and when the capacity is used up; moves `*place` there and returns the
/// number of rows.
ptrdiff_t foldin_read_coded_rows(const uint8_t *_Nonnull *_Nonnull place, const uint8_t *_Nonnull end, uint8_t delimiter,
                                 bool has_fourth, foldin_codes users, foldin_codes items, foldin_rows rows);

#endif
