#include "TopK.h"

#include <math.h>
#include <string.h>

#include "InstructionSets.h"

typedef float float16 __attribute__((ext_vector_type(16)));
typedef int32_t mask16 __attribute__((ext_vector_type(16)));
typedef bool bool16 __attribute__((ext_vector_type(16)));

// Keys have the order of their scores, and among equal scores the lower item has the greater key: the upper half is the score's bits, made
// monotonic, the lower half the complement of the item. Keys are distinct.
static inline uint64_t key_of(float score, ptrdiff_t item) {
    uint32_t bits;
    score += 0.0f;  // -0 equals 0
    memcpy(&bits, &score, sizeof bits);
    bits ^= bits >> 31 ? 0xFFFFFFFFu : 0x80000000u;
    return (uint64_t)bits << 32 | (uint32_t)~(uint32_t)item;
}

static inline int32_t item_of(uint64_t key) { return (int32_t)~(uint32_t)key; }

static inline float score_of(uint64_t key) {
    uint32_t bits = (uint32_t)(key >> 32);
    bits ^= bits >> 31 ? 0x80000000u : 0xFFFFFFFFu;
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

static inline float least_score(const uint64_t *keys, ptrdiff_t count) {
    uint64_t least = keys[0];
    for (ptrdiff_t i = 1; i < count; i++) least = keys[i] < least ? keys[i] : least;
    return score_of(least);
}

// The median of three keys at pseudo-random positions, so that no common order of scores gives bad pivots.
static inline ptrdiff_t pivot_position(const uint64_t *keys, ptrdiff_t begin, ptrdiff_t end, uint64_t *state) {
    ptrdiff_t at[3];
    for (int i = 0; i < 3; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        at[i] = begin + (ptrdiff_t)((*state >> 33) % (uint64_t)(end - begin));
    }
    uint64_t a = keys[at[0]], b = keys[at[1]], c = keys[at[2]];
    return (a < b) == (b < c) ? at[1] : (b < a) == (a < c) ? at[0] : at[2];
}

// Moves the `best` highest of `count` keys to the front, in no order. Quickselect with a branch-free partition.
static void keep_best(uint64_t *keys, ptrdiff_t count, ptrdiff_t best) {
    ptrdiff_t begin = 0, end = count;
    uint64_t state = (uint64_t)count;
    while (begin < best && best < end) {
        ptrdiff_t at = pivot_position(keys, begin, end, &state), split = begin;
        uint64_t pivot = keys[at];
        keys[at] = keys[end - 1];
        for (ptrdiff_t i = begin; i < end - 1; i++) {
            uint64_t key = keys[i];
            keys[i] = keys[split];
            keys[split] = key;
            split += key > pivot;
        }
        keys[end - 1] = keys[split];
        keys[split] = pivot;
        if (split < best)
            begin = split + 1;
        else
            end = split;
    }
}

// Merge sort with `count` words of scratch memory behind the keys; returns where the sorted keys are.
static const uint64_t *sort_descending(uint64_t *keys, ptrdiff_t count) {
    uint64_t *from = keys, *to = keys + count;
    for (ptrdiff_t width = 1; width < count; width *= 2) {
        for (ptrdiff_t start = 0; start < count; start += 2 * width) {
            ptrdiff_t middle = start + width < count ? start + width : count;
            ptrdiff_t end = start + 2 * width < count ? start + 2 * width : count;
            ptrdiff_t left = start, right = middle, out = start;
            while (left < middle && right < end) {
                uint64_t a = from[left], b = from[right];
                bool first = a > b;
                to[out++] = first ? a : b;
                left += first;
                right += !first;
            }
            while (left < middle) to[out++] = from[left++];
            while (right < end) to[out++] = from[right++];
        }
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

ptrdiff_t foldin_top_k_scratch(ptrdiff_t k) { return 4 * k + 64; }

// A macro, so that it is compiled for the instruction set of the function that uses it.
#define bits_of(mask)                                           \
    ({                                                          \
        bool16 lanes = __builtin_convertvector((mask), bool16); \
        uint16_t bits;                                          \
        memcpy(&bits, &lanes, sizeof bits);                     \
        (unsigned)bits;                                         \
    })

// No AVX-512: measured on Zen 5 its 64-byte loads straddle a cache line in most rows and it is a tenth slower than AVX2.
#define BODY "TopK.inc"
#define PORTABLE 1
#define AVX2_TARGET "avx2,bmi,bmi2"
#include "EachInstructionSet.inc"

ptrdiff_t foldin_top_k_by(int instruction_set, const float *scores, ptrdiff_t count, ptrdiff_t k, uint64_t *scratch,
                          int32_t *items) {
#if defined(__x86_64__)
    if (instruction_set == FOLDIN_AVX2) return top_k_avx2(scores, count, k, scratch, items);
#endif
    (void)instruction_set;
    return top_k_portable(scores, count, k, scratch, items);
}

ptrdiff_t foldin_top_k(const float *scores, ptrdiff_t count, ptrdiff_t k, uint64_t *scratch, int32_t *items) {
    return foldin_top_k_by(best_instruction_set() == FOLDIN_PORTABLE ? FOLDIN_PORTABLE : FOLDIN_AVX2, scores, count, k, scratch,
                           items);
}

ptrdiff_t foldin_at_least_by(int instruction_set, float bound, const float *scores, ptrdiff_t count, int32_t *items) {
#if defined(__x86_64__)
    if (instruction_set == FOLDIN_AVX2) return at_least_avx2(bound, scores, count, items);
#endif
    (void)instruction_set;
    return at_least_portable(bound, scores, count, items);
}

ptrdiff_t foldin_at_least(float bound, const float *scores, ptrdiff_t count, int32_t *items) {
    return foldin_at_least_by(best_instruction_set() == FOLDIN_PORTABLE ? FOLDIN_PORTABLE : FOLDIN_AVX2, bound, scores, count,
                              items);
}
