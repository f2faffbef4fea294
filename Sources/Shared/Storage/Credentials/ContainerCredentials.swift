internal import SharedModel

/// The role of a container: Amazon ECS, EKS Pod Identity and everything that serves the same document.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
struct ContainerCredentials: CredentialsSource {
  private static let relativeHost = "http://169.254.170.2"
  /// Hosts that may be asked without TLS: this machine, and the addresses ECS and EKS answer at.
  private static let plainHosts: Set<String> = [
    "127.0.0.1", "localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]",
  ]

  let url: String
  let authorization: Secret?
  /// Read at every fetch, because the token in it is renewed by others.
  let authorizationFile: String?

  var identity: String { "container role at \(url)" }

  /// Takes what the environment says; nil where it names no endpoint.
  init?(environment: [String: String]) throws(StorageError) {
    if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], !path.isEmpty {
      guard path.hasPrefix("/") else {
        throw .misconfigured(reason: "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with a slash")
      }
      url = Self.relativeHost + path
    } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"], !full.isEmpty {
      guard Self.mayBeAsked(full) else {
        throw .misconfigured(
          reason:
            "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http at this machine or a container's own endpoint")
      }
      url = full
    } else {
      return nil
    }
    authorization = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"].map { Secret($0) }
    authorizationFile = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
  }

  func fetch() async throws(StorageError) -> StoreCredentials {
    var token = authorization?.revealed
    if let authorizationFile {
      let bytes = try await SmallFile.read(authorizationFile, purpose: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
      token = String(decoding: bytes.filter { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self)
    }
    let headers = token.map { [(name: "authorization", value: $0)] } ?? []
    let (status, body) = try await CredentialsCall(url: url, headers: headers, deadline: .seconds(5)).send()
    switch status {
    case 200: return try CredentialsDocument.read(body)
    case 500...: throw .unavailable(status: status, code: "ContainerCredentials", retryAfter: nil)
    default: throw .accessDenied(code: "ContainerCredentials.\(status)")
    }
  }

  private static func mayBeAsked(_ url: String) -> Bool {
    if url.hasPrefix("https://") { return true }
    guard url.hasPrefix("http://") else { return false }
    let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" }
    let afterAddress = authority.lastIndex(of: "]") ?? authority.startIndex
    let end = authority[afterAddress...].firstIndex(of: ":") ?? authority.endIndex
    return plainHosts.contains(String(authority[..<end]))
  }
}
