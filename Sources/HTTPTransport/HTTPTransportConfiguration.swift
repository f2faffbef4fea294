/// Limits and settings of one `HTTPTransport`, fixed for its lifetime.
///
/// Every pool, queue and buffer of the transport is bounded by a number here. Peer and host name verification of TLS is
/// always on; a private authority is trusted through `caBundlePath`.
package struct HTTPTransportConfiguration: Sendable {
  /// Threads that drive transfers, at least 1; connection and queue limits are divided between them.
  package var threads = 1
  /// Most sockets open to one host and port at a time, idle ones included.
  package var maxConnectionsPerHost = 64
  /// Most sockets open at a time, idle ones included.
  package var maxTotalConnections = 256
  /// Most requests waiting for a connection slot; one more is refused with `.overloaded`.
  package var maxQueuedRequests = 1024

  /// Time for name lookup, TCP and TLS together.
  package var connectTimeout: Duration = .seconds(10)
  /// Time for a whole transfer from submission to the last body byte; `nil` leaves only stall detection.
  package var totalTimeout: Duration?
  /// A transfer slower than this for `lowSpeedTime` fails with `.stalled`; time spent paused by our side is left out.
  package var lowSpeedLimitBytesPerSecond = 1024
  /// How long a transfer may stay under `lowSpeedLimitBytesPerSecond`.
  package var lowSpeedTime: Duration = .seconds(30)
  /// How long sent data may stay unacknowledged, or the peer's window closed, before the kernel drops the connection
  /// (`TCP_USER_TIMEOUT`); keep it above `lowSpeedTime`.
  package var unacknowledgedDataTimeout: Duration = .seconds(60)
  /// Idle time before TCP keep-alive probes, and the time between them.
  package var keepAliveInterval: Duration = .seconds(30)
  /// An idle connection older than this is not used again.
  package var idleConnectionLifetime: Duration = .seconds(60)
  /// How long a resolved name is kept.
  package var nameCacheLifetime: Duration = .seconds(60)

  /// Size of one socket read, at most 512 KiB.
  package var receiveBufferBytes = 256 * 1024
  /// Bound of body bytes buffered per response; the socket is not read while it is reached. One socket read may
  /// overshoot it.
  package var windowBytes = 1024 * 1024
  /// Body bytes that are gathered before a waiting reader is woken; fewer are handed over at the body's end, and when the
  /// oldest of them has waited for `batchDelay`.
  package var batchBytes = 256 * 1024
  /// How long a received byte waits for others at most; the driving thread's own pace adds some milliseconds.
  package var batchDelay: Duration = .milliseconds(20)
  /// Size of one socket write, 16 KiB to 2 MiB.
  package var sendBufferBytes = 256 * 1024
  /// Bound of body bytes buffered per pushed upload; `HTTPUpload.write` waits while it is reached.
  package var uploadWindowBytes = 1024 * 1024
  /// Bound of a response's head and trailers together.
  package var maxResponseHeaderBytes = 256 * 1024
  /// Bound of the number of header lines of a response, trailers included.
  package var maxResponseHeaderLines = 200

  /// PEM file of the trusted authorities; `nil` uses the system's.
  package var caBundlePath: String?
  /// Whether responses tell when the peer's certificate ends.
  package var readsCertificates = false
  /// Offers HTTP/2 over TLS.
  package var http2 = false
  /// Value of the `User-Agent` header unless the request carries one.
  package var userAgent = "meridian"
  /// Schemes a request may use; only `http` and `https` are ever possible.
  package var allowedSchemes: Set<String> = ["http", "https"]
  /// Fixed addresses as `HOST:PORT:ADDRESS` (CURLOPT_RESOLVE).
  package var resolveOverrides: [String] = []
  /// Fixed destinations as `HOST:PORT:CONNECT-TO-HOST:CONNECT-TO-PORT` (CURLOPT_CONNECT_TO).
  package var connectToOverrides: [String] = []
  /// Proxy URL; proxy settings in the environment are ignored.
  package var proxy: String?

  /// The defaults given at each property.
  package init() {}
}

extension HTTPTransportConfiguration {
  /// Number of driving threads after clamping to 1...16.
  var threadCount: Int { min(max(threads, 1), 16) }

  /// One thread's share of `total`, never zero.
  func share(of total: Int) -> Int { max(1, total / threadCount) }
}
