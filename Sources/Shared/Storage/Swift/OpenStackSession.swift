internal import SharedModel

/// What a successful sign-in gives: a token, how long it is good for, and where the account is.
struct OpenStackSession: Sendable, Hashable {
  let token: Secret
  let storage: OpenStackAccount
  /// How long the token lives, by the service's own clock; nil where it does not say.
  let lifetime: Duration?
}

/// The URL of an account, taken apart: `http(s)://host[:port]/v1/AUTH_name`.
struct OpenStackAccount: Sendable, Hashable {
  let endpoint: S3Endpoint
  /// As it is sent, without a trailing slash.
  let path: String

  /// Parses an absolute URL; nil for anything but visible ASCII without query, fragment, user and dot segments.
  init?(parsing text: String) {
    let scheme = text.lowercased().hasPrefix("https://") ? 8 : 7
    let rest = text.dropFirst(scheme)
    let authority = rest.prefix { $0 != "/" }
    guard text.utf8.count <= 2048, let endpoint = S3Endpoint(parsing: String(text.prefix(scheme) + authority)) else {
      return nil
    }
    let components = rest.dropFirst(authority.count).split(separator: "/")
    guard rest.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"?#\\".utf8.contains($0) }),
      components.allSatisfy({ $0 != "." && $0 != ".." })
    else { return nil }
    self.endpoint = endpoint
    path = components.map { "/\($0)" }.joined()
  }

  /// The path as the service signs it: without percent-encoding.
  var decodedPath: String { S3ListAnswer.decoded(path.replacing("+", with: "%2B")) ?? path }
}
