#if compiler(>=6.3)
import CFoldin

/// Memory of texts for C.
///
/// - Note: `@unchecked Sendable`: the memory is written by `init` alone.
final class Texts: @unchecked Sendable {
    let texts: foldin_texts
    private let bytes: UnsafeMutablePointer<CChar>
    private let ends: UnsafeMutablePointer<Int64>

    init(_ list: [String]) {
        let size = list.reduce(0) { $0 + $1.utf8.count }
        bytes = .allocate(capacity: max(1, size))
        ends = .allocate(capacity: max(1, list.count))
        var end = 0
        for (place, text) in list.enumerated() {
            for byte in text.utf8 {
                bytes[end] = CChar(bitPattern: byte)
                end += 1
            }
            ends[place] = Int64(end)
        }
        texts = foldin_texts(count: Int64(list.count), bytes: bytes, ends: ends)
    }

    deinit {
        bytes.deallocate()
        ends.deallocate()
    }
}
#endif
