import Foundation
import Shared
import SharedConfig
import TestSupport
import Testing

@testable import SharedStorage

/// `STSS3Storage` against a strict token service and a store that knows only what that has issued.
@Suite("Credentials of an assumed role", .timeLimit(.minutes(2)))
struct RoleCredentialsTests {
  private static let role = "arn:aws:iam::123456789012:role/registry"

  /// Runs `body` with the port of the token service, that of the store, and a folder that holds `issued`.
  private func withServices(
    _ options: [String] = [], _ body: (_ tokens: UInt16, _ store: UInt16, _ folder: String) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      let issued = ["--issued", "\(folder)/issued"]
      try await FakeService.with(
        "sts",
        ["--access-key", "AK", "--secret-key", "SK", "--role", Self.role, "--region", "eu-west-1"] + issued + options
      ) { tokens in
        try await FakeService.with(
          "gcs",
          ["--access-key", "none", "--secret-key", "none", "--bucket", "images", "--data", "\(folder)/objects"] + issued
        ) { store in
          try await body(tokens, store, folder)
        }
      }
    }
  }

  private func withStore(
    tokens: UInt16, store: UInt16, extra: String = "sts_user_access_key: AK, sts_user_secret_key: SK, ",
    environment: [String: String] = [:], _ body: (S3Store) async throws -> Void
  ) async throws {
    let configuration = try ConfigurationFixtures.load([
      "DISTRIBUTED_STORAGE_CONFIG":
        "{s: [STSS3Storage, {storage_path: /registry, s3_bucket: images, sts_role_arn: '\(Self.role)', \(extra)"
        + "s3_region: eu-west-1, endpoint_url: 'http://127.0.0.1:\(store)', server_side_encryption: false, "
        + "sts_endpoint_url: 'http://127.0.0.1:\(tokens)'}]}"
    ])
    guard case .s3(let settings)? = configuration.locations.first?.engine else {
      Issue.record("no such engine")
      return
    }
    let connection = try StoreFactory.connection(settings, publicEndpoint: nil, environment: environment)
    try await S3TestService.withStore(connection, retry: .never, body)
  }

  private func writesReadsAndPresigns(_ store: S3Store) async throws {
    let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
    let bytes = PatternBytes.make(100_000)
    // Nothing is known yet, and no network access is made for a URL.
    #expect(try store.presignedGet(key, lifetime: .seconds(60)) == nil)
    let writer = try await store.beginPut(key, sizeBytes: 100_000, attributes: ObjectAttributes())
    try await writer.write(Array(bytes[..<60_000]))
    try await writer.write(Array(bytes[60_000...]))
    _ = try await writer.finish()
    #expect(try await store.open(key, range: nil).collect(limitBytes: 100_000) == bytes)
    let url = try #require(try store.presignedGet(key, lifetime: .seconds(60)))
    #expect(url.contains("X-Amz-Security-Token="))
    #expect(
      try await PresignedFetch(caBundlePath: nil, deadline: .seconds(10)).range(of: url, first: 5, count: 3)
        == Array(bytes[5..<8]))
  }

  @Test func aUserAssumesTheRole() async throws {
    try await withServices { tokens, store, folder in
      try await withStore(tokens: tokens, store: store) { engine in
        try await writesReadsAndPresigns(engine)
        let issued = try String(contentsOfFile: "\(folder)/issued", encoding: .utf8)
        #expect(issued.split(separator: "\n").count == 1)
        // The store forgets what was issued: the role is assumed anew, and the same call succeeds.
        try "".write(toFile: "\(folder)/issued", atomically: true, encoding: .utf8)
        try await untilTrue {
          // It is refused until the keeper's pause is over.
          do { try await engine.probe() } catch { return false }
          return true
        }
      }
    }
  }

  @Test func theKeysMayBeTheEnvironments() async throws {
    try await withServices { tokens, store, _ in
      let environment = ["AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"]
      try await withStore(tokens: tokens, store: store, extra: "", environment: environment) { engine in
        try await writesReadsAndPresigns(engine)
      }
    }
  }

  @Test func aWebIdentityAssumesTheRole() async throws {
    try await withServices(["--web-token", "ey.J0.k-_"]) { tokens, store, folder in
      try "ey.J0.k-_\n".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
      let environment = ["AWS_WEB_IDENTITY_TOKEN_FILE": "\(folder)/token", "AWS_ROLE_ARN": "another"]
      try await withStore(tokens: tokens, store: store, extra: "", environment: environment) { engine in
        try await writesReadsAndPresigns(engine)
      }
      try "wrong".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
      try await withStore(tokens: tokens, store: store, extra: "", environment: environment) { engine in
        await #expect(throws: StorageError.accessDenied(code: "AssumeRoleWithWebIdentity.InvalidIdentityToken")) {
          try await engine.probe()
        }
      }
    }
  }

  @Test func refusalsAreTold() async throws {
    try await withServices { tokens, store, _ in
      let wrong = "sts_user_access_key: AK, sts_user_secret_key: wrong, "
      try await withStore(tokens: tokens, store: store, extra: wrong) { engine in
        await #expect(throws: StorageError.accessDenied(code: "AssumeRole.SignatureDoesNotMatch")) {
          try await engine.probe()
        }
      }
      try await withStore(tokens: 1, store: store) { engine in
        await #expect(throws: StorageError.unreachable(detail: "no connection")) { try await engine.probe() }
      }
    }
  }
}
