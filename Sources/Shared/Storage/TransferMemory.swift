private import Synchronization

/// A bound, in bytes, on what all transfers of a process hold of one resource at once: memory, or a spool's disk.
///
/// `reserve` waits: first come, first served, a large reservation at the head is not overtaken by smaller ones behind it,
/// so nobody starves. What was waited for is held only while bytes go to a store, never while a client is waited for or
/// another reservation is, hence the waiting always ends (invariant I12). `tryReserve` and `tryGrow` never wait.
package final class TransferMemory: Sendable {
  private struct Waiter {
    let ticket: UInt64
    let bytes: Int64
    let continuation: CheckedContinuation<Result<Void, StorageError>, Never>
  }

  private struct State {
    var freeBytes: Int64
    var nextTicket: UInt64 = 0
    /// In the order of arrival; a waiter here has a continuation that nobody else resumes.
    var waiters: [Waiter] = []
    /// Tickets cancelled before their continuation was queued.
    var cancelledEarly: Set<UInt64> = []
  }

  package let capacityBytes: Int64
  private let maximumWaiters: Int
  private let state: Mutex<State>

  /// Bounds reservations to `capacityBytes` in total, and those waiting to `maximumWaiters`.
  package init(capacityBytes: Int64, maximumWaiters: Int = 1_024) {
    self.capacityBytes = max(capacityBytes, 1)
    self.maximumWaiters = maximumWaiters
    state = Mutex(State(freeBytes: max(capacityBytes, 1)))
  }

  /// The bytes reserved now.
  package var reservedBytes: Int64 { state.withLock { capacityBytes - $0.freeBytes } }
  /// The number of callers waiting now.
  package var waiting: Int { state.withLock { $0.waiters.count } }

  /// Waits until `bytes` can be reserved; more than the whole capacity counts as the whole capacity.
  ///
  /// Throws `overloaded` at once where too many wait already, and `cancelled` when the task is cancelled while waiting.
  /// Returns the reservation, which gives the bytes back when it is released or dropped.
  package func reserve(_ bytes: Int64) async throws(StorageError) -> TransferReservation {
    let bytes = min(max(bytes, 0), capacityBytes)
    let ticket = state.withLock { state -> UInt64 in
      state.nextTicket += 1
      return state.nextTicket
    }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { admit(Waiter(ticket: ticket, bytes: bytes, continuation: $0)) }
    } onCancel: {
      withdraw(ticket)
    }
    // Cancellation may also arrive after the bytes were granted: the ticket must not stay behind as cancelled early.
    state.withLock { _ = $0.cancelledEarly.remove(ticket) }
    try outcome.get()
    return TransferReservation(memory: self, bytes: bytes)
  }

  /// Reserves `bytes` where they are free now and nobody waits for them; nil otherwise.
  package func tryReserve(_ bytes: Int64) -> TransferReservation? {
    let reservation = TransferReservation(memory: self, bytes: 0)
    return reservation.tryGrow(by: bytes) ? reservation : nil
  }

  /// A reservation of nothing, for `tryGrow`.
  package func beginReservation() -> TransferReservation { TransferReservation(memory: self, bytes: 0) }

  /// Takes `bytes` where nobody waits and at least `keepingBytes` stay free; whether it did.
  func take(_ bytes: Int64, keepingBytes: Int64) -> Bool {
    state.withLock { state in
      guard bytes >= 0, keepingBytes >= 0, state.waiters.isEmpty, bytes <= state.freeBytes,
        keepingBytes <= state.freeBytes - bytes
      else { return false }
      state.freeBytes -= bytes
      return true
    }
  }

  func giveBack(_ bytes: Int64) {
    let granted = state.withLock { state -> [Waiter] in
      state.freeBytes += bytes
      return Self.grant(&state)
    }
    for waiter in granted { waiter.continuation.resume(returning: .success(())) }
  }

  private func admit(_ waiter: Waiter) {
    let outcome = state.withLock { state -> Result<Void, StorageError>? in
      if state.cancelledEarly.remove(waiter.ticket) != nil { return .failure(.cancelled) }
      if state.waiters.isEmpty, waiter.bytes <= state.freeBytes {
        state.freeBytes -= waiter.bytes
        return .success(())
      }
      guard state.waiters.count < maximumWaiters else { return .failure(.overloaded) }
      state.waiters.append(waiter)
      return nil
    }
    if let outcome { waiter.continuation.resume(returning: outcome) }
  }

  private func withdraw(_ ticket: UInt64) {
    let (cancelled, granted) = state.withLock { state -> (Waiter?, [Waiter]) in
      guard let index = state.waiters.firstIndex(where: { $0.ticket == ticket }) else {
        state.cancelledEarly.insert(ticket)
        return (nil, [])
      }
      let waiter = state.waiters.remove(at: index)
      return (waiter, Self.grant(&state))
    }
    cancelled?.continuation.resume(returning: .failure(.cancelled))
    for waiter in granted { waiter.continuation.resume(returning: .success(())) }
  }

  /// Serves waiters from the head for as long as they fit; the caller resumes them outside the lock.
  private static func grant(_ state: inout State) -> [Waiter] {
    var granted: [Waiter] = []
    while let first = state.waiters.first, first.bytes <= state.freeBytes {
      state.freeBytes -= first.bytes
      granted.append(first)
      state.waiters.removeFirst()
    }
    return granted
  }
}
