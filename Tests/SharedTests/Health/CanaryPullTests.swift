import Shared
import Synchronization
import TestSupport
import Testing

@Suite("The canary image is pulled as a client would, and every byte compared (R10)")
struct CanaryPullTests {
  /// A registry of one image, which can be damaged.
  private final class Registry: Sendable {
    struct State {
      var blobs: [String: [UInt8]] = [:]
      var manifest: [UInt8]?
      var redirectsTo: String?
      var pushes = 0
    }
    let state = Mutex(State())

    func answer(_ request: FakeHTTPServer.Request) -> FakeHTTPServer.Reply {
      let (path, query) = Self.split(request.target)
      if path == "/v2/auth" {
        let isLogin = request.headers["authorization"] == "Basic " + Base64.encode(Array("admin:secret".utf8))
        return isLogin ? Self.reply(200, Array(#"{"token":"t0ken"}"#.utf8)) : Self.reply(401, [])
      }
      if path.hasPrefix("/elsewhere/") {
        // The token is the API's alone.
        guard request.headers["authorization"] == nil else { return Self.reply(400, []) }
        return Self.reply(200, state.withLock { $0.blobs[String(path.dropFirst(11))] } ?? [])
      }
      guard request.headers["authorization"] == "Bearer t0ken" else { return Self.reply(401, []) }
      return state.withLock { state in
        if request.method == "POST" {
          state.pushes += 1
          state.blobs[query.replacing("digest=", with: "")] = request.body
          return Self.reply(201, [])
        }
        if request.method == "PUT" {
          state.manifest = request.body
          return Self.reply(201, [])
        }
        if path.contains("/manifests/") { return state.manifest.map { Self.reply(200, $0) } ?? Self.reply(404, []) }
        let digest = String(path.split(separator: "/").last ?? "")
        if let base = state.redirectsTo {
          return .raw(
            Array("HTTP/1.1 307 Go\r\nLocation: \(base)/elsewhere/\(digest)\r\nContent-Length: 0\r\n\r\n".utf8))
        }
        return state.blobs[digest].map { Self.reply(200, $0) } ?? Self.reply(404, [])
      }
    }

    private static func split(_ target: String) -> (String, String) {
      let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
      return (parts[0], parts.count > 1 ? parts[1] : "")
    }

    private static func reply(_ status: Int, _ body: [UInt8]) -> FakeHTTPServer.Reply {
      .raw(Array("HTTP/1.1 \(status) X\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
    }
  }

  private let registry = Registry()

  private func with(
    mayPush: Bool = true, password: String = "secret", _ body: (CanaryPull, FakeHTTPServer) async throws -> Void
  ) async throws {
    let registry = registry
    let server = try FakeHTTPServer { request, _ in registry.answer(request) }
    let http = try PlainHTTP()
    let pull = CanaryPull(
      http: http, api: server.address, repository: try RepositoryName(parsing: "meridian-health/canary"),
      login: ("admin", Secret(password)), mayPush: mayPush)
    do {
      try await body(pull, server)
    } catch {
      await http.close()
      server.stop()
      throw error
    }
    await http.close()
    server.stop()
  }

  private func failure(_ pull: CanaryPull) async -> CanaryFailure? {
    do {
      try await pull.run(within: .seconds(5))
      return nil
    } catch {
      return error
    }
  }

  @Test func isPushedOnceAndThenOnlyPulled() async throws {
    try await with { pull, server in
      #expect(await failure(pull) == nil)
      #expect(registry.state.withLock { $0.pushes } == 2)
      let first = server.requests.count
      #expect(await failure(pull) == nil)
      #expect(registry.state.withLock { $0.pushes } == 2)
      #expect(server.requests.count - first == 4)
    }
  }

  @Test func followsTheRedirectToTheStoreWithoutTheToken() async throws {
    try await with { pull, server in
      #expect(await failure(pull) == nil)
      registry.state.withLock { $0.redirectsTo = server.address }
      #expect(await failure(pull) == nil)
    }
  }

  @Test func otherBytesAreAFailure() async throws {
    try await with { pull, _ in
      #expect(await failure(pull) == nil)
      let layer = "\(CanaryImage.current.layer.digest)"
      registry.state.withLock { $0.blobs[layer]?[700] ^= 1 }
      #expect(await failure(pull) == .wrongBytes(step: "the layer"))
      registry.state.withLock { $0.blobs[layer] = nil }
      #expect(await failure(pull) == .refused(step: "the layer", status: 404))
      registry.state.withLock { $0.manifest = [1] }
      #expect(await failure(pull) == .wrongBytes(step: "the manifest by tag"))
    }
  }

  @Test func aMissingImageThatMayNotBePushedIsNamed() async throws {
    try await with(mayPush: false) { pull, _ in
      #expect(await failure(pull) == .missing(reason: "the registry takes no pushes"))
    }
  }

  @Test func aWrongPasswordAndADeadAPIAreToldApart() async throws {
    try await with(password: "wrong") { pull, server in
      #expect(await failure(pull) == .refused(step: "the token", status: 401))
      server.stop()
      guard case .noAnswer(step: "the token", _)? = await failure(pull) else {
        Issue.record("a dead API was not named")
        return
      }
    }
  }

  @Test func theImageIsOneThatToolsCanRead() {
    let image = CanaryImage.current
    #expect(image.layer.bytes.count == 512 + 8192 + 1024)
    #expect(String(decoding: image.layer.bytes[257..<262], as: UTF8.self) == "ustar")
    // The digest is part of what all regions agree on: another one needs another tag.
    #expect(image.manifest.digest == Digest(of: image.manifest.bytes))
  }
}
