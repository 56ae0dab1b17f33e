#if Service
import FoldinSupport
import Foundation
import Synchronization

/// A connection that a test keeps open. Its calls block threads of their own.
///
/// It is closed once, by `hangUp` or at the end of its lifetime: a second `close` of the number would close a connection of the service, which
/// runs in the same process.
final class Socket: Sendable {
    private let open: Mutex<OwnedDescriptor?>

    init(port: Int, receiveBuffer: Int32? = nil) throws {
        guard
            let descriptor = OwnedDescriptor(Socket.connected(to: port, timeout: 10, receiveBuffer: receiveBuffer) ?? -1)
        else { throw URLError(.cannotConnectToHost) }
        open = Mutex(descriptor)
    }

    /// -1 after `hangUp`.
    private var descriptor: Int32 { open.withLock { $0?.number ?? -1 } }

    /// The descriptor of a connection that waits up to `timeout` seconds for bytes; nil if the service cannot be reached.
    static func connected(to port: Int, timeout seconds: Int, receiveBuffer: Int32? = nil) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        if var receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    func send(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Sends `text`, and returns what is received until `end` is in it or, if that is nil, until the service closes the connection.
    func talk(_ text: String, until end: String?) async -> String {
        send(text)
        return await withCheckedContinuation { continuation in
            DispatchQueue(label: "socket").async { [self] in
                var received = ""
                var piece = [UInt8](repeating: 0, count: 65_536)
                while end.map({ !received.contains($0) }) ?? true {
                    let count = recv(descriptor, &piece, piece.count, 0)
                    guard count > 0 else { break }
                    received += String(decoding: piece[..<count], as: UTF8.self)
                }
                continuation.resume(returning: received)
            }
        }
    }

    /// The same, when the service has closed all connections but `connections`.
    func talk(_ text: String, until end: String?, afterClose service: LiveService, connections: Double) async -> String {
        for _ in 0..<1_000 {
            if (try? await ConnectionTests.metric("foldin_connections", of: service)) ?? 0 <= connections { break }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return await talk(text, until: end)
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    func hangUp() { open.withLock { $0 = nil } }
}
#endif
