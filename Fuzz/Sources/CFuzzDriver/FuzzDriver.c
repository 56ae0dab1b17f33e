#include "FuzzDriver.h"

// libFuzzer's own entry, for programs that have a main already.
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*target)(const uint8_t *, size_t));

int foldin_fuzz(int count, char **arguments, int (*target)(const uint8_t *, size_t)) {
    return LLVMFuzzerRunDriver(&count, &arguments, target);
}
