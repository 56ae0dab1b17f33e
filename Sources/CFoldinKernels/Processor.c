#include "Processor.h"

bool foldin_processor_has(int instruction_set) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    switch (instruction_set) {
        case FOLDIN_PORTABLE: return true;
        case FOLDIN_AVX2: return has_avx2;
        case FOLDIN_AVX512: return has_avx512;
        case FOLDIN_AVX512_VBMI2: return has_avx512 && __builtin_cpu_supports("avx512vbmi2");
        case FOLDIN_AVX512_BF16: return has_avx512 && __builtin_cpu_supports("avx512bf16");
        default: return false;
    }
#elif defined(__aarch64__)
    return instruction_set == FOLDIN_PORTABLE || instruction_set == FOLDIN_NEON;
#else
    return instruction_set == FOLDIN_PORTABLE;
#endif
}
