extension StrictJSONParser {
  /// The longest number accepted, in characters.
  private static var maximumNumberLength: Int { 256 }

  /// Parses a number of RFC 8259 section 6 and keeps its text.
  mutating func parseNumber() throws(ModelError) -> JSONNumber {
    let start = at
    _ = take(UInt8(ascii: "-"))
    if take(UInt8(ascii: "0")) {
      if let next = current, next.isDigit { throw refusal("a number with a leading zero") }
    } else {
      try takeDigits()
    }
    if take(UInt8(ascii: ".")) { try takeDigits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try takeDigits()
    }
    guard at - start <= Self.maximumNumberLength else {
      throw .invalidJSON(reason: "a number of more than \(Self.maximumNumberLength) characters", offset: start)
    }
    return JSONNumber(text: String(decoding: bytes[start..<at], as: UTF8.self))
  }

  private mutating func takeDigits() throws(ModelError) {
    guard let first = current, first.isDigit else { throw refusal("a digit was expected") }
    while let byte = current, byte.isDigit { at += 1 }
  }

  /// Parses a string; the cursor is at its opening quote.
  mutating func parseString() throws(ModelError) -> String {
    let opening = at
    at += 1
    var runStart = at
    var text: [UInt8] = []
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        text.append(contentsOf: bytes[runStart..<at])
        at += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw .invalidJSON(reason: "a string that is not UTF-8", offset: opening)
        }
        return string
      case UInt8(ascii: "\\"):
        text.append(contentsOf: bytes[runStart..<at])
        at += 1
        text.append(contentsOf: try parseEscape())
        runStart = at
      case 0..<0x20: throw refusal("a control character in a string")
      default: at += 1
      }
    }
    throw refusal("the document ends inside a string")
  }

  /// Parses what follows a backslash and gives its UTF-8 bytes.
  private mutating func parseEscape() throws(ModelError) -> [UInt8] {
    guard let kind = current else { throw refusal("the document ends inside a string") }
    at += 1
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [kind]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return Array(String(try parseUnicodeEscape()).utf8)
    default: throw .invalidJSON(reason: "an unknown escape", offset: at - 1)
    }
  }

  private mutating func parseUnicodeEscape() throws(ModelError) -> Unicode.Scalar {
    let start = at
    let high = try takeFourHexDigits()
    if let scalar = Unicode.Scalar(high) { return scalar }
    let paired = (0xd800...0xdbff).contains(high) && take(UInt8(ascii: "\\")) && take(UInt8(ascii: "u"))
    guard paired else { throw .invalidJSON(reason: "a lone surrogate", offset: start) }
    let low = try takeFourHexDigits()
    guard (0xdc00...0xdfff).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    else { throw .invalidJSON(reason: "a lone surrogate", offset: start) }
    return scalar
  }

  private mutating func takeFourHexDigits() throws(ModelError) -> UInt32 {
    guard bytes.count - at >= 4,
      let pair = Hexadecimal.decode(String(decoding: bytes[at..<(at + 4)], as: UTF8.self)), pair.count == 2
    else { throw refusal("four hexadecimal digits were expected") }
    at += 4
    return UInt32(pair[0]) << 8 | UInt32(pair[1])
  }
}
