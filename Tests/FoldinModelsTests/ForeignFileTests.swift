import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels

/// What people give for a model: files of other tools, directories, state_dicts with names of their own.
@Suite("Files that are no model of ours") struct ForeignFileTests {
    /// A zip's first member: signature, 22 bytes, the lengths of name and extra field, the name.
    private static func zip(_ name: String) -> Data {
        Data(
            [0x50, 0x4B, 3, 4] + [UInt8](repeating: 7, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8) + [
                1, 2, 3,
            ])
    }

    private static let files: [(data: Data, name: String)] = [
        (zip("model/data.pkl"), "a PyTorch file of torch.save"), (zip("arr_0.npy"), "a NumPy .npz file"),
        (zip("config.json"), "a zip archive"), (bytes(0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9), "a Python pickle"),
        (bytes(0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0), "an HDF5 file"),
        (bytes(0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0), "a gzip file"),
        (bytes(8, 8, 0x12, 7) + text("pytorch."), "an ONNX model"), (bytes(0x93) + text("NUMPY..."), "a NumPy array"),
        (text("PAR1...."), "a Parquet file"), (text("SQLite format 3\u{0}...."), "an SQLite database"),
        (text("user,item\r\n1,2\n"), "a text file that begins \"user,item\""),
        (text(String(repeating: "é", count: 400) + "\n"), "a text file that begins \"éé"),
    ]

    private static func bytes(_ bytes: UInt8...) -> Data { Data(bytes) }
    private static func text(_ text: String) -> Data { Data(text.utf8) }

