#if Service
import Foundation
import NIOCore

/// An IP address: whether it is of this machine, and which addresses count as one client.
struct NetworkAddress: Hashable, Sendable {
    /// The 16 bytes of an IPv6 address; IPv4 addresses in their mapped form.
    private let high, low: UInt64

    private static let mapped: UInt64 = 0xFFFF_0000_0000

    private init(bytes: some Collection<UInt8>) {
        func word(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        if bytes.count == 4 {
            (high, low) = (0, NetworkAddress.mapped | word(bytes))
        } else {
            (high, low) = (word(bytes.prefix(8)), word(bytes.dropFirst(8)))
        }
    }

    /// The address in `text`: IPv4 in dotted form, or IPv6 without brackets; nil for anything else, such as a name.
    init?(_ text: String) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(bytes: withUnsafeBytes(of: &v4) { Array($0) })
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self.init(bytes: withUnsafeBytes(of: &v6) { Array($0) })
        } else {
            return nil
        }
    }

    /// The address of a socket; nil if it is not an IP address.
    init?(_ address: SocketAddress) {
        switch address {
        case .v4(let address):
            var address = address.address.sin_addr
            self.init(bytes: withUnsafeBytes(of: &address) { Array($0) })
        case .v6(let address):
            var address = address.address.sin6_addr
            self.init(bytes: withUnsafeBytes(of: &address) { Array($0) })
        case .unixDomainSocket: return nil
        }
    }

    /// Whether the address is in 127.0.0.0/8, also in its mapped form, or ::1.
    var isLoopback: Bool { high == 0 && (low == 1 || low >> 24 == NetworkAddress.mapped >> 24 | 127) }

    /// The address that stands for the client: an IPv4 address, or the first 64 bits of an IPv6 address, a network of one customer.
    var client: NetworkAddress { NetworkAddress(high: high, low: high == 0 ? low : 0) }

    private init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// Whether a host, a name or an address, can only be this machine.
    static func isLoopback(_ host: String) -> Bool {
        var host = host.lowercased()
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return host == "localhost" || NetworkAddress(host)?.isLoopback ?? false
    }
}
#endif
