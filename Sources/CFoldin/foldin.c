// The functions of foldin.h are written in Swift, in the module FoldinC.
#include "foldin.h"
