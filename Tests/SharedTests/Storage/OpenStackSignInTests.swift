import Foundation
import HTTPTransport
import Shared
import SharedConfig
import Synchronization
import TestSupport
import Testing

@testable import SharedStorage

/// Keystone and its tokens, by a scripted server that plays both Keystone and the store.
@Suite("Signing in to OpenStack", .timeLimit(.minutes(2)))
struct OpenStackSignInTests {
  private typealias Server = FakeHTTPServer

  private static let date = "Sat, 21 Nov 2026 17:05:12 GMT"

  private static func isSignIn(_ request: Server.Request) -> Bool {
    request.target.hasSuffix("/tokens") || request.target.hasPrefix("/auth")
  }

  /// Version 1's answer: the account is on the server that was asked.
  private static func versionOne(_ request: Server.Request, token: String, expires: Int = 3_600) -> Server.Reply {
    .answer(
      200,
      headers: [
        "X-Auth-Token": token, "X-Storage-Url": "http://\(request.headers["host"] ?? "")/v1/AUTH_a",
        "X-Auth-Token-Expires": "\(expires)",
      ])
  }

  private static func settings(
    _ server: Server, _ version: OpenStackSignIn.Version = .one, retryCount: Int = 0, retriesRateLimits: Bool = true,
    _ change: (inout OpenStackSignIn) -> Void = { _ in }
  ) throws -> OpenStackSettings {
    let path = [.one: "/auth/v1.0", .two: "/v2.0", .three: "/v3"][version] ?? ""
    var signIn = OpenStackSignIn(
      version: version, address: server.address + path, user: .name("us\"er"), password: Secret("p\\w"),
      project: version == .one ? nil : .name("proj"))
    change(&signIn)
    return OpenStackSettings(
      container: "images", storagePath: try #require(StoragePath("registry")), signIn: signIn,
      temporaryURLKey: Secret("key"), retryCount: retryCount, retriesRateLimits: retriesRateLimits)
  }

  private func withStore(
    _ settings: OpenStackSettings, _ body: (OpenStackStore) async throws -> Void
  ) async throws {
    try await OpenStackTestService.withStore(OpenStackConnection(settings)) { store in try await body(store) }
  }

  private func json(_ request: Server.Request) throws -> String { String(decoding: request.body, as: UTF8.self) }

