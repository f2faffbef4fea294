import HTTPTypes

/// Whether a form was sent from this page itself, by what the browser says of it.
///
/// `Sec-Fetch-Site` is sent to https and loopback names, `Origin` with every POST; a request with neither is no browser's
/// and has no business here: for scripts there is the command line.
enum RequestOrigin {
  /// Whether the browser vouches that the request comes from a page of `host`, the authority the request names.
  static func isOwn(_ fields: HTTPFields, host: String?) -> Bool {
    if let site = fields[.secFetchSite] { return site == "same-origin" }
    guard let origin = fields[.origin], let host, !host.isEmpty else { return false }
    return origin == "https://\(host)" || origin == "http://\(host)"
  }
}

extension HTTPField.Name {
  /// Fetch Metadata Request Headers, section 2.3.
  fileprivate static var secFetchSite: HTTPField.Name { .init("Sec-Fetch-Site") ?? .origin }
}
