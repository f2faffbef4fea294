import Logging
import ServiceLifecycle
import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

/// From the copy of the last blob to the receiver: real database, real HTTP.
@Suite("Notes of arrivals", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct NotifyTests {
  private let secret = Secret("0123456789abcdef-secret")

  private func logger() -> Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

  private func configuration(_ server: FakeHTTPServer, limits: String = "") throws -> Configuration {
    let yaml = """
      SERVER_HOSTNAME: r.example.com
      AUTHENTICATION_TYPE: None
      DB_URI: postgresql://u:p@127.0.0.1/x
      BUILDLOGS_REDIS: {host: 127.0.0.1}
      DISTRIBUTED_STORAGE_CONFIG:
        usstorage: [LocalStorage, {storage_path: /a}]
        eustorage: [LocalStorage, {storage_path: /b}]
        apstorage: [LocalStorage, {storage_path: /c}]
      ALLOW_LOCAL_REPLICATION: true
      DISTRIBUTED_STORAGE_PREFERENCE: [usstorage]
      DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS: [usstorage, eustorage]
      FEATURE_STORAGE_REPLICATION: true
      REGIONS: {eu: {location: eustorage}}
      REPLICATION_WEBHOOKS:
        - {name: hook, url: "\(server.address)/in", secret: \(secret.revealed)\(limits)}
      """
    return try Configuration.load(yaml: Array(yaml.utf8), environment: ["REGION_NAME": "us"]).0
  }

  /// Runs the watch of eustorage and the couriers of `configuration` around `body`.
  private func notifying(
    _ fixture: CatalogFixture, _ configuration: Configuration, beat: Duration = .milliseconds(50),
    retry: RetryPolicy = RetryPolicy(base: .milliseconds(20), cap: .milliseconds(50)),
    _ body: @escaping @Sendable (ArrivalWatch) async throws -> Void
  ) async throws {
    let bell = Bell()
    let audience = Audience(configuration, logger: logger())
    let metrics = NotifyMetrics(registry: MetricsRegistry(), receivers: configuration.webhooks)
    var pace = ArrivalWatch.Pace()
    pace.beat = beat
    pace.gather = .milliseconds(5)
    let watch = ArrivalWatch(
      target: fixture.eu, catalog: fixture.catalog, audience: audience, couriers: bell, metrics: metrics, pace: pace,
      logger: logger())
    let couriers = configuration.webhooks.map { settings in
      WebhookCourier(
        settings: settings, sender: WebhookSender(settings: settings, lookup: SystemNameLookup()),
        catalog: fixture.catalog, bell: bell, metrics: metrics,
        pace: WebhookCourier.Pace(beat: .milliseconds(50), retry: retry), logger: logger())
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await watch.run() }
      for courier in couriers { group.addTask { try await courier.run() } }
      try await body(watch)
      group.cancelAll()
    }
  }

  @Test("the receiver is told once of an image, signed, with what it needs to know")
  func tells() async throws {
    let server = try FakeHTTPServer { _, _ in .answer(200) }
    defer { server.stop() }
    let configuration = try configuration(server)
    try await CatalogFixture.with { fixture in
      let digest = try await fixture.pushImage("image", tags: ["v1", "latest"])
      // A beat so slow that only the end of the job can have led to the look.
      try await notifying(fixture, configuration, beat: .seconds(3600)) { watch in
        try await fixture.copy(to: fixture.eu)
        let blob = try await fixture.number("SELECT max(id) FROM blobs")
        try await untilTrue {
          watch.ended(BlobID(rawValue: blob))
          return !server.requests.isEmpty
        }
        try await untilTrue { try await fixture.number("SELECT count(*) FROM webhook_deliveries") == 0 }
      }
      let request = try #require(server.requests.first)
      #expect(server.requests.count == 1)
      guard case .object(let event) = try StrictJSON.parse(request.body) else {
        Issue.record("no object")
        return
      }
      #expect(event[name: "event"] == .string("image.readable"))
      #expect(event[name: "repository"] == .string("team/app"))
      #expect(event[name: "digest"] == .string(digest.description))
      #expect(event[name: "tags"] == .array([.string("latest"), .string("v1")]))
      #expect(event[name: "location"] == .string("eustorage"))
      #expect(event[name: "region"] == .string("eu"))
      guard case .string(let id) = event[name: "id"], case .string(let time) = event[name: "readable_at"],
        case .number(let lag) = event[name: "lag_ms"]
      else {
        Issue.record("\(event)")
        return
      }
      #expect(request.headers["meridian-delivery"] == id)
      #expect(time.hasSuffix("Z"))
      #expect((lag.int64 ?? -1) >= 0)
      let timestamp = try #require(Int64(request.headers["meridian-timestamp"] ?? ""))
      #expect(
        request.headers["meridian-signature"]
          == WebhookSignature.value(body: request.body, timestamp: timestamp, secret: secret))
    }
  }

  @Test("a receiver that fails is tried again under the same id until it takes the event")
  func retries() async throws {
    let server = try FakeHTTPServer { _, number in number < 3 ? .answer(500) : .answer(200) }
    defer { server.stop() }
    let configuration = try configuration(server)
    try await CatalogFixture.with { fixture in
      try await fixture.pushImage("image", tags: [])
      try await fixture.copy(to: fixture.eu)
      try await notifying(fixture, configuration) { _ in
        try await untilTrue {
          guard server.requests.count == 4 else { return false }
          return try await fixture.number("SELECT count(*) FROM webhook_deliveries") == 0
        }
      }
      #expect(Set(server.requests.map(\.body)).count == 1)
      #expect(Set(server.requests.compactMap { $0.headers["meridian-delivery"] }).count == 1)
    }
  }

  @Test("receivers hear only of what they asked for, and of nothing when nobody listens")
  func limits() async throws {
    let server = try FakeHTTPServer { _, _ in .answer(200) }
    defer { server.stop() }
    let others = try configuration(server, limits: ", locations: [apstorage]")
    try await CatalogFixture.with { fixture in
      try await fixture.pushImage("image", tags: [])
      try await fixture.copy(to: fixture.eu)
      try await notifying(fixture, others) { _ in
        try await untilTrue {
          try await fixture.number("SELECT count(*) FROM image_arrivals WHERE readable_at IS NOT NULL") == 1
        }
      }
      #expect(try await fixture.number("SELECT count(*) FROM webhook_deliveries") == 0)
      #expect(server.requests.isEmpty)
    }
  }

  @Test("what cannot be delivered for a day is given up, for unknown receivers too")
  func givesUp() async throws {
    let server = try FakeHTTPServer { _, _ in .answer(200) }
    defer { server.stop() }
    let configuration = try configuration(server)
    try await CatalogFixture.with { fixture in
      for receiver in ["hook", "former"] {
        try await fixture.execute(
          """
          INSERT INTO webhook_deliveries (receiver, event, created_at, not_before)
          VALUES ('\(receiver)', '{}', now_ms() - 90000000, now_ms() + 1000000)
          """)
      }
      try await notifying(fixture, configuration) { _ in
        try await untilTrue { try await fixture.number("SELECT count(*) FROM webhook_deliveries") == 0 }
      }
      #expect(server.requests.isEmpty)
    }
  }
}
