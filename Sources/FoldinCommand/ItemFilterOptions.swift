import ArgumentParser
import Foldin
import Foundation

/// `--exclude`, `--allow` and their files: which items may be recommended.
struct ItemFilterOptions: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Items not to recommend; an id the model does not know is an error.", valueName: "id,id,…"))
    var exclude: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A file of items not to recommend, one id per line; ids the model does not know are counted and ignored.",
            valueName: "file"), completion: .file())
    var excludeFile: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Recommend only these items; an id the model does not know is an error.", valueName: "id,id,…"))
    var allow: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A file of the only items to recommend, one id per line; ids the model does not know are counted and ignored.",
            valueName: "file"), completion: .file())
    var allowFile: [String] = []

    /// The known ids that are excluded, and those that are allowed; nil if all are allowed.
    func items(of recommender: Recommender) throws -> (excluded: [String], allowed: [String]?) {
        var excluded = try listed(exclude, "--exclude", recommender)
        for file in excludeFile { excluded += try read(file, recommender) }
        guard !allow.isEmpty || !allowFile.isEmpty else { return (excluded, nil) }
        var allowed = try listed(allow, "--allow", recommender)
        for file in allowFile { allowed += try read(file, recommender) }
        guard !allowed.isEmpty else {
            let expected = "at least one item that may be recommended"
            guard let file = allowFile.first else {
                throw FoldinError(.usage, found: "--allow without an id", expected: expected)
            }
            throw FoldinError(.badData, file: file, found: "no id", expected: expected)
        }
        return (excluded, allowed)
    }

    private func listed(_ values: [String], _ option: String, _ recommender: Recommender) throws -> [String] {
        let list = try WrittenIds(values, option, recommender)
        let unknown = list.ids.filter { recommender.ids.index(of: $0) == nil }
        guard unknown.isEmpty else {
            throw FoldinError(
                .badData, found: "\(option) \(unknown.quoted(first: 3))",
                expected: "ids of items that the model knows" + list.hints(for: unknown, recommender))
        }
        return list.ids
    }

    /// The known ids in a file. A file may contain unknown ids, but not only unknown ids.
    private func read(_ path: String, _ recommender: Recommender) throws -> [String] {
        let file = try IdFile(contentsOf: path, known: recommender.ids)
        guard !file.unknown.isEmpty else { return file.known }
        guard !file.known.isEmpty else {
            throw FoldinError(
                .badData, file: path, found: "only ids that the model does not know: \(file.unknown.quoted(first: 3))",
                expected: "one id of the model per line")
        }
        let all = file.known.count + file.unknown.count
        Console.note("\(path): \(file.unknown.count) of \(all) ids are not known to the model: \(file.unknown.quoted(first: 3))")
        return file.known
    }
}

/// The ids in the values of an option that may be repeated.
struct WrittenIds {
    let option: String
    private(set) var ids: [String] = []
    private var splitIds: [String] = []

    /// Splits each value at its commas; notes on standard error if one was read as one id.
    init(_ values: [String], _ option: String, _ recommender: Recommender) throws {
        self.option = option
        for value in values {
            let list: IdList
            do {
                list = try IdList(value, known: recommender.ids)
            } catch let error as FoldinError {
                throw error.with(found: "\(option): \(error.found)")
            }
            if list.isOneId {
                Console.note("\(option): read as one id, \(list.ids.quoted(first: 1)); put ids with commas in double quotes")
            }
            ids += list.ids
            splitIds += list.splitIds
        }
        // With unknown ids, the hint is part of their message.
        if let splitHint, ids.allSatisfy({ recommender.ids.index(of: $0) != nil }) { Console.note("\(option): \(splitHint)") }
    }

    /// The hint about ids with commas that are not in quotes; nil if there are none.
    private var splitHint: String? {
        splitIds.isEmpty ? nil : "an id with a comma: \(splitIds.quoted(first: 3)); put it in double quotes to use it"
    }

    /// Suggestions for unknown ids, to append to a message; empty if there are none.
    func hints(for unknown: [String], _ recommender: Recommender) -> String {
        var hints: [String] = []
        if let splitHint { hints.append(splitHint) }
        for id in unknown.prefix(3) where splitIds.isEmpty {
            if let near = recommender.near(id) { hints.append("similar to \(id.quoted): \(near)") }
        }
        return hints.map { "; " + $0 }.joined()
    }
}
