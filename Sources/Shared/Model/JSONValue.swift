/// A JSON document as it was written: objects keep the order of their members and numbers their text.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// Whether this is `null`.
  package var isNull: Bool { self == .null }

  /// What kind of value this is, for error messages.
  package var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// A JSON number kept as its text, so that nothing is rounded.
package struct JSONNumber: Sendable, Equatable {
  /// The characters of the number, in the grammar of RFC 8259 section 6.
  package let text: String

  /// Wraps text the parser has checked.
  package init(text: String) { self.text = text }

  /// The value where it is written as an integer (no fraction, no exponent) that fits; `1.0` and `1e3` do not count.
  package var int64: Int64? { Int64(text) }
}

/// The members of a JSON object in their order; names are unique byte for byte.
package struct JSONObject: Sendable, Equatable {
  package struct Member: Sendable, Equatable {
    package let name: String
    package let value: JSONValue

    /// Makes a member.
    package init(name: String, value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  package let members: [Member]

  /// Wraps members whose names the parser has found to be unique.
  package init(members: [Member]) { self.members = members }

  /// The value of the member with exactly this name; nil where there is none.
  ///
  /// Names are compared byte for byte: Swift's own comparison of text would equate canonically equivalent names.
  package subscript(name name: String) -> JSONValue? {
    members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }
}

/// Text that is equal and hashes by its UTF-8 bytes instead of canonical equivalence.
struct ExactText: Hashable {
  let text: String

  static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(0xff as UInt8)
  }
}
