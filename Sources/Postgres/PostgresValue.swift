/// A value bound to a statement's parameter or read from a result's column.
///
/// Parameters are always bound, never spliced into SQL text. `int`, `double`, `bool` and `text` travel as text, `bytes`
/// in binary, and the server infers each parameter's type from its place in the statement (cast `$1` where it cannot).
package enum PostgresValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int64)
  case text(String)
  case bytes([UInt8])
  case double(Double)
}

extension PostgresValue {
  /// The text, or NULL for nil.
  package static func textOrNull(_ value: String?) -> PostgresValue {
    value.map(PostgresValue.text) ?? .null
  }

  /// The integer, or NULL for nil.
  package static func intOrNull(_ value: Int64?) -> PostgresValue {
    value.map(PostgresValue.int) ?? .null
  }

  /// The bytes, or NULL for nil.
  package static func bytesOrNull(_ value: [UInt8]?) -> PostgresValue {
    value.map(PostgresValue.bytes) ?? .null
  }

  /// The integer, widened to the 64 bits of a `bigint`.
  package static func int(_ value: Int) -> PostgresValue {
    .int(Int64(value))
  }
}

extension PostgresValue: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) { self = .text(value) }
}

extension PostgresValue: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int64) { self = .int(value) }
}

extension PostgresValue: ExpressibleByBooleanLiteral {
  package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension PostgresValue: ExpressibleByFloatLiteral {
  package init(floatLiteral value: Double) { self = .double(value) }
}

extension PostgresValue: ExpressibleByNilLiteral {
  package init(nilLiteral: ()) { self = .null }
}
