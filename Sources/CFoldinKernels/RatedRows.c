#include "NumberRows.h"

// The least number of tenths that is above `threshold`, 256 for none.
static int least_tenths(float threshold) {
    int least = 0;
    while (least < 256 && !((float)least / 10.0f > threshold)) least++;
    return least;
}

ptrdiff_t foldin_count_rated(foldin_rated_rows rows, float threshold) {
    if (!rows.tenths && !rows.ratings) return rows.count;
    ptrdiff_t kept = 0;
    if (rows.tenths) {
        int least = least_tenths(threshold);
        for (ptrdiff_t row = 0; row < rows.count; row++) kept += rows.tenths[row] >= least;
    } else {
        for (ptrdiff_t row = 0; row < rows.count; row++) kept += rows.ratings[row] > threshold;
    }
    return kept;
}

void foldin_keep_rated(foldin_rated_rows rows, float threshold, uint32_t *kept_users, uint32_t *kept_items, ptrdiff_t kept) {
    int least = least_tenths(threshold);
    ptrdiff_t place = 0;
    for (ptrdiff_t run = 0; run < rows.run_count; run++) {
        uint32_t user = rows.runs[run].user;
        ptrdiff_t end = run + 1 < rows.run_count ? rows.runs[run + 1].start : rows.count;
        // Written whether kept or not, and written over if not: no branch is guessed wrong.
        for (ptrdiff_t row = rows.runs[run].start; row < end && place < kept; row++) {
            kept_users[place] = user;
            kept_items[place] = rows.items[row];
            place += rows.tenths ? rows.tenths[row] >= least : !rows.ratings || rows.ratings[row] > threshold;
        }
    }
}
