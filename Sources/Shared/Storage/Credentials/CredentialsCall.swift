internal import HTTPTransport

/// One small request to a service that hands out credentials.
struct CredentialsCall: Sendable {
  /// The largest answer that is read.
  private static let maximumBytes = 64 << 10

  var method = "GET"
  var url: String
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []
  var deadline: Duration = .seconds(10)
  /// PEM file of trusted authorities; the system's where nil.
  var caBundlePath: String?

  /// Sends the request over a connection of its own, which happens about once an hour; the status is the caller's to
  /// judge.
  ///
  /// Redirects are not followed and no proxy is used: what comes back is a secret.
  func send() async throws(StorageError) -> (status: Int, body: [UInt8]) {
    var configuration = HTTPTransportConfiguration()
    configuration.connectTimeout = min(deadline, .seconds(3))
    configuration.caBundlePath = caBundlePath
    configuration.maxTotalConnections = 1
    let transport: HTTPTransport
    do { transport = try HTTPTransport(configuration: configuration) } catch { throw TransferFailure.error(error) }
    do {
      var request = HTTPTransportRequest(method: method, url: url, headers: headers)
      request.timeouts.total = deadline
      let response = try await transport.send(request, body: body.isEmpty ? .none : .bytes(body))
      let bytes = try await response.body.collect(upTo: Self.maximumBytes)
      await transport.close()
      return (response.status, bytes)
    } catch {
      await transport.close()
      throw TransferFailure.error(error)
    }
  }
}
