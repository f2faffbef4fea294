internal import HTTPTransport

/// Gets bytes by a presigned URL as a client would: without credentials, over a connection of its own.
struct PresignedFetch: Sendable {
  /// PEM file of trusted authorities; the system's where nil.
  let caBundlePath: String?
  let deadline: Duration

  /// A part of what the URL names; the URL is a secret and stays out of every error.
  func range(of url: String, first: Int64, count: Int) async throws(StorageError) -> [UInt8] {
    var configuration = HTTPTransportConfiguration()
    configuration.caBundlePath = caBundlePath
    configuration.maxTotalConnections = 1
    let transport: HTTPTransport
    do { transport = try HTTPTransport(configuration: configuration) } catch { throw TransferFailure.error(error) }
    let found: (status: Int, bytes: [UInt8])
    do {
      var request = HTTPTransportRequest(method: "GET", url: url)
      request.headers = [(name: "range", value: "bytes=\(first)-\(first + Int64(count) - 1)")]
      request.timeouts.total = deadline
      let response = try await transport.send(request)
      found = (response.status, try await response.body.collect(upTo: 1 << 20))
    } catch {
      await transport.close()
      throw TransferFailure.error(error)
    }
    await transport.close()
    guard found.status == 206 else { throw .refused(status: found.status, code: "PresignedURL") }
    return found.bytes
  }
}
