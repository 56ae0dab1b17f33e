// swift-tools-version: 6.1
import PackageDescription

/// A Swift module and its test target.
func module(
    _ name: String, imports: [Target.Dependency], resources: [Resource] = [], testing: [Target.Dependency] = [],
    fixtures: [String] = []
) -> [Target] {
    [
        .target(name: name, dependencies: imports, resources: resources),
        .testTarget(
            name: name + "Tests", dependencies: [.target(name: name), "FoldinTestSupport"] + imports + testing,
            exclude: fixtures),
    ]
}

/// Products of another package, which only a build with this package trait needs.
func products(_ names: String..., of package: String, for trait: String) -> [Target.Dependency] {
    names.map { .product(name: $0, package: package, condition: .when(traits: [trait])) }
}

let package = Package(
    name: "foldin",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Foldin", targets: ["Foldin"]),
        .library(name: "FoldinClient", targets: ["FoldinClient"]),
        .executable(name: "foldin", targets: ["FoldinCommand"]),
        // Linked by Scripts/build-library.sh: the C interface.
        .library(name: "FoldinC", type: .static, targets: ["FoldinC"]),
        // Not for users: used by Benchmarks/.
        .library(name: "_FoldinKernels", targets: ["FoldinKernels", "CFoldinKernels"]),
        // Not for users: used by Fuzz/.
        .library(name: "_FoldinService", targets: ["FoldinService"]),
    ],
    // The library needs no package: whoever imports only that says `traits: []`. What the others need is fetched and built with them only.
    traits: [
        .default(enabledTraits: ["Command"]),
        .trait(name: "Command", description: "The command foldin."),
        .trait(
            name: "Experiments", description: "Sweeps, tables and reports: foldin sweep, tables, report.",
            enabledTraits: ["Command"]),
        .trait(name: "Service", description: "The HTTP service: foldin serve, keys, import-events, export-events."),
        .trait(name: "TLS", description: "TLS in the service, without a proxy.", enabledTraits: ["Service"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(name: "CFoldinKernels", cSettings: [.define("NDEBUG", .when(configuration: .release))]),
        .target(
            name: "FoldinTestSupport",
            dependencies: ["FoldinModels", "FoldinInteractions", "FoldinKernels", "FoldinSupport", "CFoldinKernels"],
            path: "Tests/FoldinTestSupport", exclude: ["Fixtures"]),
        .target(name: "COpenBLAS", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    ]
        + module(
            "FoldinSupport",
            imports: ["CArrow", "CDuckDB", .target(name: "COpenSSL", condition: .when(platforms: [.linux]))])
        + module("FoldinKernels", imports: ["CFoldinKernels", .target(name: "COpenBLAS", condition: .when(platforms: [.linux]))])
        + module("FoldinInteractions", imports: ["FoldinKernels", "FoldinSupport"])
        + module(
            "FoldinPreparation",
            imports: ["FoldinInteractions", "FoldinKernels", "FoldinSupport", "CArrow", "CFoldinKernels", "CZlib"])
        + module("FoldinModels", imports: ["FoldinInteractions", "FoldinKernels", "FoldinSupport", "CFoldinKernels"])
        + module("FoldinEvaluation", imports: ["FoldinInteractions", "FoldinKernels", "FoldinSupport"])
        + module(
            "FoldinTraining",
            imports: [
                "FoldinModels", "FoldinEvaluation", "FoldinInteractions", "FoldinKernels", "FoldinSupport", "CFoldinKernels",
            ],
            fixtures: ["Fixtures"])
        + module(
            "FoldinBaselines",
            imports: ["FoldinModels", "FoldinInteractions", "FoldinKernels", "FoldinSupport", "CFoldinKernels"],
            fixtures: ["Fixtures"])
        + module(
            "FoldinComparison",
            imports: [
                "FoldinBaselines", "FoldinTraining", "FoldinEvaluation", "FoldinModels", "FoldinInteractions", "FoldinKernels",
                "FoldinSupport",
            ])
        + module(
            "FoldinConfiguration",
            imports: ["FoldinTraining", "FoldinInteractions", "FoldinSupport"]
                + products("TOMLKit", of: "TOMLKit", for: "Command"))
        + module("FoldinRecommending", imports: ["FoldinModels", "FoldinInteractions", "FoldinKernels", "FoldinSupport"])
        + module(
            "FoldinExperiments",
            imports: [
                "FoldinTraining", "FoldinModels", "FoldinRecommending", "FoldinEvaluation", "FoldinInteractions", "FoldinKernels",
                "FoldinSupport",
            ] + products("GRDB", of: "GRDB.swift", for: "Experiments") + products("TOMLKit", of: "TOMLKit", for: "Experiments"))
        + [
            .target(name: "FoldinMessages"),
            .target(name: "FoldinClient", dependencies: ["FoldinMessages"]),
        ]
        + module(
            "FoldinService",
            imports: [
                "FoldinRecommending", "FoldinModels", "FoldinInteractions", "FoldinKernels", "FoldinMessages", "FoldinSupport",
            ] + products("GRDB", of: "GRDB.swift", for: "Service")
                + products("Hummingbird", "HummingbirdCore", of: "hummingbird", for: "Service")
                + products("HTTPTypes", of: "swift-http-types", for: "Service")
                + products("Logging", of: "swift-log", for: "Service")
                + products("Metrics", of: "swift-metrics", for: "Service")
                + products("NIOConcurrencyHelpers", "NIOCore", "NIOHTTP1", "NIOPosix", of: "swift-nio", for: "Service")
                + products("NIOHTTPTypesHTTP1", of: "swift-nio-extras", for: "Service")
                + products("NIOSSL", of: "swift-nio-ssl", for: "TLS")
                + products("ServiceLifecycle", "UnixSignals", of: "swift-service-lifecycle", for: "Service"),
            resources: ["index.html", "page.js", "page.css", "icon.svg", "openapi.json"].map { .embedInCode("Page/" + $0) },
            testing: ["FoldinClient", "Foldin"])
        + [
            .target(
                name: "Foldin",
                dependencies: [
                    "FoldinInteractions", "FoldinPreparation", "FoldinModels", "FoldinBaselines", "FoldinEvaluation",
                    "FoldinTraining", "FoldinComparison", "FoldinRecommending", "FoldinKernels", "FoldinSupport",
                ]),
            // The structures by which programs share tables.
            .target(name: "CArrow"),
            .target(
                name: "CDuckDB", dependencies: ["CArrow"], linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
            // The C interface: CFoldin has its header.
            .target(name: "CFoldin"),
            .target(name: "FoldinC", dependencies: ["CArrow", "CFoldin", "Foldin"]),
            .testTarget(name: "FoldinCTests", dependencies: ["CFoldin", "FoldinC", "Foldin", "FoldinTestSupport"]),
            .executableTarget(
                name: "FoldinCommand",
                dependencies: [
                    "CCurl", "Foldin", "FoldinConfiguration", "FoldinKernels", "FoldinSupport",
                    .target(name: "FoldinExperiments", condition: .when(traits: ["Experiments"])),
                    .target(name: "FoldinService", condition: .when(traits: ["Service"])),
                ] + products("ArgumentParser", of: "swift-argument-parser", for: "Command")
                    + products("Logging", of: "swift-log", for: "Service")),
            .testTarget(name: "FoldinCommandTests", dependencies: ["Foldin", "FoldinTestSupport"]),
        ],
    swiftLanguageModes: [.v6]
)
