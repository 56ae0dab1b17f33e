// swift-tools-version: 6.1
import PackageDescription

// Built by Fuzz/run.sh only, which passes the sanitizer's flags to everything that is fuzzed.
let package = Package(
    name: "foldin-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "foldin", path: "..", traits: ["Service"])],
    targets: [
        .target(name: "CFuzzDriver"),
        .executableTarget(
            name: "FoldinFuzz",
            dependencies: [
                "CFuzzDriver", .product(name: "Foldin", package: "foldin"), .product(name: "FoldinClient", package: "foldin"),
                .product(name: "_FoldinKernels", package: "foldin"), .product(name: "_FoldinService", package: "foldin"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
