import Logging
import Shared
import Synchronization

/// This worker's part of a bandwidth that all workers share: leased a quarter of a second's worth at a time.
///
/// While Redis is away the worker keeps to its even share of the rate, as many workers as were last seen, and says so
/// once. One caller at a time (`TargetPacing` sees to that).
final class SharedBandwidth: Sendable {
  /// What is leased with one call.
  private static let span: Duration = .milliseconds(250)
  /// How long after a failure Redis is left alone.
  private static let retryAfterFailure: Duration = .seconds(5)
  /// How long what was leased may be used.
  private static let lifetime: Duration = .seconds(1)

  private struct State {
    var leasedBytes: Int64 = 0
    var leasedAt: ContinuousClock.Instant
    var workers = 1
    /// In use while Redis is away; nil while it answers.
    var share: TokenBucket?
    var retryAt: ContinuousClock.Instant
  }

  private enum Step {
    case taken
    case wait(Duration)
    case lease
  }

  private let location: LocationID
  private let rate: TransferRate
  private let leases: any BandwidthLeases
  private let worker: String
  private let now: @Sendable () -> ContinuousClock.Instant
  private let logger: Logger
  private let state: Mutex<State>

  /// Shares `rate` to `location` with the other workers that `leases` knows of.
  init(
    location: LocationID, rate: TransferRate, leases: any BandwidthLeases, worker: String,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }, logger: Logger
  ) {
    self.location = location
    self.rate = rate
    self.leases = leases
    self.worker = worker
    self.now = now
    self.logger = logger
    let time = now()
    state = Mutex(State(leasedAt: time, retryAt: time))
  }

  /// Takes `bytes` where they may be sent now; else returns how long to wait before asking again.
  func take(_ bytes: Int64) async -> Duration? {
    while !Task.isCancelled {
      switch step(bytes) {
      case .taken: return nil
      case .wait(let time): return time
      case .lease: break
      }
      do {
        let lease = try await leases.lease(leaseBytes, to: location, rate: rate, worker: worker)
        if let time = take(lease) { return time }
      } catch {
        guard error != .cancelled else { return .zero }
        fallBack(error)
      }
    }
    return .zero
  }

  private var leaseBytes: Int64 { max(1, Int64(Double(rate.bytesPerSecond) * (Self.span / .seconds(1)))) }

  private func step(_ bytes: Int64) -> Step {
    let time = now()
    return state.withLock { state in
      if state.share != nil, time < state.retryAt {
        return state.share?.take(bytes, at: time).map { .wait($0) } ?? .taken
      }
      // What was leased and not used in time is left to the others.
      if state.leasedBytes > 0, time - state.leasedAt > Self.lifetime { state.leasedBytes = 0 }
      guard state.leasedBytes >= min(bytes, leaseBytes) else { return .lease }
      state.leasedBytes -= bytes
      return .taken
    }
  }

  /// Adds a lease; returns how long to wait where nothing was granted.
  private func take(_ lease: BandwidthLease) -> Duration? {
    let time = now()
    let wasAway = state.withLock { state in
      state.leasedBytes += max(0, lease.grantedBytes)
      state.leasedAt = time
      state.workers = max(1, lease.workers)
      defer { state.share = nil }
      return state.share != nil
    }
    if wasAway { logger.info("bandwidth is shared with other workers again", metadata: ["target": "\(location)"]) }
    guard lease.grantedBytes <= 0 else { return nil }
    return max(.milliseconds(1), min(lease.retryAfter, .seconds(1)) * Double.random(in: 1...1.2))
  }

  private func fallBack(_ error: QueueError) {
    let time = now()
    let (isNew, workers) = state.withLock { state in
      let isNew = state.share == nil
      if isNew {
        state.share = TokenBucket(
          bytesPerSecond: rate.bytesPerSecond / Int64(state.workers), span: Self.span, now: time)
      }
      state.retryAt = time + Self.retryAfterFailure
      return (isNew, state.workers)
    }
    guard isNew else { return }
    logger.warning(
      "the bandwidth cannot be shared through Redis; this worker keeps to an even share",
      metadata: ["target": "\(location)", "workers": "\(workers)", "error": "\(error)"])
  }
}
