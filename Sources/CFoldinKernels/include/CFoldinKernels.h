/// Vector loops of Foldin: no threads, no allocation but `foldin_allocate`, no knowledge of models.
///
/// The bodies are written once with 16-lane vectors (`Loops.inc`, `Residual.inc`) and compiled for several instruction sets; the best one the
/// processor has is chosen on first use. All matrices are row-major.
#ifndef CFOLDINKERNELS_H
#define CFOLDINKERNELS_H

#include "BFloat16.h"
#include "Bytes.h"
#include "Inverse.h"
#include "Loops.h"
#include "Memory.h"
#include "Multiply.h"
#include "NumberRows.h"
#include "Processor.h"
#include "Random.h"
#include "Residual.h"
#include "Rows.h"
#include "TopK.h"

#endif
