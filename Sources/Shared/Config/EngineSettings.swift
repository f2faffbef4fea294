package import SharedModel

/// What a location is kept in.
package enum EngineSettings: Sendable, Hashable {
  /// `S3Storage`, `RadosGWStorage`, `RHOCSStorage`, `IBMCloudStorage`: one client, different parameter names.
  case s3(S3Settings)
  /// `LocalStorage`.
  case local(LocalSettings)
  /// An engine of Quay whose parameters are checked but which this build cannot open.
  case other(name: String, parameters: EngineParameters)

  /// The engine's name in the configuration.
  package var engineName: String {
    switch self {
    case .s3(let settings): settings.engineName
    case .local: "LocalStorage"
    case .other(let name, _): name
    }
  }

  /// Whether this build can open the engine.
  package var isAvailable: Bool {
    if case .other = self { false } else { true }
  }

  /// Where the bytes are, without secrets: `https://host/bucket/path/` or a folder.
  package var summary: String {
    switch self {
    case .s3(let settings): "\(settings.endpoint)/\(settings.bucket)/\(settings.storagePath.prefix)"
    case .local(let settings): settings.rootPath
    case .other(_, let parameters):
      ["bucket_name", "s3_bucket", "azure_container", "swift_container"].compactMap { parameters.values[$0] }
        .first.map { "bucket \($0)" } ?? "unknown"
    }
  }
}

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

/// A folder of this machine.
package struct LocalSettings: Sendable, Hashable {
  /// Absolute.
  package let rootPath: String

  /// Makes settings.
  package init(rootPath: String) { self.rootPath = rootPath }
}

/// The checked parameters of an engine this build cannot open.
package struct EngineParameters: Sendable, Hashable {
  /// Texts, numbers and booleans as they were written, without secrets.
  package let values: [String: String]
  package let secrets: [String: Secret]
}

/// A named storage engine.
package struct LocationSettings: Sendable, Hashable {
  package let id: LocationID
  package let engine: EngineSettings
  /// `http(s)://host[:port]` put into presigned URLs instead of the endpoint, for clients that cannot reach that.
  package let publicEndpoint: String?

  /// Makes settings.
  package init(id: LocationID, engine: EngineSettings, publicEndpoint: String? = nil) {
    self.id = id
    self.engine = engine
    self.publicEndpoint = publicEndpoint
  }
}
