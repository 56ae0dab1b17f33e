#include "Inverse.h"

#include <math.h>

// Gauss-Jordan elimination in place and without row exchanges, which a positive definite matrix does not need: every pivot is a
// diagonal element of a Schur complement and so positive (Higham, Accuracy and Stability of Numerical Algorithms, 14.4).
bool foldin_invert_positive(ptrdiff_t side, double *matrix) {
    for (ptrdiff_t k = 0; k < side; k++) {
        double *pivot_row = matrix + k * side;
        double pivot = pivot_row[k];
        if (!(pivot > 0) || isinf(pivot)) return false;
        pivot_row[k] = 1;
        for (ptrdiff_t j = 0; j < side; j++) pivot_row[j] /= pivot;
        for (ptrdiff_t i = 0; i < side; i++) {
            if (i == k) continue;
            double *row = matrix + i * side;
            double factor = row[k];
            row[k] = 0;
            for (ptrdiff_t j = 0; j < side; j++) row[j] -= factor * pivot_row[j];
        }
    }
    return true;
}
