/// Entity tags: the digest in quotes.
enum EntityTag {
  /// Whether an `If-None-Match` header names the tag (RFC 9110 section 13.1.2); comparison is weak, unquoted is tolerated.
  static func matches(_ header: String?, _ tag: String) -> Bool {
    guard let header else { return false }
    for candidate in header.split(separator: ",") {
      var text = candidate.drop { $0 == " " || $0 == "\t" }
      while text.last == " " || text.last == "\t" { text.removeLast() }
      if text == "*" { return true }
      if text.hasPrefix("W/") { text = text.dropFirst(2) }
      if text == tag || "\"\(text)\"" == tag { return true }
    }
    return false
  }
}
