// For the module FoldinC; not part of the interface.
#ifndef FOLDIN_FLAG_H
#define FOLDIN_FLAG_H

#include <stdint.h>

/// Whether another thread has set the number to other than 0.
static inline int32_t foldin_is_set(const int32_t *flag) { return __atomic_load_n(flag, __ATOMIC_RELAXED) != 0; }

#endif
