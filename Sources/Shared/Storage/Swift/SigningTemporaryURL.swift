internal import SharedModel

/// Signs URLs that let their bearer read one object for a while: Swift's TempURL.
///
/// https://docs.openstack.org/swift/latest/api/temporary_url_middleware.html; HMAC-SHA256, which Swift takes since 2.17
/// (2018) and which is the one of its digests that both old and new versions allow by default.
struct SigningTemporaryURL: Sendable {
  private let mac: SigningMAC

  /// Takes the account's or the container's `Temp-URL-Key`.
  init(key: Secret) { mac = SigningMAC(key: Array(key.revealed.utf8)) }

  /// The query for GET (and HEAD) of a path that is not percent-encoded, until so many seconds since the epoch.
  func query(path: String, expires: Int64) -> String {
    let code = mac.code(of: "GET\n\(expires)\n\(path)".utf8)
    return "temp_url_sig=\(Hexadecimal.encode(code))&temp_url_expires=\(expires)"
  }
}
