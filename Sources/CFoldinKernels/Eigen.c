#include "Eigen.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "InstructionSets.h"

// Eight lanes, whatever the registers' width.
typedef double doubles __attribute__((vector_size(64), aligned(64)));

#pragma clang diagnostic ignored "-Wpsabi"

#define BODY "Eigen.inc"
#define PORTABLE 1
#define AVX2_TARGET TARGET_AVX2
#define AVX512_TARGET TARGET_AVX512
#include "EachInstructionSet.inc"

void foldin_tridiagonalize(ptrdiff_t side, ptrdiff_t from, ptrdiff_t to, double *a, double *diagonal, double *beside,
                           double *factors, double *scratch) {
    CALL(tridiagonalize, side, from, to, a, diagonal, beside, factors, scratch)
}

void foldin_multiply_reflections(ptrdiff_t side, ptrdiff_t from, ptrdiff_t to, const double *a, const double *factors,
                                 double *q) {
    CALL(multiply_reflections, side, from, to, a, factors, q)
}

ptrdiff_t foldin_diagonalize(ptrdiff_t side, ptrdiff_t end, double *diagonal, double *beside, double *vectors) {
    CALL(diagonalize, side, end, diagonal, beside, vectors)
}
