package import SharedModel

extension S3Store {
  /// Opens the engine with a transport of its own; no request is made.
  ///
  /// Throws `unreachable` where the transport cannot be started, for example for want of threads.
  package init(location: LocationID, connection: S3Connection) throws(StorageError) {
    let transport = try connection.deadlines.transport(
      scheme: connection.endpoint.scheme, caBundlePath: connection.caBundlePath,
      maximumConnections: connection.maximumConnections)
    self.init(location: location, connection: connection, transport: transport)
  }
}
