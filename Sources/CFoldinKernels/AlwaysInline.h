#ifndef FOLDIN_ALWAYS_INLINE_H
#define FOLDIN_ALWAYS_INLINE_H

// A function that is compiled anew where it is called, for the constants that it is given there.
#define ALWAYS_INLINE static inline __attribute__((always_inline))

#endif
