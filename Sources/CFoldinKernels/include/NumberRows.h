#ifndef FOLDIN_NUMBER_ROWS_H
#define FOLDIN_NUMBER_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "Processor.h"

/// Rows one after the other that have the same user, from `start` on to the start of the next run.
typedef struct {
    uint32_t user;
    uint32_t start;
} foldin_run;

/// A rated item is a word: the item in its lower bits, so many, the rating times ten in the upper ones.
enum { FOLDIN_ITEM_BITS = 25, FOLDIN_ITEM_MASK = (1 << FOLDIN_ITEM_BITS) - 1 };

/// Where rows of numbers go: room for `room` rows and as many runs, and a mark, 1, for each number below `bound` that is met; `bound` is at
/// most 2^25. Threads may share the marks, but nothing else.
typedef struct {
    uint32_t *_Nonnull rated_items;
    /// How many rows there are already; the next comes to this place.
    ptrdiff_t count;
    ptrdiff_t capacity;
    foldin_run *_Nonnull runs;
    ptrdiff_t run_count;
    uint8_t *_Nonnull seen_users;
    uint8_t *_Nonnull seen_items;
    uint32_t bound;
} foldin_number_rows;

/// Reads usual rows from `*place` on, many at a time, behind those there are: `user,item,rating` and, where `has_fourth`, one more field of
/// digits and points, each ended by a single newline; ids are whole numbers below `bound`, at most 7 digits in their only spelling, ratings
/// one digit or digit, point, digit. Ids are stored as the numbers they are.
///
/// Stops before the first row that is otherwise, which the caller looks at, at `end`, and when there is no more room; moves `*place` there.
/// The results do not depend on the instruction set, which the processor must have: there are versions for `FOLDIN_PORTABLE`, `FOLDIN_AVX2` and
/// `FOLDIN_AVX512_VBMI2`.
void foldin_read_numbers(int instruction_set, const uint8_t *_Nonnull *_Nonnull place, const uint8_t *_Nonnull end,
                         uint8_t delimiter, bool has_fourth, foldin_number_rows *_Nonnull rows);

/// Rows that were read, and the codes of their users and items. Without `ratings` the items are rated items.
typedef struct {
    ptrdiff_t count;
    const uint32_t *_Nonnull items;
    const float *_Nullable ratings;
    const foldin_run *_Nonnull runs;
    ptrdiff_t run_count;
    const uint32_t *_Nonnull user_codes;
    const uint32_t *_Nonnull item_codes;
} foldin_rated_rows;

/// How many of the rows are rated above `threshold`.
ptrdiff_t foldin_count_rated(foldin_rated_rows rows, float threshold);

/// Copies the codes of the users and items of the rows rated above `threshold` to the front of `kept_users` and `kept_items`. They must be
/// `kept` many; nothing is written behind.
void foldin_keep_rated(foldin_rated_rows rows, float threshold, uint32_t *_Nonnull kept_users, uint32_t *_Nonnull kept_items,
                       ptrdiff_t kept);

#endif
