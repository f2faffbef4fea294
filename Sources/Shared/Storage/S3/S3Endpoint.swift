private import SharedModel

/// Scheme, host and port of an S3 service.
package struct S3Endpoint: Sendable, Hashable {
  package let isSecure: Bool
  /// A lower-case name or address; IPv6 in brackets.
  package let host: String
  package let port: UInt16

  /// Takes the parts as they are; nil for a host with characters no name or address has.
  package init?(isSecure: Bool, host: String, port: UInt16? = nil) {
    let inner = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host[...]
    let isAddress = inner.utf8.count != host.utf8.count
    guard (1...253).contains(inner.utf8.count),
      inner.utf8.allSatisfy({
        $0.isWord || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || (isAddress && $0 == UInt8(ascii: ":"))
      })
    else { return nil }
    self.isSecure = isSecure
    self.host = host.lowercased()
    self.port = port ?? (isSecure ? 443 : 80)
  }

  /// Parses `http://host[:port]` or `https://host[:port]`, one trailing slash allowed; nil for anything else.
  package init?(parsing text: String) {
    let isSecure = text.lowercased().hasPrefix("https://")
    guard isSecure || text.lowercased().hasPrefix("http://") else { return nil }
    var authority = text.dropFirst(isSecure ? 8 : 7)
    if authority.hasSuffix("/") { authority = authority.dropLast() }
    let afterAddress = authority.lastIndex(of: "]") ?? authority.startIndex
    guard let colon = authority[afterAddress...].lastIndex(of: ":") else {
      self.init(isSecure: isSecure, host: String(authority))
      return
    }
    guard let port = UInt16(authority[authority.index(after: colon)...]), port > 0 else { return nil }
    self.init(isSecure: isSecure, host: String(authority[..<colon]), port: port)
  }

  /// The value of the Host header every client sends: the port only where it is not the scheme's own.
  func authority(host: String) -> String {
    port == (isSecure ? 443 : 80) ? host : "\(host):\(port)"
  }

  /// `http` or `https`.
  var scheme: String { isSecure ? "https" : "http" }
}
