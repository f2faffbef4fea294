package import Logging
package import SharedObservability
import Synchronization

/// A primary with what can be read while it is away: a replica of this region, and the answers of before (decision
/// 0008, G17).
///
/// Writes, transactions and reads without tolerance are the primary's alone. That something is *not* there is only
/// ever believed of the primary: a replica may lag, so a miss on it while the primary is away is `unavailable`, never
/// "unknown" (wire check 106).
package final class RoutedSQLDatabase: SQLDatabase {
  /// How long each place is waited for.
  package struct Limits: Sendable {
    /// How long a primary that has answered so far is waited for, where there is another place to go.
    package var primaryPatience: Duration = .seconds(2)
    /// The same for one that did not answer when last asked.
    package var trialPatience: Duration = .milliseconds(500)
    package var trialInterval: Duration = .seconds(1)
    package var replicaPatience: Duration = .seconds(1)
    /// A replica further behind answers only while the primary is away. Also how long this process's own deletions keep
    /// reads from the replica.
    package var maximumLag: Duration = .seconds(10)

    package init() {}
  }

  private let primary: any SQLDatabase
  private let replica: (any SQLDatabase)?
  private let limits: Limits
  private let freshness: ReplicaFreshness
  private let memory = RecentAnswers()
  private let logger: Logger
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state: Mutex<State>
  private let answers: [Place: Counter]
  private let away: Gauge

  /// Where an answer came from.
  private enum Place: String, CaseIterable {
    case primary, replica, memory
  }

  private struct State {
    var reach: PrimaryReach
    /// Until then the replica may still show what was deleted here.
    var avoidsReplicaUntil: ContinuousClock.Instant?
  }

  /// Routes between databases which `close()` closes; `replica` is nil where the region has none.
  package init(
    primary: any SQLDatabase, replica: (any SQLDatabase)?, limits: Limits = Limits(), logger: Logger,
    metrics: MetricsRegistry = .shared, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.primary = primary
    self.replica = replica
    self.limits = limits
    self.logger = logger
    self.now = now
    freshness = ReplicaFreshness(
      maximumLag: limits.maximumLag, interval: limits.trialInterval, patience: limits.trialPatience)
    state = Mutex(State(reach: PrimaryReach(interval: limits.trialInterval)))
    answers = Dictionary(
      uniqueKeysWithValues: Place.allCases.map { place in
        (place, metrics.counter(ReadMetric.reads, ["from": place.rawValue]))
      })
    away = metrics.gauge(ReadMetric.primaryAway)
  }

  package var dialect: SQLDialect { primary.dialect }

  package var pools: [DatabasePool] {
    primary.pools
      + (replica?.pools ?? []).map { pool in
        var pool = pool
        pool.server = .replica
        return pool
      }
  }

  package func query(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow] {
    try await primary.query(sql, parameters)
  }

  package func read(_ sql: String, _ parameters: [SQLValue]) async throws(CatalogError) -> [SQLRow] {
    try await primary.read(sql, parameters)
  }

  package func read(
    _ sql: String, _ parameters: [SQLValue], within limit: Duration
  ) async throws(CatalogError) -> [SQLRow] {
    try await primary.read(sql, parameters, within: limit)
  }

  package func transaction<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) async throws(CatalogError) -> Value
  ) async throws(CatalogError) -> Value {
    try await primary.transaction(body)
  }

  package func close() async {
    await primary.close()
    await replica?.close()
  }

  package func forgetAnswers(about text: String) {
    memory.forget(about: text)
    state.withLock { $0.avoidsReplicaUntil = now() + limits.maximumLag }
  }

  package func read(
    _ sql: String, _ parameters: [SQLValue], _ tolerance: ReadTolerance, isFound: @Sendable ([SQLRow]) -> Bool
  ) async throws(CatalogError) -> [SQLRow] {
    let question = RecentAnswers.Question(sql: sql, parameters: parameters)
    switch tolerance {
    case .none: return try await primary.read(sql, parameters)
    case .whilePrimaryIsAway:
      guard let replica else { return try await primary.read(sql, parameters) }
      do {
        return try await askPrimary(question)
      } catch {
        guard error.isOutage else { throw error }
        if let rows = try await ask(replica, question), isFound(rows) { return rows }
        throw error
      }
    case .namedByDigest: return try await readByDigest(question, isFound: isFound)
    }
  }

  private func readByDigest(
    _ question: RecentAnswers.Question, isFound: @Sendable ([SQLRow]) -> Bool
  ) async throws(CatalogError) -> [SQLRow] {
    var hasAskedReplica = false
    if let replica, mayPreferReplica, try await freshness.isFresh(replica, at: now()) {
      hasAskedReplica = true
      if let rows = try await ask(replica, question), isFound(rows) {
        memory.keep(rows, for: question, at: now())
        return rows
      }
    }
    let remembered = memory.answer(to: question, at: now())
    do {
      let rows = try await askPrimary(question, hasAlternative: replica != nil || remembered != nil)
      if isFound(rows) { memory.keep(rows, for: question, at: now()) } else { memory.forget(question) }
      return rows
    } catch {
      guard error.isOutage else { throw error }
      if let replica, !hasAskedReplica, let rows = try await ask(replica, question), isFound(rows) { return rows }
      guard let remembered else { throw error }
      answers[.memory]?.increment()
      return remembered
    }
  }

  private var mayPreferReplica: Bool {
    let now = now()
    return state.withLock { state in state.avoidsReplicaUntil.map { $0 <= now } ?? true }
  }

  /// Asks the primary for as long as it deserves; throws `unavailable` at once while it is known to be away.
  ///
  /// With nowhere else to go it is worth waiting for.
  private func askPrimary(
    _ question: RecentAnswers.Question, hasAlternative: Bool = true
  ) async throws(CatalogError) -> [SQLRow] {
    guard hasAlternative else {
      let rows = try await primary.read(question.sql, question.parameters)
      answers[.primary]?.increment()
      return rows
    }
    let advice = state.withLock { $0.reach.advice(at: now()) }
    guard advice != .avoid else {
      throw .unavailable(detail: "the primary is away", retryAfter: limits.trialInterval)
    }
    do {
      let rows = try await primary.read(
        question.sql, question.parameters, within: advice == .ask ? limits.primaryPatience : limits.trialPatience)
      if state.withLock({ $0.reach.answered() }) {
        away.set(0)
        logger.notice("the database's primary answers again")
      }
      answers[.primary]?.increment()
      return rows
    } catch {
      if error.isOutage, state.withLock({ $0.reach.failed(at: now()) }) {
        away.set(1)
        logger.warning(
          "the database's primary is away: pulls go on from what is known here",
          metadata: ["replica": "\(replica != nil)", "error": "\(error)"])
      }
      throw error
    }
  }

  /// The replica's answer; nil where it gives none, for then the primary's word, or its absence, decides.
  private func ask(
    _ replica: any SQLDatabase, _ question: RecentAnswers.Question
  ) async throws(CatalogError) -> [SQLRow]? {
    do {
      let rows = try await replica.read(question.sql, question.parameters, within: limits.replicaPatience)
      answers[.replica]?.increment()
      return rows
    } catch {
      if case .cancelled = error { throw error }
      freshness.failed(at: now())
      logger.info("the read replica gave no answer", metadata: ["error": "\(error)"])
      return nil
    }
  }
}

extension CatalogError {
  /// Whether the database could not be asked, as opposed to having refused.
  var isOutage: Bool {
    switch self {
    case .unavailable, .limitExceeded: true
    default: false
    }
  }
}
