#include "Random.h"

#include <math.h>

// The four words of one Philox4x32-10 block.
static void philox(foldin_random_source source, uint64_t block, uint32_t words[4]) {
    uint32_t key0 = (uint32_t)source.seed, key1 = (uint32_t)(source.seed >> 32);
    uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32) ^ source.stream;
    uint32_t c2 = (uint32_t)source.step, c3 = (uint32_t)(source.step >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = (uint64_t)0xD2511F53u * c0, product1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t next0 = (uint32_t)(product1 >> 32) ^ c1 ^ key0, next2 = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
        c1 = (uint32_t)product1;
        c3 = (uint32_t)product0;
        c0 = next0;
        c2 = next2;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    words[0] = c0, words[1] = c1, words[2] = c2, words[3] = c3;
}

// Runs `body` with `i` and `word` for each position.
#define FOR_EACH_WORD(body)                                                            \
    for (ptrdiff_t i = 0; i < count;) {                                                \
        uint32_t words[4];                                                             \
        philox(source, (first + (uint64_t)i) / 4, words);                              \
        for (int j = (int)((first + (uint64_t)i) % 4); j < 4 && i < count; j++, i++) { \
            uint32_t word = words[j];                                                  \
            body                                                                       \
        }                                                                              \
    }

void foldin_random_words(foldin_random_source source, uint64_t first, ptrdiff_t count, uint32_t *out) {
    FOR_EACH_WORD(out[i] = word;)
}

void foldin_random_uniform(foldin_random_source source, uint64_t first, ptrdiff_t count, float *out) {
    FOR_EACH_WORD(out[i] = (float)(word >> 8) * 0x1p-24f;)
}

void foldin_random_normal(foldin_random_source source, uint64_t first, ptrdiff_t count, float *out) {
    for (ptrdiff_t i = 0; i < count;) {
        uint32_t words[4];
        philox(source, (first + (uint64_t)i) / 4, words);
        for (int j = (int)((first + (uint64_t)i) % 4); j < 4 && i < count; j += 2) {
            float radius = sqrtf(-2.0f * logf(((float)(words[j] >> 8) + 1.0f) * 0x1p-24f));
            float angle = 6.283185307179586f * ((float)(words[j + 1] >> 8) * 0x1p-24f);
            out[i++] = radius * cosf(angle);
            if (i < count) out[i++] = radius * sinf(angle);
        }
    }
}

void foldin_dropout(foldin_random_source source, uint64_t first, ptrdiff_t count, float keep, const float *x, float *y) {
    const uint64_t threshold = (uint64_t)((double)keep * 0x1p32);
    const float scale = 1.0f / keep;
    FOR_EACH_WORD(y[i] = word < threshold ? x[i] * scale : 0.0f;)
}
