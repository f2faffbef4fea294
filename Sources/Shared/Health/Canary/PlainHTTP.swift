import HTTPTransport

/// Small requests with small answers, for looking at whether something answers and what.
package final class PlainHTTP: Sendable {
  /// An answer, read to its end.
  package struct Answer: Sendable {
    package let status: Int
    package let body: [UInt8]
    /// When the peer's certificate ends, in seconds since the epoch; nil without TLS and on a kept connection.
    package let certificateEndsAt: Int64?
    private let fields: HTTPHeaderFields

    fileprivate init(_ response: HTTPTransportResponse, body: [UInt8]) {
      status = response.status
      self.body = body
      certificateEndsAt = response.certificateExpiry.flatMap { HTTPInstant.seconds(ofCertificate: $0) }
      fields = response.headers
    }

    /// The first field of that name, whatever its case.
    package func field(_ name: String) -> String? { fields[name] }

    /// The server's clock when it answered (RFC 9110 section 6.6.1), in seconds since the epoch.
    package var date: Int64? { fields["date"].flatMap { HTTPInstant.seconds(ofDate: $0) } }
  }

  private let transport: HTTPTransport

  /// Starts a client that trusts the authorities of a PEM file, or the system's; `keepsConnections` is whether connections
  /// are used again.
  package init(caBundlePath: String? = nil, keepsConnections: Bool = true) throws(PlainHTTPError) {
    var configuration = HTTPTransportConfiguration()
    configuration.maxConnectionsPerHost = 8
    configuration.maxTotalConnections = 32
    configuration.maxQueuedRequests = 64
    configuration.windowBytes = 128 << 10
    configuration.receiveBufferBytes = 32 << 10
    configuration.batchDelay = .zero
    configuration.maxResponseHeaderBytes = 64 << 10
    configuration.userAgent = "meridian-health"
    configuration.caBundlePath = caBundlePath
    configuration.readsCertificates = !keepsConnections
    if !keepsConnections { configuration.idleConnectionLifetime = .zero }
    do throws(HTTPTransportError) {
      transport = try HTTPTransport(configuration: configuration)
    } catch {
      throw PlainHTTPError(error)
    }
  }

  /// Sends a request and reads the answer to its end, all within `limit`; redirects are answers like any other.
  ///
  /// An answer of more than `limitBytes` is refused.
  package func send(
    _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
    limitBytes: Int = 64 << 10, within limit: Duration
  ) async throws(PlainHTTPError) -> Answer {
    let request = HTTPTransportRequest(
      method: method, url: url, headers: headers, timeouts: HTTPTransportTimeouts(connect: limit, total: limit))
    do throws(HTTPTransportError) {
      let response = try await transport.send(request, body: body.map { .bytes($0) } ?? .none)
      return Answer(response, body: try await response.body.collect(upTo: limitBytes))
    } catch {
      throw PlainHTTPError(error)
    }
  }

  /// Ends every request and waits until the threads have ended.
  package func close() async { await transport.close() }
}
