/// The names and types of a result's columns, shared by all its rows and by later results of the same statement.
final class PostgresColumns: Sendable {
  let names: [String]
  let kinds: [Kind]

  init(names: [String], kinds: [Kind]) {
    self.names = names
    self.kinds = kinds
  }

  /// The first column of this name; a linear search, because results are narrow.
  func index(of name: String) -> Int? { names.firstIndex(of: name) }

  /// How a column's text is turned into a ``PostgresValue``.
  enum Kind: Sendable {
    case bool, int, double, bytes, text

    /// The kind of a built-in type, by its object id (`pg_type.oid`, fixed in PostgreSQL's `pg_type.dat`).
    init(objectID: UInt32) {
      switch objectID {
      case 16: self = .bool
      case 20, 21, 23, 26: self = .int
      case 700, 701: self = .double
      case 17: self = .bytes
      default: self = .text
      }
    }
  }
}
