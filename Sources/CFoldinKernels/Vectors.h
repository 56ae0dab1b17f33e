#ifndef FOLDIN_VECTORS_H
#define FOLDIN_VECTORS_H

#include <stdint.h>

#include "InstructionSets.h"

// The vectors that loops are written with, of 16 numbers; Vectors.inc has the functions on them.
typedef float vector __attribute__((vector_size(64), aligned(64)));
typedef int32_t integers __attribute__((vector_size(64), aligned(64)));

// Vectors wider than the machine's registers are passed between inlined functions only.
#pragma clang diagnostic ignored "-Wpsabi"

#endif
