// A C module needs a source file; the header has all.
#include "CArrow.h"
