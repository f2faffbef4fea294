import Synchronization

/// Whether a read replica keeps up with the primary, asked again after `interval` by whoever reads next.
final class ReplicaFreshness: Sendable {
  private struct State {
    var isFresh = false
    var askedAt: ContinuousClock.Instant?
  }

  private let maximumLag: Duration
  private let interval: Duration
  private let patience: Duration
  private let state = Mutex(State())

  /// A replica is fresh while the last transaction it has replayed is younger than `maximumLag`. One whose primary has
  /// nothing to do looks old: its readers then go to a primary with nothing to do.
  init(maximumLag: Duration, interval: Duration, patience: Duration) {
    self.maximumLag = maximumLag
    self.interval = interval
    self.patience = patience
  }

  /// Whether the replica was fresh when last asked, asking it now where that is too long ago.
  ///
  /// One caller asks while the others take what was known; no answer counts as not fresh.
  func isFresh(_ replica: any SQLDatabase, at now: ContinuousClock.Instant) async throws(CatalogError) -> Bool {
    let (isFresh, mustAsk) = state.withLock { state in
      if let askedAt = state.askedAt, askedAt.duration(to: now) < interval { return (state.isFresh, false) }
      state.askedAt = now
      return (state.isFresh, true)
    }
    guard mustAsk else { return isFresh }
    let answer: Bool
    do {
      let rows = try await replica.read(replica.dialect.replayAgeMs, [], within: patience)
      let age = try rows.first?.optionalInteger(0)
      answer = age.map { .milliseconds($0) < maximumLag } ?? false
    } catch {
      if case .cancelled = error { throw error }
      // What is wrong with the replica is reported by the reads that go elsewhere.
      answer = false
    }
    state.withLock { $0.isFresh = answer }
    return answer
  }

  /// Notes that the replica did not answer a read: it is left alone until it is asked again.
  func failed(at now: ContinuousClock.Instant) {
    state.withLock { $0 = State(isFresh: false, askedAt: now) }
  }
}
