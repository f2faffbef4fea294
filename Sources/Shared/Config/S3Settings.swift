package import SharedModel

/// A bucket spoken to by the S3 protocol.
package struct S3Settings: Sendable, Hashable {
  package let engineName: String
  package let endpoint: StoreEndpoint
  /// The region requests are signed for.
  package let region: String
  package let bucket: String
  package let storagePath: StoragePath
  /// Nil together with `secretKey`: credentials come from the environment (IAM role).
  package let accessKey: Secret?
  package let secretKey: Secret?
  package let sessionToken: Secret?
  /// Whether the bucket is in the path of URLs instead of the host name.
  package let pathStyle: Bool
  /// The smallest part of a multipart upload but the last, in bytes.
  package let minimumChunkSizeBytes: Int64
  /// The largest part of a multipart upload, in bytes.
  package let maximumChunkSizeBytes: Int64
  /// A PEM file of certificate authorities to trust instead of the system's.
  package let caBundlePath: String?
  /// Whether uploads ask for `AES256` encryption at rest, as Quay's S3Storage always does.
  package let serverSideEncryption: Bool

  /// Makes settings.
  package init(
    engineName: String, endpoint: StoreEndpoint, region: String, bucket: String, storagePath: StoragePath,
    accessKey: Secret?, secretKey: Secret?, sessionToken: Secret? = nil, pathStyle: Bool = true,
    minimumChunkSizeBytes: Int64 = 5 << 20, maximumChunkSizeBytes: Int64 = 100 << 20, caBundlePath: String? = nil,
    serverSideEncryption: Bool = false
  ) {
    self.engineName = engineName
    self.endpoint = endpoint
    self.region = region
    self.bucket = bucket
    self.storagePath = storagePath
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.sessionToken = sessionToken
    self.pathStyle = pathStyle
    self.minimumChunkSizeBytes = minimumChunkSizeBytes
    self.maximumChunkSizeBytes = maximumChunkSizeBytes
    self.caBundlePath = caBundlePath
    self.serverSideEncryption = serverSideEncryption
  }
}

extension S3Settings: EngineDescription {
  package var summary: String { "\(endpoint)/\(bucket)/\(storagePath.prefix)" }
  package var identity: String { "\(bucket)/\(storagePath.prefix)" }
}
