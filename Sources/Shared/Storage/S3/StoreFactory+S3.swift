internal import SharedConfig
private import SharedModel

extension StoreFactory {
  /// What the S3 engine needs of the settings.
  static func connection(
    _ settings: S3Settings, publicEndpoint: String?, deadlines: StoreDeadlines = StoreDeadlines(),
    environment: [String: String] = [:]
  ) throws(StorageError) -> S3Connection {
    var connection = S3Connection(
      endpoint: try endpoint(settings.endpoint), publicEndpoint: try publicEndpoint.map(parsed),
      region: settings.region, bucket: settings.bucket, storagePath: settings.storagePath,
      credentials: try credentials(settings, environment: environment), pathStyle: settings.pathStyle,
      minimumChunkSizeBytes: settings.minimumChunkSizeBytes, maximumChunkSizeBytes: settings.maximumChunkSizeBytes,
      caBundlePath: settings.caBundlePath, serverSideEncryption: settings.serverSideEncryption)
    connection.copiesParts = settings.copiesParts
    connection.distribution = try settings.distribution.map(signer)
    connection.deadlines = deadlines
    if let seconds = settings.silenceSeconds { connection.deadlines.stall = .seconds(seconds) }
    return connection
  }

  /// The keys of the configuration; else its file, its role, or what the environment names.
  private static func credentials(
    _ settings: S3Settings, environment: [String: String]
  ) throws(StorageError) -> any CredentialsSource {
    let chain = CredentialsChain(
      environment: environment, region: settings.region, tokenService: try settings.role?.endpoint.map(endpoint),
      caBundlePath: settings.caBundlePath)
    if let role = settings.role {
      var keys: StoreCredentials?
      if let accessKey = role.accessKey, let secretKey = role.secretKey {
        keys = StoreCredentials(accessKey: accessKey.revealed, secretKey: secretKey)
      }
      return try chain.role(role.roleARN, keys: keys)
    }
    if let path = settings.credentialsFile {
      return FileCredentials(path: path, profile: environment["AWS_PROFILE"] ?? "default")
    }
    guard let accessKey = settings.accessKey, let secretKey = settings.secretKey else { return try chain.source() }
    return StoreCredentials(accessKey: accessKey.revealed, secretKey: secretKey, sessionToken: settings.sessionToken)
  }

  private static func signer(_ settings: DistributionSettings) throws(StorageError) -> CloudFrontSigner {
    try CloudFrontSigner(
      domain: settings.domain, keyPairID: settings.keyID.revealed,
      privateKey: try SmallFile.readNow(settings.privateKeyPath, purpose: "cloudfront_privatekey_filename"),
      path: settings.privateKeyPath)
  }

  /// A store's address as the engines over HTTP take it.
  static func endpoint(_ endpoint: StoreEndpoint) throws(StorageError) -> S3Endpoint {
    let port = UInt16(exactly: endpoint.port)
    guard let port, let known = S3Endpoint(isSecure: endpoint.scheme == "https", host: endpoint.host, port: port) else {
      throw .refused(status: 0, code: "InvalidEndpoint")
    }
    return known
  }

  /// The address given for clients.
  static func parsed(_ text: String) throws(StorageError) -> S3Endpoint {
    guard let endpoint = S3Endpoint(parsing: text) else { throw .refused(status: 0, code: "InvalidPublicEndpoint") }
    return endpoint
  }
}
