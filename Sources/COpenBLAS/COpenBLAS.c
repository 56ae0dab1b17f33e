#include "COpenBLAS.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

// The values of CBLAS's enumerations, the same in every implementation.
enum { row_major = 101, no_transpose = 111, transpose = 112 };

static char description[256] = "no BLAS found: slow plain loops are used (install libopenblas0-pthread)";
static bool is_open = false;

#if defined(__APPLE__)
#define ACCELERATE_NEW_LAPACK 1
#include <Accelerate/Accelerate.h>

static void open_library(void) {
    BLASSetThreading(BLAS_THREADING_SINGLE_THREADED);
    snprintf(description, sizeof description, "Accelerate");
    is_open = true;
}

void foldin_sgemm(bool transpose_a, bool transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                  const float *b, int ldb, float beta, float *c, int ldc) {
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, m, n, k,
                alpha, a, lda, b, ldb, beta, c, ldc);
}
#else
#include <dlfcn.h>

typedef void sgemm_function(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *,
                            int);

// Where no BLAS is found: correct, slow (about one multiply-add a cycle and lane), and said so by `foldin doctor`.
static void plain_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
                        int lda, const float *b, int ldb, float beta, float *c, int ldc) {
    (void)order;
    for (int i = 0; i < m; i++) {
        float *row = c + (size_t)i * ldc;
        for (int j = 0; j < n; j++) row[j] = beta == 0 ? 0 : beta * row[j];
        for (int p = 0; p < k; p++) {
            float factor = alpha * (transpose_a == transpose ? a[(size_t)p * lda + i] : a[(size_t)i * lda + p]);
            if (transpose_b == transpose)
                for (int j = 0; j < n; j++) row[j] += factor * b[(size_t)j * ldb + p];
            else
                for (int j = 0; j < n; j++) row[j] += factor * b[(size_t)p * ldb + j];
        }
    }
}

static sgemm_function *sgemm = plain_sgemm;

static void open_library(void) {
#if defined(__x86_64__)
    // Any AVX-512 processor is well served by the kernels OpenBLAS wrote for Skylake-X, whether or not this OpenBLAS
    // has heard of the processor. A user's own choice stands.
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        setenv("OPENBLAS_CORETYPE", "SKYLAKEX", 0);
#endif
    // Workers are ours; a pool of OpenBLAS's own would only hold memory.
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    const char *chosen = getenv("FOLDIN_BLAS");
    const char *names[] = {chosen, "libopenblas.so.0", "libopenblas.so", "libblas.so.3"};
    for (int i = 0; i < 4; i++) {
        if (!names[i]) continue;
        void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        if (!library) continue;
        sgemm_function *found = (sgemm_function *)dlsym(library, "cblas_sgemm");
        if (!found) continue;
        sgemm = found;
        void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
        if (set_threads) set_threads(1);
        const char *(*config)(void) = (const char *(*)(void))dlsym(library, "openblas_get_config");
        const char *(*core)(void) = (const char *(*)(void))dlsym(library, "openblas_get_corename");
        if (config && core)
            snprintf(description, sizeof description, "%s (kernels: %s)", config(), core());
        else
            snprintf(description, sizeof description, "%s", names[i]);
        is_open = true;
        return;
    }
}

void foldin_sgemm(bool transpose_a, bool transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                  const float *b, int ldb, float beta, float *c, int ldc) {
    sgemm(row_major, transpose_a ? transpose : no_transpose, transpose_b ? transpose : no_transpose, m, n, k, alpha, a,
          lda, b, ldb, beta, c, ldc);
}
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;

bool foldin_blas_open(void) {
    pthread_once(&once, open_library);
    return is_open;
}

const char *foldin_blas_description(void) {
    foldin_blas_open();
    return description;
}