    @Test(arguments: files)
    func areNamed(data: Data, name: String) throws {
        try withTemporaryFolder { folder in
            try data.write(to: URL(filePath: folder + "/m.pt"))
            let error = try #require(try foldinError { _ = try TrainedModel(contentsOf: folder + "/m.pt") })
            #expect(error.kind == .badData && error.found.hasPrefix(name), "\(error)")
            #expect(error.expected.hasPrefix("a safetensors file"))
            #expect(
                error.expected.contains("torch.load('m.pt'") == ["torch.save", "pickle"].contains { error.found.contains($0) })
            // From memory, as a service reads it.
            #expect(try foldinError { _ = try TrainedModel(data: data, file: "m.pt") }?.found == error.found)
        }
    }

    @Test func otherFilesKeepTheirMessage() throws {
        let error = try #require(try foldinError { _ = try TrainedModel(data: Data([9, 9, 0, 0, 0, 0, 0, 0, 1]), file: "m") })
        #expect(error.found.contains("a header of 2313 bytes"))
    }

    @Test func directories() throws {
        try withTemporaryFolder { folder in
            for (file, found) in [
                ("unique_sid.txt", "a prepared directory"), ("sweep.sqlite", "the directory of a sweep"),
                ("history.jsonl", "a run without a model"), ("notes.txt", "a directory without model.safetensors"),
            ] {
                let path = folder + "/" + file + ".d"
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
                try AtomicFile.write("x", to: path + "/" + file)
                let error = try #require(try foldinError { _ = try TrainedModel(contentsOf: path) })
                #expect(error.found == found && error.kind == .missingInput && error.file == path)
                #expect(TrainedModel.path(of: path) == path)
            }
            let model = TrainedModel.fresh(SmallNetwork.all[0].architecture(items: 6))
            let run = folder + "/run"
            try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: false)
            try model.save(to: run + "/model.safetensors")
            for path in [run, run + "/"] {
                #expect(TrainedModel.path(of: path) == run + "/model.safetensors")
                #expect(try TrainedModel(contentsOf: path).parameters?.bits == model.parameters?.bits)
            }
            #expect(TrainedModel.path(of: run + "/model.safetensors") == run + "/model.safetensors")
        }
    }

    @Test func checkpoints() throws {
        try withTemporaryFolder { folder in
            try TrainedModel.fresh(SmallNetwork.all[0].architecture(items: 6)).save(to: folder + "/m")
            var file = try SafeTensorsFile(contentsOf: folder + "/m")
            file.set("format", to: "foldin checkpoint 2")
            try file.write(to: folder + "/c")
            let error = try #require(try foldinError { _ = try TrainedModel(contentsOf: folder + "/c") })
            #expect(error.found == "the checkpoint of an unfinished training")
        }
    }

    /// A Mult-VAE's `state_dict` as another implementation names it.
    private static func otherNames(_ folder: String) throws -> (model: TrainedModel, names: [String: String]) {
        let model = TrainedModel.fresh(SmallNetwork.all[0].architecture(items: 20))
        try model.save(to: folder + "/own")
        var file = try SafeTensorsFile(contentsOf: folder + "/own")
        var names: [String: String] = [:]
        var header: [String: Any] = [:]
        for (name, entry) in file.header where name != "__metadata__" {
            let theirs = name.replacing("encode.", with: "").replacing("decode.", with: "").replacing("linear_", with: "")
            names[theirs] = name
            header[theirs] = entry
        }
        file.header = header
        try file.write(to: folder + "/theirs")
        return (model, names)
    }

    @Test func tensorsOfOtherNames() throws {
        try withTemporaryFolder { folder in
            let (model, names) = try Self.otherNames(folder)
            let read = try TrainedModel(
                contentsOf: folder + "/theirs", activations: model.architecture?.activations, tensorNames: names)
            #expect(read.parameters?.bits == model.parameters?.bits && read.assumedActivations == nil)
            #expect(try TrainedModel(contentsOf: folder + "/theirs", tensorNames: names).assumedActivations == .paper)
            #expect(try TrainedModel(contentsOf: folder + "/own").assumedActivations == nil)

            // Without names, the file's are told; what is missing and what is not there as well.
            let without = try #require(try foldinError { _ = try TrainedModel(contentsOf: folder + "/theirs") })
            #expect(without.found.contains("\"q_layers.0.weight\"") && without.reason == .unknownTensorNames)
            var fewer = names
            fewer["p_layers.0.bias"] = nil
            let missing = try #require(
                try foldinError { _ = try TrainedModel(contentsOf: folder + "/theirs", tensorNames: fewer) })
            #expect(missing.found.hasPrefix("no tensor \"decode.p_layers.linear_0.bias\" among "), "\(missing)")
            #expect(missing.found.contains("\"p_layers.0.bias\""))
            let unknown = try #require(
                try foldinError {
                    _ = try TrainedModel(contentsOf: folder + "/theirs", tensorNames: names.merging(["q.9": "x"]) { $1 })
                })
            #expect(unknown.found.contains("\"q.9\"") && unknown.expected.contains("\"q_layers.0.weight\""))
            let twice = try #require(
                try foldinError {
                    var same = names
                    same["q_layers.0.bias"] = names["q_layers.0.weight"]
                    _ = try TrainedModel(contentsOf: folder + "/theirs", tensorNames: same)
                })
            #expect(twice.found.contains("two tensors"))
            let own = try #require(try foldinError { _ = try TrainedModel(contentsOf: folder + "/own", tensorNames: names) })
            #expect(own.kind == .usage)
        }
    }

    /// An empty name leaves a tensor out.
    @Test func tensorsThatAreLeftOut() throws {
        try withTemporaryFolder { folder in
            var (_, names) = try Self.otherNames(folder)
            var file = try SafeTensorsFile(contentsOf: folder + "/theirs")
            let offset = file.numbers.count
            file.header["steps"] = ["dtype": "I64", "shape": [1], "data_offsets": [offset, offset + 8]]
            file.numbers.append(Data(count: 8))
            try file.write(to: folder + "/theirs")
            #expect(
                try foldinError { _ = try TrainedModel(contentsOf: folder + "/theirs", tensorNames: names) }?.found.contains(
                    "steps")
                    == true)
            names["steps"] = ""
            #expect(try TrainedModel(contentsOf: folder + "/theirs", tensorNames: names).itemCount == 20)
        }
    }

    /// Numbers of another type are named, with the way out.
    @Test func tensorsOfOtherTypes() throws {
        try withTemporaryFolder { folder in
            try TrainedModel.fresh(SmallNetwork.all[0].architecture(items: 6)).save(to: folder + "/m")
            var file = try SafeTensorsFile(contentsOf: folder + "/m")
            file.header["__metadata__"] = nil
            let name = "decode.p_layers.linear_0.bias"
            let offset = file.numbers.count
            file.header[name] = ["dtype": "F64", "shape": [6], "data_offsets": [offset, offset + 48]]
            file.numbers.append(Data(count: 48))
            try file.write(to: folder + "/m")
            let error = try #require(try foldinError { _ = try TrainedModel(contentsOf: folder + "/m") })
            #expect(error.found == "tensor \"\(name)\" of shape [6] and type F64")
            #expect(error.expected == "shape [6] and type F32 (in PyTorch: .float())")
        }
    }

    @Test func cardsHaveNoNaN() throws {
        var card = ModelCard(metrics: ["a": .nan, "b": 1])
        card.metrics["c"] = .infinity
        #expect(card.metrics == ["b": 1])
    }
}
