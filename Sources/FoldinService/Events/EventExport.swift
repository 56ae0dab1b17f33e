#if Service
import FoldinInteractions
import FoldinSupport
import Foundation

/// Stored events as a ratings file, from which a newer model can be trained.
public enum EventExport {
    /// Writes the events of `storage` to `file`, whole or not at all: the header `user,item,rating,timestamp`, then one line per event in the
    /// order of arrival. Returns the number of events.
    ///
    /// A service may use the store meanwhile: the file has the events that are there at the beginning, and those that are removed meanwhile
    /// may be missing. Memory for one page of events is needed.
    ///
    /// - Parameters:
    ///   - storage: the store, which must exist.
    ///   - file: the file to write; it must not be one of the store's.
    ///   - clickRating: the rating of events that have none.
    /// - Throws: `FoldinError` of kind `usage` when `file` is the store's, `missingInput`, `badData`, `cannotCreate` or
    ///   `writeFailed`.
    public static func write(from storage: EventStorage, to file: String, clickRating: Double = 5) async throws -> Int {
        var options = EventStoreOptions()
        options.access = .readOnly
        do {
            let store = try await storage.open(options)
            do {
                try Overlap.refuse(file, over: storage.files)
                let count = try await write(from: store, to: file, clickRating: clickRating)
                try await store.close()
                return count
            } catch {
                try? await store.close()
                throw error
            }
        } catch let error as EventStoreError {
            var kind = FoldinError.Kind.badData
            if case .failed(_, isOfTheSystem: true) = error { kind = .missingInput }
            throw FoldinError(
                kind, file: storage.name, found: error.description, expected: "a database of events", reason: .eventDatabaseNeeded
            )
        }
    }

    /// Writes the events of an open store to `file`; see ``write(from:to:clickRating:)-(EventStorage,_,_)``.
    ///
    /// - Throws: what the store throws, `FoldinError` of kind `cannotCreate` or `writeFailed`.
    public static func write(from store: any EventStore, to file: String, clickRating: Double = 5) async throws -> Int {
        let last = try await store.lastPosition()
        return try await blocking {
            var count = 0
            try AtomicFile.write(to: file) { sink in
                var text = "user,item,rating,timestamp\n"
                var position: Int64 = 0
                while position < last {
                    let start = position
                    let page = try waitFor { try await store.page(after: start, through: last) }
                    if page.events.isEmpty { break }
                    position = page.end
                    for event in page.events {
                        text +=
                            "\(field(event.user)),\(field(event.item)),\(number(event.rating ?? clickRating)),\(event.time ?? 0)\n"
                    }
                    count += page.events.count
                    try text.withUTF8 { try sink.write(UnsafeRawBufferPointer($0)) }
                    text = ""
                }
                try text.withUTF8 { try sink.write(UnsafeRawBufferPointer($0)) }
            }
            return count
        }
    }

    /// `text` as a field of CSV: in quotes where it has a comma or a quote.
    private static func field(_ text: String) -> String {
        // By code points: a comma that is followed by an accent is another Character, and still ends a field.
        guard text.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" }) else { return text }
        var quoted = String.UnicodeScalarView("\"".unicodeScalars)
        for scalar in text.unicodeScalars {
            if scalar == "\"" { quoted.append(scalar) }
            quoted.append(scalar)
        }
        quoted.append("\"")
        return String(quoted)
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : "\(value)"
    }
}
#endif
