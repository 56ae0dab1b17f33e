#if Service
import Foldin
import FoldinService

/// Which options to change for an error of `FoldinService`.
let serviceAdvice: [FoldinError.Reason: String] = [
    .portInUse: "another --port, or --port 0",
    .portForbidden: "--port 1024 or above",
    .hostNotLocal: "another --host",
    .keysNeeded: "--keys with a file of 'foldin keys', or --open to let everybody use this service",
    .withoutTLS: "build with `swift build -c release --traits default,Service,TLS`, or let a proxy end TLS",
    .keyFileNeeded: "make one with 'foldin keys'",
    .thresholdWithoutEvents: "--events, or no --liked-above",
    .tooManyConnections: "a lower --max-connections, 'ulimit -n', or LimitNOFILE of systemd",
    .eventDatabaseNeeded: "a file of 'foldin serve --events' or 'foldin import-events'",
]
#endif
