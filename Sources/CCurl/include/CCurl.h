#ifndef FOLDIN_CURL_H
#define FOLDIN_CURL_H

#include <stdbool.h>
#include <stdint.h>

/// libcurl, loaded when a download begins and not with the program: it brings about twenty libraries, which no other command needs.

/// How a download ended.
enum foldin_download_end {
    foldin_download_complete,
    /// libcurl cannot be loaded.
    foldin_download_unavailable,
    /// The server answered with another status than 200.
    foldin_download_refused,
    /// The file could not be written.
    foldin_download_not_written,
    /// `proceeds` returned false.
    foldin_download_cancelled,
    /// No connection, or one that ended early.
    foldin_download_failed,
};

/// The capacity of a `message`, its terminating zero included.
enum { foldin_download_message_capacity = 256 };

/// Downloads `address` (http or https, redirections are followed) into an open file, by the calling thread.
///
/// `proceeds` is called at least about every second, with the number of bytes that have arrived and the size, 0 if unknown; false ends the
/// download. A connection without a byte for 30 seconds ends it too. `status` is the last status of HTTP, or 0. `message` is a sentence of
/// libcurl if the download failed, otherwise empty.
enum foldin_download_end foldin_download(const char *_Nonnull address, int file, void *_Nullable context,
                                         bool (*_Nonnull proceeds)(void *_Nullable context, int64_t received, int64_t size),
                                         long *_Nonnull status, char *_Nonnull message);

#endif
