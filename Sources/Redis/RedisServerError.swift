/// An error reply of the server, split into its code and its text.
package struct RedisServerError: Sendable, Hashable, CustomStringConvertible {
  /// The first word of the reply when it is in capitals (`NOGROUP`, `LOADING`, `WRONGPASS`), otherwise `ERR`.
  package let code: String
  /// The rest of the reply, at most 512 bytes of it.
  package let message: String

  package init(code: String, message: String) {
    self.code = code
    self.message = message
  }

  /// Splits the line of an error reply; bytes that are not UTF-8 are replaced, never rejected.
  init(line: some Collection<UInt8>) {
    let kept = line.prefix(Self.longestMessageBytes)
    let word = kept.prefix { $0 != UInt8(ascii: " ") }
    let isCode = !word.isEmpty && word.count <= 32 && word.allSatisfy(Self.isCodeByte)
    code = isCode ? String(decoding: word, as: UTF8.self) : "ERR"
    message = String(decoding: isCode ? kept.dropFirst(word.count + 1) : kept.dropFirst(0), as: UTF8.self)
  }

  package var description: String { "\(code) \(message)" }

  /// The same error as a thrown one.
  package var asError: RedisError { .server(code: code, message: message) }

  private static let longestMessageBytes = 512

  private static func isCodeByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || byte == UInt8(ascii: "_")
  }
}
