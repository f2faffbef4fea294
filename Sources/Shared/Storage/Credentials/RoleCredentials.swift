private import Glibc
internal import SharedModel

/// A role that is assumed at the Security Token Service, by a key pair's signature or by a web identity's token.
///
/// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and `API_AssumeRoleWithWebIdentity.html`
struct RoleCredentials: CredentialsSource {
  /// What entitles to the role.
  enum Proof: Sendable {
    /// AssumeRole, signed with these credentials.
    case keys(CredentialsKeeper)
    /// AssumeRoleWithWebIdentity; the file is read at every fetch, because its token is renewed by others.
    case webIdentity(tokenPath: String)
  }

  let endpoint: S3Endpoint
  /// The region the request is signed for.
  let region: String
  let roleARN: String
  let sessionName: String
  let proof: Proof
  var caBundlePath: String?
  var now: @Sendable () -> Int64 = { Int64(time(nil)) }

  var identity: String {
    switch proof {
    case .keys(let keeper): "role \(roleARN) by \(keeper.source.identity)"
    case .webIdentity(let path): "role \(roleARN) by \(path)"
    }
  }

  func fetch() async throws(StorageError) -> StoreCredentials {
    switch proof {
    case .keys(let keeper): try await assume(signedWith: try await keeper.current())
    case .webIdentity(let path): try await assume(tokenPath: path)
    }
  }

  private func assume(signedWith credentials: StoreCredentials) async throws(StorageError) -> StoreCredentials {
    let body = form([("Action", "AssumeRole"), ("DurationSeconds", "3600")])
    let time = SigningTime(secondsSinceEpoch: now())
    let payloadHash = Hexadecimal.encode(SigningMAC.hash(body))
    var headers = [
      (name: "content-type", value: Self.contentType), (name: "x-amz-date", value: time.stamp),
    ]
    if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token.revealed)) }
    let request = SigningV4.Request(
      method: "POST", path: "/", headers: headers + [(name: "host", value: endpoint.authority(host: endpoint.host))],
      payloadHash: payloadHash)
    let signer = SigningV4(credentials: credentials, region: region, service: "sts")
    headers.append(("authorization", signer.authorization(for: request, at: time)))
    return try await exchange(headers, body, action: "AssumeRole")
  }

  private func assume(tokenPath: String) async throws(StorageError) -> StoreCredentials {
    let bytes = try await SmallFile.read(tokenPath, purpose: "AWS_WEB_IDENTITY_TOKEN_FILE")
    let token = String(decoding: bytes.filter { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self)
    guard !token.isEmpty else { throw .misconfigured(reason: "AWS_WEB_IDENTITY_TOKEN_FILE \(tokenPath) is empty") }
    let body = form([
      ("Action", "AssumeRoleWithWebIdentity"), ("DurationSeconds", "3600"), ("WebIdentityToken", token),
    ])
    return try await exchange(
      [(name: "content-type", value: Self.contentType)], body, action: "AssumeRoleWithWebIdentity")
  }

  private static let contentType = "application/x-www-form-urlencoded; charset=utf-8"

  private func form(_ fields: [(String, String)]) -> [UInt8] {
    let all = fields + [("RoleArn", roleARN), ("RoleSessionName", sessionName), ("Version", "2011-06-15")]
    return Array(all.map { "\($0)=\(PercentEncoding.query($1))" }.joined(separator: "&").utf8)
  }

  private func exchange(
    _ headers: [(name: String, value: String)], _ body: [UInt8], action: String
  ) async throws(StorageError) -> StoreCredentials {
    let url = "\(endpoint.scheme)://\(endpoint.authority(host: endpoint.host))/"
    let (status, answer) = try await CredentialsCall(
      method: "POST", url: url, headers: headers, body: body, caBundlePath: caBundlePath
    ).send()
    let root: XMLElement?
    do { root = try XMLReader.parse(answer) } catch {
      // A proxy's page, for example: the status alone has to do.
      root = nil
    }
    guard status == 200 else { throw Self.failure(status, root, action: action) }
    let credentials = root?.children(named: "\(action)Result").first?.children(named: "Credentials").first
    guard let accessKey = credentials?["AccessKeyId"], let secretKey = credentials?["SecretAccessKey"],
      let token = credentials?["SessionToken"], let end = credentials?["Expiration"],
      let expiresAtMs = StoreTimestamp.iso8601(end), !accessKey.isEmpty, !secretKey.isEmpty, !token.isEmpty
    else { throw .invalidResponse(detail: "\(action) gave no credentials") }
    return StoreCredentials(
      accessKey: accessKey, secretKey: Secret(secretKey), sessionToken: Secret(token), expiresAt: expiresAtMs / 1_000)
  }

  private static func failure(_ status: Int, _ root: XMLElement?, action: String) -> StorageError {
    let code = TransferFailure.sanitized(root?.children(named: "Error").first?["Code"] ?? "HTTP\(status)")
    switch code {
    case "Throttling", "ThrottlingException": return .slowDown(retryAfter: nil)
    case "RequestTimeTooSkewed", "RequestExpired": return .clockSkewed
    default: break
    }
    return status >= 500
      ? .unavailable(status: status, code: "\(action).\(code)", retryAfter: nil)
      : .accessDenied(code: "\(action).\(code)")
  }
}
