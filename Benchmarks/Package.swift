// swift-tools-version: 6.1
import PackageDescription

// The timing harness is 60 lines of our own: what has to be measured in the same run as a step are the machine's peaks, in rounds,
// and neither google/swift-benchmark nor ordo-one/benchmark (which wants jemalloc) alternates its benchmarks.
let package = Package(
    name: "foldin-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "foldin", path: "..", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .target(name: "CMachinePeak"),
        .systemLibrary(name: "CPeerBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .executableTarget(
            name: "FoldinBenchmarks",
            dependencies: [
                "CMachinePeak", .target(name: "CPeerBLAS", condition: .when(platforms: [.linux])),
                .product(name: "Foldin", package: "foldin"), .product(name: "_FoldinKernels", package: "foldin"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
