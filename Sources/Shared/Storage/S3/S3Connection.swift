package import SharedModel

/// Everything the S3 engine needs to know of one bucket.
package struct S3Connection: Sendable {
  package var endpoint: S3Endpoint
  /// Where clients are sent; the endpoint itself where nil.
  package var publicEndpoint: S3Endpoint?
  package var region: String
  package var bucket: String
  package var storagePath: StoragePath
  /// Where what requests are signed with comes from.
  package var credentials: any CredentialsSource
  /// Whether the bucket stands in the path instead of the host name.
  package var pathStyle: Bool
  package var minimumChunkSizeBytes: Int64
  package var maximumChunkSizeBytes: Int64
  /// PEM file of trusted authorities; the system's where nil.
  package var caBundlePath: String?
  /// Asks for SSE-S3 (AES256) on every write.
  package var serverSideEncryption: Bool
  package var deadlines: StoreDeadlines
  /// Whether the store makes a part from another object (UploadPartCopy); where not, such parts pass through here.
  package var copiesParts = true
  /// Signs the URLs that clients are sent to, in place of the store's own; for a distribution in front of the bucket.
  package var distribution: CloudFrontSigner?
  /// Most connections to the service open at a time; further requests wait for one.
  package var maximumConnections: Int

  /// Describes a bucket; the defaults are those of Quay's `RadosGWStorage`.
  package init(
    endpoint: S3Endpoint, publicEndpoint: S3Endpoint? = nil, region: String = "us-east-1", bucket: String,
    storagePath: StoragePath, credentials: any CredentialsSource, pathStyle: Bool = true,
    minimumChunkSizeBytes: Int64 = 5 << 20, maximumChunkSizeBytes: Int64 = 100 << 20, caBundlePath: String? = nil,
    serverSideEncryption: Bool = false, deadlines: StoreDeadlines = StoreDeadlines(), maximumConnections: Int = 64
  ) {
    self.endpoint = endpoint
    self.publicEndpoint = publicEndpoint
    self.region = region
    self.bucket = bucket
    self.storagePath = storagePath
    self.credentials = credentials
    self.pathStyle = pathStyle
    self.minimumChunkSizeBytes = minimumChunkSizeBytes
    self.maximumChunkSizeBytes = maximumChunkSizeBytes
    self.caBundlePath = caBundlePath
    self.serverSideEncryption = serverSideEncryption
    self.deadlines = deadlines
    self.maximumConnections = max(maximumConnections, 1)
  }

  /// S3's own limits (docs: "Amazon S3 multipart upload limits"), narrowed by the configured chunk sizes.
  var partLimits: PartLimits {
    let largest: Int64 = 5 << 30
    let minimum = min(max(minimumChunkSizeBytes, 5 << 20), largest)
    return PartLimits(
      minimumPartBytes: minimum, maximumPartBytes: min(max(maximumChunkSizeBytes, minimum), largest),
      maximumParts: 10_000, maximumSinglePutBytes: largest)
  }
}
