#ifndef FOLDIN_NUMBER_ROWS_H
#define FOLDIN_NUMBER_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "Processor.h"

// Fixed-layout rows have the grammar
//
//     row     = id delimiter id delimiter rating [delimiter rest] newline        user, item, rating
//     id      = 1 to 7 digits; the first is not 0, unless it is the only one
//     rating  = digit | digit "." digit
//     rest    = digits and points                                                where there is a fourth column; see the functions
//     newline = line feed
//
// Any other row is malformed for these readers; the caller parses it in another way. `foldin_read_numbers` stores ids as the numbers they
// are, `foldin_read_coded_rows` in Rows.h as their codes.

/// Consecutive rows with the same user, from row `start` to the start of the next run.
typedef struct {
    uint32_t user;
    uint32_t start;
} foldin_run;

/// A rated item is a word: the item in its lower `FOLDIN_ITEM_BITS` bits, the rating times ten in the upper ones.
enum { FOLDIN_ITEM_BITS = 25, FOLDIN_ITEM_MASK = (1 << FOLDIN_ITEM_BITS) - 1 };

/// Where `foldin_read_numbers` writes rows. Threads may share the marks, but nothing else.
typedef struct {
    /// The item and the rating of each row, with capacity for `capacity` rows.
    uint32_t *_Nonnull rated_items;
    /// The number of rows so far; the next row is stored at this index.
    ptrdiff_t count;
    ptrdiff_t capacity;
    /// The runs, with capacity for `capacity` runs.
    foldin_run *_Nonnull runs;
    ptrdiff_t run_count;
    /// A byte for each number below `bound`: 1 if it is the user of a row.
    uint8_t *_Nonnull seen_users;
    /// A byte for each number below `bound`: 1 if it is the item of a row.
    uint8_t *_Nonnull seen_items;
    /// Ids are below this; at most 2^25.
    uint32_t bound;
} foldin_number_rows;

/// Reads fixed-layout rows with ids below `rows->bound` from `*place` on, many at a time, and adds them to `rows`. With `has_fourth` a row
/// has a fourth field, which is not empty.
///
/// Stops before the first malformed row, at `end`, and when the capacity is used up; moves `*place` there. The results do not depend on the
/// instruction set, which the processor must have: there are versions for `FOLDIN_PORTABLE`, `FOLDIN_AVX2` and `FOLDIN_AVX512_VBMI2`.
void foldin_read_numbers(int instruction_set, const uint8_t *_Nonnull *_Nonnull place, const uint8_t *_Nonnull end,
                         uint8_t delimiter, bool has_fourth, foldin_number_rows *_Nonnull rows);

/// Rows that were read, and the codes of their users and items. If `ratings` is NULL, the items are rated items.
typedef struct {
    ptrdiff_t count;
    const uint32_t *_Nonnull items;
    const float *_Nullable ratings;
    const foldin_run *_Nonnull runs;
    ptrdiff_t run_count;
    const uint32_t *_Nonnull user_codes;
    const uint32_t *_Nonnull item_codes;
} foldin_rated_rows;

/// The number of rows that are rated above `threshold`.
ptrdiff_t foldin_count_rated(foldin_rated_rows rows, float threshold);

/// Copies the codes of the users and items of the rows rated above `threshold` to `kept_users` and `kept_items`. `kept` is the number of
/// these rows; nothing is written behind them.
void foldin_keep_rated(foldin_rated_rows rows, float threshold, uint32_t *_Nonnull kept_users, uint32_t *_Nonnull kept_items,
                       ptrdiff_t kept);

#endif
