/// The fields of a form as browsers send them (`application/x-www-form-urlencoded`, URL standard section 5.1).
struct FormFields: Sendable, Hashable {
  /// A form longer than this is refused.
  static let maximumBytes = 16 << 10
  private static let maximumFields = 32

  private let values: [String: String]

  /// Reads a form; nil where it is too long, malformed, not UTF-8, or names a field twice.
  init?(_ bytes: [UInt8]) {
    guard bytes.count <= Self.maximumBytes else { return nil }
    var values: [String: String] = [:]
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
      guard values.count < Self.maximumFields else { return nil }
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts.first.flatMap(Self.decoded), values[name] == nil,
        let value = parts.count > 1 ? Self.decoded(parts[1]) : ""
      else { return nil }
      values[name] = value
    }
    self.values = values
  }

  /// The value of a field, without blanks around it; nil where it is absent or empty.
  subscript(_ name: String) -> String? {
    guard let value = values[name] else { return nil }
    let trimmed = value.drop(while: \.isWhitespace)
    let end = trimmed.lastIndex { !$0.isWhitespace }
    return end.map { String(trimmed[...$0]) }
  }

  private static func decoded(_ part: ArraySlice<UInt8>) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(part.count)
    var rest = part
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal) else {
          return nil
        }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    guard !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
