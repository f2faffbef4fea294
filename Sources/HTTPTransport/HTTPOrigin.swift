/// Scheme, host and port of a URL: what a connection is kept for.
struct HTTPOrigin: Hashable, Sendable {
  let isSecure: Bool
  /// Lower-case host, IPv6 in brackets.
  let host: String
  let port: UInt16

  /// Splits an absolute URL.
  ///
  /// - Parameters:
  ///   - url: The URL; only visible ASCII is accepted, and neither user information nor a fragment.
  ///   - schemes: The lower-case schemes the caller allows.
  /// - Throws: `.invalidRequest(.url)` or `.invalidRequest(.scheme)`.
  init(url: String, schemes: Set<String>) throws(HTTPTransportError) {
    let bytes = url.utf8
    guard bytes.count <= 64 * 1024, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
      throw .invalidRequest(.url)
    }
    guard let mark = url.range(of: "://") else { throw .invalidRequest(.url) }
    let scheme = url[..<mark.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https", schemes.contains(scheme) else { throw .invalidRequest(.scheme) }
    isSecure = scheme == "https"

    // All of it is ASCII by now, so bytes can be looked at instead of characters.
    let authority = bytes[mark.upperBound...].prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
    guard !authority.contains(where: { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "\\") }) else {
      throw .invalidRequest(.url)
    }
    let hostEnd: String.Index
    if authority.first == UInt8(ascii: "[") {
      guard let bracket = authority.firstIndex(of: UInt8(ascii: "]")) else { throw .invalidRequest(.url) }
      hostEnd = authority.index(after: bracket)
    } else {
      hostEnd = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
    }
    host = url[authority.startIndex..<hostEnd].lowercased()
    guard !host.isEmpty else { throw .invalidRequest(.url) }

    let rest = authority[hostEnd...]
    if rest.isEmpty {
      port = isSecure ? 443 : 80
    } else {
      guard rest.first == UInt8(ascii: ":"), let number = UInt16(Substring(rest.dropFirst())), number > 0
      else { throw .invalidRequest(.url) }
      port = number
    }
  }
}

extension String {
  /// The first occurrence of an ASCII needle.
  fileprivate func range(of needle: String) -> Range<String.Index>? {
    let pattern = Array(needle.utf8)
    var start = utf8.startIndex
    while let end = utf8.index(start, offsetBy: pattern.count, limitedBy: utf8.endIndex) {
      if utf8[start..<end].elementsEqual(pattern) { return start..<end }
      start = utf8.index(after: start)
    }
    return nil
  }
}
