/// The words of SQL that databases spell differently, all in this one place.
///
/// SQLite's counterparts, for when its adapter comes: no row locks (writers are serial anyway), `json_each` to unfold a
/// list, `group_concat` to join lines.
package enum SQLDialect: Sendable, Hashable {
  case postgreSQL

  /// A list parameter to be unfolded into a column.
  package struct ListColumn: Sendable, Hashable {
    let name: String
    let parameter: Int
    let type: String

    /// The list of texts bound as parameter `parameter` (from 1), unfolded into a column called `name`.
    package static func texts(_ name: String, _ parameter: Int) -> ListColumn {
      ListColumn(name: name, parameter: parameter, type: "TEXT")
    }

    /// The list of numbers bound as parameter `parameter` (from 1), unfolded into a column called `name`.
    package static func integers(_ name: String, _ parameter: Int) -> ListColumn {
      ListColumn(name: name, parameter: parameter, type: "BIGINT")
    }
  }

  /// A row source that unfolds lists of equal length side by side under the alias `alias`.
  package func rows(_ alias: String, _ columns: ListColumn...) -> String {
    let lists = columns.map { "CAST($\($0.parameter) AS \($0.type)[])" }.joined(separator: ", ")
    return "unnest(\(lists)) AS \(alias) (\(columns.map(\.name).joined(separator: ", ")))"
  }

  /// The number of elements of the list bound as parameter `parameter`.
  package func count(of parameter: Int) -> String { "cardinality(CAST($\(parameter) AS TEXT[]))" }

  /// Ends a SELECT: claims the rows of `alias` and passes over those that another transaction holds.
  package func skippingLocked(_ alias: String) -> String { "FOR UPDATE OF \(alias) SKIP LOCKED" }

  /// Ends a SELECT: claims the rows of `alias`, waiting for whoever holds them.
  package func lockingRows(_ alias: String) -> String { "FOR UPDATE OF \(alias)" }

  /// Ends a SELECT: claims the rows of `alias` but lets others refer to them by foreign keys.
  package func guardingRows(_ alias: String) -> String { "FOR NO KEY UPDATE OF \(alias)" }

  /// Ends a SELECT: keeps out whoever claims or guards the rows of `alias`, not others who do the same.
  package func sharingRows(_ alias: String) -> String { "FOR SHARE OF \(alias)" }

  /// Ends a SELECT: keeps the rows of `alias` from being deleted until the transaction ends.
  package func keepingRows(_ alias: String) -> String { "FOR KEY SHARE OF \(alias)" }

  /// Joins the values of a group into one text, a line each, in no particular order.
  package func lines(_ expression: String) -> String { "string_agg(\(expression), chr(10))" }

  /// A text that compares byte by byte.
  package func bytewise(_ expression: String) -> String { "\(expression) COLLATE \"C\"" }

  /// A row source that is evaluated once for each row before it and may refer to it.
  package var forEach: String { "CROSS JOIN LATERAL" }

  /// Waits for the one lock that all migrators ask for and holds it until the transaction ends.
  ///
  /// The number is the registry's own: the bytes of "meridian".
  package var migrationLock: String { "SELECT CAST(1 AS BIGINT) FROM pg_advisory_xact_lock(7882832519763681646)" }

  /// A query with one number: how many milliseconds ago the transaction was made that this server replayed last; 0 on a
  /// primary, null where nothing is known.
  package var replayAgeMs: String {
    """
    SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0
      ELSE CAST(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000 AS BIGINT) END
    """
  }

  /// A query with one row if the table is there.
  package func hasTable(_ name: String) -> String {
    "SELECT CAST(1 AS BIGINT) WHERE to_regclass('\(name)') IS NOT NULL"
  }

  /// A query with one row if the table, which is there, has the column.
  package func hasColumn(_ column: String, of table: String) -> String {
    """
    SELECT CAST(1 AS BIGINT) FROM pg_attribute
    WHERE attrelid = to_regclass('\(table)') AND attname = '\(column)' AND NOT attisdropped
    """
  }
}
