#include "PositiveSystem.h"

#include <math.h>

#include "InstructionSets.h"

#define BODY "PositiveSystem.inc"
#define PORTABLE 1
#define AVX2_TARGET TARGET_AVX2
#define AVX512_TARGET TARGET_AVX512
#include "EachInstructionSet.inc"

bool foldin_cholesky(ptrdiff_t side, float *matrix, ptrdiff_t stride, const float *least, float *inverse) {
    CALL(cholesky, side, matrix, stride, least, inverse)
}

void foldin_solve_transposed(ptrdiff_t side, const float *lower, ptrdiff_t stride, float *x) {
    CALL(solve_transposed, side, lower, stride, x)
}
