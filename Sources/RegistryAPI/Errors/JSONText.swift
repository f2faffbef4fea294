import Shared

/// Writes compact JSON; strings are escaped so that the result is safe in a body, a log line and a terminal.
struct JSONText: Sendable {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  /// Writes an object whose members the closure adds.
  mutating func object(_ members: (inout JSONText) -> Void) {
    nested(UInt8(ascii: "{"), UInt8(ascii: "}"), members)
  }

  /// Adds a member with a string value.
  mutating func member(_ name: String, _ value: String) {
    key(name)
    string(value)
  }

  /// Adds a member with an integer value.
  mutating func member(_ name: String, _ value: Int64) {
    key(name)
    raw(String(value))
  }

  /// Adds a member that is true or false.
  mutating func member(_ name: String, _ value: Bool) {
    key(name)
    raw(value ? "true" : "false")
  }

  /// Adds a member that is null.
  mutating func null(_ name: String) {
    key(name)
    raw("null")
  }

  /// Adds a member whose value is an object.
  mutating func member(_ name: String, _ members: (inout JSONText) -> Void) {
    key(name)
    object(members)
  }

  /// Adds a member whose value is an array with one element written for each item.
  mutating func array<Item>(_ name: String, _ items: [Item], _ element: (inout JSONText, Item) -> Void) {
    key(name)
    nested(UInt8(ascii: "["), UInt8(ascii: "]")) { json in
      for item in items {
        json.separate()
        json.needsComma = false
        element(&json, item)
        json.needsComma = true
      }
    }
  }

  /// Adds a member whose value is an array of strings.
  mutating func array(_ name: String, strings: [String]) {
    array(name, strings) { $0.string($1) }
  }

  private mutating func nested(_ open: UInt8, _ close: UInt8, _ content: (inout JSONText) -> Void) {
    bytes.append(open)
    needsComma = false
    content(&self)
    bytes.append(close)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func key(_ name: String) {
    separate()
    string(name)
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func raw(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    needsComma = true
  }

  private mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20, 0x7f:
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(contentsOf: Hexadecimal.encode([byte]).utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }
}