  @Test func versionTwoTakesTheEndpointOfTheRegion() async throws {
    let server = try Server { request, _ in
      let host = "http://\(request.headers["host"] ?? "")"
      guard Self.isSignIn(request) else { return .answer(204, method: request.method) }
      return .answer(
        200, headers: ["Date": Self.date],
        body: """
          {"access":{"token":{"id":"T2","expires":"2026-11-21T18:05:12Z"},"serviceCatalog":[
          {"type":"compute","endpoints":[{"region":"eu","publicURL":"\(host)/compute"}]},
          {"type":"object-store","endpoints":[{"region":"us","publicURL":"\(host)/v1/us"},
          {"region":"eu","publicURL":"\(host)/v1/eu","internalURL":"\(host)/v1/inner"}]}]}}
          """)
    }
    defer { server.stop() }
    try await withStore(try Self.settings(server, .two) { $0.region = "eu" }) { try await $0.probe() }
    #expect(server.requests.map(\.target) == ["/v2.0/tokens", "/v1/eu/images"])
    #expect(server.requests.last?.headers["x-auth-token"] == "T2")
    #expect(
      try json(server.requests[0])
        == #"{"auth":{"passwordCredentials":{"username":"us\"er","password":"p\\w"},"tenantName":"proj"}}"#)
    try await withStore(
      try Self.settings(server, .two) {
        $0.region = "eu"
        $0.interface = "internal"
      }
    ) { try await $0.probe() }
    #expect(server.requests.last?.target == "/v1/inner/images")
    try await withStore(try Self.settings(server, .two) { $0.region = "ap" }) { store in
      await #expect(
        throws: StorageError.invalidResponse(
          detail: "the sign-in names no public endpoint of object-store in region ap")
      ) { try await store.probe() }
    }
  }

  @Test func versionThreeScopesToAProject() async throws {
    let server = try Server { request, _ in
      let host = "http://\(request.headers["host"] ?? "")"
      guard Self.isSignIn(request) else { return .answer(204, method: request.method) }
      return .answer(
        201, headers: ["Date": Self.date, "X-Subject-Token": "T3"],
        body: """
          {"token":{"expires_at":"2026-11-21T18:05:12.000000Z","catalog":[{"type":"object-store","endpoints":[
          {"interface":"admin","region":"eu","url":"\(host)/v1"},
          {"interface":"public","region":"eu","url":"\(host)/v1/AUTH_p/"}]}]}}
          """)
    }
    defer { server.stop() }
    try await withStore(try Self.settings(server, .three)) { store in
      try await store.probe()
      let url = try #require(try store.presignedGet(try ObjectKey(parsing: "registry/x"), lifetime: .seconds(5)))
      #expect(url.hasPrefix("\(server.address)/v1/AUTH_p/images/registry/x?temp_url_sig="))
    }
    #expect(server.requests.map(\.target) == ["/v3/auth/tokens", "/v1/AUTH_p/images"])
    #expect(
      try json(server.requests[0])
        == #"{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"us\"er","domain":{"id":"default"},"#
        + #""password":"p\\w"}}},"scope":{"project":{"name":"proj","domain":{"id":"default"}}}}}"#)
    try await withStore(
      try Self.settings(server, .three) {
        $0.application = .init(id: "app", secret: Secret("s"))
        $0.storageURL = "\(server.address)/v1/AUTH_fixed"
      }
    ) { store in
      #expect(try store.presignedGet(try ObjectKey(parsing: "registry/x"), lifetime: .seconds(5)) != nil)
      try await store.probe()
    }
    #expect(server.requests.last?.target == "/v1/AUTH_fixed/images")
    #expect(
      try json(server.requests[2])
        == #"{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"app","secret":"s"}}}}"#
    )
  }

  @Test func aTokenIsFetchedOnceForAllAndReplacedOnceWhenRefused() async throws {
    let signIns = Mutex(0)
    let server = try Server { request, _ in
      guard !Self.isSignIn(request) else {
        return Self.versionOne(request, token: "T\(signIns.withLock { $0 += 1; return $0 })")
      }
      return .answer(request.headers["x-auth-token"] == "T1" ? 401 : 204, method: request.method)
    }
    defer { server.stop() }
    try await withStore(try Self.settings(server)) { store in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<16 { group.addTask { try await store.probe() } }
        try await group.waitForAll()
      }
      // One for all at first, and one after the first refusal: those refused later find it replaced already.
      let signedIn = server.requests.filter(Self.isSignIn)
      #expect(signedIn.count == 2)
      try await store.probe()
      #expect(server.requests.last?.headers["x-auth-token"] == "T2")
    }
  }

  @Test func anAccountThatMayNotIsTriedTwiceOnly() async throws {
    let server = try Server { request, _ in
      Self.isSignIn(request) ? Self.versionOne(request, token: "T") : .answer(401, method: request.method)
    }
    defer { server.stop() }
    try await withStore(try Self.settings(server, retryCount: 5)) { store in
      await #expect(throws: StorageError.accessDenied(code: "HTTP401")) { try await store.probe() }
      #expect(server.requests.count == 4)
    }
  }

  @Test func aTokenIsReplacedBeforeItsEnd() async throws {
    let server = try Server { request, number in
      Self.isSignIn(request)
        ? Self.versionOne(request, token: "T\(number)", expires: 100) : .answer(204, method: request.method)
    }
    defer { server.stop() }
    let clock = Mutex(ContinuousClock.now)
    let transport = try HTTPTransport()
    let request = OpenStackTokenRequest(
      signIn: try Self.settings(server).signIn, transport: transport, timeouts: .init(total: .seconds(10)))
    let authority = OpenStackAuthority(account: nil, now: { clock.withLock { $0 } }) {
      () async throws(StorageError) in try await request.send()
    }
    #expect(authority.account == nil)
    let first = try await authority.session()
    #expect(first.token == Secret("T0") && authority.account?.path == "/v1/AUTH_a")
    clock.withLock { $0 += .seconds(39) }
    #expect(try await authority.session() == first)
    // A minute before its end, or half way where it lives for less than two.
    clock.withLock { $0 += .seconds(12) }
    #expect(try await authority.session().token == Secret("T1"))
    authority.reject(first)
    #expect(try await authority.session().token == Secret("T1"))
    await transport.close()
  }

  @Test func whoeverWaitsForATokenMayGiveUp() async throws {
    let server = try Server { _, _ in .stall([]) }
    defer { server.stop() }
    try await withStore(try Self.settings(server)) { store in
      let task = Task { () -> StorageError? in
        do throws(StorageError) {
          try await store.probe()
          return nil
        } catch {
          return error
        }
      }
      while server.requests.isEmpty { await Task.yield() }
      task.cancel()
      #expect(await task.value == .cancelled)
    }
  }

  @Test func refusalsOfTheSignInAreToldApart() async throws {
    let cases: [(Int, StorageError)] = [
      (401, .accessDenied(code: "SignIn401")), (404, .accessDenied(code: "SignIn404")),
      (429, .slowDown(retryAfter: .seconds(3))),
      (503, .unavailable(status: 503, code: "SignIn503", retryAfter: .seconds(3))),
    ]
    for (status, expected) in cases {
      let server = try Server { _, _ in .answer(status, headers: ["Retry-After": "3"]) }
      defer { server.stop() }
      try await withStore(try Self.settings(server, .three)) { store in
        await #expect(throws: expected) { try await store.probe() }
      }
    }
    for body in ["", "{}", "[1]", "{\"token\":{}}"] {
      let server = try Server { _, _ in .answer(201, headers: ["X-Subject-Token": "T"], body: body) }
      defer { server.stop() }
      try await withStore(try Self.settings(server, .three)) { store in
        await #expect(throws: StorageError.self) { try await store.probe() }
      }
    }
  }

  @Test func rateLimitsAreObeyedUnlessTurnedOff() async throws {
    for (status, retries) in [(498, true), (429, true), (498, false)] {
      let refused = Mutex(0)
      let server = try Server { request, _ in
        guard !Self.isSignIn(request) else { return Self.versionOne(request, token: "T") }
        let isFirst = refused.withLock {
          $0 += 1; return $0 == 1
        }
        return .answer(isFirst ? status : 204, method: request.method)
      }
      defer { server.stop() }
      try await withStore(try Self.settings(server, retryCount: 2, retriesRateLimits: retries)) { store in
        if retries {
          try await store.probe()
        } else {
          await #expect(throws: StorageError.slowDown(retryAfter: nil)) { try await store.probe() }
        }
      }
    }
  }

  @Test func accountsAreAddressesAndNothingElse() {
    #expect(OpenStackAccount(parsing: "http://h:8080/v1/AUTH_a/")?.path == "/v1/AUTH_a")
    #expect(OpenStackAccount(parsing: "https://H/v1/AUTH_%2fa+b")?.decodedPath == "/v1/AUTH_/a+b")
    for text in [
      "", "h/v1", "ftp://h/v1", "http://h/v1?a=b", "http://u@h/v1", "http://h/../v1", "http://h/v 1", "http://",
    ] {
      #expect(OpenStackAccount(parsing: text) == nil, "\(text)")
    }
  }

  /// The example of Swift's documentation has SHA-1; the code for SHA-256 is of Python's hmac module.
  @Test func temporaryURLsAreSignedAsSwiftDoes() {
    #expect(
      SigningTemporaryURL(key: Secret("mykey")).query(path: "/v1/AUTH_account/container/object", expires: 1_400_003_600)
        == "temp_url_sig=73a1515b9794c3559bf6b62b6a194d703abfb69d3e9eacf3de0795303996118f&temp_url_expires=1400003600")
    #expect(BodyChecksum.hex(of: [Array("ab".utf8), [], Array("c".utf8)]) == "900150983cd24fb0d6963f7d28e17f72")
  }
}
