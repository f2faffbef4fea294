// swift-tools-version: 6.1
import PackageDescription

/// The settings of the main package, so that the parsers are compiled as they are there.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

// The parsers under test are symbolic links into the main package's sources, so nothing here can fall behind them.
// `scripts/fuzz` builds this package with libFuzzer and AddressSanitizer.
let package = Package(
  name: "meridian-fuzz",
  dependencies: [
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "SharedModel", dependencies: ["CLibCrypto"], swiftSettings: strict),
    .target(name: "SharedConfig", dependencies: ["SharedModel", yams], swiftSettings: strict),
    .target(name: "SharedIdentity", dependencies: ["SharedModel"], swiftSettings: strict),
    .target(name: "Shared", dependencies: ["SharedModel", "SharedConfig", "SharedIdentity"], swiftSettings: strict),

    .target(name: "FuzzProperties", swiftSettings: strict),
    .target(
      name: "RegistryParsers", dependencies: ["Shared", "FuzzProperties", httpTypes], swiftSettings: strict),
    .target(name: "RedisReplies", dependencies: ["CHiredis", "FuzzProperties"], swiftSettings: strict),
    .target(name: "S3Answers", dependencies: ["SharedModel", "FuzzProperties"], swiftSettings: strict),
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "SharedModel", "SharedConfig", "FuzzProperties", "RegistryParsers", "RedisReplies", "S3Answers",
      ],
      swiftSettings: strict),
  ]
)
