// swift-format-ignore-file: AlwaysUseLowerCamelCase
#if compiler(>=6.3)
import CFoldin
import Foldin
import Foundation

/// Where a function of the interface writes an error or a document.
typealias TextPlace = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// The object behind an opaque pointer: `OpaquePointer` for C, retained until it is freed.
final class Handle<Value: Sendable>: Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }

    /// A pointer for C that keeps the object alive until `free`.
    static func pointer(to value: Value) -> OpaquePointer {
        OpaquePointer(Unmanaged.passRetained(Handle(value)).toOpaque())
    }

    /// The value behind a pointer of `pointer(to:)`.
    static func value(of pointer: OpaquePointer?, _ name: String) throws -> Value {
        guard let pointer else { throw FoldinError(.usage, found: "NULL", expected: name) }
        return Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue().value
    }

    static func free(_ pointer: OpaquePointer?) {
        guard let pointer else { return }
        Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(pointer)).release()
    }
}

/// Runs the body of a function of the interface: its status, with the error's text in `place`.
func status(_ place: TextPlace?, _ body: () throws -> Void) -> Int32 {
    place?.pointee = nil
    let (code, text): (Int32, String)
    do {
        try body()
        return Int32(FOLDIN_OK)
    } catch let error as FoldinError {
        (code, text) = (error.exitStatus, error.description)
    } catch let error as TrainingDivergence {
        (code, text) = (error.exitStatus, error.description)
    } catch is CancellationError {
        (code, text) = (Int32(FOLDIN_STOPPED), "found a stop before the end; expected no stop")
    } catch {
        (code, text) = (Int32(FOLDIN_INTERNAL), "found an internal error: \(error); expected none")
    }
    place?.pointee = copy(text)
    return code
}

/// A text for C, which its caller frees.
func copy(_ text: String) -> UnsafeMutablePointer<CChar>? { strdup(text) }

/// What an argument that must not be NULL points to.
func given<Value>(_ value: Value?, _ name: String) throws -> Value {
    guard let value else { throw FoldinError(.usage, found: "NULL", expected: name) }
    return value
}

/// A number of C as a count.
func size(_ number: Int64, _ name: String, atLeast least: Int = 0) throws -> Int {
    guard let count = Int(exactly: number), count >= least else {
        throw FoldinError(.usage, found: "\(number) as \(name)", expected: "at least \(least)")
    }
    return count
}

/// A document for C.
func json(_ value: some Encodable) throws -> UnsafeMutablePointer<CChar>? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return copy(String(decoding: try encoder.encode(value), as: UTF8.self))
}

@c @implementation
public func foldin_abi_version() -> Int32 { FOLDIN_ABI_VERSION }

/// The text of `foldin_version`, which is never freed.
nonisolated(unsafe) private let versionText = UnsafePointer(copy(FoldinVersion.text))

@c @implementation
public func foldin_version() -> UnsafePointer<CChar>! { versionText }

@c @implementation
public func foldin_text_free(_ text: UnsafeMutablePointer<CChar>!) { free(text) }
#endif
