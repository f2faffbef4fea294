/// The prepared statements of one session, the least recently used given up first.
///
/// Only bookkeeping: the session sends PREPARE and DEALLOCATE itself. A statement enters on ``admit(_:)`` before its
/// PREPARE is confirmed and is taken out again by ``forget(_:)`` if the server refuses it.
struct StatementCache {
  /// One prepared statement.
  final class Entry {
    let sql: String
    let name: String
    /// The columns of its results, known after the first.
    var columns: PostgresColumns?
    fileprivate var lastUse: UInt64

    fileprivate init(sql: String, name: String, lastUse: UInt64) {
      self.sql = sql
      self.name = name
      self.lastUse = lastUse
    }
  }

  private let capacity: Int
  private var entries: [String: Entry] = [:]
  private var uses: UInt64 = 0
  private var named: UInt64 = 0

  /// - Parameter capacity: how many statements are kept, at least 1.
  init(capacity: Int) {
    self.capacity = max(1, capacity)
  }

  var count: Int { entries.count }

  /// The entry of a statement already prepared, counted as a use.
  mutating func find(_ sql: String) -> Entry? {
    guard let entry = entries[sql] else { return nil }
    uses += 1
    entry.lastUse = uses
    return entry
  }

  /// Makes room for a new statement and names it by a counter, so that no name is ever used twice in a session.
  ///
  /// - Returns: the new entry and the names to DEALLOCATE.
  mutating func admit(_ sql: String) -> (entry: Entry, evicted: [String]) {
    var evicted: [String] = []
    while entries.count >= capacity, let oldest = entries.values.min(by: { $0.lastUse < $1.lastUse }) {
      entries[oldest.sql] = nil
      evicted.append(oldest.name)
    }
    uses += 1
    named += 1
    let entry = Entry(sql: sql, name: "s\(named)", lastUse: uses)
    entries[sql] = entry
    return (entry, evicted)
  }

  /// Takes a statement out again, if it is still the one cached for its text.
  mutating func forget(_ entry: Entry) {
    if entries[entry.sql] === entry { entries[entry.sql] = nil }
  }
}
