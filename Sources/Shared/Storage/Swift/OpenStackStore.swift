package import HTTPTransport
internal import SharedConfig
package import SharedModel

/// The engine for OpenStack Swift's own API: Quay's `SwiftStorage`.
///
/// Multipart uploads are static large objects. Their segments and the marks of open uploads lie in the same container under
/// a prefix that no listing of ours shows (`OpenStackNames`). Bodies that cross the network in the clear are sent with
/// their MD5, or compared with the one the store answers with, so what arrives is what was sent.
package struct OpenStackStore: BlobStore {
  /// The metadata header the digest of an object stands in.
  static let digestHeader = "x-object-meta-meridian-digest"
  /// The metadata header of a large object that names the upload its segments belong to.
  static let uploadHeader = "x-object-meta-meridian-upload"

  package let location: LocationID
  let client: OpenStackClient
  private let retry: StorageRetry
  /// Seconds since the epoch.
  private let now: @Sendable () -> Int64
  private let temporaryURLs: SigningTemporaryURL?

  /// Opens the engine; no request is made.
  ///
  /// `now` gives seconds since the epoch, the system's clock where nil; a `retry` of nil is the one of the settings.
  package init(
    location: LocationID, connection: OpenStackConnection, transport: HTTPTransport, retry: StorageRetry? = nil,
    now: (@Sendable () -> Int64)? = nil
  ) {
    self.location = location
    client = OpenStackClient(connection: connection, transport: transport)
    self.retry =
      retry ?? StorageRetry(maximumAttempts: connection.settings.retryCount + 1, budget: RetryBudget())
    self.now = now ?? { SystemSeconds.now() }
    temporaryURLs = connection.settings.temporaryURLKey.map(SigningTemporaryURL.init(key:))
  }

  package var storagePath: StoragePath { client.connection.settings.storagePath }
  package var partLimits: PartLimits { client.connection.partLimits }

  /// Either TLS protects them, or the engine compares their MD5 itself: hashes of parts would add nothing.
  package var protectsBodies: Bool { true }

  package func close() async { await client.transport.close() }

  /// Nil also before the first sign-in, which says where the account is, unless the configuration does.
  package func presignedGet(_ key: ObjectKey, lifetime: Duration) throws(StorageError) -> String? {
    guard let temporaryURLs, let account = client.authority.account else { return nil }
    // Security rule 22: ten minutes at most; a shorter life than asked for is always safe.
    let expires = now() + min(max(lifetime.components.seconds, 1), 600)
    let path = "\(account.decodedPath)/\(client.connection.container)/\(key)"
    let url = account.url(path: client.path(key.description), on: client.connection.publicEndpoint)
    return "\(url)?\(temporaryURLs.query(path: path, expires: expires))"
  }

  package func probe() async throws(StorageError) {
    try await retrying { () throws(StorageError) in
      try await client.send(OpenStackCall(container: "HEAD")).body.discard()
    }
  }

  /// Runs what may be done twice again, as the settings allow.
  func retrying<Value>(_ operation: () async throws(StorageError) -> Value) async throws(StorageError) -> Value {
    try await retry.run { _ throws(StorageError) in
      try await operation()
    } retrying: { error in
      if case .slowDown = error { return client.connection.settings.retriesRateLimits }
      return error.mayPassSoon
    }
  }
}
