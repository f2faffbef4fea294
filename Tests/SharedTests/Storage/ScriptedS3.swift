import HTTPTransport
import Shared
import Synchronization
import TestSupport
import Testing

@testable import SharedStorage

/// An S3 engine over a scripted server.
enum ScriptedS3 {
  typealias Server = FakeHTTPServer
  private static let key = "registry/blobs/00/00000000000000000000000000000000"

  /// Runs `body` with an engine over a scripted server; pauses are recorded instead of slept.
  static func withStore(
    attempts: Int = 4, stall: Duration = .seconds(30),
    _ script: @escaping @Sendable (Server.Request, Int) -> Server.Reply,
    _ body: (S3Store, Server, SleepRecorder) async throws -> Void
  ) async throws {
    let server = try FakeHTTPServer(script)
    defer { server.stop() }
    let recorder = SleepRecorder()
    var connection = S3Connection(
      endpoint: try #require(S3Endpoint(parsing: server.address)), bucket: "images",
      storagePath: try #require(StoragePath("registry")),
      credentials: StoreCredentials(accessKey: "AK", secretKey: Secret("SK")))
    connection.deadlines.stall = stall
    connection.deadlines.small = .seconds(10)
    let store = S3Store(
      location: try LocationID(parsing: "us"), connection: connection, transport: try HTTPTransport(),
      retry: StorageRetry(
        maximumAttempts: attempts, budget: RetryBudget(), random: { 0.5 }, sleep: { recorder.record($0) }))
    try await body(store, server, recorder)
    await store.close()
  }

  static func makeKey() throws -> ObjectKey { try ObjectKey(parsing: Self.key) }

  static func error(_ status: Int, _ code: String, headers: [String: String] = [:]) -> Server.Reply {
    .answer(status, headers: headers, body: "<?xml version=\"1.0\"?><Error><Code>\(code)</Code></Error>")
  }

  /// The answer to a HEAD of an object of that size.
  static func found(_ sizeBytes: Int) -> Server.Reply {
    .raw(Server.Reply.bytes(200, headers: ["Content-Length": "\(sizeBytes)"], method: "HEAD"))
  }
}

/// Records pauses instead of making them.
final class SleepRecorder: Sendable {
  private let recorded = Mutex<[Duration]>([])
  var pauses: [Duration] { recorded.withLock { $0 } }
  func record(_ pause: Duration) { recorded.withLock { $0.append(pause) } }
}
