internal import HTTPTransport
package import SharedModel

extension OpenStackStore {
  /// Opens the engine with a transport of its own; no request is made.
  ///
  /// Throws `unreachable` where the transport cannot be started, for example for want of threads.
  package init(location: LocationID, connection: OpenStackConnection) throws(StorageError) {
    var configuration = HTTPTransportConfiguration()
    configuration.connectTimeout = connection.deadlines.connect
    configuration.batchDelay = connection.deadlines.gathering
    configuration.lowSpeedTime = connection.deadlines.stall
    configuration.lowSpeedLimitBytesPerSecond = connection.deadlines.slowestBytesPerSecond
    configuration.caBundlePath = connection.caBundlePath
    configuration.maxConnectionsPerHost = connection.maximumConnections
    // The sign-in may be on a host of its own, and of the other scheme.
    configuration.maxTotalConnections = connection.maximumConnections + 2
    let transport: HTTPTransport
    do { transport = try HTTPTransport(configuration: configuration) } catch { throw TransferFailure.error(error) }
    self.init(location: location, connection: connection, transport: transport)
  }
}
