private import Glibc
internal import HTTPTransport
internal import SharedModel

/// Signs and sends S3 calls over one transport, and reads their answers.
struct S3Client: Sendable {
  let connection: S3Connection
  let transport: HTTPTransport
  let signing: S3Signing
  /// Seconds since the epoch.
  let now: @Sendable () -> Int64

  init(connection: S3Connection, transport: HTTPTransport, now: (@Sendable () -> Int64)?) {
    self.connection = connection
    self.transport = transport
    let now = now ?? { Int64(time(nil)) }
    self.now = now
    signing = S3Signing(CredentialsKeeper(connection.credentials, now: now), region: connection.region)
  }

  /// Sends a call and returns its answer where that is a 2xx; throws what any other answer means.
  ///
  /// Sent once, and once more where the store refused credentials that have been renewed since, or named the region to
  /// sign for. `onBreak` is told of a transfer that broke before there was an answer.
  func send(
    _ call: S3Call, body: HTTPRequestBody = .none, onBreak: (HTTPTransportError) -> Void = { _ in }
  ) async throws(StorageError) -> HTTPTransportResponse {
    let signer = try await signing.current()
    do throws(StorageError) {
      return try await checked(try await transmit(call, body, signer, onBreak), call)
    } catch {
      guard let second = await signing.another(after: error, than: signer) else { throw error }
      return try await checked(try await transmit(call, body, second, onBreak), call)
    }
  }

  private func transmit(
    _ call: S3Call, _ body: HTTPRequestBody, _ signer: SigningV4, _ onBreak: (HTTPTransportError) -> Void
  ) async throws(StorageError) -> HTTPTransportResponse {
    do {
      return try await transport.send(request(call, signer), body: body)
    } catch {
      onBreak(error)
      throw TransferFailure.error(error)
    }
  }

  /// Sends a call once and returns the root of its XML answer; an `<Error>` inside a 200 throws like any other failure.
  func sendForXML(
    _ call: S3Call, body: HTTPRequestBody = .none, root: String, onBreak: (HTTPTransportError) -> Void = { _ in }
  ) async throws(StorageError) -> XMLElement {
    try await sendForAnswer(call, body: body, root: root, limitBytes: XMLReader.maximumBytes, onBreak: onBreak).root
  }

  /// Like `sendForXML`, for an answer of up to `limitBytes` whose headers matter too.
  func sendForAnswer(
    _ call: S3Call, body: HTTPRequestBody = .none, root: String, limitBytes: Int,
    onBreak: (HTTPTransportError) -> Void = { _ in }
  ) async throws(StorageError) -> (root: XMLElement, headers: HTTPHeaderFields) {
    let response = try await send(call, body: body, onBreak: onBreak)
    let element = try await XMLReader.read(response, limitBytes: limitBytes)
    if element.name == "Error" { throw failure(element, status: response.status, headers: response.headers, call) }
    guard element.name == root else {
      throw .invalidResponse(detail: "<\(TransferFailure.sanitized(element.name))> in place of <\(root)>")
    }
    return (element, response.headers)
  }

  /// Starts a call whose body is pushed.
  func startUpload(_ call: S3Call, sizeBytes: Int64) async throws(StorageError) -> HTTPUpload {
    let signer = try await signing.current()
    do {
      return try await transport.startUpload(request(call, signer), contentLength: sizeBytes)
    } catch {
      throw TransferFailure.error(error)
    }
  }

  /// Passes a 2xx answer to a pushed body; what a newer signature would mend is said to pass soon, since the body cannot
  /// be sent again from here.
  func checkedUpload(
    _ response: HTTPTransportResponse, _ call: S3Call
  ) async throws(StorageError) -> HTTPTransportResponse {
    do throws(StorageError) {
      return try await checked(response, call)
    } catch {
      let used = try await signing.current()
      guard await signing.another(after: error, than: used) != nil else { throw error }
      throw .unavailable(status: response.status, code: "SignatureRenewed", retryAfter: nil)
    }
  }

  /// Passes a 2xx answer; reads and throws any other.
  func checked(_ response: HTTPTransportResponse, _ call: S3Call) async throws(StorageError) -> HTTPTransportResponse {
    guard !(200..<300).contains(response.status) else { return response }
    guard call.method != "HEAD" else {
      throw failure(nil, status: response.status, headers: response.headers, call)
    }
    let element: XMLElement?
    do {
      element = try await XMLReader.read(response)
    } catch .invalidResponse {
      // A proxy's HTML page, for example: the status alone has to do.
      element = nil
    }
    throw failure(element, status: response.status, headers: response.headers, call)
  }

  private func failure(
    _ element: XMLElement?, status: Int, headers: HTTPHeaderFields, _ call: S3Call
  ) -> StorageError {
    let code = TransferFailure.sanitized(element?["Code"] ?? "HTTP\(status)")
    // A bucket of another region: the one hint that leads to the wrong line of the configuration.
    if let region = headers["x-amz-bucket-region"] ?? element?["Region"] {
      let name = TransferFailure.sanitized(region)
      if status == 301 || status == 307 { return .wrongRegion(name: name, isHere: false) }
      // A HEAD's answer carries no code.
      if status == 400, code == "AuthorizationHeaderMalformed" || code == "HTTP400", name != connection.region {
        return .wrongRegion(name: name, isHere: true)
      }
    }
    return S3Failure.error(
      status: status, code: code, retryAfter: TransferFailure.retryAfter(headers), call: call, bucket: connection.bucket
    )
  }
}

// MARK: - Requests

extension S3Client {
  /// The signed request of a call, dated now.
  private func request(_ call: S3Call, _ signer: SigningV4) -> HTTPTransportRequest {
    let time = SigningTime(secondsSinceEpoch: now())
    let address = S3Address(
      endpoint: connection.endpoint, bucket: connection.bucket, key: call.key, pathStyle: connection.pathStyle)
    let payloadHash = call.bodyHash?.hex ?? SigningV4.unsignedPayload
    var headers = call.headers
    headers.append(("x-amz-content-sha256", payloadHash))
    headers.append(("x-amz-date", time.stamp))
    if let token = signer.credentials.sessionToken { headers.append(("x-amz-security-token", token.revealed)) }
    let signed = SigningV4.Request(
      method: call.method, path: address.path, query: call.query,
      headers: headers + [(name: "host", value: address.authority)], payloadHash: payloadHash)
    headers.append(("authorization", signer.authorization(for: signed, at: time)))
    return HTTPTransportRequest(
      method: call.method, url: address.url(query: PercentEncoding.canonicalQuery(call.query)),
      headers: headers + call.unsignedHeaders, timeouts: connection.deadlines.timeouts(call.weight))
  }

  /// Headers that record an object's attributes and how it is to be kept.
  func headers(_ attributes: ObjectAttributes) -> [(name: String, value: String)] {
    var headers: [(name: String, value: String)] = []
    if let digest = attributes.digest { headers.append((S3Store.digestHeader, digest.description)) }
    if connection.serverSideEncryption { headers.append(("x-amz-server-side-encryption", "AES256")) }
    return headers
  }
}
