import Shared
import Synchronization

/// The way from one location to another, shared by every blob that is copied along it: slots for transfers, in the order
/// of asking, as many as `ConcurrencyControl` finds worth while.
///
/// A slot is held while a range is fetched and never while memory is waited for, so every slot comes free.
final class CopyLink: Sendable {
  private struct Waiter {
    let id: UInt64
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var control: ConcurrencyControl
    var sizing: RangeSizing
    var inUse = 0
    var mostInUse = 0
    var waiters: [Waiter] = []
    var nextID: UInt64 = 0
  }

  private let state: Mutex<State>
  private let now: @Sendable () -> ContinuousClock.Instant
  private let limitChanged: @Sendable (Int) -> Void

  /// A link nobody uses yet; `limitChanged` is told the first limit and each new one.
  init(
    limits: ConcurrencyControl.Limits, sizing: RangeSizing.Limits = .init(),
    now: @escaping @Sendable () -> ContinuousClock.Instant,
    limitChanged: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    let control = ConcurrencyControl(limits: limits)
    state = Mutex(State(control: control, sizing: RangeSizing(limits: sizing)))
    self.now = now
    self.limitChanged = limitChanged
    limitChanged(control.limit)
  }

  /// How many transfers may be under way now.
  var limit: Int { state.withLock { $0.control.limit } }
  /// How many are.
  var inUse: Int { state.withLock { $0.inUse } }
  /// The most that ever were.
  var mostInUse: Int { state.withLock { $0.mostInUse } }

  /// Waits for a slot; throws only when the task is cancelled.
  func enter() async throws(CancellationError) -> LinkSlot {
    let id = state.withLock { state in
      state.nextID &+= 1
      return state.nextID
    }
    let isGranted = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer = state.withLock { state -> Bool? in
          if Task.isCancelled { return false }
          guard state.waiters.isEmpty, state.inUse < state.control.limit else {
            state.waiters.append(Waiter(id: id, continuation: continuation))
            return nil
          }
          Self.take(&state)
          return true
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      let waiter = state.withLock { state -> Waiter? in
        guard let at = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return state.waiters.remove(at: at)
      }
      waiter?.continuation.resume(returning: false)
    }
    guard isGranted else { throw CancellationError() }
    return LinkSlot(link: self, since: now())
  }

  /// The ranges a part is to be fetched in.
  func ranges(of part: ByteRange) -> [ByteRange] {
    part.divided(into: state.withLock { $0.sizing.pieces(of: part.count) })
  }

  /// Notes bytes that have arrived.
  func transferred(_ bytes: Int64) {
    let time = now()
    update { $0.control.transferred(bytes, isSaturated: $0.inUse >= $0.control.limit, at: time) }
  }

  /// Notes a failure of either end that fewer transfers may help against.
  func failed(_ error: StorageError) {
    guard error.isStoreFailure || error.mayPassSoon else { return }
    let time = now()
    update { $0.control.failed(at: time) }
  }

  fileprivate func finished(_ bytes: Int64, since start: ContinuousClock.Instant) {
    let duration = now() - start
    state.withLock { $0.sizing.transferred(bytes, in: duration) }
  }

  fileprivate func leave() { update { $0.inUse -= 1 } }

  /// Changes the state, then lets in whoever has room now.
  private func update(_ change: (inout State) -> Void) {
    let (granted, newLimit) = state.withLock { state -> ([Waiter], Int?) in
      let before = state.control.limit
      change(&state)
      var granted: [Waiter] = []
      while state.inUse < state.control.limit, !state.waiters.isEmpty {
        granted.append(state.waiters.removeFirst())
        Self.take(&state)
      }
      return (granted, state.control.limit == before ? nil : state.control.limit)
    }
    if let newLimit { limitChanged(newLimit) }
    for waiter in granted { waiter.continuation.resume(returning: true) }
  }

  private static func take(_ state: inout State) {
    state.inUse += 1
    state.mostInUse = max(state.mostInUse, state.inUse)
  }
}

/// A place on a link until released or dropped.
final class LinkSlot: Sendable {
  let link: CopyLink
  private let since: ContinuousClock.Instant
  private let isHeld = Mutex(true)

  fileprivate init(link: CopyLink, since: ContinuousClock.Instant) {
    self.link = link
    self.since = since
  }

  /// Notes that what the slot was taken for has arrived, all `bytes` of it.
  func transferred(_ bytes: Int64) { link.finished(bytes, since: since) }

  /// Gives the place back; a second call does nothing.
  func release() {
    let held = isHeld.withLock { held in
      defer { held = false }
      return held
    }
    if held { link.leave() }
  }

  deinit { release() }
}
