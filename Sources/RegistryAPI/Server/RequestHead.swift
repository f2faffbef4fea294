import HTTPTypes
import HummingbirdCore
import Shared

/// What every request's head must comply with before anything else is looked at.
enum RequestHead {
  /// Heads larger than this are refused (security rule 17).
  static let maximumBytes = 32 << 10
  static let maximumFieldCount = 100

  /// Checks the authority and the size of the fields.
  ///
  /// Throws 400 where `Host` is missing, repeated or no host (RFC 9112 section 3.2), 431 where the fields are too many
  /// or too large (RFC 6585 section 5).
  static func check(_ request: Request) throws(OCIFailure) {
    guard let authority = request.head.authority, isHost(authority) else {
      throw OCIFailure(.unsupported, status: .badRequest, "Host must be given once and be a host")
    }
    var bytes = 0
    for field in request.headers { bytes += field.name.rawName.utf8.count + field.value.utf8.count + 4 }
    guard bytes <= maximumBytes, request.headers.count <= maximumFieldCount else {
      throw OCIFailure(.unsupported, status: .requestHeaderFieldsTooLarge, "the header fields are too large")
    }
  }

  /// Whether a text is `uri-host [ ":" port ]`: a name, an address or an address in brackets, possibly empty.
  ///
  /// Narrower than RFC 3986's `reg-name`, of which real names use letters, digits, dots, dashes and underscores.
  static func isHost(_ text: String) -> Bool {
    var host = text.utf8[...]
    if let colon = host.lastIndex(of: UInt8(ascii: ":")), host.last != UInt8(ascii: "]") {
      let port = host[host.index(after: colon)...]
      guard port.count <= 5, port.allSatisfy(\.isDigit) else { return false }
      host = host[..<colon]
    }
    guard host.count <= 255 else { return false }
    if host.first == UInt8(ascii: "[") {
      guard host.last == UInt8(ascii: "]"), host.count > 2 else { return false }
      return host.dropFirst().dropLast().allSatisfy {
        $0.isHexadecimalDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
      }
    }
    return host.allSatisfy { $0.isWord || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
  }
}

extension UInt8 {
  fileprivate var isHexadecimalDigit: Bool {
    isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20)
  }
}
