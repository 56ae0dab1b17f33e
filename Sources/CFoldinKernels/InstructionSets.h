#ifndef FOLDIN_INSTRUCTION_SETS_H
#define FOLDIN_INSTRUCTION_SETS_H

#include "Processor.h"

// One body for several instruction sets: a file compiles it by EachInstructionSet.inc and chooses among the versions by CALL or by an
// argument.

// What clang's attribute `target` takes for them.
#define TARGET_AVX2 "avx2,fma"
#define TARGET_AVX512 "avx512f,avx512bw,avx512dq,avx512vl,fma"
#define TARGET_AVX512_BF16 "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"

// A function that is compiled again for each call, with the constants that the call passes.
#define ALWAYS_INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)

// The best of FOLDIN_PORTABLE, FOLDIN_AVX2 and FOLDIN_AVX512 that the processor has.
static inline int best_instruction_set(void) {
    static int known = -1;  // written with the same value by every thread that gets here first
    int found = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (found < 0) {
        found = FOLDIN_AVX512;
        while (!foldin_processor_has(found)) found--;
        __atomic_store_n(&known, found, __ATOMIC_RELAXED);
    }
    return found;
}

// Returns name(...) of the best version, of a body that is compiled for all three sets.
#define CALL(name, ...)                                        \
    switch (best_instruction_set()) {                          \
        case FOLDIN_AVX512: return name##_avx512(__VA_ARGS__); \
        case FOLDIN_AVX2: return name##_avx2(__VA_ARGS__);     \
        default: return name##_portable(__VA_ARGS__);          \
    }

#else
static inline int best_instruction_set(void) { return FOLDIN_PORTABLE; }

#define CALL(name, ...) return name##_portable(__VA_ARGS__);
#endif

#endif
