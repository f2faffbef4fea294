/// One row of a result: values by column index or name.
package struct PostgresRow: Sendable {
  let columns: PostgresColumns

  /// The values in column order.
  package let values: [PostgresValue]

  /// The value of a column; of several columns with one name, the first.
  ///
  /// - Throws: ``PostgresError/decoding(column:expected:)`` if there is no such column.
  package func value(_ column: String) throws(PostgresError) -> PostgresValue {
    guard let index = columns.index(of: column), values.indices.contains(index) else {
      throw .decoding(column: column, expected: "a column of this name")
    }
    return values[index]
  }

  /// The value at a column index, counted from 0.
  ///
  /// - Throws: ``PostgresError/decoding(column:expected:)`` if the index is outside the row.
  package func value(_ index: Int) throws(PostgresError) -> PostgresValue {
    guard values.indices.contains(index) else {
      throw .decoding(column: "#\(index)", expected: "a column at this index")
    }
    return values[index]
  }
}

extension PostgresRow {
  /// The integer in a column; `numeric` (as `sum(bigint)` yields) is accepted when it is a whole number of 64 bits.
  package func int(_ column: String) throws(PostgresError) -> Int64 {
    try required(intOrNil(column), column, "an integer")
  }

  /// The integer in a column, or nil for NULL.
  package func intOrNil(_ column: String) throws(PostgresError) -> Int64? {
    switch try value(column) {
    case .null: return nil
    case .int(let number): return number
    case .text(let text):
      guard let number = Int64(text) else { throw .decoding(column: column, expected: "an integer") }
      return number
    case .bool, .bytes, .double: throw .decoding(column: column, expected: "an integer")
    }
  }

  /// The text in a column; any type without a case of its own (uuid, timestamp, jsonb …) arrives as the server prints it.
  package func text(_ column: String) throws(PostgresError) -> String {
    try required(textOrNil(column), column, "text")
  }

  /// The text in a column, or nil for NULL.
  package func textOrNil(_ column: String) throws(PostgresError) -> String? {
    switch try value(column) {
    case .null: return nil
    case .text(let text): return text
    case .bool, .int, .bytes, .double: throw .decoding(column: column, expected: "text")
    }
  }

  /// The bytes of a `bytea` column.
  package func bytes(_ column: String) throws(PostgresError) -> [UInt8] {
    try required(bytesOrNil(column), column, "bytes")
  }

  /// The bytes of a `bytea` column, or nil for NULL.
  package func bytesOrNil(_ column: String) throws(PostgresError) -> [UInt8]? {
    switch try value(column) {
    case .null: return nil
    case .bytes(let bytes): return bytes
    case .bool, .int, .text, .double: throw .decoding(column: column, expected: "bytes")
    }
  }

  /// The truth value in a column.
  package func bool(_ column: String) throws(PostgresError) -> Bool {
    try required(boolOrNil(column), column, "a boolean")
  }

  /// The truth value in a column, or nil for NULL.
  package func boolOrNil(_ column: String) throws(PostgresError) -> Bool? {
    switch try value(column) {
    case .null: return nil
    case .bool(let flag): return flag
    case .int, .text, .bytes, .double: throw .decoding(column: column, expected: "a boolean")
    }
  }

  /// The floating-point number in a column; integers are widened.
  package func double(_ column: String) throws(PostgresError) -> Double {
    try required(doubleOrNil(column), column, "a number")
  }

  /// The floating-point number in a column, or nil for NULL.
  package func doubleOrNil(_ column: String) throws(PostgresError) -> Double? {
    switch try value(column) {
    case .null: return nil
    case .double(let number): return number
    case .int(let number): return Double(number)
    case .text(let text):
      guard let number = Double(text) else { throw .decoding(column: column, expected: "a number") }
      return number
    case .bool, .bytes: throw .decoding(column: column, expected: "a number")
    }
  }

  private func required<T>(_ value: T?, _ column: String, _ expected: String) throws(PostgresError) -> T {
    guard let value else { throw .decoding(column: column, expected: "\(expected), not NULL") }
    return value
  }
}
