internal import HTTPTransport
package import SharedModel

extension S3Store {
  /// Opens the engine with a transport of its own; no request is made.
  ///
  /// Throws `unreachable` where the transport cannot be started, for example for want of threads.
  package init(location: LocationID, connection: S3Connection) throws(StorageError) {
    var configuration = HTTPTransportConfiguration()
    configuration.connectTimeout = connection.deadlines.connect
    configuration.lowSpeedTime = connection.deadlines.stall
    configuration.lowSpeedLimitBytesPerSecond = connection.deadlines.slowestBytesPerSecond
    configuration.caBundlePath = connection.caBundlePath
    // One store is one host.
    configuration.maxConnectionsPerHost = connection.maximumConnections
    configuration.maxTotalConnections = connection.maximumConnections
    configuration.allowedSchemes = [connection.endpoint.scheme]
    let transport: HTTPTransport
    do { transport = try HTTPTransport(configuration: configuration) } catch { throw S3Failure.error(error) }
    self.init(location: location, connection: connection, transport: transport)
  }
}
