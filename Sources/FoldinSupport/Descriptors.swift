import Foundation

extension FoldinError.Reason {
    /// The system's limit on open files is too low for any work.
    public static let tooFewOpenFiles = Self("too-few-open-files")
}

/// The open files and sockets of this process.
///
/// Without a free descriptor, parts of the system library end the process. So the service never uses the last ones.
package enum Descriptors {
    /// Fails when the limit is so low that the system library would end the process at work.
    ///
    /// - Throws: `FoldinError` of kind `usage`.
    package static func check() throws {
        let (limit, least) = (raisedLimit(), 16)
        guard limit < least else { return }
        throw FoldinError(
            .usage, found: "a limit of \(limit) open files", expected: "at least \(least)", reason: .tooFewOpenFiles)
    }

    /// The system's limit on open files, raised as far as this process may.
    package static func raisedLimit() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 256 }
        if limit.rlim_cur < limit.rlim_max {
            let before = limit.rlim_cur
            #if canImport(Darwin)
            // The kernel refuses more than this, also where the hard limit is higher.
            limit.rlim_cur = min(limit.rlim_max, rlim_t(OPEN_MAX))
            #else
            limit.rlim_cur = limit.rlim_max
            #endif
            if setrlimit(resource, &limit) != 0 { limit.rlim_cur = before }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many descriptors are open.
    package static func open(limit: Int) -> Int {
        #if canImport(Darwin)
        let folder = "/dev/fd"
        #else
        let folder = "/proc/self/fd"
        #endif
        // One of them is the folder's own.
        if let names = try? FileManager.default.contentsOfDirectory(atPath: folder) { return max(0, names.count - 1) }
        return (0..<CInt(clamping: min(limit, 4_096))).count { fcntl($0, F_GETFD) != -1 }
    }
}
