/// The words of SQL that databases spell differently, all in this one place.
package struct SQLDialect: Sendable, Hashable {
  /// The type of one column of an unfolded list.
  package enum ColumnType: Sendable, Hashable {
    case integer
    case text
  }

  /// One list parameter to be unfolded into a column.
  package struct ListColumn: Sendable, Hashable {
    let name: String
    let parameter: Int
    let type: ColumnType

    /// The list bound as parameter `parameter` (from 1), unfolded into a column called `name`.
    package static func list(_ name: String, _ parameter: Int, _ type: ColumnType) -> ListColumn {
      ListColumn(name: name, parameter: parameter, type: type)
    }
  }

  /// Locks the rows of a SELECT and passes over those that another transaction holds.
  package let skipLocked: String

  /// Keeps the rows of a SELECT from being deleted until the transaction ends; takes the table's alias.
  package let keepsRows: @Sendable (_ alias: String) -> String

  /// A row source that unfolds lists of equal length side by side, under an alias: `unnest(…) AS alias (a, b)`.
  package let rows: @Sendable (_ alias: String, _ columns: [ListColumn]) -> String

  /// Joins the values of a group into one text, line by line.
  package let lines: @Sendable (_ expression: String) -> String

  /// Waits for, and holds until the end of the transaction, the one lock that all migrators ask for.
  package let migrationLock: String?

  package static func == (left: SQLDialect, right: SQLDialect) -> Bool { left.skipLocked == right.skipLocked }
  package func hash(into hasher: inout Hasher) { hasher.combine(skipLocked) }
}
