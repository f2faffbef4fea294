private import Glibc
private import Synchronization

/// Hands out the credentials of one source: fetched when they are first needed, renewed ahead of their end, by one call
/// at a time however many ask.
///
/// While the old ones are good nobody waits for new ones, and a renewal that fails is tried again after a pause. Callers
/// that have to wait end at once when they are cancelled; the fetch itself goes on for the others.
final class CredentialsKeeper: Sendable {
  /// So long before their end credentials are renewed.
  private static let renewalSeconds: Int64 = 300
  /// Credentials with less to live are not used any more: a request must be able to arrive.
  private static let usableSeconds: Int64 = 30
  /// Between two fetches of which the first failed or brought nothing new.
  private static let pauseSeconds: Int64 = 5

  private typealias Outcome = Result<StoreCredentials, StorageError>

  private struct State {
    var latest: StoreCredentials?
    var fetchedAt: Int64 = 0
    /// When the last fetch was begun.
    var triedAt: Int64?
    var failure: StorageError?
    var isFetching = false
    var waiters: [UInt64: CheckedContinuation<Outcome, Never>] = [:]
    var waiterCount: UInt64 = 0
  }

  let source: any CredentialsSource
  private let fixed: StoreCredentials?
  private let now: @Sendable () -> Int64
  private let state = Mutex(State())

  /// Keeps the credentials of `source`; nothing is fetched yet. `now` gives seconds since the epoch.
  init(_ source: any CredentialsSource, now: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }) {
    self.source = source
    self.now = now
    fixed = source.fixed
  }

  /// Credentials to sign with now.
  ///
  /// Throws what the source throws, within the pause after a failure without asking it again; `cancelled` at once.
  func current() async throws(StorageError) -> StoreCredentials {
    if let fixed { return fixed }
    let time = now()
    var renews = false
    let found: Outcome? = state.withLock { state in
      if let latest = state.latest, isUsable(latest, time) {
        renews = !state.isFetching && isDue(latest, state, time) && mayTry(state, time)
        if renews { begin(&state, time) }
        return .success(latest)
      }
      guard !state.isFetching, !mayTry(state, time), let failure = state.failure else { return nil }
      return .failure(failure)
    }
    if renews { fetch() }
    guard let found else { return try await fetched() }
    return try found.get()
  }

  /// Credentials that are at hand and good for `seconds` more; nil where they would have to be fetched.
  func ready(forSeconds seconds: Int64) -> StoreCredentials? {
    if let fixed { return fixed }
    let time = now()
    return state.withLock { state in
      state.latest.flatMap { ($0.expiresAt ?? .max) >= time + seconds ? $0 : nil }
    }
  }

  /// Other credentials than those a store has refused; nil where the source has none, now or at all.
  func replacement(for refused: StoreCredentials) async -> StoreCredentials? {
    guard fixed == nil else { return nil }
    let time = now()
    var isWorthAsking = true
    let known: StoreCredentials? = state.withLock { state in
      if let latest = state.latest, latest != refused, isUsable(latest, time) { return latest }
      isWorthAsking = state.isFetching || mayTry(state, time)
      return nil
    }
    if let known { return known }
    guard isWorthAsking else { return nil }
    do {
      let fresh = try await fetched()
      return fresh == refused ? nil : fresh
    } catch {
      // The store's refusal is what the caller reports; why there is nothing newer is reported once nothing is left.
      return nil
    }
  }

  private func isUsable(_ credentials: StoreCredentials, _ time: Int64) -> Bool {
    credentials.expiresAt.map { $0 - time > Self.usableSeconds } ?? true
  }

  private func isDue(_ credentials: StoreCredentials, _ state: State, _ time: Int64) -> Bool {
    if let end = credentials.expiresAt, end - time < Self.renewalSeconds { return true }
    return source.rereadSeconds.map { time - state.fetchedAt >= $0 } ?? false
  }

  private func mayTry(_ state: State, _ time: Int64) -> Bool {
    state.triedAt.map { time - $0 >= Self.pauseSeconds || time < $0 } ?? true
  }

  private func begin(_ state: inout State, _ time: Int64) {
    state.isFetching = true
    state.triedAt = time
  }
}

// MARK: - One fetch for all

extension CredentialsKeeper {
  /// Waits for the fetch in flight, or for one begun now.
  private func fetched() async throws(StorageError) -> StoreCredentials {
    let number = state.withLock { state in
      state.waiterCount += 1
      return state.waiterCount
    }
    let time = now()
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let begins = state.withLock { state in
          state.waiters[number] = continuation
          guard !state.isFetching else { return false }
          begin(&state, time)
          return true
        }
        if begins { fetch() }
        if Task.isCancelled { settle(number, .failure(.cancelled)) }
      }
    } onCancel: {
      settle(number, .failure(.cancelled))
    }
    return try outcome.get()
  }

  /// Fetches in a task that belongs to nobody: whoever began it may be cancelled while others wait for the same answer.
  /// It ends by the deadlines of the source.
  private func fetch() {
    Task {
      let outcome: Outcome
      do throws(StorageError) {
        let fresh = try await source.fetch()
        outcome = isUsable(fresh, now()) ? .success(fresh) : .failure(.accessDenied(code: "ExpiredCredentials"))
      } catch {
        outcome = .failure(error)
      }
      finish(outcome)
    }
  }

  private func finish(_ outcome: Outcome) {
    let time = now()
    let waiters = state.withLock { state in
      state.isFetching = false
      switch outcome {
      case .success(let fresh):
        state.latest = fresh
        state.fetchedAt = time
        state.failure = nil
      case .failure(let failure): state.failure = failure
      }
      defer { state.waiters = [:] }
      return state.waiters
    }
    for waiter in waiters.values { waiter.resume(returning: outcome) }
  }

  private func settle(_ number: UInt64, _ outcome: Outcome) {
    state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: outcome)
  }
}
