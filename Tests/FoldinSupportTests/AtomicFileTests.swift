import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

struct AtomicFileTests {
    private struct Stop: Error {}

    private func status(_ path: String) -> stat {
        var status = stat()
        _ = lstat(path, &status)
        return status
    }

    private func mode(_ path: String) -> mode_t { status(path).st_mode & 0o777 }

    @Test("a file is complete or unchanged, and no other file is left")
    func replaces() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a"
        try AtomicFile.write("one", to: path)
        try AtomicFile.write("two", to: path)
        #expect(try folder.text("a") == "two")
        #expect(throws: Stop.self) {
            try AtomicFile.write(to: path) { sink in
                try Array("thr".utf8).withUnsafeBytes { try sink.write($0) }
                let names = try folder.names()
                #expect(names.count == 2 && names.contains(where: TemporaryName.isOne), "\(names)")
                throw Stop()
            }
        }
        #expect(try folder.text("a") == "two" && folder.names() == ["a"])
    }

    @Test("a name of 255 bytes and a name relative to the working directory can be written")
    func names() throws {
        let folder = try TemporaryFolder()
        let long = String(repeating: "x", count: 255)
        try AtomicFile.write("text", to: folder.path + "/" + long)
        try AtomicFile.write("text", to: folder.path + "/./../" + (folder.path as NSString).lastPathComponent + "/b")
        #expect(try folder.names() == ["b", long])
    }

    @Test("a symbolic link stays and its target is written")
    func links() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("target", "old")
        try FileManager.default.createDirectory(atPath: folder.path + "/inner", withIntermediateDirectories: true)
        for (link, target) in [("link", "target"), ("inner/chain", "../link"), ("dangling", "inner/new"), ("loop", "loop")] {
            try FileManager.default.createSymbolicLink(atPath: folder.path + "/" + link, withDestinationPath: target)
        }
        for (link, target) in [("link", "target"), ("inner/chain", "target"), ("dangling", "inner/new")] {
            try AtomicFile.write(link, to: folder.path + "/" + link)
            #expect(try folder.text(target) == link)
            #expect(status(folder.path + "/" + link).st_mode & S_IFMT == S_IFLNK)
        }
        #expect(failure { try AtomicFile.write("x", to: folder.path + "/loop") }?.kind == .cannotCreate)
        #expect(try folder.names() == ["dangling", "inner", "link", "loop", "target"])
    }

    @Test("a replaced file keeps its mode, and its other names keep the old contents")
    func modes() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a", "old")
        for mode: mode_t in [0o600, 0o604, 0o755] {
            chmod(path, mode)
            try AtomicFile.write("new", to: path)
            #expect(self.mode(path) == mode)
        }
        try FileManager.default.linkItem(atPath: path, toPath: folder.path + "/b")
        try AtomicFile.write("newer", to: path)
        #expect(try folder.text("a") == "newer" && folder.text("b") == "new")
        let new = try folder.write("plain", "")
        try AtomicFile.write("new", to: folder.path + "/made")
        #expect(self.mode(folder.path + "/made") == self.mode(new))
    }

    @Test("a directory, a missing folder and a loop of links are refused with one message")
    func refusals() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/inner", withIntermediateDirectories: true)
        for place in ["/inner", "/inner/", "/new/", "/.", "/none/a"] {
            let error = failure { try AtomicFile.write("x", to: folder.path + place) }
            #expect(error?.kind == .cannotCreate && error?.file == folder.path + place, "\(place)")
        }
        #expect(failure { try AtomicFile.write("x", to: "") }?.kind == .cannotCreate)
        #expect(try folder.names() == ["inner"])
    }

    /// The superuser may write any file.
    @Test(.enabled(if: geteuid() != 0))
    func rights() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a", "mine")
        chmod(path, 0o444)
        #expect(failure { try AtomicFile.write("x", to: path) }?.found.contains("cannot be written") == true)
        chmod(folder.path, 0o555)
        #expect(failure { try AtomicFile.write("x", to: folder.path + "/b") }?.kind == .cannotCreate)
        chmod(folder.path, 0o755)
        #expect(try folder.text("a") == "mine" && folder.names() == ["a"])
    }

    @Test("a FIFO is written to and stays a FIFO")
    func pipes() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/fifo"
        try #require(mkfifo(path, 0o600) == 0)
        // Both ends are open, so neither waits.
        let reader = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        try AtomicFile.write("text", to: path)
        var bytes = [UInt8](repeating: 0, count: 16)
        #expect(read(reader, &bytes, 16) == 4 && bytes.starts(with: Array("text".utf8)))
        #expect(status(path).st_mode & S_IFMT == S_IFIFO)
        #expect(try folder.names() == ["fifo"])
    }

    @Test("a device is written to and stays a device")
    func devices() throws {
        try AtomicFile.write("text", to: "/dev/null")
        #expect(status("/dev/null").st_mode & S_IFMT == S_IFCHR)
        let folder = try TemporaryFolder()
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/null", withDestinationPath: "/dev/null")
        try AtomicFile.write("text", to: folder.path + "/null")
        #expect(try folder.names() == ["null"])
    }

    @Test("a file that was open when the process started is written to; one that it opened itself is refused")
    func descriptors() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a", "begun,")
        let descriptor = open(path, O_WRONLY | O_APPEND)
        defer { close(descriptor) }
        try AtomicFile.write("ended", to: "/dev/fd/\(descriptor)")
        #expect(try folder.text("a") == "begun,ended")
        let own = open(path, O_WRONLY | O_CLOEXEC)
        defer { close(own) }
        #expect(failure { try AtomicFile.write("x", to: "/dev/fd/\(own)") }?.kind == .cannotCreate)
        #expect(failure { try AtomicFile.write("x", to: "/dev/fd/4000") }?.kind == .cannotCreate)
        #expect(try folder.text("a") == "begun,ended" && folder.names() == ["a"])
    }

    #if os(Linux)
    @Test("a full device gives an error of kind writeFailed")
    func full() {
        #expect(failure { try AtomicFile.write("x", to: "/dev/full") }?.kind == .writeFailed)
    }
    #endif
}
