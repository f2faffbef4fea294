internal import FoundationEssentials
package import SharedModel

/// What an `Authorization` header says.
package enum Credentials: Sendable {
  case basic(user: String, password: Secret)
  case bearer(Secret)

  /// Longer headers are not looked at (security rules 12 and 14).
  package static let maximumHeaderBytes = 20 << 10

  /// Parses a header; nil where it is of another scheme, malformed or too long. Schemes compare case-insensitively.
  package init?(header: String) {
    guard header.utf8.count <= Self.maximumHeaderBytes, let space = header.firstIndex(of: " ") else { return nil }
    let value = header[header.index(after: space)...].drop { $0 == " " }
    switch header[..<space].lowercased() {
    case "bearer":
      guard !value.isEmpty else { return nil }
      self = .bearer(Secret(String(value)))
    case "basic":
      guard let data = Data(base64Encoded: String(value)), !data.contains(0),
        let text = String(validating: data, as: UTF8.self),
        let colon = text.utf8.firstIndex(of: UInt8(ascii: ":"))
      else { return nil }
      self = .basic(user: String(text[..<colon]), password: Secret(String(text[text.utf8.index(after: colon)...])))
    default: return nil
    }
  }
}
