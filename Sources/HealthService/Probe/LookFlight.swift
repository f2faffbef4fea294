import Synchronization

/// One look under way, which can be waited for without being bound to it.
///
/// A look may hang in a call that does not heed cancellation. Whoever waits gets its answer at the deadline all the same:
/// the look runs in a task of its own, which is told to stop and then left alone until it ends by itself.
final class LookFlight: Sendable {
  private enum Phase {
    case flying(CheckedContinuation<Sighting?, Never>?)
    case landed(Sighting)
  }

  private let phase = Mutex(Phase.flying(nil))
  private let task = Mutex<Task<Void, Never>?>(nil)

  /// Starts the look; an error becomes a failure in what `aspect` says.
  init(_ probe: Probe) {
    let running = Task { [self] in
      let sighting: Sighting
      do {
        sighting = try await probe.look()
      } catch {
        sighting = Sighting(probe.aspect, .fail(ReasonText.of(error)))
      }
      land(sighting)
    }
    task.withLock { $0 = running }
  }

  /// What the look found; nil where it has not ended within `limit`, or the caller was cancelled.
  ///
  /// One caller waits at a time.
  func sighting(within limit: Duration) async -> Sighting? {
    await withTaskGroup(of: Sighting?.self) { group in
      group.addTask { await self.landing() }
      group.addTask {
        // Cancelled as soon as the look has ended; then its result is not used.
        try? await ContinuousClock().sleep(for: limit)
        return nil
      }
      let first = await group.next() ?? nil
      // Both children heed this: the group ends at once, whatever the look does.
      group.cancelAll()
      return first
    }
  }

  /// Tells the look to stop; it may take its time.
  func cancel() { task.withLock { $0 }?.cancel() }

  private func landing() async -> Sighting? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let now: Sighting?? = phase.withLock { phase in
          if case .landed(let sighting) = phase { return .some(sighting) }
          if Task.isCancelled { return .some(nil) }
          phase = .flying(continuation)
          return nil
        }
        if let now { continuation.resume(returning: now) }
      }
    } onCancel: {
      let waiter = phase.withLock { phase -> CheckedContinuation<Sighting?, Never>? in
        guard case .flying(let waiter) = phase else { return nil }
        phase = .flying(nil)
        return waiter
      }
      waiter?.resume(returning: nil)
    }
  }

  private func land(_ sighting: Sighting) {
    let waiter = phase.withLock { phase -> CheckedContinuation<Sighting?, Never>? in
      guard case .flying(let waiter) = phase else { return nil }
      phase = .landed(sighting)
      return waiter
    }
    waiter?.resume(returning: sighting)
  }
}
