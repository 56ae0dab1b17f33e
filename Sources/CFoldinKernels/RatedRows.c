#include "NumberRows.h"

// The least number of tenths that is above `threshold`; if there is none, more than a rated item can have.
static uint32_t least_tenths(float threshold) {
    uint32_t least = 0, none = UINT32_MAX >> FOLDIN_ITEM_BITS;
    while (least <= none && !((float)least / 10.0f > threshold)) least++;
    return least;
}

ptrdiff_t foldin_count_rated(foldin_rated_rows rows, float threshold) {
    ptrdiff_t kept = 0;
    if (rows.ratings) {
        for (ptrdiff_t row = 0; row < rows.count; row++) kept += rows.ratings[row] > threshold;
    } else {
        uint32_t least = least_tenths(threshold);
        for (ptrdiff_t row = 0; row < rows.count; row++) kept += rows.items[row] >> FOLDIN_ITEM_BITS >= least;
    }
    return kept;
}

void foldin_keep_rated(foldin_rated_rows rows, float threshold, uint32_t *kept_users, uint32_t *kept_items, ptrdiff_t kept) {
    uint32_t least = least_tenths(threshold), mask = rows.ratings ? UINT32_MAX : FOLDIN_ITEM_MASK;
    ptrdiff_t place = 0;
    for (ptrdiff_t run = 0; run < rows.run_count; run++) {
        uint32_t user = rows.user_codes[rows.runs[run].user];
        ptrdiff_t end = run + 1 < rows.run_count ? rows.runs[run + 1].start : rows.count;
        // Always written, and overwritten by the next row if not kept: no branch can be mispredicted.
        for (ptrdiff_t row = rows.runs[run].start; row < end && place < kept; row++) {
            kept_users[place] = user;
            kept_items[place] = rows.item_codes[rows.items[row] & mask];
            place += rows.ratings ? rows.ratings[row] > threshold : rows.items[row] >> FOLDIN_ITEM_BITS >= least;
        }
    }
}
