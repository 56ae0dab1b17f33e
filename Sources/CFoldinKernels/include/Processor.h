#ifndef FOLDIN_PROCESSOR_H
#define FOLDIN_PROCESSOR_H

#include <stdbool.h>

/// The instruction sets that Foldin's speed depends on.
enum foldin_processor_feature {
    FOLDIN_PROCESSOR_AVX2 = 0,
    FOLDIN_PROCESSOR_AVX512F = 1,
    FOLDIN_PROCESSOR_AVX512_BF16 = 2,
    FOLDIN_PROCESSOR_NEON = 3
};

/// Whether this processor, and the operating system, have a feature.
bool foldin_processor_has(int feature);

#endif
