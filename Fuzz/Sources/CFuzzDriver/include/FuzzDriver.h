#ifndef FOLDIN_FUZZ_DRIVER_H
#define FOLDIN_FUZZ_DRIVER_H

#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer over `target`; its options stand in `arguments`. Returns the exit status.
int foldin_fuzz(int count, char *_Nullable *_Nonnull arguments,
                int (*_Nonnull target)(const uint8_t *_Nullable bytes, size_t count));

#endif
