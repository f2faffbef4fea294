package import SharedConfig
internal import SharedModel

/// Opens the engine a location's settings name.
package enum StoreFactory {
  /// Opens a location's store without any network or file access; `probe()` then says whether it can be used.
  ///
  /// Throws `unsupported` for an engine of Quay that this build cannot open, and for S3 settings without keys; a
  /// LocalStorage folder is never made here.
  /// `maximumConnections` bounds the sockets to the store that are open at a time.
  package static func open(
    _ location: LocationSettings, maximumConnections: Int = 64, deadlines: StoreDeadlines = StoreDeadlines()
  ) throws(StorageError) -> any BlobStore {
    switch location.engine {
    case .s3(let settings):
      var connection = try connection(settings, publicEndpoint: location.publicEndpoint)
      connection.maximumConnections = max(maximumConnections, 1)
      connection.deadlines = deadlines
      return try S3Store(location: location.id, connection: connection)
    case .openStack(let settings):
      return try OpenStackStore(
        location: location.id,
        connection: OpenStackConnection(
          settings, publicEndpoint: try location.publicEndpoint.map(parsed), deadlines: deadlines,
          maximumConnections: maximumConnections))
    case .azure(let settings):
      let publicEndpoint = try location.publicEndpoint.map { text throws(StorageError) in
        guard let endpoint = StoreEndpoint(parsing: text) else {
          throw .refused(status: 0, code: "InvalidPublicEndpoint")
        }
        return endpoint
      }
      var connection = try AzureConnection(
        settings, publicEndpoint: publicEndpoint, maximumConnections: maximumConnections)
      connection.deadlines = deadlines
      return try AzureStore(location: location.id, connection: connection)
    case .local(let settings):
      return try local(location.id, settings)
    case .other(let name, _):
      throw .unsupported(operation: "open \(name)")
    }
  }

  /// Quay's LocalStorage has one path, which is the root: keys begin below it.
  private static func local(_ id: LocationID, _ settings: LocalSettings) throws(StorageError) -> LocalStore {
    guard let path = StoragePath("") else { throw .refused(status: 0, code: "InvalidStoragePath") }
    return try LocalStore(location: id, rootPath: settings.rootPath, storagePath: path)
  }

  /// What the S3 engine needs of the settings.
  static func connection(
    _ settings: S3Settings, publicEndpoint: String?
  ) throws(StorageError) -> S3Connection {
    guard let accessKey = settings.accessKey, let secretKey = settings.secretKey else {
      throw .unsupported(operation: "take credentials from an IAM role")
    }
    return S3Connection(
      endpoint: try endpoint(settings.endpoint), publicEndpoint: try publicEndpoint.map(parsed),
      region: settings.region, bucket: settings.bucket, storagePath: settings.storagePath,
      credentials: .init(
        accessKey: accessKey.revealed, secretKey: secretKey, sessionToken: settings.sessionToken),
      pathStyle: settings.pathStyle, minimumChunkSizeBytes: settings.minimumChunkSizeBytes,
      maximumChunkSizeBytes: settings.maximumChunkSizeBytes, caBundlePath: settings.caBundlePath,
      serverSideEncryption: settings.serverSideEncryption)
  }

  private static func endpoint(_ endpoint: StoreEndpoint) throws(StorageError) -> S3Endpoint {
    let port = UInt16(exactly: endpoint.port)
    guard let port, let known = S3Endpoint(isSecure: endpoint.scheme == "https", host: endpoint.host, port: port) else {
      throw .refused(status: 0, code: "InvalidEndpoint")
    }
    return known
  }

  private static func parsed(_ text: String) throws(StorageError) -> S3Endpoint {
    guard let endpoint = S3Endpoint(parsing: text) else { throw .refused(status: 0, code: "InvalidPublicEndpoint") }
    return endpoint
  }
}
