/// Makes any text safe to stand in one line of a log.
enum LogText {
  /// The text without secrets, cut to a number of bytes at a character boundary.
  ///
  /// It is cut generously before redaction too, so that the cost of a huge text is bounded; and so much further that no
  /// part of a secret is left at the end of what is shown.
  static func shown(_ text: String, maximumBytes: Int) -> String {
    let redacted = LogRedaction.redact(cut(text, to: maximumBytes * 2).text)
    let (shown, isCut) = cut(redacted, to: maximumBytes)
    return isCut || text.utf8.count > maximumBytes * 2 ? shown + "…" : shown
  }

  /// A JSON string with its quotes.
  static func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

  /// Quotes, backslashes and everything a terminal or a line reader could act on, as JSON escapes.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: escaped += "\\\""
      case 0x5c: escaped += "\\\\"
      case 0x0a: escaped += "\\n"
      case 0x0d: escaped += "\\r"
      case 0x09: escaped += "\\t"
      // C0, DEL, C1, line and paragraph separators, and the marks that turn the direction of writing.
      case 0..<0x20, 0x7f...0x9f, 0x2028...0x202e, 0x2066...0x2069: escaped += unicodeEscape(scalar.value)
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  private static func unicodeEscape(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
  }

  private static func cut(_ text: String, to maximumBytes: Int) -> (text: String, isCut: Bool) {
    guard text.utf8.count > maximumBytes else { return (text, false) }
    var end = text.utf8.index(text.utf8.startIndex, offsetBy: maximumBytes)
    while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    return (String(text[..<end]), true)
  }
}
