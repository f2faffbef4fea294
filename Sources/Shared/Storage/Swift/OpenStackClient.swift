internal import HTTPTransport
private import SharedConfig
internal import SharedModel

/// Sends calls with a token over one transport, and reads their answers.
struct OpenStackClient: Sendable {
  let connection: OpenStackConnection
  let transport: HTTPTransport
  let authority: OpenStackAuthority

  init(connection: OpenStackConnection, transport: HTTPTransport) {
    self.connection = connection
    self.transport = transport
    let signIn = connection.settings.signIn
    let request = OpenStackTokenRequest(
      signIn: signIn, transport: transport, timeouts: connection.deadlines.timeouts(.small))
    authority = OpenStackAuthority(account: signIn.storageURL.flatMap(OpenStackAccount.init(parsing:))) {
      () async throws(StorageError) in try await request.send()
    }
  }

  /// Whether bodies cannot be altered on the way; false while the address is not known.
  var isSecure: Bool { authority.account?.endpoint.isSecure ?? false }

  /// Sends a call and returns its answer where that is a 2xx; throws what any other answer means.
  ///
  /// A token the service refuses is replaced once; with the second refusal it is the account that may not.
  func send(_ call: OpenStackCall, body: HTTPRequestBody = .none) async throws(StorageError) -> HTTPTransportResponse {
    let session = try await authority.session()
    let response = try await exchange(call, session, body)
    guard response.status == 401 else { return try checked(response, call) }
    response.body.discard()
    authority.reject(session)
    return try checked(try await exchange(call, try await authority.session(), body), call)
  }

  /// Starts a call whose body is pushed, with the session it was started with.
  func startUpload(
    _ call: OpenStackCall, sizeBytes: Int64
  ) async throws(StorageError) -> (HTTPUpload, OpenStackSession) {
    let session = try await authority.session()
    do {
      return (try await transport.startUpload(request(call, session), contentLength: sizeBytes), session)
    } catch {
      throw TransferFailure.error(error)
    }
  }

  /// Passes the answer to a pushed body where it is a 2xx.
  ///
  /// The body cannot be sent again from here: a refused token is forgotten, and the failure is one that passes.
  func checked(
    _ response: HTTPTransportResponse, _ call: OpenStackCall, of session: OpenStackSession?
  ) throws(StorageError) -> HTTPTransportResponse {
    guard response.status == 401 else { return try checked(response, call) }
    response.body.discard()
    if let session { authority.reject(session) }
    throw .unavailable(status: 401, code: "TokenExpired", retryAfter: nil)
  }

  private func checked(
    _ response: HTTPTransportResponse, _ call: OpenStackCall
  ) throws(StorageError) -> HTTPTransportResponse {
    guard !(200..<300).contains(response.status) else { return response }
    // A page for people.
    response.body.discard()
    throw OpenStackFailure.error(
      response.status, retryAfter: TransferFailure.retryAfter(response.headers), call: call,
      container: connection.container)
  }

  private func exchange(
    _ call: OpenStackCall, _ session: OpenStackSession, _ body: HTTPRequestBody
  ) async throws(StorageError) -> HTTPTransportResponse {
    do {
      return try await transport.send(request(call, session), body: body)
    } catch {
      throw TransferFailure.error(error)
    }
  }

  private func request(_ call: OpenStackCall, _ session: OpenStackSession) -> HTTPTransportRequest {
    let query = PercentEncoding.canonicalQuery(call.query)
    let url = session.storage.url(path: path(call.name)) + (query.isEmpty ? "" : "?\(query)")
    return HTTPTransportRequest(
      method: call.method, url: url, headers: [("x-auth-token", session.token.revealed)] + call.headers,
      timeouts: connection.deadlines.timeouts(call.weight))
  }

  /// The encoded path of an object, or of the container, below the account's.
  func path(_ name: String?) -> String {
    "/\(PercentEncoding.path(connection.container))" + (name.map { "/\(PercentEncoding.path($0))" } ?? "")
  }
}

extension OpenStackAccount {
  /// The URL of what is below the account, on the service's own or another host.
  func url(path: String, on endpoint: S3Endpoint? = nil) -> String {
    let endpoint = endpoint ?? self.endpoint
    return "\(endpoint.scheme)://\(endpoint.authority(host: endpoint.host))\(self.path)\(path)"
  }
}
