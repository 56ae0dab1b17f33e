#include "Multiply.h"

#include <string.h>

#include "InstructionSets.h"
#include "Prefetch.h"

#if defined(__x86_64__)
// The length of the equal pieces, of at most `longest`, into which `inner` is cut; a multiple of 16 if there is more than one.
static ptrdiff_t inner_piece(ptrdiff_t inner, ptrdiff_t longest) {
    ptrdiff_t pieces = (inner + longest - 1) / longest;
    return pieces > 1 ? ((inner + pieces - 1) / pieces + 15) / 16 * 16 : inner;
}

#define BODY "Multiply.inc"
#define PORTABLE 0
#define AVX2_TARGET TARGET_AVX2
#define AVX512_TARGET TARGET_AVX512
#include "EachInstructionSet.inc"
#endif

void foldin_multiply_by(int instruction_set, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, foldin_matrix a, foldin_matrix b,
                        bool adds, float *c, ptrdiff_t c_stride) {
    if (inner <= 0) {
        for (ptrdiff_t row = 0; row < rows && !adds; row++) memset(c + row * c_stride, 0, (size_t)columns * sizeof(float));
        return;
    }
#if defined(__x86_64__)
    switch (instruction_set) {
        case FOLDIN_AVX2: multiply_avx2(rows, columns, inner, a, b, adds, c, c_stride); break;
        case FOLDIN_AVX512: multiply_avx512(rows, columns, inner, a, b, adds, c, c_stride); break;
        default: __builtin_trap();
    }
#else
    (void)instruction_set, (void)a, (void)b;
    __builtin_trap();
#endif
}

void foldin_multiply_rows_by(int instruction_set, ptrdiff_t count, const int32_t *rows, ptrdiff_t inner, const float *a,
                             const float *b, ptrdiff_t b_stride, float *c) {
#if defined(__x86_64__)
    switch (instruction_set) {
        case FOLDIN_AVX2: multiply_rows_avx2(count, rows, inner, a, b, b_stride, c); break;
        case FOLDIN_AVX512: multiply_rows_avx512(count, rows, inner, a, b, b_stride, c); break;
        default: __builtin_trap();
    }
#else
    (void)instruction_set, (void)count, (void)rows, (void)inner, (void)a, (void)b, (void)b_stride, (void)c;
    __builtin_trap();
#endif
}
