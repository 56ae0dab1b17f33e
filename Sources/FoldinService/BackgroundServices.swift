#if Service
import Logging
import ServiceLifecycle
import UnixSignals

/// Lets `/health/ready` say that the shutdown has begun.
struct ShutdownNotice: Service {
    let draining: Draining

    func run() async throws {
        try? await gracefulShutdown()
        draining.begin()
    }
}

/// Reloads on SIGHUP.
struct ReloadOnSignal: Service {
    let files: [any Reloaded]
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            logger.info("reload requested by SIGHUP")
            for file in files { await file.reload() }
        }
    }
}

/// Reloads when a file changes.
struct ReloadOnChange: Service {
    let files: [any Reloaded]
    let interval: Duration

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: interval)) != nil {
                for file in files { await file.reloadIfChanged() }
            }
        }
    }
}
#endif
