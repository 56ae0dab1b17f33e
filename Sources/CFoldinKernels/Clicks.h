#ifndef FOLDIN_CLICKS_H
#define FOLDIN_CLICKS_H

#include "Loops.h"

// The first click of `user` on `item` or a later item. A binary search without a branch: it would be mispredicted half of the time.
static inline ptrdiff_t first_click(foldin_clicks clicks, ptrdiff_t user, ptrdiff_t item) {
    ptrdiff_t low = clicks.starts[user], count = clicks.starts[user + 1] - low;
    while (count > 0) {
        ptrdiff_t half = (count + 1) / 2;
        low += clicks.items[low + half - 1] < item ? half : 0;
        count -= half;
    }
    return low;
}

#endif
