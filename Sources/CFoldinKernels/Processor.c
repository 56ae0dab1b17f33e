#include "Processor.h"

#include "BFloat16.h"

bool foldin_processor_has(int feature) {
#if defined(__x86_64__)
    switch (feature) {
        case FOLDIN_PROCESSOR_AVX2: return __builtin_cpu_supports("avx2");
        case FOLDIN_PROCESSOR_AVX512F: return __builtin_cpu_supports("avx512f");
        case FOLDIN_PROCESSOR_AVX512_BF16: return foldin_bfloat16_is_present();
        default: return false;
    }
#elif defined(__aarch64__)
    return feature == FOLDIN_PROCESSOR_NEON;  // part of the architecture
#else
    (void)feature;
    return false;
#endif
}
