import Foundation

/// Where a path leads when its symbolic links are followed, even if the target of the last one does not exist yet.
struct FilePlace {
    enum Kind {
        /// Nothing exists there; its directory may be missing as well.
        case absent
        case regular
        case directory
        /// A device, a FIFO, a socket, or an open file of a process.
        case special
    }

    /// The path of the directory that holds the last name; `.` if the path has no directory.
    let directory: String
    /// The last name, which is not a link.
    let name: String
    let kind: Kind
    /// The system's information about it; nil if nothing exists there.
    let status: stat?
    /// The descriptor of this process that the path names, for example 1 for `/dev/stdout`; nil for any other path.
    let descriptor: Int32?
    /// The paths of the links that were followed.
    let links: [String]

    /// The path, whose last name is not a link.
    var path: String { Self.join(directory, name) }

    /// Follows `path`; nil, with `errno` set, if that fails: in a loop, or in a directory that may not be searched.
    init?(_ path: String) {
        var (directory, name) = Self.split(path)
        var links: [String] = []
        while links.count < 40 {
            if name.isEmpty || name == "." || name == ".." {
                // Only a directory has such names.
                guard let real = Self.realPath(of: Self.join(directory, name)) else { return nil }
                (directory, name) = Self.split(real)
            }
            let place = Self.join(directory, name)
            if let number = Int32(name), let process = Self.process(ofDescriptorsIn: directory) {
                var status = stat()
                guard stat(place, &status) == 0 else { return nil }
                self.init(
                    directory: directory, name: name, kind: .special, status: status,
                    descriptor: process == getpid() ? number : nil, links: links)
                return
            }
            var status = stat()
            guard lstat(place, &status) == 0 else {
                guard errno == ENOENT else { return nil }
                self.init(
                    directory: directory, name: name, kind: .absent, status: nil, descriptor: nil, links: links)
                return
            }
            let kind = status.st_mode & S_IFMT
            guard kind == S_IFLNK else {
                self.init(
                    directory: directory, name: name,
                    kind: kind == S_IFREG ? .regular : kind == S_IFDIR ? .directory : .special, status: status,
                    descriptor: nil, links: links)
                return
            }
            guard let target = Self.target(ofLink: place) else { return nil }
            links.append(place)
            (directory, name) = Self.split(target.hasPrefix("/") ? target : Self.join(directory, target))
        }
        errno = ELOOP
        return nil
    }

    private init(directory: String, name: String, kind: Kind, status: stat?, descriptor: Int32?, links: [String]) {
        self.directory = directory
        self.name = name
        self.kind = kind
        self.status = status
        self.descriptor = descriptor
        self.links = links
    }

    /// The directory and the last name of a path; slashes at its end are ignored. The name of `/` is empty.
    static func split(_ path: String) -> (directory: String, name: String) {
        let bytes = Array(path.utf8)
        let end = (bytes.lastIndex { $0 != UInt8(ascii: "/") } ?? -1) + 1
        guard end > 0 else { return (path.isEmpty ? "." : "/", "") }
        guard let slash = bytes[..<end].lastIndex(of: UInt8(ascii: "/")) else {
            return (".", String(decoding: bytes[..<end], as: UTF8.self))
        }
        let directory = slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
        return (directory, String(decoding: bytes[(slash + 1)..<end], as: UTF8.self))
    }

    /// The path of `name` in `directory`.
    static func join(_ directory: String, _ name: String) -> String {
        if directory == "." { return name.isEmpty ? "." : name }
        return directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }

    /// The path without links, `.` and `..`; nil, with `errno` set, if nothing exists there.
    static func realPath(of path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// The process whose open files a directory lists: `/proc/4711/fd`, or on Darwin `/dev/fd` for this process.
    private static func process(ofDescriptorsIn directory: String) -> pid_t? {
        guard let real = realPath(of: directory) else { return nil }
        if real == "/dev/fd" { return getpid() }
        let parts = real.split(separator: "/")
        guard parts.count >= 3, parts.first == "proc", parts.last == "fd" else { return nil }
        return pid_t(parts[1])
    }

    /// The target of a symbolic link as it is stored; nil if it cannot be read.
    private static func target(ofLink path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink(path, &bytes, bytes.count - 1)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
