import Mustache

/// How texts are written into the page: each of `& < > " '` as its reference, looked at scalar by scalar.
///
/// Mustache's own escaping looks at whole characters, and a quote with a combining accent is another character to it: it
/// would let that quote end an attribute. Control characters, which no text of ours has, are left out.
struct ScalarEscaping: MustacheContentType {
  /// What the first line of every template calls this by.
  static let name = "MERIDIAN"

  func escapeText(_ text: String) -> String { Self.escaped(text) }

  /// The text as it may stand between tags and in quoted attributes.
  static func escaped(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
      case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
      case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
      case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
      case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{7F}"..."\u{9F}": continue
      // What turns the direction of the text around it would make one name look like another.
      case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": continue
      default: escaped.append(scalar)
      }
    }
    return String(escaped)
  }
}
