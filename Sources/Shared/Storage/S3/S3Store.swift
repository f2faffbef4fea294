package import HTTPTransport
package import SharedModel

/// The S3 engine: AWS S3, Ceph radosgw and everything that speaks the same protocol.
///
/// Retries only what may be done twice and whose body can be sent again. A single PUT is not followed by a HEAD: S3 stores
/// exactly the declared Content-Length or nothing ("Amazon S3 never adds partial objects", PutObject), and the transport
/// refuses to end a body of another length, so the confirmed PUT is the size check (decision D12) and the round trip is
/// saved. A completed multipart upload is checked by HEAD, because there the store does the arithmetic. Of bodies whose
/// SHA-256 is known it is signed with the request, and the store refuses other bytes; no other checksum header is sent:
/// radosgw 16 ignores `x-amz-checksum-*`.
package struct S3Store: BlobStore {
  /// The metadata header the digest of a replicated object stands in.
  static let digestHeader = "x-amz-meta-meridian-digest"

  /// A URL that would end sooner, because its credentials do, is not given out.
  private static let shortestPresignedSeconds: Int64 = 60

  package let location: LocationID
  let client: S3Client
  let retry: StorageRetry

  /// Opens the engine; no request is made.
  ///
  /// `now` gives seconds since the epoch, the system's clock where nil.
  package init(
    location: LocationID, connection: S3Connection, transport: HTTPTransport,
    retry: StorageRetry = StorageRetry(budget: RetryBudget()), now: (@Sendable () -> Int64)? = nil
  ) {
    self.location = location
    self.retry = retry
    client = S3Client(connection: connection, transport: transport, now: now)
  }

  package var storagePath: StoragePath { client.connection.storagePath }
  package var partLimits: PartLimits { client.connection.partLimits }
  package var protectsBodies: Bool { client.connection.endpoint.isSecure }

  /// What `x-amz-content-sha256` can say: the store compares SHA-256 only.
  static func bodyHash(_ digest: Digest?) -> Digest? {
    digest.flatMap { $0.algorithm == .sha256 ? $0 : nil }
  }

  package func close() async { await client.transport.close() }

  /// Nil also where temporary credentials are not at hand or about to end: the next call fetches them.
  package func presignedGet(_ key: ObjectKey, lifetime: Duration) throws(StorageError) -> String? {
    let connection = client.connection
    // Security rule 22: ten minutes at most; a shorter life than asked for is always safe.
    var seconds = min(max(lifetime.components.seconds, 1), 600)
    let time = client.now()
    if let distribution = connection.distribution {
      return try distribution.url(of: key, in: storagePath, until: time + seconds)
    }
    guard let signer = client.signing.ready(forSeconds: min(seconds, Self.shortestPresignedSeconds)) else { return nil }
    // A store refuses what was signed with credentials that have ended since.
    if let end = signer.credentials.expiresAt { seconds = min(seconds, end - time) }
    let address = S3Address(
      endpoint: connection.publicEndpoint ?? connection.endpoint, bucket: connection.bucket, key: key,
      pathStyle: connection.pathStyle)
    let query = signer.presignedQuery(
      path: address.path, host: address.authority, lifetimeSeconds: seconds, at: SigningTime(secondsSinceEpoch: time))
    return address.url(query: query)
  }

  package func probe() async throws(StorageError) {
    do {
      _ = try await retry.run { _ throws(StorageError) in try await client.send(.head(nil)) }
    } catch {
      switch error {
      case .accessDenied, .refused:
        // HEAD answers carry no error code; the same question as GET says whether it is the key, the clock or the policy.
        let listing = S3Call(method: "GET", query: [("max-keys", "1")])
        _ = try await client.sendForXML(listing, root: "ListBucketResult")
      default: throw error
      }
    }
  }
}
