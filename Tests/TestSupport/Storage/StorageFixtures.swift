private import Foundation
private import HTTPTransport
package import Shared

/// The S3 service the test command started; absent, S3 tests are skipped, except under CI, where they fail.
package enum S3TestService {
  /// Whether S3 tests are to run: a service is there, or CI demands one.
  package static var isDemanded: Bool {
    let environment = ProcessInfo.processInfo.environment
    return environment["MERIDIAN_TEST_S3"] != nil || !(environment["CI"] ?? "").isEmpty
  }

  /// The bucket's connection; throws where the environment does not name it.
  package static func connection(
    bucket: String? = nil, secretKey: String? = nil
  ) throws -> S3Connection {
    let environment = ProcessInfo.processInfo.environment
    guard let address = environment["MERIDIAN_TEST_S3"], let endpoint = S3Endpoint(parsing: address),
      let accessKey = environment["MERIDIAN_TEST_S3_ACCESS_KEY"],
      let secret = environment["MERIDIAN_TEST_S3_SECRET_KEY"],
      let bucket = bucket ?? environment["MERIDIAN_TEST_S3_BUCKET"],
      let path = StoragePath("contract/\(RandomIdentifier().hex)")
    else { throw MissingTestService() }
    return S3Connection(
      endpoint: endpoint, bucket: bucket, storagePath: path,
      credentials: StoreCredentials(accessKey: accessKey, secretKey: Secret(secretKey ?? secret)))
  }

  /// Another bucket of the same service, reached with the same credentials.
  package static func neighbourConnection() throws -> S3Connection {
    guard let bucket = ProcessInfo.processInfo.environment["MERIDIAN_TEST_S3_BUCKET_EU"] else {
      throw MissingTestService()
    }
    return try connection(bucket: bucket)
  }

  /// Runs `body` with a store on that service and closes it.
  @discardableResult
  package static func withStore<Value>(
    _ connection: S3Connection, location: String = "us", retry: StorageRetry = StorageRetry(),
    now: (@Sendable () -> Int64)? = nil, _ body: (S3Store) async throws -> Value
  ) async throws -> Value {
    let store = S3Store(
      location: try LocationID(parsing: location), connection: connection, transport: try HTTPTransport(), retry: retry,
      now: now)
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

/// The environment does not name a service that a test needs.
package struct MissingTestService: Error {}

/// A folder of its own for one test, removed afterwards.
package func withTemporaryFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("meridian-\(RandomIdentifier().hex)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  // What cannot be removed is a few bytes in the temporary folder, and no reason to fail a test.
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder.path)
}
