import CFoldinKernels
import FoldinInteractions
import FoldinSupport
import Foundation

/// Raw ids as bytes, each stored once, numbered in order of first appearance.
///
/// Small whole numbers, which most files use, are found by indexing; everything else by hashing its bytes. Takes the bytes of
/// the ids and about 16 more for each id.
struct IdTable: Sendable {
    /// Whole numbers below this are found by indexing.
    static let smallBound = 1 << 20
    /// The most ids a table can number.
    static let capacity = Int(Int32.max)

    private var arena: [UInt8] = []
    private var ends: [Int] = []
    /// Code plus one of a small whole number; 0 for none.
    private var small: [UInt32] = []
    /// Code plus one by hash, open addressing; 0 for none. The count is a power of two.
    private var slots: [UInt32] = []
    private var hashedCount = 0
    /// Whether an id begins or ends with a blank.
    private(set) var hasBlanks = false

    var count: Int { ends.count }

    /// The code of a small whole number, or nil if it has none.
    @inline(__always)
    func code(ofSmall number: Int) -> UInt32? {
        guard number < small.count else { return nil }
        let code = small[number]
        return code == 0 ? nil : code &- 1
    }

    /// The code of a whole number below `smallBound`, a new one if it has none.
    mutating func code(ofNumber number: UInt32) -> UInt32 {
        if let code = code(ofSmall: Int(number)) { return code }
        growSmall(toHold: Int(number))
        return append(number)
    }

    /// Gives a code to each of `numbers` that has none, in their order; they are ascending and below `smallBound`.
    mutating func add(_ numbers: [UInt32]) {
        guard let greatest = numbers.last else { return }
        growSmall(toHold: Int(greatest))
        // A number has at most 7 digits.
        arena.reserveCapacity(arena.count + 7 * numbers.count)
        ends.reserveCapacity(ends.count + numbers.count)
        for number in numbers where small[Int(number)] == 0 { _ = append(number) }
    }

