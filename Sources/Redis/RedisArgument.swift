/// One argument of a Redis command: bytes with their length, so that NUL, CR and LF are ordinary content.
package struct RedisArgument: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  private enum Content: Sendable, Hashable {
    case text(String)
    case bytes([UInt8])
  }

  private let content: Content

  /// Takes the UTF-8 of `text`.
  package init(_ text: String) {
    content = .text(text)
  }

  /// Takes the decimal digits of `number`.
  package init(_ number: Int64) {
    content = .text(String(number))
  }

  /// Takes the decimal digits of `number`.
  package init(_ number: Int) {
    content = .text(String(number))
  }

  /// Takes `bytes` as they are.
  package init(_ bytes: [UInt8]) {
    content = .bytes(bytes)
  }

  package init(stringLiteral value: String) {
    content = .text(value)
  }

  package init(integerLiteral value: Int64) {
    content = .text(String(value))
  }

  /// Appends the argument as a RESP2 bulk string (`$length CRLF bytes CRLF`; Redis protocol specification).
  func append(to buffer: inout [UInt8]) {
    buffer.append(UInt8(ascii: "$"))
    switch content {
    case .text(let text):
      let utf8 = text.utf8
      buffer.append(contentsOf: String(utf8.count).utf8)
      buffer.append(contentsOf: RedisArgument.lineEnd)
      buffer.append(contentsOf: utf8)
    case .bytes(let bytes):
      buffer.append(contentsOf: String(bytes.count).utf8)
      buffer.append(contentsOf: RedisArgument.lineEnd)
      buffer.append(contentsOf: bytes)
    }
    buffer.append(contentsOf: RedisArgument.lineEnd)
  }

  /// Appends a whole command as a RESP2 array of bulk strings.
  static func append(command arguments: [RedisArgument], to buffer: inout [UInt8]) {
    buffer.append(UInt8(ascii: "*"))
    buffer.append(contentsOf: String(arguments.count).utf8)
    buffer.append(contentsOf: lineEnd)
    for argument in arguments { argument.append(to: &buffer) }
  }

  private static let lineEnd: [UInt8] = [0x0D, 0x0A]
}
