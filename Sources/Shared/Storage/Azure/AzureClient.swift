private import Glibc
internal import HTTPTransport
internal import SharedConfig
internal import SharedModel

/// Authorises and sends calls to the Blob service over one transport, and reads their answers.
struct AzureClient: Sendable {
  let connection: AzureConnection
  let transport: HTTPTransport
  /// Nil where an access signature authorises.
  let signer: SigningSharedKey?
  /// Seconds since the epoch.
  let now: @Sendable () -> Int64

  init(connection: AzureConnection, transport: HTTPTransport, now: (@Sendable () -> Int64)?) {
    self.connection = connection
    self.transport = transport
    self.now = now ?? { Int64(time(nil)) }
    switch connection.authorization {
    case .sharedKey(let key): signer = SigningSharedKey(accountName: connection.accountName, key: key)
    case .accessSignature: signer = nil
    }
  }

  /// Whether bytes are protected on their way by TLS.
  var isSecure: Bool { connection.endpoint.scheme == "https" }

  /// Sends a call once and returns its answer where that is a 2xx; throws what any other answer means.
  ///
  /// Over a plain link the body's MD5 is sent with it, so that the service refuses other bytes.
  func send(_ call: AzureCall, slices: [[UInt8]] = []) async throws(StorageError) -> HTTPTransportResponse {
    var call = call
    if !isSecure, !slices.isEmpty { call.headers.append(("content-md5", BodyChecksum.base64(of: slices))) }
    let response: HTTPTransportResponse
    do {
      response = try await transport.send(
        request(call, sizeBytes: slices.totalBytes), body: slices.isEmpty ? .none : .slices(slices))
    } catch {
      throw TransferFailure.error(error)
    }
    return try await checked(response, call)
  }

  /// Sends a call whose answer's body is of no interest.
  @discardableResult
  func sendForHeaders(_ call: AzureCall, slices: [[UInt8]] = []) async throws(StorageError) -> HTTPHeaderFields {
    let response = try await send(call, slices: slices)
    response.body.discard()
    return response.headers
  }

  /// Starts a call whose body is pushed.
  func startUpload(_ call: AzureCall, sizeBytes: Int64) async throws(StorageError) -> HTTPUpload {
    do {
      return try await transport.startUpload(request(call, sizeBytes: sizeBytes), contentLength: sizeBytes)
    } catch {
      throw TransferFailure.error(error)
    }
  }

  /// Passes a 2xx answer; throws what any other says: the code is in a header, of older emulators only in the body.
  func checked(
    _ response: HTTPTransportResponse, _ call: AzureCall
  ) async throws(StorageError) -> HTTPTransportResponse {
    guard !(200..<300).contains(response.status) else { return response }
    var code = response.headers["x-ms-error-code"]
    if code != nil || call.method == "HEAD" {
      response.body.discard()
    } else {
      do {
        code = try await XMLReader.read(response)["Code"]
      } catch .invalidResponse {
        // A proxy's HTML page, for example: the status alone has to do.
      }
    }
    if response.status == 403, let reason = denial(response.headers, code: code) { throw reason }
    throw AzureFailure.error(
      status: response.status, code: TransferFailure.sanitized(code ?? "HTTP\(response.status)"),
      retryAfter: TransferFailure.retryAfter(response.headers), call: call, container: connection.container)
  }

  /// Why a signature was refused that is right but for the time; nil where it may be wrong altogether.
  ///
  /// The service says `AuthenticationFailed` of all three and tells them apart only in sentences.
  private func denial(_ headers: HTTPHeaderFields, code: String?) -> StorageError? {
    guard code == nil || code == "AuthenticationFailed",
      let serverMs = headers["date"].flatMap({ StoreTimestamp.httpDate($0) })
    else { return nil }
    switch connection.authorization {
    case .sharedKey:
      let (ours, overflows) = now().multipliedReportingOverflow(by: 1_000)
      guard !overflows, (serverMs - ours).magnitude > AzureFailure.acceptedSkewMs.magnitude else { return nil }
      return .clockSkewed
    case .accessSignature(let signature):
      guard let expiryMs = signature.expiry.flatMap({ StoreTimestamp.iso8601($0) }), expiryMs <= serverMs else {
        return nil
      }
      return .accessDenied(code: "ExpiredAccessSignature")
    }
  }
}

// MARK: - Requests

extension AzureClient {
  /// The authorised request of a call, dated now.
  func request(_ call: AzureCall, sizeBytes: Int64 = 0) -> HTTPTransportRequest {
    let address = AzureAddress(connection, name: call.name)
    var headers = call.headers
    headers.append(("x-ms-date", AzureTime(secondsSinceEpoch: now()).httpDate))
    headers.append(("x-ms-version", SigningSharedKey.version))
    if sizeBytes > 0 { headers.append(("content-type", "application/octet-stream")) }
    var query = call.query.map { "\($0.name)=\(PercentEncoding.query($0.value))" }.joined(separator: "&")
    switch connection.authorization {
    case .sharedKey:
      let signed = SigningSharedKey.Request(
        method: call.method, path: address.path, query: call.query, headers: headers, contentLengthBytes: sizeBytes)
      if let signer { headers.append(("authorization", signer.authorization(for: signed))) }
    case .accessSignature(let signature):
      query += (query.isEmpty ? "" : "&") + signature.query.revealed
    }
    return HTTPTransportRequest(
      method: call.method, url: address.url(query: query), headers: headers,
      timeouts: connection.deadlines.timeouts(call.weight))
  }

  /// The URL under which the service itself can read a blob for a copy; a secret.
  func sourceURL(_ key: ObjectKey, lifetime: Duration) -> String {
    let address = AzureAddress(connection, name: key.description)
    return address.url(query: readQuery(key, lifetime: lifetime, isPublic: false) ?? accessQuery)
  }

  /// The query that makes an address one that its bearer can read; nil without the account's key.
  func readQuery(_ key: ObjectKey, lifetime: Duration, isPublic: Bool) -> String? {
    guard let signer else { return nil }
    let address = AzureAddress(connection, name: key.description, isPublic: isPublic)
    let (end, overflows) = now().addingReportingOverflow(max(lifetime.components.seconds, 1))
    return signer.readQuery(
      container: connection.container, name: key.description,
      expiry: AzureTime(secondsSinceEpoch: overflows ? .max : end), httpsOnly: address.endpoint.scheme == "https")
  }

  private var accessQuery: String {
    if case .accessSignature(let signature) = connection.authorization { signature.query.revealed } else { "" }
  }

  /// Headers that record an object's attributes.
  static func headers(_ attributes: ObjectAttributes) -> [(name: String, value: String)] {
    attributes.digest.map { [(AzureStore.digestHeader, $0.description)] } ?? []
  }
}
