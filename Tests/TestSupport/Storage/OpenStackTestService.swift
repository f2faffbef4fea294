private import Foundation
private import HTTPTransport
package import Shared
package import SharedConfig
package import SharedStorage

/// The OpenStack Swift the test command started; absent, its tests are skipped, except under CI, where they fail.
package enum OpenStackTestService {
  /// Whether Swift tests are to run: a service is there, or CI demands one.
  package static var isDemanded: Bool {
    let environment = ProcessInfo.processInfo.environment
    return environment["MERIDIAN_TEST_SWIFT"] != nil || !(environment["CI"] ?? "").isEmpty
  }

  /// `http://host:port` of the proxy; throws where the environment does not name it.
  package static func address() throws -> String { try variable("MERIDIAN_TEST_SWIFT") }

  /// The first container's settings, with a storage path of its own, or the `second` container's.
  package static func settings(
    second: Bool = false, address: String? = nil, container: String? = nil, password: String? = nil,
    temporaryURLKey: Secret? = nil, retryCount: Int = 5, version: OpenStackSignIn.Version = .one
  ) throws -> OpenStackSettings {
    let named = try variable(second ? "MERIDIAN_TEST_SWIFT_CONTAINER_TWO" : "MERIDIAN_TEST_SWIFT_CONTAINER")
    let key = try temporaryURLKey ?? Secret(variable("MERIDIAN_TEST_SWIFT_TEMP_URL_KEY"))
    guard let path = StoragePath("contract/\(RandomIdentifier().hex)") else { throw MissingTestService() }
    return OpenStackSettings(
      container: container ?? named, storagePath: path,
      signIn: OpenStackSignIn(
        version: version, address: try address ?? "\(self.address())/auth/v1.0",
        user: .name(try variable("MERIDIAN_TEST_SWIFT_USER")),
        password: Secret(try password ?? variable("MERIDIAN_TEST_SWIFT_PASSWORD"))),
      temporaryURLKey: key, retryCount: retryCount)
  }

  /// The same service spoken to by its S3 interface; `bucket` is one of the containers.
  package static func s3Connection(second: Bool = false) throws -> S3Connection {
    guard let endpoint = S3Endpoint(parsing: try address()), let path = StoragePath("s3/\(RandomIdentifier().hex)")
    else {
      throw MissingTestService()
    }
    return S3Connection(
      endpoint: endpoint,
      bucket: try variable(second ? "MERIDIAN_TEST_SWIFT_CONTAINER_TWO" : "MERIDIAN_TEST_SWIFT_CONTAINER"),
      storagePath: path,
      credentials: StoreCredentials(
        accessKey: try variable("MERIDIAN_TEST_SWIFT_USER"),
        secretKey: Secret(try variable("MERIDIAN_TEST_SWIFT_PASSWORD"))))
  }

  /// Runs `body` with a store on that service and closes it.
  @discardableResult
  package static func withStore<Value>(
    _ connection: OpenStackConnection, retry: StorageRetry? = nil, now: (@Sendable () -> Int64)? = nil,
    _ body: (OpenStackStore) async throws -> Value
  ) async throws -> Value {
    let store = OpenStackStore(
      location: try LocationID(parsing: "eu"), connection: connection, transport: try HTTPTransport(), retry: retry,
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

  private static func variable(_ name: String) throws -> String {
    guard let value = ProcessInfo.processInfo.environment[name] else { throw MissingTestService() }
    return value
  }
}
