package import SharedModel

/// A bucket spoken to by the S3 protocol.
package struct S3Settings: Sendable, Hashable {
  package let engineName: String
  package let endpoint: StoreEndpoint
  /// The region requests are signed for.
  package let region: String
  package let bucket: String
  package let storagePath: StoragePath
  /// Nil together with `secretKey`: credentials come from `credentialsFile`, the role or the environment.
  package let accessKey: Secret?
  package let secretKey: Secret?
  package let sessionToken: Secret?
  /// A file in the form of `~/.aws/credentials`, in place of keys.
  package var credentialsFile: String?
  /// The role whose credentials are used.
  package var role: RoleSettings?
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
  /// Whether the store makes parts from objects it holds (UploadPartCopy).
  package var copiesParts = true
  /// How long the store may be silent while a body moves, in seconds; nil for the engine's own limit.
  package var silenceSeconds: Int64?
  /// The CloudFront distribution clients are sent to.
  package var distribution: DistributionSettings?

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

/// A role to assume at the Security Token Service.
package struct RoleSettings: Sendable, Hashable {
  /// Nil: the environment names it.
  package let roleARN: String?
  /// Nil together with `secretKey`: the environment says who asks.
  package let accessKey: Secret?
  package let secretKey: Secret?
  /// Amazon's service of the region where nil.
  package let endpoint: StoreEndpoint?

  /// Makes settings.
  package init(roleARN: String?, accessKey: Secret?, secretKey: Secret?, endpoint: StoreEndpoint? = nil) {
    self.roleARN = roleARN
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.endpoint = endpoint
  }
}

/// A CloudFront distribution in front of a bucket.
package struct DistributionSettings: Sendable, Hashable {
  /// Its host name.
  package let domain: String
  /// The id of a public key it trusts.
  package let keyID: Secret
  /// The private key's PEM file; a relative path begins at the configuration's folder.
  package let privateKeyPath: String
  /// Whether domains of single organisations are written, which have no effect.
  package let hasOverrides: Bool

  /// Makes settings.
  package init(domain: String, keyID: Secret, privateKeyPath: String, hasOverrides: Bool = false) {
    self.domain = domain
    self.keyID = keyID
    self.privateKeyPath = privateKeyPath
    self.hasOverrides = hasOverrides
  }
}

extension S3Settings: EngineDescription {
  package var summary: String { "\(endpoint)/\(bucket)/\(storagePath.prefix)" }
  package var identity: String { "\(bucket)/\(storagePath.prefix)" }
}
