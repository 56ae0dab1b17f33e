#ifndef FOLDIN_DISPATCH_H
#define FOLDIN_DISPATCH_H

#include <stdint.h>

// The vectors that loops are written with, and the choice of the instruction set that they are compiled for.

typedef float vector __attribute__((vector_size(64), aligned(64)));
typedef int32_t integers __attribute__((vector_size(64), aligned(64)));

// Vectors wider than the machine's registers are passed between inlined functions only.
#pragma clang diagnostic ignored "-Wpsabi"

#if defined(__x86_64__)

enum { portable, avx2, avx512 };

static int instruction_set(void) {
    static int known = -1;  // written with the same value by every thread that gets here first
    int found = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (found < 0) {
        __builtin_cpu_init();
        found = portable;
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found = avx2;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl"))
            found = avx512;
        __atomic_store_n(&known, found, __ATOMIC_RELAXED);
    }
    return found;
}

#define CALL(name, ...)                                 \
    switch (instruction_set()) {                        \
        case avx512: return name##_avx512(__VA_ARGS__); \
        case avx2: return name##_avx2(__VA_ARGS__);     \
        default: return name##_portable(__VA_ARGS__);   \
    }

#else
#define CALL(name, ...) return name##_portable(__VA_ARGS__);
#endif

#endif
