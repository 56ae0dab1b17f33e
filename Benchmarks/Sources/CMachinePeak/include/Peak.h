#ifndef MACHINE_PEAK_H
#define MACHINE_PEAK_H

#include <stdbool.h>
#include <stddef.h>

enum peak_kind { PEAK_FLOAT32 = 0, PEAK_BFLOAT16 = 1 };

/// Whether this processor multiplies and adds numbers of a kind (bfloat16: AVX-512 BF16 only).
bool peak_has(int kind);

/// Multiplies and adds in registers alone, `rounds` times 24 independent vectors, with the widest instructions there are, and
/// returns how many floating-point operations that was (an addition and a multiplication are two).
double peak_run(int kind, ptrdiff_t rounds);

/// The name of the instructions that `peak_run` uses for single precision.
const char *_Nonnull peak_instructions(void);

/// Multiplies `count` floats by `factor` where they are: 8 bytes of traffic each.
void peak_scale(float *_Nonnull values, ptrdiff_t count, float factor);

#endif
