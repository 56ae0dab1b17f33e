#if Service
import FoldinInteractions
import FoldinSupport

/// The situations that errors of this module name.
extension FoldinError.Reason {
    /// Another program listens on the address and port.
    public static let portInUse = Self("port-in-use")
    /// The system does not let this user listen on the port.
    public static let portForbidden = Self("port-forbidden")
    /// The host is not an address of this machine.
    public static let hostNotLocal = Self("host-not-local")
    /// The address can be reached from other machines, and requests need no API key.
    public static let keysNeeded = Self("keys-needed")
    /// A file is not a key file, or does not exist.
    public static let keyFileNeeded = Self("key-file-needed")
    /// A rating threshold was set for a service that stores no events.
    public static let thresholdWithoutEvents = Self("threshold-without-events")
    /// TLS was asked for, and this build does not have it.
    public static let withoutTLS = Self("without-tls")
    /// The system's limit on open files is too low for the requested number of connections.
    public static let tooManyConnections = Self("too-many-connections")
    /// A file is not a database of events, or does not exist.
    public static let eventDatabaseNeeded = Self("event-database-needed")
}
#endif
