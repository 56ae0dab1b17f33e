#ifndef FOLDIN_NUMBER_ROWS_H
#define FOLDIN_NUMBER_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Where rows of numbers go: room for `room` of each, and a mark for each number below `bound` that is met.
typedef struct {
    uint32_t *_Nonnull users;
    uint32_t *_Nonnull items;
    float *_Nonnull ratings;
    ptrdiff_t room;
    uint8_t *_Nonnull seen_users;
    uint8_t *_Nonnull seen_items;
    uint32_t bound;
} foldin_number_rows;

/// Reads usual rows from `*place` on, many at a time: `user,item,rating` and, where `has_fourth`, one more field of digits and points, each
/// ended by a single newline; ids are whole numbers below `bound`, at most 7 digits in their only spelling, ratings one digit or digit,
/// point, digit. Ids are stored as the numbers they are.
///
/// Stops before the first row that is otherwise, which the caller looks at, at `end`, and when there is no more room; moves `*place` there
/// and returns how many rows were read. `portable` keeps it from using the processor's vectors: the results are the same.
ptrdiff_t foldin_read_numbers(const uint8_t *_Nonnull *_Nonnull place, const uint8_t *_Nonnull end, uint8_t delimiter,
                              bool has_fourth, foldin_number_rows rows, bool portable);

/// How many of the ratings are above `threshold`.
ptrdiff_t foldin_count_rated(const float *_Nonnull ratings, float threshold, ptrdiff_t count);

/// Copies the users and items of the rows whose rating is above `threshold`, of all if `ratings` is null, to the front of `kept_users` and
/// `kept_items`. They must be `kept` many; nothing is written behind.
void foldin_keep_rated(const uint32_t *_Nonnull users, const uint32_t *_Nonnull items, const float *_Nullable ratings, float threshold,
                       ptrdiff_t count, uint32_t *_Nonnull kept_users, uint32_t *_Nonnull kept_items, ptrdiff_t kept);

#endif
