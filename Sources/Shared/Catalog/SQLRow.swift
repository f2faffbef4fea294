/// One row of a result, read by the position of its columns; a column of another kind than asked for throws.
package struct SQLRow: Sendable, Hashable {
  /// What a result column can hold.
  package enum Column: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
  }

  private let columns: [Column]

  /// Takes the columns in order.
  package init(_ columns: [Column]) { self.columns = columns }

  /// The number at `index`.
  package func integer(_ index: Int) throws(CatalogError) -> Int64 {
    guard case .integer(let value) = try column(index) else { throw mismatch(index, "a number") }
    return value
  }

  /// The number at `index`, or nil for null.
  package func optionalInteger(_ index: Int) throws(CatalogError) -> Int64? {
    if case .null = try column(index) { return nil }
    return try integer(index)
  }

  /// The text at `index`.
  package func text(_ index: Int) throws(CatalogError) -> String {
    guard case .text(let value) = try column(index) else { throw mismatch(index, "text") }
    return value
  }

  /// The text at `index`, or nil for null.
  package func optionalText(_ index: Int) throws(CatalogError) -> String? {
    if case .null = try column(index) { return nil }
    return try text(index)
  }

  /// The bytes at `index`.
  package func bytes(_ index: Int) throws(CatalogError) -> [UInt8] {
    guard case .bytes(let value) = try column(index) else { throw mismatch(index, "bytes") }
    return value
  }

  /// Whether the column at `index` is null.
  package func isNull(_ index: Int) throws(CatalogError) -> Bool { try column(index) == .null }

  /// Whether there is something other than null at `index`.
  package func hasValue(_ index: Int) -> Bool { columns.indices.contains(index) && columns[index] != .null }

  /// About how much memory the row's values take.
  var sizeBytes: Int {
    columns.reduce(64) { sum, column in
      switch column {
      case .null, .integer: sum + 16
      case .text(let text): sum + 32 + text.utf8.count
      case .bytes(let bytes): sum + 32 + bytes.count
      }
    }
  }

  private func column(_ index: Int) throws(CatalogError) -> Column {
    guard columns.indices.contains(index) else {
      throw .invalidRow(detail: "column \(index) of a row with \(columns.count)")
    }
    return columns[index]
  }

  private func mismatch(_ index: Int, _ wanted: String) -> CatalogError {
    .invalidRow(detail: "column \(index) is not \(wanted)")
  }
}
