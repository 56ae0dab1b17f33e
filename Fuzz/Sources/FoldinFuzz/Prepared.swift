import Foldin
import FoldinKernels
import Foundation
import Synchronization

/// A prepared directory in memory whose files inputs take the place of.
final class PreparedInput: Sendable {
    static let files: [(name: String, text: String)] = [
        ("train.csv", "user,item\n0,0\n0,1\n1,1\n1,2\n2,0\n"), ("validation_tr.csv", "uid,sid\n3,0\n3,1\n"),
        ("validation_te.csv", "user,item\n3,2\n"), ("test_tr.csv", "user,item\r\n4,1\r\n"), ("test_te.csv", "user,item\n4,0\n"),
        ("unique_sid.txt", "a\nb\n\"c, d\"\n"), ("unique_uid.txt", "u\nv\nw\nx\ny\n"),
        ("titles.csv", "item,title\n0,\"One \"\"1\"\"\"\n2,映画\n"),
        (
            "prepare.json",
            #"{"counts":{"train-users":3,"users":5},"options":{"rating-above":"3.5"},"sources":[{"format":"f","name":"n","sha256":"0"}]}"#
        ),
    ]

    let folder: String
    private let descriptors: [Int32]
    /// The files that are not as they were at first.
    private let changed = Mutex<Set<Int>>([])

    init() {
        let folder = input.path + "-prepared"
        mkdir(folder, 0o700)
        descriptors = Self.files.map { name, _ in open(folder + "/" + name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
        self.folder = folder
        for (place, file) in Self.files.enumerated() { write(Array(file.text.utf8)[...], to: place) }
    }

    private func write(_ bytes: ArraySlice<UInt8>, to place: Int) {
        let written = bytes.withUnsafeBytes { bytes in
            ftruncate(descriptors[place], 0) == 0
                && (bytes.isEmpty || pwrite(descriptors[place], bytes.baseAddress, bytes.count, 0) == bytes.count)
        }
        guard written else { fatalError("\(folder) cannot be written") }
    }

    /// Puts parts of `bytes`, which a byte of 0xFF divides, in the place of files: the first byte of a part says of which.
    func hold(_ bytes: UnsafeBufferPointer<UInt8>) {
        changed.withLock { changed in
            for place in changed { write(Array(Self.files[place].text.utf8)[...], to: place) }
            changed = []
            for part in Array(bytes).split(separator: 0xFF) {
                let place = Int(part[part.startIndex]) % Self.files.count
                write(part.dropFirst(), to: place)
                changed.insert(place)
            }
        }
    }

    func remove() {
        for (name, _) in Self.files { unlink(folder + "/" + name) }
        rmdir(folder)
    }
}

let preparedInput = PreparedInput()

/// Bytes as files of a prepared directory. What is read must be such that a model can be trained on it.
func readPrepared(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    preparedInput.hold(UnsafeBufferPointer(start: bytes, count: count))
    guard let dataset = try? PreparedDataset(contentsOf: preparedInput.folder) else { return 0 }
    precondition(dataset.train.itemCount == dataset.items.count && dataset.titles.count <= dataset.items.count)
    precondition(dataset.train.userCount <= dataset.users.count && dataset.train.count > 0)
    let clicks = dataset.train.itemCounts()
    precondition(clicks.reduce(0, +) == dataset.train.count, "clicks that are none of an item's")
    for users in [dataset.validation, dataset.test] {
        precondition(users.userIndices.allSatisfy { Int($0) < dataset.users.count })
        precondition(users.foldIn.columns.allSatisfy { Int($0) < dataset.items.count })
    }
    _ = (dataset.checksum, dataset.likedAbove)
    return 0
}

/// Each file by itself, and all of them.
func writePreparedSeeds(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder + "/prepared", withIntermediateDirectories: true)
    let parts = PreparedInput.files.enumerated().map { [UInt8($0)] + Array($1.text.utf8) }
    for (place, part) in (parts + [Array(parts.joined(separator: [0xFF]))]).enumerated() {
        try Data(part).write(to: URL(filePath: "\(folder)/prepared/\(place)"))
    }
}
