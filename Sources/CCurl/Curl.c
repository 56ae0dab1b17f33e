#include "CCurl.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

// Constants of libcurl's binary interface, which have been the same in all versions of libcurl.so.4.
enum {
    option_write_data = 10001,
    option_url = 10002,
    option_error_buffer = 10010,
    option_user_agent = 10018,
    option_low_speed_limit = 19,
    option_low_speed_time = 20,
    option_no_progress = 43,
    option_fail_on_error = 45,
    option_follow_location = 52,
    option_max_redirections = 68,
    option_connect_timeout = 78,
    option_no_signal = 99,
    option_progress_data = 10057,
    option_protocols = 181,
    option_redirection_protocols = 182,
    option_write_function = 20011,
    option_progress_function = 20219,
    protocols_http_and_https = 3,
    information_response_code = 0x200002,
    everything = 3,
};

static struct {
    int (*initialise)(long flags);
    void *(*open)(void);
    int (*set)(void *transfer, int option, ...);
    int (*perform)(void *transfer);
    int (*get)(void *transfer, int information, ...);
    void (*close)(void *transfer);
    const char *(*explain)(int code);
} library;

static bool is_available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// Stores a pointer to a function through a pointer to data: C has no conversion between them.
static bool find(void *opened, const char *name, void *place) {
    *(void **)place = dlsym(opened, name);
    return *(void **)place != NULL;
}

static void load(void) {
    // Debian's variant with GnuTLS has the same interface under another name; the last name is that of Apple systems.
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib"};
    void *opened = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !opened; i++) opened = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    is_available = opened && find(opened, "curl_global_init", &library.initialise) && find(opened, "curl_easy_init", &library.open) &&
                   find(opened, "curl_easy_setopt", &library.set) && find(opened, "curl_easy_perform", &library.perform) &&
                   find(opened, "curl_easy_getinfo", &library.get) && find(opened, "curl_easy_cleanup", &library.close) &&
                   find(opened, "curl_easy_strerror", &library.explain) && library.initialise(everything) == 0;
}

struct transfer {
    int file;
    bool is_written;
    bool is_cancelled;
    void *context;
    bool (*proceeds)(void *context, int64_t received, int64_t size);
};

static size_t store(char *bytes, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    size_t left = size * count;
    while (left > 0) {
        ssize_t written = write(transfer->file, bytes, left);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            transfer->is_written = false;
            return 0;
        }
        bytes += written;
        left -= (size_t)written;
    }
    return size * count;
}

static int report(void *context, int64_t size, int64_t received, int64_t upload_size, int64_t uploaded) {
    (void)upload_size, (void)uploaded;
    struct transfer *transfer = context;
    transfer->is_cancelled = !transfer->proceeds(transfer->context, received, size);
    return transfer->is_cancelled;
}

enum foldin_download_end foldin_download(const char *address, int file, void *context,
                                         bool (*proceeds)(void *context, int64_t received, int64_t size), long *status, char *message) {
    *status = 0;
    memset(message, 0, foldin_download_message_capacity);
    pthread_once(&once, load);
    void *handle = is_available ? library.open() : NULL;
    if (!handle) return foldin_download_unavailable;

    struct transfer transfer = {.file = file, .is_written = true, .context = context, .proceeds = proceeds};
    const struct {
        int option;
        long value;
    } numbers[] = {
        {option_no_signal, 1},
        {option_no_progress, 0},
        {option_fail_on_error, 1},
        {option_follow_location, 1},
        {option_max_redirections, 10},
        {option_connect_timeout, 30},
        {option_low_speed_limit, 1},
        {option_low_speed_time, 30},
        {option_protocols, protocols_http_and_https},
        {option_redirection_protocols, protocols_http_and_https},
    };
    int code = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !code; i++) code = library.set(handle, numbers[i].option, numbers[i].value);
    if (!code) code = library.set(handle, option_url, address);
    if (!code) code = library.set(handle, option_user_agent, "foldin");
    if (!code) code = library.set(handle, option_error_buffer, message);
    if (!code) code = library.set(handle, option_write_function, store);
    if (!code) code = library.set(handle, option_write_data, &transfer);
    if (!code) code = library.set(handle, option_progress_function, report);
    if (!code) code = library.set(handle, option_progress_data, &transfer);
    if (!code) code = library.perform(handle);
    library.get(handle, information_response_code, status);
    library.close(handle);

    if (transfer.is_cancelled) return foldin_download_cancelled;
    if (!transfer.is_written) return foldin_download_not_written;
    if (*status != 0 && *status != 200) return foldin_download_refused;
    if (code == 0) return foldin_download_complete;
    if (!message[0]) strncpy(message, library.explain(code), foldin_download_message_capacity - 1);
    return foldin_download_failed;
}
