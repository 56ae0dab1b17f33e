import Foundation

/// A file descriptor that is closed exactly once, with the last reference to this object.
///
/// A second `close` would close whatever another thread has opened with the same number in between. A class whose initialiser throws after
/// all its properties are set is deinitialised: it must not close a descriptor in both places. With a property of this type it has nothing to
/// close.
public final class OwnedDescriptor: Sendable {
    /// The number of the open file.
    public let number: Int32

    /// Takes over what `open` returned. Nil, with `errno` unchanged, for a number below 0.
    public init?(_ opened: Int32) {
        guard opened >= 0 else { return nil }
        number = opened
    }

    deinit {
        let status = close(number)
        assert(status == 0 || errno != EBADF, "the descriptor \(number) was closed by other code")
    }
}
