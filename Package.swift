// swift-tools-version: 6.1
import PackageDescription

/// Settings every Swift target of Meridian is built with.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// One area of the shared library: a folder under `Sources/Shared` and a module of its own, so that the dependency
/// table in `Sources/Shared/README.md` is also enforced by the compiler.
func area(_ name: String, uses dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
  .target(
    name: "Shared\(name)", dependencies: dependencies, path: "Sources/Shared/\(name)", resources: resources,
    swiftSettings: strict)
}

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let lifecycleTestKit = Target.Dependency.product(
  name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

let package = Package(
  name: "meridian",
  products: [
    .executable(name: "registry-api", targets: ["RegistryAPI"]),
    .executable(name: "replication-worker", targets: ["ReplicationWorker"]),
    .executable(name: "health-service", targets: ["HealthService"]),
  ],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    // C libraries: module map and shim only.
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

    // Drivers: domain-free, each over its C library only.
    .target(name: "Postgres", dependencies: ["CLibPQ"], swiftSettings: strict),
    .target(name: "Redis", dependencies: ["CHiredis"], swiftSettings: strict),
    .target(name: "HTTPTransport", dependencies: ["CLibCurl"], swiftSettings: strict),

    // The shared library, area by area; `Shared` re-exports them all.
    area("Model", uses: ["CLibCrypto"]),
    area("Identity", uses: ["SharedModel"]),
    area("Config", uses: ["SharedModel", yams]),
    area("Observability", uses: ["SharedModel", logging]),
    area(
      "Storage",
      uses: ["SharedModel", "SharedConfig", "SharedObservability", "HTTPTransport", "CLibCrypto", logging]),
    area("Health", uses: ["SharedModel", "SharedConfig", "SharedObservability", "Redis", "HTTPTransport"]),
    area("Placement", uses: ["SharedModel", "SharedHealth"]),
    area("Queue", uses: ["SharedModel", "SharedPlacement", "SharedConfig", "SharedObservability", "Redis", logging]),
    area(
      "Catalog",
      uses: ["SharedModel", "SharedQueue", "SharedConfig", "SharedObservability", "Postgres", logging],
      resources: [
        .embedInCode("Migrations/0001_core.sql"), .embedInCode("Migrations/0002_histories.sql"),
        .embedInCode("Migrations/0003_replication.sql"), .embedInCode("Migrations/0004_health.sql"),
        .embedInCode("Migrations/0005_page.sql"),
      ]),
    area("Webhook", uses: ["SharedModel", "SharedConfig", "HTTPTransport"]),
    area(
      "Startup",
      uses: [
        "SharedModel", "SharedConfig", "SharedObservability", "SharedStorage", "SharedQueue", "SharedCatalog", logging,
        argumentParser,
      ]),
    .target(
      name: "Shared",
      dependencies: [
        "SharedModel", "SharedIdentity", "SharedConfig", "SharedObservability", "SharedStorage", "SharedHealth",
        "SharedPlacement", "SharedQueue", "SharedCatalog", "SharedStartup", "SharedWebhook",
      ],
      path: "Sources/Shared",
      exclude: [
        "Model", "Identity", "Config", "Observability", "Storage", "Health", "Placement", "Queue", "Catalog", "Startup",
        "Webhook", "README.md",
      ],
      sources: ["Shared.swift"],
      swiftSettings: strict),

    // The three executables.
    .executableTarget(
      name: "RegistryAPI",
      dependencies: [
        "Shared", hummingbird, hummingbirdCore, nioCore, nioPosix, nioHTTP1, nioHTTPTypes, httpTypes, logging,
        argumentParser, lifecycle, unixSignals, jwtKit,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "ReplicationWorker",
      dependencies: ["Shared", hummingbird, nioCore, httpTypes, logging, argumentParser, lifecycle, unixSignals],
      swiftSettings: strict),
    .executableTarget(
      name: "HealthService",
      dependencies: [
        "Shared", hummingbird, hummingbirdCore, nioCore, nioPosix, nioHTTP1, httpTypes, logging, argumentParser,
        lifecycle, unixSignals, mustache,
      ],
      resources: [
        .embedInCode("Page/Resources/page.mustache"), .embedInCode("Page/Resources/live.mustache"),
        .embedInCode("Page/Resources/badge.mustache"), .embedInCode("Page/Resources/chart.mustache"),
        .embedInCode("Page/Resources/act.mustache"), .embedInCode("Page/Resources/style.css"),
        .embedInCode("Page/Resources/script.js"), .embedInCode("Page/Resources/icon.svg"),
      ],
      swiftSettings: strict),

    // Tests.
    .target(
      name: "TestSupport",
      dependencies: ["Shared", "Postgres", "Redis", "HTTPTransport"], path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "PostgresTests", dependencies: ["Postgres"], swiftSettings: strict),
    .testTarget(name: "RedisTests", dependencies: ["Redis"], swiftSettings: strict),
    .testTarget(name: "HTTPTransportTests", dependencies: ["HTTPTransport"], swiftSettings: strict),
    .testTarget(name: "SharedTests", dependencies: ["Shared", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "RegistryAPITests", dependencies: ["RegistryAPI", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ReplicationWorkerTests",
      dependencies: ["ReplicationWorker", "TestSupport", "Postgres", logging, lifecycleTestKit, argumentParser],
      swiftSettings: strict),
    .testTarget(
      name: "HealthServiceTests",
      dependencies: ["HealthService", "TestSupport", hummingbird, nioCore, nioPosix, logging, lifecycle],
      swiftSettings: strict),
    .testTarget(name: "TidyTests", swiftSettings: strict),
  ]
)
