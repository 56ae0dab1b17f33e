import ArgumentParser
import Foldin
import Foundation

/// `foldin datasets fetch`.
struct DatasetsFetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Download a published dataset, or find a local copy.",
        discussion: """
            A copy in $FOLDIN_DATASETS/NAME is used in place, without a network; with --out a link to it is made. Otherwise the dataset is downloaded from its \
            publisher's address, its checksum is verified and it is unpacked into --out; a failure leaves no files. \
            The publishers' terms of use apply: see the README in the dataset.
            """)

    @Argument(
        help: ArgumentHelp(
            "One of \(PublishedDataset.all.map(\.name).joined(separator: ", ")).", valueName: "name"),
        completion: .list(PublishedDataset.all.map(\.name)))
    var name: String

    @Option(help: ArgumentHelp("The directory to make. (default: the dataset's name)", valueName: "dir"), completion: .directory)
    var out: String?

    @Option(help: ArgumentHelp("Download from this address instead of the publisher's, a mirror.", valueName: "url"))
    var from: String?

    @Option(help: ArgumentHelp("The expected MD5, if it is not the publisher's.", valueName: "md5"))
    var md5: String?

    @Flag(help: "Print where the files are as JSON.")
    var json = false

    private struct Summary: Encodable {
        let name: String
        let directory: String
        let ratings: String?
        let titles: String?
        let downloaded: Bool
    }

    func run() async throws {
        guard let dataset = PublishedDataset.all.first(where: { $0.name == name }) else {
            throw FoldinError(
                .usage, found: "the dataset '\(name)'",
                expected: "one of \(PublishedDataset.all.map(\.name).joined(separator: ", "))")
        }
        let target = out ?? dataset.name
        if from == nil, let local = dataset.localDirectory {
            return try report(dataset, out.map { try link(local, dataset, at: $0) } ?? local, downloaded: false)
        }
        if FileManager.default.fileExists(atPath: target), dataset.ratingsFile(in: target) != nil {
            return try report(dataset, target, downloaded: false)
        }
        try await download(dataset, into: target)
        try report(dataset, target, downloaded: true)
    }

    /// Makes a symbolic link to the local copy, so that the next command finds it where it was asked for.
    ///
    /// - Returns: `place`, which is left as it is if it is a copy of the dataset already.
    private func link(_ local: String, _ dataset: PublishedDataset, at place: String) throws -> String {
        if dataset.ratingsFile(in: place) != nil { return place }
        guard symlink(URL(filePath: local).absoluteURL.path, place) == 0 else {
            throw FoldinError(
                .cannotCreate, file: place, found: FoldinError.systemReason(of: errno),
                expected: "a place where a link to \(local) can be made")
        }
        return place
    }

    private func download(_ dataset: PublishedDataset, into target: String) async throws {
        let address = from ?? dataset.address
        try await AtomicDirectory.write(to: target) { temporary in
            let file = temporary + "/" + dataset.fileName
            Console.note("downloading \(address)")
            try await Download(address: address).save(to: file)
            let found = try MappedFile(contentsOf: file).withBytes(Checksum.md5)
            if let expected = md5 ?? dataset.md5, found != expected.lowercased() {
                throw FoldinError(.badData, file: address, found: "MD5 \(found)", expected: "MD5 \(expected), as published")
            }
            guard dataset.isArchive else { return }
            try Self.unpack(file, into: temporary)
            try FileManager.default.removeItem(atPath: file)
            // The archive holds one directory of the dataset's name: its contents move up.
            let inner = temporary + "/" + dataset.name
            for name in (try? FileManager.default.contentsOfDirectory(atPath: inner)) ?? [] {
                try FileManager.default.moveItem(atPath: inner + "/" + name, toPath: temporary + "/" + name)
            }
            try? FileManager.default.removeItem(atPath: inner)
            guard dataset.ratingsFile(in: temporary) != nil else {
                throw FoldinError(
                    .badData, file: address, found: "an archive without \(dataset.ratings)", expected: "an archive with this file"
                )
            }
        }
    }

    private static func unpack(_ archive: String, into directory: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["unzip", "-q", archive, "-d", directory]
        process.standardOutput = FileHandle.standardError
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let isMissing = process.terminationStatus == 127
            throw FoldinError(
                isMissing ? .missingInput : .badData, file: archive,
                found: isMissing ? "no 'unzip' on this machine" : "an archive that unzip cannot unpack",
                expected: isMissing ? "an installed 'unzip' (the package 'unzip')" : "a whole zip archive")
        }
    }

    private func report(_ dataset: PublishedDataset, _ directory: String, downloaded: Bool) throws {
        let summary = Summary(
            name: dataset.name, directory: directory, ratings: dataset.ratingsFile(in: directory),
            titles: dataset.titlesFile(in: directory), downloaded: downloaded)
        guard !json else { return try Console.json(summary) }
        try Console.result("\(dataset.name): \(downloaded ? "downloaded to" : "here already, in") \(directory)")
        if let ratings = summary.ratings { try Console.result("ratings: \(ratings)") }
        if let titles = summary.titles { try Console.result("titles: \(titles)") }
    }
}
