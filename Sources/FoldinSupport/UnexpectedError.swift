import Foundation

/// Describes errors that are not Foldin's own, such as Foundation's.
///
/// Foundation's descriptions name its types and coding paths; they are not shown.
public enum UnexpectedError {
    /// The error in the form `found …; expected …`, on one line.
    public static func sentence(_ error: any Error) -> String {
        let report = "; this is a fault of foldin: please report it with the command that caused it"
        switch error {
        case EncodingError.invalidValue(let value, let context):
            let isNumber = value is Double || value is Float
            return "found \(isNumber ? "a number that is NaN or infinite" : "a value that cannot be written") at "
                + "\(place(context.codingPath)); expected finite figures" + report
        case DecodingError.keyNotFound(let key, let context):
            return "found no value at \(place(context.codingPath + [key])) of a JSON document; expected one" + report
        case DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context):
            return "found a JSON document that cannot be read at \(place(context.codingPath)); expected another value there"
                + report
        case let error as CocoaError:
            return file(error.filePath ?? error.url?.path(percentEncoded: false), reason(error))
        case is POSIXError: return file(nil, reason(error))
        case let error as URLError:
            return "\(error.failingURL?.absoluteString ?? "the network"): found \(reason(error)); expected an answer"
        case is CancellationError: return "interrupted"
        default: return "found an error of the type \(type(of: error)); expected none" + report
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "its beginning" : path.map(\.stringValue).joined(separator: ".")
    }

    private static func file(_ path: String?, _ reason: String) -> String {
        (path.map { $0 + ": " } ?? "") + "found \(reason); expected a file or directory that can be used"
    }

    /// Why a file or an address could not be used, for an error's `found`: `no such file or directory`.
    public static func reason(_ error: any Error) -> String {
        switch error {
        case let error as CocoaError:
            if let system = error.underlying as? POSIXError { return reason(system) }
            switch error.code {
            case .fileNoSuchFile, .fileReadNoSuchFile: return "no such file or directory"
            case .fileReadNoPermission, .fileWriteNoPermission: return "permission denied"
            case .fileWriteOutOfSpace: return "no space left on device"
            case .fileWriteFileExists: return "a file that exists already"
            case .fileReadInapplicableStringEncoding, .fileReadCorruptFile: return "contents that cannot be read"
            default: return "a failure of the file system (code \(error.code.rawValue))"
            }
        case let error as POSIXError: return FoldinError.systemReason(of: error.code.rawValue)
        case let error as URLError:
            switch error.code {
            case .cannotFindHost, .dnsLookupFailed: return "a host that is not known"
            case .cannotConnectToHost: return "a host that does not answer"
            case .timedOut: return "no answer in time"
            case .notConnectedToInternet, .networkConnectionLost: return "no connection to the network"
            case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate:
                return "a host that TLS refuses"
            case .unsupportedURL, .badURL: return "an address that cannot be used"
            default: return "a failure of the network (code \(error.code.rawValue))"
            }
        default: return "an error of the type \(type(of: error))"
        }
    }
}
