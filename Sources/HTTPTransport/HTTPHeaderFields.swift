/// Response header fields in their original order, found without regard to case.
package struct HTTPHeaderFields: Sendable, Sequence {
  /// One field; the value has no surrounding white space.
  package typealias Field = (name: String, value: String)

  private var fields: [Field] = []

  /// No fields.
  package init() {}

  /// Number of fields.
  package var count: Int { fields.count }

  /// The first field of that name.
  package subscript(name: String) -> String? {
    fields.first { Self.equal($0.name, name) }?.value
  }

  /// The values of every field of that name, in order.
  package func values(for name: String) -> [String] {
    fields.filter { Self.equal($0.name, name) }.map(\.value)
  }

  /// The fields in the order received.
  package func makeIterator() -> Array<Field>.Iterator { fields.makeIterator() }

  mutating func append(name: String, value: String) { fields.append((name, value)) }

  /// Extends the last value by a folded line (RFC 9112 section 5.2).
  mutating func extendLast(with text: String) {
    guard let last = fields.popLast() else { return }
    fields.append((last.name, last.value.isEmpty ? text : "\(last.value) \(text)"))
  }

  private static func equal(_ a: String, _ b: String) -> Bool {
    a.utf8.count == b.utf8.count && zip(a.utf8, b.utf8).allSatisfy { lower($0) == lower($1) }
  }

  private static func lower(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
  }
}
