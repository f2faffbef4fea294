/// The database's number of a repository.
package struct RepositoryID: Sendable, Hashable, CustomStringConvertible {
  package let rawValue: Int64

  /// Takes the number of a row.
  package init(rawValue: Int64) { self.rawValue = rawValue }

  package var description: String { String(rawValue) }
}
