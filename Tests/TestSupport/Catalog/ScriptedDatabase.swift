package import Shared
import Synchronization

/// A database that answers reads as a test says and counts what it is asked.
package final class ScriptedDatabase: SQLDatabase {
  private struct State {
    var answer: Result<[SQLRow], CatalogError>
    var replayAgeMs: Int64?
    var reads: [Duration?] = []
    var changes = 0
    var isClosed = false
  }

  private let state: Mutex<State>

  /// Answers every read with these rows, and the question for the age of what it has replayed with `replayAgeMs`.
  package init(rows: [SQLRow] = [], replayAgeMs: Int64? = 0) {
    state = Mutex(State(answer: .success(rows), replayAgeMs: replayAgeMs))
  }

  package var dialect: SQLDialect { .postgreSQL }

  /// What reads are answered from now on.
  package var answer: Result<[SQLRow], CatalogError> {
    get { state.withLock { $0.answer } }
    set { state.withLock { $0.answer = newValue } }
  }

  package var replayAgeMs: Int64? {
    get { state.withLock { $0.replayAgeMs } }
    set { state.withLock { $0.replayAgeMs = newValue } }
  }

  /// The limits of the reads asked, without those for the age; nil for a read that may take its time.
  package var reads: [Duration?] { state.withLock { $0.reads } }
  /// Statements and transactions asked.
  package var changes: Int { state.withLock { $0.changes } }
  package var isClosed: Bool { state.withLock { $0.isClosed } }

  package func query(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow] {
    state.withLock { $0.changes += 1 }
    return try answer.get()
  }

  package func read(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow] {
    try read(sql, limit: nil)
  }

  package func read(
    _ sql: String, _ parameters: [SQLValue], within limit: Duration
  ) async throws(CatalogError) -> [SQLRow] {
    try read(sql, limit: limit)
  }

  package func transaction<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) async throws(CatalogError) -> Value
  ) async throws(CatalogError) -> Value {
    state.withLock { $0.changes += 1 }
    throw .unavailable(detail: "a script has no transactions", retryAfter: nil)
  }

  package func close() async { state.withLock { $0.isClosed = true } }

  private func read(_ sql: String, limit: Duration?) throws(CatalogError) -> [SQLRow] {
    let answer = state.withLock { state -> Result<[SQLRow], CatalogError> in
      if sql == dialect.replayAgeMs {
        guard case .success = state.answer else { return state.answer }
        return .success([SQLRow([state.replayAgeMs.map(SQLRow.Column.integer) ?? .null])])
      }
      state.reads.append(limit)
      return state.answer
    }
    return try answer.get()
  }
}
