import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinSupport

struct AtomicDirectoryTests {
    private struct Stop: Error {}

    /// A directory of `a`, `b` and `mark`.
    private static var kind: AtomicDirectory.Kind {
        AtomicDirectory.Kind(name: "ours", fileNames: ["a", "b", "mark"]) { path in
            (try? String(contentsOfFile: path + "/mark", encoding: .utf8)) == "ours"
        }
    }

    private func fill(_ place: String, _ text: String) throws {
        for name in ["a", "b"] { try AtomicFile.write(text, to: place + "/" + name) }
        try AtomicFile.write("ours", to: place + "/mark")
    }

    private func write(
        _ path: String, _ text: String, overwriting: Bool = true, meanwhile: () throws -> Void = {}
    ) throws -> String? {
        try AtomicDirectory.write(to: path, replacing: Self.kind, overwriting: overwriting) { temporary in
            try fill(temporary, text)
            try meanwhile()
        }
    }

    /// Users know the requested directory, not the temporary one.
    @Test func messagesNameTheTarget() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out/"
        #expect {
            _ = try AtomicDirectory.write(to: path, replacing: nil, overwriting: false) { temporary in
                try AtomicFile.write("x", to: temporary + "/none/a")
            }
        } throws: { ($0 as? FoldinError)?.file == folder.path + "/out/none/a" }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a missing, an empty and an old directory are replaced, also through a link; the mode stays")
    func replaces() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out"
        #expect(try write(path, "1", overwriting: false) == nil)
        #expect(failure { try write(path, "2", overwriting: false) }?.kind == .cannotCreate)
        #expect(try folder.text("out/a") == "1")
        chmod(path, 0o750)
        #expect(try write(path + "/", "2") == nil)
        var status = stat()
        #expect(try folder.text("out/a") == "2" && stat(path, &status) == 0 && status.st_mode & 0o777 == 0o750)
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "out")
        #expect(try write(folder.path + "/link", "3") == nil)
        #expect(try folder.text("out/a") == "3")
        try FileManager.default.createDirectory(atPath: folder.path + "/empty", withIntermediateDirectories: true)
        #expect(try write(folder.path + "/empty", "4", overwriting: false) == nil)
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/dangling", withDestinationPath: "made")
        #expect(try write(folder.path + "/dangling", "5", overwriting: false) == nil)
        #expect(try folder.text("made/a") == "5")
        #expect(try folder.names() == ["dangling", "empty", "link", "made", "out"])
    }

    @Test("other directories are refused and stay: other names, no mark, another mark, folders, links")
    func refuses() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out"
        let changes: [(String) throws -> Void] = [
            { try AtomicFile.write("x", to: $0 + "/notes") }, { try FileManager.default.removeItem(atPath: $0 + "/mark") },
            { try AtomicFile.write("theirs", to: $0 + "/mark") },
            {
                try FileManager.default.removeItem(atPath: $0 + "/b")
                try FileManager.default.createDirectory(atPath: $0 + "/b", withIntermediateDirectories: true)
            },
            {
                try FileManager.default.removeItem(atPath: $0 + "/b")
                try FileManager.default.createSymbolicLink(atPath: $0 + "/b", withDestinationPath: "a")
            },
        ]
        for change in changes {
            _ = try write(path, "1")
            try change(path)
            let names = try folder.names(in: "out")
            #expect(failure { try write(path, "2") }?.kind == .cannotCreate)
            #expect(try folder.text("out/a") == "1" && folder.names(in: "out") == names && folder.names() == ["out"])
            try FileManager.default.removeItem(atPath: path)
        }
    }

    @Test("a failure leaves the old directory and nothing of the new one")
    func fails() throws {
        let folder = try TemporaryFolder()
        for _ in 0..<2 {
            let names = try folder.names()
            #expect(throws: Stop.self) { try write(folder.path + "/out", "2") { throw Stop() } }
            #expect(try folder.names() == names)
            if names.isEmpty { _ = try write(folder.path + "/out", "1") }
        }
        #expect(try folder.text("out/a") == "1")
    }

    @Test("changes of the target while the new directory is written are noticed")
    func meanwhile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out"
        _ = try write(path, "1")
        // Another process adds a file: the old directory stays.
        #expect(failure { try write(path, "2") { _ = try folder.write("out/notes", "mine") } }?.found.contains("notes") == true)
        #expect(try folder.text("out/a") == "1" && folder.text("out/notes") == "mine" && folder.names() == ["out"])
        try FileManager.default.removeItem(atPath: path)
        // The target disappears: there is nothing to replace.
        _ = try write(path, "1")
        #expect(try write(path, "2") { try FileManager.default.removeItem(atPath: path) } == nil)
        #expect(try folder.text("out/a") == "2")
        // Another writer creates the target.
        try FileManager.default.removeItem(atPath: path)
        #expect(try write(path, "4") { _ = try write(path, "3") } == nil)
        #expect(try folder.text("out/a") == "4")
        try FileManager.default.removeItem(atPath: path)
        #expect(failure { try write(path, "6", overwriting: false) { _ = try write(path, "5") } }?.kind == .cannotCreate)
        #expect(try folder.text("out/a") == "5" && folder.names() == ["out"])
    }

    @Test("many concurrent writers leave one complete directory")
    func together() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask { for _ in 0..<8 { _ = try self.write(path, "\(writer)") } }
            }
            try await group.waitForAll()
        }
        #expect(try folder.names() == ["out"] && folder.names(in: "out") == ["a", "b", "mark"])
        #expect(try folder.text("out/a") == folder.text("out/b"))
    }

    @Test("a complete directory exists at every moment")
    func always() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out"
        _ = try write(path, "0")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for turn in 1...200 { _ = try self.write(path, "\(turn)") } }
            group.addTask {
                for _ in 0..<2_000 {
                    // An open directory stays the same one; its name is looked up once.
                    let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                    #expect(directory >= 0)
                    close(directory)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("paths that differ may name one file, and equal paths different files")
    func overlaps() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        _ = try folder.write("a", "")
        try FileManager.default.createDirectory(atPath: path + "/in/deep", withIntermediateDirectories: true)
        _ = try folder.write("in/deep/b", "")
        for (link, target) in [("link", "a"), ("folder", "in"), ("far", "in/deep/b"), ("in/out", "../a")] {
            try FileManager.default.createSymbolicLink(atPath: path + "/" + link, withDestinationPath: target)
        }
        try FileManager.default.linkItem(atPath: path + "/a", toPath: path + "/hard")
        for same in ["/a", "/link", "/hard", "/in/../a", "/folder/out"] { #expect(Overlap.isSame(path + "/a", path + same)) }
        #expect(Overlap.isSame(path + "/new", path + "/in/../new") && Overlap.isSame(path + "/in/new", path + "/folder/new"))
        for other in ["/in/deep/b", "/new", "/in"] { #expect(!Overlap.isSame(path + "/a", path + other)) }
        #expect(!Overlap.isSame("/dev/null", "/dev/null"))
        // The directory itself, files in it, links in it, and links that lead into it.
        for inner in ["/in", "/folder", "/in/deep", "/in/deep/b", "/far", "/in/out", "/in/deep/../deep/b"] {
            #expect(Overlap.contains(path + "/in", path + inner) && Overlap.contains(path + "/folder", path + inner), "\(inner)")
        }
        for outer in ["/a", "/link", "", "/none"] { #expect(!Overlap.contains(path + "/in", path + outer), "\(outer)") }
        #expect(!Overlap.contains(path + "/none", path + "/a"))
    }
}
