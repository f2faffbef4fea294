package import HTTPTransport
private import SharedConfig
package import SharedModel

/// The Azure engine: block blobs of one container, by the Blob service's REST interface.
///
/// Retries only what may be done twice and whose body can be sent again. Over a plain link bodies that are in memory carry
/// their MD5; a SHA-256 that a caller knows is no matter of this service.
package struct AzureStore: BlobStore {
  /// The metadata header the digest of a replicated object stands in; such names must be identifiers.
  static let digestHeader = "x-ms-meta-meridiandigest"

  package let location: LocationID
  let client: AzureClient
  let retry: StorageRetry
  let positions = ListPositions()
  let openUploads = OpenUploads()

  /// Opens the engine; no request is made.
  ///
  /// `now` gives seconds since the epoch, the system's clock where nil.
  package init(
    location: LocationID, connection: AzureConnection, transport: HTTPTransport,
    retry: StorageRetry = StorageRetry(budget: RetryBudget()), now: (@Sendable () -> Int64)? = nil
  ) {
    self.location = location
    self.retry = retry
    client = AzureClient(connection: connection, transport: transport, now: now)
  }

  /// Opens the engine with a transport of its own; no request is made.
  ///
  /// Throws `unreachable` where the transport cannot be started, for example for want of threads.
  package init(location: LocationID, connection: AzureConnection) throws(StorageError) {
    let transport = try connection.deadlines.transport(
      scheme: connection.endpoint.scheme, caBundlePath: connection.caBundlePath,
      maximumConnections: connection.maximumConnections)
    self.init(location: location, connection: connection, transport: transport)
  }

  package var storagePath: StoragePath { client.connection.storagePath }
  package var partLimits: PartLimits { AzureConnection.partLimits }
  package var protectsBodies: Bool { client.isSecure }

  package func close() async { await client.transport.close() }

  /// Nil where an access signature authorises: there is no key to make another with, and ours opens the whole container.
  package func presignedGet(_ key: ObjectKey, lifetime: Duration) throws(StorageError) -> String? {
    // Security rule 22: ten minutes at most; a shorter life than asked for is always safe.
    let lifetime = min(lifetime, .seconds(600))
    guard let query = client.readQuery(key, lifetime: lifetime, isPublic: true) else { return nil }
    return AzureAddress(client.connection, name: key.description, isPublic: true).url(query: query)
  }

  /// A listing of one name: what both kinds of authorisation allow, and an answer that says what is wrong.
  package func probe() async throws(StorageError) {
    _ = try await page(prefix: storagePath.prefix, marker: nil, limit: 1)
  }
}
