private import Foundation
private import HTTPTransport
package import Shared

/// The fake of the Blob service (`Tests/fakes/azure`), in a process of its own that ends with this one.
package final class AzureFake: Sendable {
  package static let accountName = "fakeaccount"
  /// The account's key in base64.
  package static let key = Base64.encode(Array("secret-key-of-the-fake-account!!".utf8))
  package static let containers = ["images", "neighbour"]
  /// One for all tests; each uses a folder of its own in the containers.
  private static let shared = Result { try AzureFake() }

  package let port: Int
  /// The process ends when this is closed, with this process at the latest.
  private let input: FileHandle
  private let process: Process

  /// Whether Python is there to run it; it comes with Debian, and CI demands it.
  package static var isDemanded: Bool {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")
      || !(ProcessInfo.processInfo.environment["CI"] ?? "").isEmpty
  }

  /// The fake, started at the first call.
  package static func running() throws -> AzureFake { try shared.get() }

  private init() throws {
    let fakes = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "fakes")
    let data = FileManager.default.temporaryDirectory.appending(path: "meridian-azure-\(UUID().uuidString)")
    let (input, output) = (Pipe(), Pipe())
    process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["python3", fakes.appending(path: "azure").path, "--account", Self.accountName, "--key", Self.key, "--data"]
      + [data.path, "--until-stdin-closes", "--forget"] + Self.containers.flatMap { ["--container", $0] }
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    self.input = input.fileHandleForWriting
    var text = ""
    while !text.hasSuffix("\n") {
      let bytes = output.fileHandleForReading.availableData
      guard !bytes.isEmpty else { throw MissingTestService() }
      text += String(decoding: bytes, as: UTF8.self)
    }
    guard let port = text.split(separator: " ").last.flatMap({ Int($0.filter(\.isNumber)) }) else {
      throw MissingTestService()
    }
    self.port = port
  }

  /// Settings of a folder nobody else uses.
  package func settings(
    container: String = "images", path: String = "contract/\(RandomIdentifier().hex)",
    authorization: AzureSettings.Authorization = .sharedKey(Secret(AzureFake.key))
  ) throws -> AzureSettings {
    guard let endpoint = StoreEndpoint(scheme: "http", host: "127.0.0.1", port: port), let path = StoragePath(path)
    else {
      throw MissingTestService()
    }
    return AzureSettings(
      endpoint: endpoint, accountName: Self.accountName, accountInPath: true, container: container, storagePath: path,
      authorization: authorization)
  }

  /// Runs `body` with a store of those settings and closes it.
  @discardableResult
  package static func withStore<Value>(
    _ settings: AzureSettings, retry: StorageRetry = StorageRetry(), now: (@Sendable () -> Int64)? = nil,
    _ body: (AzureStore) async throws -> Value
  ) async throws -> Value {
    let store = AzureStore(
      location: try LocationID(parsing: "ap"), connection: try AzureConnection(settings),
      transport: try HTTPTransport(), retry: retry, now: now)
    do {
      let value = try await body(store)
      await store.close()
      return value
    } catch {
      await store.close()
      throw error
    }
  }
}
