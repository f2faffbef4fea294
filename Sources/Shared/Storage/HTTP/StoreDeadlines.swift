internal import HTTPTransport

/// Deadlines of an engine's requests; bodies have no total deadline, only the transport's low-speed limit.
package struct StoreDeadlines: Sendable, Hashable {
  package var connect: Duration = .seconds(5)
  /// HEAD, DELETE, and the calls that do little work.
  package var small: Duration = .seconds(15)
  /// Completions and copies, which move data inside the store.
  package var heavy: Duration = .seconds(300)
  /// How long a body may stay below `slowestBytesPerSecond`.
  package var stall: Duration = .seconds(30)
  package var slowestBytesPerSecond = 1024
  /// How long received bytes of a body wait for others, so that they are handed over in full chunks.
  package var gathering: Duration = .milliseconds(20)
  /// How many bytes of a body are gathered before its reader is woken.
  package var gatheredBytes = 256 << 10
  /// Size of one read from and one write to a socket, at most 512 KiB.
  package var socketBytes = 256 << 10

  /// The defaults, which are those for serving clients.
  package init() {}

  /// For copies, which need a body only when all of it is here: on a slow way, chunks handed over half empty would hold
  /// twice the memory.
  package static let copying: StoreDeadlines = {
    var deadlines = StoreDeadlines()
    deadlines.gathering = .milliseconds(500)
    deadlines.gatheredBytes = 1 << 20
    // Half as many calls for the same bytes: measured 2.4 instead of 2.6 times the CPU of SHA-256 alone.
    deadlines.socketBytes = 512 << 10
    return deadlines
  }()
}

/// Which deadline applies to a request.
enum CallWeight: Sendable {
  /// Little work and a small answer.
  case small
  /// Little traffic, but the store may work for minutes.
  case heavy
  /// A body that takes as long as it takes, as long as it moves.
  case streaming
  /// Silence for up to this long while the store works.
  case within(Duration)
}

extension StoreDeadlines {
  /// The transport's limits for a request of that weight.
  func timeouts(_ weight: CallWeight) -> HTTPTransportTimeouts {
    var timeouts = HTTPTransportTimeouts(
      connect: connect, lowSpeedLimitBytesPerSecond: slowestBytesPerSecond, lowSpeedTime: stall)
    switch weight {
    case .small: timeouts.total = small
    case .heavy:
      timeouts.total = heavy
      // Silence is normal while the store joins parts.
      timeouts.lowSpeedTime = heavy
    case .streaming: break
    case .within(let limit):
      timeouts.total = limit
      timeouts.lowSpeedTime = limit
    }
    return timeouts
  }

  /// The transport an engine of one host sends through, with the scheme it may use and its bound of sockets.
  func transport(
    scheme: String, caBundlePath: String?, maximumConnections: Int
  ) throws(StorageError) -> HTTPTransport {
    var configuration = HTTPTransportConfiguration()
    configuration.connectTimeout = connect
    configuration.batchDelay = gathering
    configuration.batchBytes = gatheredBytes
    configuration.receiveBufferBytes = socketBytes
    configuration.sendBufferBytes = socketBytes
    configuration.windowBytes = max(configuration.windowBytes, 2 * gatheredBytes)
    configuration.lowSpeedTime = stall
    configuration.lowSpeedLimitBytesPerSecond = slowestBytesPerSecond
    configuration.caBundlePath = caBundlePath
    // One store is one host.
    configuration.maxConnectionsPerHost = maximumConnections
    configuration.maxTotalConnections = maximumConnections
    configuration.allowedSchemes = [scheme]
    do { return try HTTPTransport(configuration: configuration) } catch { throw TransferFailure.error(error) }
  }
}
