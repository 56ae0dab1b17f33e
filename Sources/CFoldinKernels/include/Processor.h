#ifndef FOLDIN_PROCESSOR_H
#define FOLDIN_PROCESSOR_H

#include <stdbool.h>

/// The instruction sets that kernels are compiled for. On x86-64 a processor that has one has those before it, but for the last two,
/// each of which extends `FOLDIN_AVX512`.
enum foldin_instruction_set {
    /// What every processor of the architecture has.
    FOLDIN_PORTABLE = 0,
    /// AVX2 with FMA, BMI1, BMI2 and POPCNT.
    FOLDIN_AVX2 = 1,
    /// AVX-512 F, BW, DQ and VL, and AVX2.
    FOLDIN_AVX512 = 2,
    /// AVX-512 with VBMI2.
    FOLDIN_AVX512_VBMI2 = 3,
    /// AVX-512 with products of bfloat16.
    FOLDIN_AVX512_BF16 = 4,
    /// NEON, part of every 64-bit ARM processor.
    FOLDIN_NEON = 5
};

/// Whether this processor, and the operating system, have an instruction set. The only such query: kernels that take an instruction set as
/// an argument may be called with one that is present.
bool foldin_processor_has(int instruction_set);

#endif
