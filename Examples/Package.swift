// swift-tools-version: 6.1
import PackageDescription

// The programs of the documentation, in a package that uses Foldin as any other package does: `traits: []` because the library alone
// needs no further package. Built and run by Scripts/run-snippet.sh.
let package = Package(
    name: "foldin-examples",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "foldin", path: "..", traits: [])],
    targets: [
        .executableTarget(name: "FiveMinutes", dependencies: [.product(name: "Foldin", package: "foldin")], path: "FiveMinutes"),
        .executableTarget(name: "Client", dependencies: [.product(name: "FoldinClient", package: "foldin")], path: "Client"),
    ],
    swiftLanguageModes: [.v6]
)
