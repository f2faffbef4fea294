private import Glibc
internal import HTTPTransport
internal import SharedModel

/// Signs and sends S3 calls over one transport, and reads their answers.
struct S3Client: Sendable {
  let connection: S3Connection
  let transport: HTTPTransport
  let signer: SigningV4
  /// Seconds since the epoch.
  let now: @Sendable () -> Int64

  init(connection: S3Connection, transport: HTTPTransport, now: (@Sendable () -> Int64)?) {
    self.connection = connection
    self.transport = transport
    signer = SigningV4(credentials: connection.credentials, region: connection.region)
    self.now = now ?? { Int64(time(nil)) }
  }

  /// Sends a call once and returns its answer where that is a 2xx; throws what any other answer means.
  ///
  /// `onBreak` is told of a transfer that broke before there was an answer.
  func send(
    _ call: S3Call, body: HTTPRequestBody = .none, onBreak: (HTTPTransportError) -> Void = { _ in }
  ) async throws(StorageError) -> HTTPTransportResponse {
    let response: HTTPTransportResponse
    do {
      response = try await transport.send(request(call), body: body)
    } catch {
      onBreak(error)
      throw TransferFailure.error(error)
    }
    return try await checked(response, call)
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
    do {
      return try await transport.startUpload(request(call), contentLength: sizeBytes)
    } catch {
      throw TransferFailure.error(error)
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
    var code = TransferFailure.sanitized(element?["Code"] ?? "HTTP\(status)")
    // A bucket of another region: the one hint that leads to the wrong line of the configuration.
    if status == 301 || status == 307, let region = headers["x-amz-bucket-region"] ?? element?["Region"] {
      code += ".\(TransferFailure.sanitized(region))"
    }
    return S3Failure.error(
      status: status, code: code, retryAfter: TransferFailure.retryAfter(headers), call: call, bucket: connection.bucket
    )
  }
}

// MARK: - Requests

extension S3Client {
  /// The signed request of a call, dated now.
  func request(_ call: S3Call) -> HTTPTransportRequest {
    let time = SigningTime(secondsSinceEpoch: now())
    let address = S3Address(
      endpoint: connection.endpoint, bucket: connection.bucket, key: call.key, pathStyle: connection.pathStyle)
    let payloadHash = call.bodyHash?.hex ?? SigningV4.unsignedPayload
    var headers = call.headers
    headers.append(("x-amz-content-sha256", payloadHash))
    headers.append(("x-amz-date", time.stamp))
    if let token = connection.credentials.sessionToken { headers.append(("x-amz-security-token", token.revealed)) }
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
