import SharedModel

/// A value of the configuration as it was written, with where: typed only when a key asks for a type.
struct ConfigurationValue: Sendable, Equatable {
  /// The kinds of value YAML and JSON have in common.
  indirect enum Content: Sendable, Equatable {
    /// Text in quotes or a block; or, where `isPlain`, a bare word, which may also be read as a number or a boolean.
    case scalar(String, isPlain: Bool)
    case list([ConfigurationValue])
    case map([Entry])
  }

  /// One key of a map.
  struct Entry: Sendable, Equatable {
    let key: String
    let value: ConfigurationValue
    /// Where the key stands.
    let origin: Origin
  }

  /// Where a value was written.
  enum Origin: Sendable, Equatable {
    case line(Int)
    case environment(String)
    case unknown
  }

  let content: Content
  let origin: Origin

  /// Whether this is YAML's or JSON's null: a key with it counts as absent, as in Quay.
  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// What kind of value this is, for error messages.
  var kindName: String {
    switch content {
    case .scalar: "a single value"
    case .list: "a list"
    case .map: "a map of keys"
    }
  }
}

extension ConfigurationValue {
  /// Takes over a JSON value; numbers and booleans become bare words.
  init(_ json: JSONValue, origin: Origin) {
    self.origin = origin
    switch json {
    case .null: content = .scalar("null", isPlain: true)
    case .bool(let value): content = .scalar(value ? "true" : "false", isPlain: true)
    case .number(let number): content = .scalar(number.text, isPlain: true)
    case .string(let text): content = .scalar(text, isPlain: false)
    case .array(let elements): content = .list(elements.map { ConfigurationValue($0, origin: origin) })
    case .object(let object):
      content = .map(
        object.members.map { member in
          Entry(key: member.name, value: ConfigurationValue(member.value, origin: origin), origin: origin)
        })
    }
  }
}

extension ConfigurationValue.Origin: CustomStringConvertible {
  /// ` (line 12)`, ` (from QUAY_OVERRIDE_CONFIG)` or nothing: what is put after a key in a message.
  var description: String {
    switch self {
    case .line(let line): " (line \(line))"
    case .environment(let name): " (from \(name))"
    case .unknown: ""
    }
  }
}
