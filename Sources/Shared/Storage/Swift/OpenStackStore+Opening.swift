internal import HTTPTransport
private import SharedConfig
package import SharedModel

extension OpenStackStore {
  /// Opens the engine with a transport of its own; no request is made.
  ///
  /// Throws `unreachable` where the transport cannot be started, for example for want of threads.
  package init(location: LocationID, connection: OpenStackConnection) throws(StorageError) {
    var configuration = HTTPTransportConfiguration()
    configuration.connectTimeout = connection.settings.connectTimeout
    configuration.lowSpeedTime = connection.deadlines.stall
    configuration.lowSpeedLimitBytesPerSecond = connection.deadlines.slowestBytesPerSecond
    configuration.caBundlePath = connection.settings.caBundlePath
    configuration.maxConnectionsPerHost = connection.maximumConnections
    // The sign-in may be on a host of its own.
    configuration.maxTotalConnections = connection.maximumConnections + 2
    let transport: HTTPTransport
    do { transport = try HTTPTransport(configuration: configuration) } catch { throw S3Failure.error(error) }
    self.init(location: location, connection: connection, transport: transport)
  }
}
