private import SharedModel

/// AWS Signature Version 4 for one set of credentials, region and service.
///
/// Pure but for the key cache: time comes with each call. Bodies whose hash is not known before they are sent are not
/// signed (`UNSIGNED-PAYLOAD`), so that they can be streamed; TLS protects them in flight (decision D12).
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
struct SigningV4: Sendable {
  /// What is signed of a request.
  struct Request: Sendable {
    var method: String
    /// Percent-encoded as sent.
    var path: String
    var query: [(name: String, value: String)] = []
    /// Lower-case names; values without surrounding spaces. All of them are signed.
    var headers: [(name: String, value: String)]
    /// The lower-case hexadecimal SHA-256 of the body, or `UNSIGNED-PAYLOAD`.
    var payloadHash = SigningV4.unsignedPayload
  }

  static let unsignedPayload = "UNSIGNED-PAYLOAD"
  private static let algorithm = "AWS4-HMAC-SHA256"

  let credentials: StoreCredentials
  let region: String
  let service: String
  private let keys = SigningKeyCache()

  init(credentials: StoreCredentials, region: String, service: String = "s3") {
    self.credentials = credentials
    self.region = region
    self.service = service
  }

  /// The Authorization header's value for `request` at `time`.
  func authorization(for request: Request, at time: SigningTime) -> String {
    let headers = Self.sorted(request.headers)
    let names = Self.names(headers)
    let signature = signature(of: Self.canonicalText(request, headers: headers, names: names), at: time)
    return "\(Self.algorithm) Credential=\(credentials.accessKey)/\(scope(at: time)), SignedHeaders=\(names), "
      + "Signature=\(signature)"
  }

  /// The query of a presigned GET of `path` at `host`; only the Host header is signed.
  ///
  /// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
  func presignedQuery(path: String, host: String, lifetimeSeconds: Int64, at time: SigningTime) -> String {
    var query: [(name: String, value: String)] = [
      ("X-Amz-Algorithm", Self.algorithm), ("X-Amz-Credential", "\(credentials.accessKey)/\(scope(at: time))"),
      ("X-Amz-Date", time.stamp), ("X-Amz-Expires", String(lifetimeSeconds)), ("X-Amz-SignedHeaders", "host"),
    ]
    if let token = credentials.sessionToken { query.append(("X-Amz-Security-Token", token.revealed)) }
    let request = Request(method: "GET", path: path, query: query, headers: [("host", host)])
    let signature = signature(of: Self.canonicalRequest(request), at: time)
    return PercentEncoding.canonicalQuery(query) + "&X-Amz-Signature=\(signature)"
  }

  /// The text whose hash is signed.
  static func canonicalRequest(_ request: Request) -> String {
    let headers = sorted(request.headers)
    return canonicalText(request, headers: headers, names: names(headers))
  }

  /// One text grown in place: it is made anew for every request there is.
  private static func canonicalText(
    _ request: Request, headers: [(name: String, value: String)], names: String
  ) -> String {
    var text = ""
    text.reserveCapacity(512 + request.path.utf8.count)
    text += request.method
    text += "\n"
    text += request.path.isEmpty ? "/" : request.path
    text += "\n"
    text += PercentEncoding.canonicalQuery(request.query)
    text += "\n"
    for (name, value) in headers {
      text += name
      text += ":"
      text += squeezed(value)
      text += "\n"
    }
    text += "\n"
    text += names
    text += "\n"
    text += request.payloadHash
    return text
  }

  private func scope(at time: SigningTime) -> String { "\(time.day)/\(region)/\(service)/aws4_request" }

  private func signature(of canonicalRequest: String, at time: SigningTime) -> String {
    let hash = Hexadecimal.encode(SigningMAC.hash(canonicalRequest.utf8))
    let text = "\(Self.algorithm)\n\(time.stamp)\n\(scope(at: time))\n\(hash)"
    let mac = keys.mac(secret: credentials.secretKey, day: time.day, region: region, service: service)
    return Hexadecimal.encode(mac.code(of: text.utf8))
  }

  private static func sorted(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
    headers.sorted { $0.name < $1.name }
  }

  private static func names(_ headers: [(name: String, value: String)]) -> String {
    headers.lazy.map(\.name).joined(separator: ";")
  }

  /// Runs of spaces become one, and none are left at the ends.
  private static func squeezed(_ value: String) -> String {
    guard value.utf8.contains(0x20) else { return value }
    return value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
  }
}
