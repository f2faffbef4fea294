/// Takes out of text what must never be in a log: credentials in URLs, headers and connection strings (security rules 22, 34).
package enum LogRedaction {
  /// What is put in place of a secret.
  package static let replacement = "<redacted>"

  /// Query parameters that are, or are part of, a credential; lower case, every `_` and `%2D` counts as `-`.
  private static let parameters: Set<String> = [
    "x-amz-signature", "x-amz-credential", "x-amz-security-token", "x-goog-signature", "x-goog-credential", "signature",
    "awsaccesskeyid", "googleaccessid", "sig", "temp-url-sig", "token", "access-token", "refresh-token", "id-token",
    "password", "passwd", "secret", "secret-key", "access-key", "client-secret", "sslpassword", "authorization",
  ]
  /// Metadata keys whose whole value is a secret, compared in the same way.
  private static let keys: [String] = [
    "authorization", "password", "passwd", "secret", "token", "cookie", "credential", "access-key", "private-key",
  ]

  /// Without one of these there is nothing to recognise.
  private static let separatorBytes = Array("=%: ".utf8)

  /// Whether metadata under this key is never shown.
  package static func isSecretKey(_ key: String) -> Bool {
    let name = normalised(Array(key.utf8)[...])
    return keys.contains { name.contains($0) }
  }

  /// The text with each secret it recognises replaced; time is linear in its length.
  package static func redact(_ text: String) -> String {
    let bytes = Array(text.utf8)
    guard bytes.contains(where: { separatorBytes.contains($0) }) else { return text }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var at = 0
    // The name being read, and the one a quote has just ended: `"password":"x"`.
    var wordStart = 0
    var quotedWord = 0..<0
    while at < bytes.count {
      let separator = separatorLength(bytes, at)
      if separator > 0 {
        let isQuoted = wordStart == at && quotedWord.upperBound == at - 1
        let word = normalised(bytes[isQuoted ? quotedWord : wordStart..<at])
        let isColon = bytes[at] == UInt8(ascii: ":")
        output.append(contentsOf: bytes[at..<(at + separator)])
        at += separator
        if word == "authorization" || (isQuoted && parameters.contains(word)) {
          at = skipHeaderValue(bytes, at, &output)
        } else if isColon {
          at = skipUserInformation(bytes, at, &output)
        } else if parameters.contains(word) {
          at = skipParameter(bytes, at, &output)
        }
        wordStart = at
      } else if bytes[at] == UInt8(ascii: " "), isScheme(bytes[wordStart..<at]) {
        output.append(bytes[at])
        at = skipParameter(bytes, at + 1, &output)
        wordStart = at
      } else {
        let step = encodedLength(bytes, at)
        if bytes[at] == UInt8(ascii: "\"") { quotedWord = wordStart..<at }
        // `%2D` and `%5F` are characters of a name, so that an encoded parameter is still recognised.
        if !isNameByte(bytes[at]), !isEncodedNameByte(bytes, at) { wordStart = at + step }
        output.append(contentsOf: bytes[at..<(at + step)])
        at += step
      }
    }
    return String(decoding: output, as: UTF8.self)
  }
}

// MARK: - Recognising

extension LogRedaction {
  /// The length of `=`, `%3D` or `:` here, 0 where there is none.
  private static func separatorLength(_ bytes: [UInt8], _ at: Int) -> Int {
    switch bytes[at] {
    case UInt8(ascii: "="), UInt8(ascii: ":"): 1
    case UInt8(ascii: "%") where hasEncoded(bytes, at, "3d"): 3
    default: 0
    }
  }

  /// 3 at a percent-encoded byte, else 1.
  private static func encodedLength(_ bytes: [UInt8], _ at: Int) -> Int {
    guard bytes[at] == UInt8(ascii: "%"), bytes.count - at >= 3 else { return 1 }
    return bytes[(at + 1)..<(at + 3)].allSatisfy(isHexDigit) ? 3 : 1
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    switch lowercased(byte) {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
    default: false
    }
  }

  private static func hasEncoded(_ bytes: [UInt8], _ at: Int, _ hex: String) -> Bool {
    bytes.count - at >= 3 && bytes[(at + 1)..<(at + 3)].map(lowercased).elementsEqual(hex.utf8)
  }

  private static func isEncodedNameByte(_ bytes: [UInt8], _ at: Int) -> Bool {
    bytes[at] == UInt8(ascii: "%") && (hasEncoded(bytes, at, "2d") || hasEncoded(bytes, at, "5f"))
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch lowercased(byte) {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 0x20 : byte
  }

  /// Lower case, with `_`, `%2D` and `%5F` as `-`; names longer than any known one are not looked at.
  private static func normalised(_ bytes: ArraySlice<UInt8>) -> String {
    guard bytes.count <= 96 else { return "" }
    let text = String(
      decoding: bytes.map { lowercased($0) == UInt8(ascii: "_") ? UInt8(ascii: "-") : lowercased($0) }, as: UTF8.self)
    return text.replacing("%2d", with: "-").replacing("%5f", with: "-")
  }

  private static func isScheme(_ word: ArraySlice<UInt8>) -> Bool {
    let name = word.map(lowercased)
    return name.elementsEqual("bearer".utf8) || name.elementsEqual("basic".utf8)
  }
}

// MARK: - Leaving out

extension LogRedaction {
  /// Leaves out a value up to the next delimiter and says so; an empty value is left alone.
  private static func skipParameter(_ bytes: [UInt8], _ start: Int, _ output: inout [UInt8]) -> Int {
    var at = start
    while at < bytes.count, !isDelimiter(bytes[at]), !hasEncoded(bytes, at, "26") || bytes[at] != UInt8(ascii: "%") {
      at += 1
    }
    if at > start { output.append(contentsOf: replacement.utf8) }
    return at
  }

  /// Leaves out the value of a header: everything up to a quote or the end of the line.
  private static func skipHeaderValue(_ bytes: [UInt8], _ start: Int, _ output: inout [UInt8]) -> Int {
    var at = start
    while at < bytes.count, bytes[at] == UInt8(ascii: " ") || bytes[at] == UInt8(ascii: "\"") {
      output.append(bytes[at])
      at += 1
    }
    let valueStart = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\n"),
      bytes[at] != UInt8(ascii: "\r")
    {
      at += 1
    }
    if at > valueStart { output.append(contentsOf: replacement.utf8) }
    return at
  }

  /// After a colon: where `//user:password@` follows, keeps the user and leaves out the password.
  private static func skipUserInformation(_ bytes: [UInt8], _ start: Int, _ output: inout [UInt8]) -> Int {
    guard bytes.count - start > 2, bytes[start] == UInt8(ascii: "/"), bytes[start + 1] == UInt8(ascii: "/") else {
      return start
    }
    let authority = bytes[(start + 2)...].prefix { $0 != UInt8(ascii: "/") && !isDelimiter($0) }
    guard let sign = authority.lastIndex(of: UInt8(ascii: "@")),
      let colon = authority[..<sign].firstIndex(of: UInt8(ascii: ":"))
    else { return start }
    output.append(contentsOf: bytes[start...colon])
    output.append(contentsOf: replacement.utf8)
    return sign
  }

  private static func isDelimiter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, UInt8(ascii: "&"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"),
      UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "\\"):
      true
    default: false
    }
  }
}