    private mutating func append(_ number: UInt32) -> UInt32 {
        // Its digits, the first in the lowest byte.
        var digits: UInt64 = 0
        var (rest, count) = (number, 0)
        repeat {
            digits = digits << 8 | UInt64(48 + rest % 10)
            rest /= 10
            count += 1
        } while rest > 0
        let code = withUnsafeBytes(of: digits.littleEndian) { append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        small[Int(number)] = code + 1
        return code
    }

    private mutating func growSmall(toHold number: Int) {
        guard number >= small.count else { return }
        let size = min(Self.smallBound, max(number + 1, small.count * 2, 1 << 10))
        small += [UInt32](repeating: 0, count: size - small.count)
    }

    /// The code of each small whole number; 0 for numbers without one.
    var codesOfNumbers: [UInt32] { small.map { $0 == 0 ? 0 : $0 - 1 } }

    /// Calls `body` with the codes of small whole numbers.
    @inline(__always)
    func withSmallCodes<Result>(_ body: (foldin_codes) -> Result) -> Result {
        small.withUnsafeBufferPointer { codes in
            // An empty array may have no address; then no code is read.
            withUnsafePointer(to: UInt32(0)) { body(foldin_codes(codes: codes.baseAddress ?? $0, count: codes.count)) }
        }
    }

    /// The code of an id, a new one if it has none.
    mutating func code(of id: UnsafeRawBufferPointer) -> UInt32 {
        if let number = Self.smallNumber(id) {
            if let code = code(ofSmall: number) { return code }
            growSmall(toHold: number)
            let code = append(id)
            small[number] = code + 1
            return code
        }
        if hashedCount * 2 >= slots.count { growSlots() }
        let mask = slots.count - 1
        var slot = Self.hash(id) & mask
        while slots[slot] != 0 {
            let code = slots[slot] - 1
            if matches(Int(code), id) { return code }
            slot = (slot + 1) & mask
        }
        let code = append(id)
        slots[slot] = code + 1
        hashedCount += 1
        return code
    }

    /// Calls `body` with the bytes of an id.
    @inline(__always)
    func withBytes<Result>(of code: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let start = code == 0 ? 0 : ends[code - 1]
        return try arena.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[start..<ends[code]])) }
    }

    /// An id as text; ids are checked to be UTF-8 when they are read.
    subscript(code: Int) -> String { withBytes(of: code) { String(decoding: $0, as: UTF8.self) } }

    /// Gives each id of `other` a code here, in the order of its codes there, and returns them.
    mutating func merge(_ other: IdTable) -> [UInt32] {
        var codes: [UInt32] = []
        codes.reserveCapacity(other.count)
        for code in 0..<other.count {
            codes.append(other.withBytes(of: code) { self.code(of: $0) })
        }
        return codes
    }

    private mutating func append(_ id: UnsafeRawBufferPointer) -> UInt32 {
        if Self.blankPrefix(id) > 0 || Self.blankSuffix(id) > 0 { hasBlanks = true }
        arena.append(contentsOf: id)
        ends.append(arena.count)
        return UInt32(ends.count - 1)
    }

    /// How many bytes the first character takes if it is a blank, a tab or a no-break space; otherwise 0.
    private static func blankPrefix(_ id: UnsafeRawBufferPointer) -> Int {
        guard let first = id.first else { return 0 }
        if first == 32 || first == 9 { return 1 }
        return first == 0xC2 && id.count > 1 && id[1] == 0xA0 ? 2 : 0
    }

    /// The same for the last character.
    private static func blankSuffix(_ id: UnsafeRawBufferPointer) -> Int {
        guard let last = id.last else { return 0 }
        if last == 32 || last == 9 { return 1 }
        return last == 0xA0 && id.count > 1 && id[id.count - 2] == 0xC2 ? 2 : 0
    }

    /// Removes blanks and tabs from both ends of every id; codes stay the same. Throws `FoldinError` of kind `badData` if two ids become one.
    mutating func trimBlanks(file: String, kind: String) throws {
        guard hasBlanks else { return }
        var trimmed = IdTable()
        for code in 0..<count {
            let new = withBytes(of: code) { id in
                var rest = id
                while case let count = Self.blankPrefix(rest), count > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                }
                while case let count = Self.blankSuffix(rest), count > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropLast(count))
                }
                return trimmed.code(of: rest)
            }
            guard new == UInt32(code) else {
                let other = (0..<code).first { self[$0].trimmingCharacters(in: .whitespaces) == trimmed[Int(new)] } ?? Int(new)
                throw FoldinError(
                    .badData, file: file,
                    found: "the \(kind) ids '\(self[other])' and '\(self[code])', which differ by blanks only",
                    expected: "one spelling of each id")
            }
        }
        self = trimmed
    }

    private func matches(_ code: Int, _ id: UnsafeRawBufferPointer) -> Bool {
        withBytes(of: code) { known in
            guard known.count == id.count, let first = known.baseAddress, let second = id.baseAddress else { return false }
            return memcmp(first, second, known.count) == 0
        }
    }

    private mutating func growSlots() {
        let size = max(1 << 10, slots.count * 2)
        slots = [UInt32](repeating: 0, count: size)
        for code in 0..<count {
            let hash: Int? = withBytes(of: code) { Self.smallNumber($0) == nil ? Self.hash($0) : nil }
            guard var slot = hash.map({ $0 & (size - 1) }) else { continue }
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = UInt32(code) + 1
        }
    }

    /// The value of an id that is a whole number below `smallBound` in its only spelling, without leading zeros.
    private static func smallNumber(_ id: UnsafeRawBufferPointer) -> Int? {
        guard id.count >= 1 && id.count <= 7, id.count == 1 || id[0] != 48 else { return nil }
        var value = 0
        for byte in id {
            let digit = Int(byte) - 48
            guard digit >= 0 && digit <= 9 else { return nil }
            value = value * 10 + digit
        }
        return value < smallBound ? value : nil
    }

    /// Multiplies and folds eight bytes at a time.
    private static func hash(_ id: UnsafeRawBufferPointer) -> Int {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: id.count)
        func fold(_ word: UInt64) {
            let (high, low) = (state ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
            state = high ^ low
        }
        var place = 0
        while place + 8 <= id.count {
            fold(id.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            place += 8
        }
        var last: UInt64 = 0
        while place < id.count {
            last = last << 8 | UInt64(id[place])
            place += 1
        }
        fold(last)
        return Int(truncatingIfNeeded: state >> 1)
    }
}

extension IdTable {
    /// The codes in the order in which the reference sorts raw ids: as numbers if every id is a whole number in its only
    /// spelling (of any length), otherwise by their bytes.
    func sortedCodes(_ codes: [UInt32]) -> [UInt32] {
        if hashedCount == 0 {
            var isChosen = [Bool](repeating: false, count: count)
            for code in codes { isChosen[Int(code)] = true }
            return small.compactMap { $0 > 0 && isChosen[Int($0) - 1] ? $0 - 1 : nil }
        }
        let numeric = allAreNumbers
        return arena.withUnsafeBytes { arena in
            func bytes(_ code: UInt32) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: arena[(code == 0 ? 0 : ends[Int(code) - 1])..<ends[Int(code)]])
            }
            return codes.sorted { first, second in
                let (first, second) = (bytes(first), bytes(second))
                if numeric && first.count != second.count { return first.count < second.count }
                return first.lexicographicallyPrecedes(second)
            }
        }
    }

    /// Whether every id is a whole number without sign and without leading zeros.
    private var allAreNumbers: Bool {
        (0..<count).allSatisfy { code in
            withBytes(of: code) { id in
                !id.isEmpty && (id.count == 1 || id[0] != 48) && id.allSatisfy { $0 >= 48 && $0 <= 57 }
            }
        }
    }
}
