/// 128 unguessable bits as 32 lowercase hexadecimal characters: upload session ids, lease tokens, object names.
package struct RandomIdentifier: Sendable, Hashable, CustomStringConvertible {
  package let hex: String

  /// Mints a fresh identifier from the system's random source, or the one injected by a test.
  package init(using generator: inout some RandomNumberGenerator) {
    let words: [UInt64] = [generator.next(), generator.next()]
    hex = words.map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 16 - text.utf8.count) + text
    }.joined()
  }

  /// Mints a fresh identifier from the system's random source.
  package init() {
    var generator = SystemRandomNumberGenerator()
    self.init(using: &generator)
  }

  /// Parses exactly 32 lowercase hexadecimal characters; nil for anything else.
  package init?(parsing text: some StringProtocol) {
    guard text.utf8.count == 32, text.utf8.allSatisfy(\.isLowercaseHexadecimal) else { return nil }
    hex = String(text)
  }

  package var description: String { hex }
}
