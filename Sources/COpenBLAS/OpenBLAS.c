#include "COpenBLAS.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

// Constants of the C interface to the BLAS.
enum { row_major = 101, plain = 111, transposed = 112 };

static struct {
    void (*multiply)(int order, int a_layout, int b_layout, int rows, int columns, int inner, float alpha, const float *a,
                     int a_stride, const float *b, int b_stride, float beta, float *c, int c_stride);
    void (*set_threads)(int count);
    char *(*configuration)(void);
    char *(*kernels)(void);
} library;

static bool is_available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// Stores a pointer to a function through a pointer to data: C has no conversion between them.
static bool find(void *opened, const char *name, void *place) {
    *(void **)place = dlsym(opened, name);
    return *(void **)place != NULL;
}

static void load(void) {
    void *opened = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!opened) opened = dlopen("libopenblas.so", RTLD_NOW | RTLD_LOCAL);
    is_available = opened && find(opened, "cblas_sgemm", &library.multiply) &&
                   find(opened, "openblas_set_num_threads", &library.set_threads) &&
                   find(opened, "openblas_get_config", &library.configuration) &&
                   find(opened, "openblas_get_corename", &library.kernels);
    // Foldin has threads of its own: a product runs on the calling thread.
    if (is_available) library.set_threads(1);
}

bool foldin_openblas_is_available(void) {
    pthread_once(&once, load);
    return is_available;
}

const char *foldin_openblas_configuration(void) { return foldin_openblas_is_available() ? library.configuration() : NULL; }

const char *foldin_openblas_kernels(void) { return foldin_openblas_is_available() ? library.kernels() : NULL; }

bool foldin_openblas_multiply(bool a_is_transposed, bool b_is_transposed, int rows, int columns, int inner, const float *a,
                              int a_stride, const float *b, int b_stride, float beta, float *c, int c_stride) {
    if (!foldin_openblas_is_available()) return false;
    library.multiply(row_major, a_is_transposed ? transposed : plain, b_is_transposed ? transposed : plain, rows, columns, inner,
                     1, a, a_stride, b, b_stride, beta, c, c_stride);
    return true;
}
