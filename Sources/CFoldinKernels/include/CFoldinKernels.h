/// Vector loops of Foldin: no threads, no allocation but `foldin_allocate`, no knowledge of models.
///
/// Bodies are written once and compiled for several instruction sets (`EachInstructionSet.inc`); a call takes the best version for the
/// processor unless the caller passes an instruction set. All matrices are row-major.
#ifndef CFOLDINKERNELS_H
#define CFOLDINKERNELS_H

#include "BFloat16.h"
#include "Bytes.h"
#include "Cholesky.h"
#include "Eigen.h"
#include "Inverse.h"
#include "Loops.h"
#include "Memory.h"
#include "Multiply.h"
#include "NumberRows.h"
#include "PositiveSystem.h"
#include "Processor.h"
#include "Random.h"
#include "Residual.h"
#include "Rows.h"
#include "TopK.h"

#endif
