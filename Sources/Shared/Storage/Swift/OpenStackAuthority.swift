internal import SharedModel
private import Synchronization

/// The token in use: fetched when it is first needed, kept until shortly before its end, fetched again when refused.
///
/// However many calls need one at the same time, one request is made for all of them.
final class OpenStackAuthority: Sendable {
  private typealias Outcome = Result<OpenStackSession, StorageError>

  private struct State {
    var session: OpenStackSession?
    /// When the session is to be replaced.
    var goodUntil: ContinuousClock.Instant?
    /// The last account seen; it outlives its session, for URLs that need no token.
    var account: OpenStackAccount?
    var isFetching = false
    var nextTicket: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Outcome, Never>] = [:]
    /// Tickets cancelled before they waited.
    var cancelledEarly: Set<UInt64> = []
  }

  /// A token is replaced this long before its end, so that it does not end during a request.
  private static let margin: Duration = .seconds(60)

  private let state: Mutex<State>
  private let fetch: @Sendable () async throws(StorageError) -> OpenStackSession
  private let now: @Sendable () -> ContinuousClock.Instant

  /// `fetch` signs in once; it must have a deadline of its own. `account` is the one known from the configuration.
  init(
    account: OpenStackAccount?, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
    fetch: @escaping @Sendable () async throws(StorageError) -> OpenStackSession
  ) {
    state = Mutex(State(account: account))
    self.now = now
    self.fetch = fetch
  }

  /// Where the account is, as far as that is known without asking.
  var account: OpenStackAccount? { state.withLock { $0.account } }

  /// A session whose token is good for another minute at least, where the service said so.
  ///
  /// Throws what the sign-in throws, and `cancelled` at once when the waiting task is cancelled.
  func session() async throws(StorageError) -> OpenStackSession {
    let (known, ticket) = state.withLock { state -> (OpenStackSession?, UInt64) in
      if let session = state.session, state.goodUntil.map({ now() < $0 }) ?? true { return (session, 0) }
      state.nextTicket += 1
      return (nil, state.nextTicket)
    }
    if let known { return known }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { wait(ticket, $0) }
    } onCancel: {
      withdraw(ticket)
    }
    state.withLock { _ = $0.cancelledEarly.remove(ticket) }
    return try outcome.get()
  }

  /// Forgets a token that the service has refused, unless another has taken its place already.
  func reject(_ session: OpenStackSession) {
    state.withLock { if $0.session?.token == session.token { $0.session = nil } }
  }

  private func wait(_ ticket: UInt64, _ continuation: CheckedContinuation<Outcome, Never>) {
    let (isCancelled, mustFetch) = state.withLock { state -> (Bool, Bool) in
      if state.cancelledEarly.remove(ticket) != nil { return (true, false) }
      state.waiters[ticket] = continuation
      defer { state.isFetching = true }
      return (false, !state.isFetching)
    }
    if isCancelled { continuation.resume(returning: .failure(.cancelled)) }
    guard mustFetch else { return }
    // On behalf of all who wait, so the end of the first of them must not end it; its own deadline bounds it.
    Task { [self] in
      do throws(StorageError) {
        land(.success(try await fetch()))
      } catch {
        land(.failure(error))
      }
    }
  }

  private func land(_ outcome: Outcome) {
    let waiting = state.withLock { state -> [UInt64: CheckedContinuation<Outcome, Never>] in
      state.isFetching = false
      if case .success(let session) = outcome {
        state.session = session
        state.account = session.storage
        state.goodUntil = session.lifetime.map { now() + max($0 - Self.margin, $0 / 2) }
      }
      defer { state.waiters = [:] }
      return state.waiters
    }
    for continuation in waiting.values { continuation.resume(returning: outcome) }
  }

  private func withdraw(_ ticket: UInt64) {
    let continuation = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
      guard let continuation = state.waiters.removeValue(forKey: ticket) else {
        state.cancelledEarly.insert(ticket)
        return nil
      }
      return continuation
    }
    continuation?.resume(returning: .failure(.cancelled))
  }
}
